"""The two addresses that watch the process."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from config import health
from contacts.services import change_weights
from tests.worlds import World


def test_the_process_answers_without_a_database() -> None:
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_means_database_and_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok"},
        "oldest_waiting_job": None,
    }


@pytest.mark.django_db
def test_ready_tells_how_long_a_job_has_been_waiting_and_stays_ready(north: World) -> None:
    with north.scope():
        change_weights({"email": 30}, actor=north.actor())
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=90, seconds=1))
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert 5_401 <= response.json()["oldest_waiting_job"] < 5_460
    # Put off, it waits from when it is due.
    DBTaskResult.objects.update(run_after=timezone.now() + timedelta(seconds=60))
    assert Client().get("/readyz").json()["oldest_waiting_job"] is None
    DBTaskResult.objects.update(run_after=timezone.now() - timedelta(seconds=60))
    assert 60 <= Client().get("/readyz").json()["oldest_waiting_job"] < 90


@pytest.mark.django_db
def test_a_database_that_is_away_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", away)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "checks": {"database": "failing"}}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path).status_code == 405

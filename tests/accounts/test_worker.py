"""The worker, and what becomes of jobs whose worker is killed or which fail."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.services.jobs import KEPT_FOR, LEASE, MOST_ATTEMPTS, purge_jobs, sweep_jobs
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange, Rescore
from contacts.services import background_rescoring, change_weights, create_contacts
from contacts.services.rescoring import rescore_contacts
from tests.accounts.conftest import REPOSITORY, Operator
from tests.jobs import work
from tests.worlds import World

ENDING = 30


def ask(world: World, email: int = 30) -> DBTaskResult[..., Any]:
    """Something to do in the background."""
    with world.scope():
        change_weights({"email": email}, actor=world.actor())
    return DBTaskResult.objects.get(status=TaskResultStatus.READY)


def is_done(world: World) -> bool:
    with world.scope():
        return not Rescore.objects.filter(finished_at=None).exists()


# Jobs that were left behind.


def left_running(job: DBTaskResult[..., Any], age: timedelta, attempts: int = 1) -> None:
    """As a worker leaves it that was killed so long ago."""
    job.status, job.started_at = TaskResultStatus.RUNNING, timezone.now() - age
    job.worker_ids = ["gone"] * attempts
    job.save()


@pytest.mark.django_db
def test_a_job_whose_worker_was_killed_is_done_by_the_next(north: World) -> None:
    left_running(ask(north), LEASE + timedelta(seconds=1))
    work()
    assert is_done(north)
    job = DBTaskResult.objects.get()
    assert (job.status, len(job.worker_ids)) == (TaskResultStatus.SUCCESSFUL, 2)


@pytest.mark.django_db
def test_a_job_that_may_still_be_at_work_is_left_alone(north: World) -> None:
    left_running(ask(north), LEASE - timedelta(seconds=20))
    work()
    assert not is_done(north)
    assert sweep_jobs() == 0


@pytest.mark.django_db
def test_a_job_that_ends_every_worker_is_given_up(north: World) -> None:
    left_running(ask(north), LEASE * 2, attempts=MOST_ATTEMPTS)
    work()
    job = DBTaskResult.objects.get()
    assert (job.status, job.finished_at is None) == (TaskResultStatus.FAILED, False)


# Jobs that fail.


@pytest.mark.django_db
def test_a_failed_job_is_put_off_each_time_for_longer_and_its_words_are_not_kept(
    north: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**arguments: Any) -> None:
        raise ValueError(f"jane.{north.canary}@example.com")

    monkeypatch.setattr(background_rescoring, "rescore_contacts", fail)
    ask(north)
    delays = [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40, 80, 160, 320)]
    for attempt in range(1, MOST_ATTEMPTS + 1):
        begun = timezone.now()
        work()
        ended = timezone.now()
        job = DBTaskResult.objects.get()
        assert (job.exception_class_path, north.canary in job.traceback) == ("builtins.ValueError", False)
        assert "background_rescoring.py" in job.traceback
        if job.status == TaskResultStatus.READY:
            # However long the attempt itself took.
            assert begun + delays[attempt - 1] <= job.run_after <= ended + delays[attempt - 1]
            work()
            assert len(DBTaskResult.objects.get().worker_ids) == attempt
            DBTaskResult.objects.update(run_after=timezone.now())
    assert (attempt, job.status) == (len(delays) + 1, TaskResultStatus.FAILED)
    assert "failed at attempt 1 and is put off" in caplog.text


@pytest.mark.django_db
def test_a_job_that_failed_once_is_done_in_the_end(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True])

    def fail_once(**arguments: Any) -> Any:
        if next(failures, False):
            raise TimeoutError
        return rescore_contacts(**arguments)

    monkeypatch.setattr(background_rescoring, "rescore_contacts", fail_once)
    ask(north)
    work()
    DBTaskResult.objects.update(run_after=timezone.now())
    work()
    assert is_done(north)


# Jobs that ended.


@pytest.mark.django_db
def test_jobs_that_ended_a_week_ago_are_removed(north: World) -> None:
    ask(north)
    work()
    assert purge_jobs() == 0
    DBTaskResult.objects.update(finished_at=timezone.now() - KEPT_FOR)
    waiting = ask(north, 31)
    assert purge_jobs() == 1
    assert list(DBTaskResult.objects.values_list("pk", flat=True)) == [waiting.pk]


# Signals.


@pytest.mark.django_db
def test_a_worker_that_is_told_to_stop_ends_the_job_at_hand_and_begins_no_other(
    north: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(**arguments: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return rescore_contacts(**arguments)

    monkeypatch.setattr(background_rescoring, "SLICE", 2)
    monkeypatch.setattr(background_rescoring, "rescore_contacts", interrupted)
    before = signal.getsignal(signal.SIGTERM)
    ask(north)
    work("--interval", "1000")
    with north.scope():
        assert Rescore.objects.all()[0].done == 2
    statuses = DBTaskResult.objects.order_by("enqueued_at").values_list("status", flat=True)
    assert list(statuses) == [TaskResultStatus.SUCCESSFUL, TaskResultStatus.READY]
    assert json.loads(capsys.readouterr().out) == {"jobs": 1}
    assert signal.getsignal(signal.SIGTERM) is before


def started(operator: Operator, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "manage.py", "worker", *options],
        cwd=REPOSITORY,
        env=operator.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
def test_a_worker_ends_with_whoever_holds_its_standard_input(operator: Operator, north: World) -> None:
    worker = started(operator, "--stop-at-eof")
    output, log = worker.communicate(timeout=ENDING)
    assert (worker.returncode, json.loads(output)) == (0, {"jobs": 0}), log


@pytest.mark.django_db(transaction=True)
def test_an_idle_worker_ends_at_once_when_told_to(operator: Operator, north: World) -> None:
    worker = started(operator, "--interval", "1000")
    # It does what waits, and then looks again in a quarter of an hour.
    assert worker.stderr is not None
    assert "looking for jobs" in worker.stderr.readline()
    worker.terminate()
    output, log = worker.communicate(timeout=ENDING)
    assert (worker.returncode, json.loads(output)) == (0, {"jobs": 0}), log


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(operator: Operator, north: World) -> None:
    with north.scope():
        drafts = (ContactDraft(full_name=f"N {number}", email=f"n{number}@example.com") for number in range(3_000))
        for _ in create_contacts(drafts, actor=north.actor()):
            pass
        change_weights({"email": 30}, actor=north.actor())
    worker = started(operator)
    wait_for_progress(north)
    worker.kill()
    worker.communicate(timeout=ENDING)
    # A minute later.
    DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).update(started_at=timezone.now() - LEASE)
    operator.run("worker", "--batch")
    with north.scope():
        rescore = Rescore.objects.all()[0]
        assert (rescore.total, rescore.done, rescore.is_open) == (3_006, 3_006, False)
        recorded = ContactChange.objects.filter(actor_label="Lead scoring").values_list("contact_id", flat=True)
        assert len(recorded) == len(set(recorded)) == rescore.changed
        new = Contact.objects.filter(full_name__startswith="N ").values_list("lead_score", flat=True)
        assert (len(new), set(new)) == (3_000, {30})


def wait_for_progress(world: World) -> None:
    deadline = monotonic() + ENDING
    while monotonic() < deadline:
        with world.scope():
            if Rescore.objects.all()[0].done:
                return
    pytest.fail("the worker began nothing")

"""The worker, as far as it works off what came in."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from time import monotonic
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.management.commands import worker
from activities.services import applying
from tests.accounts.conftest import REPOSITORY, Operator
from tests.inbound import channel_of, contacts_from, messages_of, receipts_of, work
from tests.updates import drain, make_due, send, update
from tests.worlds import World

ENDING = 60


def test_a_message_that_waits_is_told_of_and_then_no_more(north: World):
    channel = channel_of(north, "telegram")
    assert Client().get("/readyz").json()["oldest_waiting_job"] is None
    send(channel, update(1))
    assert Client().get("/readyz").json()["oldest_waiting_job"] is not None
    work()
    assert Client().get("/readyz").json()["oldest_waiting_job"] is None
    assert receipts_of(north, channel) == [("update:820000001", "applied", "")]


def test_a_database_that_is_away_ends_no_worker_and_costs_no_attempt(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = channel_of(north, "telegram")
    send(channel, update(1))
    applying._lived_through.add(north.organization.pk)

    def away(*arguments: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(applying, "take_in", away)
        patch.setattr(applying, "_announce_one", away)
        patch.setattr("django.db.connection.close", lambda: None)
        work()
    with north.scope():
        (receipt,) = channel.receipts.all()
    assert (receipt.state, receipt.attempts, receipt.reason) == ("pending", 0, "")
    work()
    assert len(contacts_from(north, "telegram")) == 1


@pytest.mark.sqlite
def test_others_may_write_between_two_batches(north: World, south: World, monkeypatch: pytest.MonkeyPatch):
    for world in (north, south):
        send(channel_of(world, "telegram"), update(1))
    pauses: list[float] = []
    monkeypatch.setattr(worker, "sleep", pauses.append)
    work()
    # Before the second, after both, and before nothing else.
    assert [pause for pause in pauses if pause] == [worker.GIVING_WAY] * 2


@pytest.mark.django_db(transaction=True)
def test_workers_that_are_killed_lose_nothing_and_double_nothing(operator: Operator, north: World, south: World):
    lines = [(world, channel_of(world, "telegram")) for world in (north, south)]
    for number in range(1, 161):
        for _, channel in lines:
            send(channel, update(number, sender=number % 40))
    for _ in range(2):
        killed = started(operator)
        wait_for_progress(lines[0][0], lines[0][1])
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=ENDING)
        for world, _ in lines:
            make_due(world)
    drain(north, south)
    for world, channel in lines:
        assert Counter(state for _, state, _ in receipts_of(world, channel)) == {"applied": 160}
        said = Counter(message.body for message in messages_of(world, channel))
        assert said == Counter(f"Message {number}" for number in range(1, 161))
        assert len(contacts_from(world, "telegram")) == 40


def started(operator: Operator) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "worker"]
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=operator.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_for_progress(world: World, channel: Any) -> None:
    """Until something more has been applied, or nothing is left."""
    begun = states(world, channel)
    deadline = monotonic() + ENDING
    while monotonic() < deadline:
        now = states(world, channel)
        if now != begun or not now["pending"]:
            return
    pytest.fail("the worker began nothing")


def states(world: World, channel: Any) -> Counter[str]:
    return Counter(state for _, state, _ in receipts_of(world, channel))

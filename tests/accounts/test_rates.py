"""Counting requests in a worker's memory: exact, by the clock's minutes, and bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts import rates
from accounts.rates import Allowance, MemoryCounter

# 20 seconds into a minute of the clock.
MOMENT = 1_800_000_020.75
ENDS = 1_800_000_060


class Clock:
    """A clock that stands until it is told to move."""

    def __init__(self, moment: float = MOMENT) -> None:
        self.moment = moment

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """A fresh count of strangers, two requests for each, by a clock that stands."""
    settings.RATE_LIMIT_PER_MINUTE = 2
    clock = Clock()
    monkeypatch.setattr(rates, "STRANGERS", MemoryCounter(clock))
    return clock


def test_a_window_holds_what_it_holds() -> None:
    counter = MemoryCounter(Clock())

    assert [counter.take(7, 3) for _ in range(5)] == [
        Allowance(True, 3, 2, ENDS, 40),
        Allowance(True, 3, 1, ENDS, 40),
        Allowance(True, 3, 0, ENDS, 40),
        Allowance(False, 3, 0, ENDS, 40),
        Allowance(False, 3, 0, ENDS, 40),
    ]
    assert counter.take(8, 3) == Allowance(True, 3, 2, ENDS, 40)


@pytest.mark.parametrize(("moment", "wait"), [(ENDS - 60, 60), (ENDS - 1, 1), (ENDS - 0.001, 1)])
def test_the_wait_is_whole_seconds_and_never_none(moment: float, wait: int) -> None:
    assert MemoryCounter(Clock(moment)).take(7, 1) == Allowance(True, 1, 0, ENDS, wait)


def test_a_new_minute_begins_anew() -> None:
    clock = Clock()
    counter = MemoryCounter(clock)
    counter.take(7, 1)
    assert not counter.take(7, 1).allowed

    clock.moment = ENDS
    assert counter.take(7, 1) == Allowance(True, 1, 0, ENDS + 60, 60)


def test_a_clock_that_is_put_back_locks_nobody_out() -> None:
    clock = Clock()
    counter = MemoryCounter(clock)
    counter.take(7, 1)

    clock.moment -= 3_600
    assert counter.take(7, 1) == Allowance(True, 1, 0, ENDS - 3_600, 40)


def test_threads_take_every_request_once() -> None:
    counter = MemoryCounter(Clock())

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: counter.take(7, 5_000), range(8_000)))

    assert sorted(allowance.remaining for allowance in found if allowance.allowed) == list(range(5_000))
    assert sum(not allowance.allowed for allowance in found) == 3_000


def test_a_request_is_counted_once(strangers: Clock) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    assert rates.counted(request) is None

    first = rates.count(request)

    assert first == Allowance(True, 2, 1, ENDS, 40)
    assert rates.count(request, 7) is rates.counted(request) is first


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_strangers_are_counted_by_network(
    strangers: Clock, monkeypatch: pytest.MonkeyPatch, one: str, other: str, same: bool
) -> None:
    # Two networks may share a count by chance; with as many as there are numbers they do not.
    monkeypatch.setattr(rates, "STRANGERS_COUNTED", 2**61)
    rates.count(RequestFactory().get("/", REMOTE_ADDR=one))

    assert rates.count(RequestFactory().get("/", REMOTE_ADDR=other)).remaining == (0 if same else 1)


def test_what_strangers_claim_about_their_address_is_not_believed(strangers: Clock, settings: Settings) -> None:
    def ask(forwarded: str) -> Allowance:
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
        return rates.count(request)

    assert [ask(f"198.51.100.{number}").allowed for number in range(3)] == [True, True, False]

    # Behind a proxy of ours its word counts, and what stands before it still does not.
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert [ask(f"198.51.100.{number}, 203.0.113.5").allowed for number in range(3)] == [True, True, False]


def test_a_flood_of_addresses_takes_no_more_memory_than_there_are_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Recording(MemoryCounter):
        subjects: set[int] = set()

        def take(self, subject: int, limit: int) -> Allowance:
            self.subjects.add(subject)
            return super().take(subject, limit)

    monkeypatch.setattr(rates, "STRANGERS", Recording(Clock()))
    monkeypatch.setattr(rates, "STRANGERS_COUNTED", 64)
    for number in range(2_000):
        rates.count(RequestFactory().get("/", REMOTE_ADDR=f"10.0.{number // 250}.{number % 250}"))

    assert Recording.subjects == set(range(64))

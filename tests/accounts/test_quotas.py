"""What plans allow: counted in windows of a minute, a day and a month, all of which have room or nothing is taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from accounts import quotas
from accounts.actor import Actor
from accounts.exceptions import Forbidden, Invalid, QuotaExhausted
from accounts.models import Organization, RequestMeter, WriteMeter
from accounts.plans import Access, Limits, Window, WriteQuota, limits_of
from accounts.quotas import Reading, requests_used, take_request, take_write, writes_used
from accounts.services import change_plan
from accounts.tenancy import empty_scope
from tests.worlds import World, make_world

# A Saturday evening near the end of a month, 20.75 seconds into a minute of the clock.
MOMENT = datetime(2026, 1, 31, 22, 10, 20, 750_000, tzinfo=UTC).timestamp()
NOW = int(MOMENT)
MIDNIGHT = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
MARCH = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
FIVE = WriteQuota(per_minute=2, per_day=3, per_month=5)


class Clock:
    """A clock that stands until it is told to move."""

    def __init__(self, moment: float = MOMENT) -> None:
        self.moment = moment

    def __call__(self) -> float:
        return self.moment


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr(quotas, "clock", standing)
    return standing


def limits(per_minute: int, per_day: int) -> Limits:
    return Limits(access=Access.FULL, largest_page=1, requests_per_minute=per_minute, requests_per_day=per_day)


def refusal(resource: str = "contacts", quota: WriteQuota = FIVE) -> tuple[str, str, int, int, int]:
    """What taking another write is refused with."""
    with pytest.raises(QuotaExhausted) as refused:
        take_write(resource, quota)
    error = refused.value
    return error.resource, error.window, error.limit, error.reset, error.retry_after


def test_a_minute_begins_with_its_first_request_and_holds_what_it_holds(north: World, clock: Clock) -> None:
    allowed = limits(120, 50_000)
    with north.scope():
        taken = [take_request(allowed) for _ in range(120)]
        assert [reading.left for reading in taken] == list(range(119, -1, -1))
        # Past the clock's minute, and to the last second of its own.
        for later in (40, 59):
            clock.moment = MOMENT + later
            with pytest.raises(QuotaExhausted) as refused:
                take_request(allowed)
            error = refused.value
            assert (error.resource, error.window, error.limit) == ("", "minute", 120)
            assert (error.reset, error.retry_after) == (NOW + 60, 60 - later)
        clock.moment = MOMENT + 60
        assert take_request(allowed) == Reading(Window.MINUTE, 120, 1, NOW + 120, 60)
        assert requests_used(allowed)[1] == Reading(Window.DAY, 50_000, 121, MIDNIGHT, MIDNIGHT - NOW - 60)


def test_a_day_ends_at_midnight_in_utc(north: World, clock: Clock) -> None:
    with north.scope():
        for minute in range(2):
            clock.moment = MOMENT + 60 * minute
            take_request(limits(1, 2))
        clock.moment = MIDNIGHT - 0.5
        with pytest.raises(QuotaExhausted) as refused:
            take_request(limits(1, 2))
        assert (refused.value.window, refused.value.reset, refused.value.retry_after) == ("day", MIDNIGHT, 1)
        clock.moment = MIDNIGHT
        assert take_request(limits(1, 2)).left == 0


def test_the_shortest_of_the_exhausted_windows_decides_how_long_to_wait(north: World, clock: Clock) -> None:
    with north.scope():
        take_write("contacts", FIVE)
        take_write("contacts", FIVE)
        assert refusal() == ("contacts", "minute", 2, NOW + 60, 60)
        clock.moment = MOMENT + 60
        take_write("contacts", FIVE)
        assert refusal() == ("contacts", "day", 3, MIDNIGHT, MIDNIGHT - NOW - 60)
        # The day is not asked for where the minute is used up too.
        assert refusal(quota=WriteQuota(1, 3, 3))[1] == "minute"
        clock.moment = MIDNIGHT
        february = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
        assert [reading.taken for reading in writes_used("contacts", FIVE)] == [0, 0, 0]
        for day in (0, 1, 2, 3, 4):
            clock.moment = february + day * quotas.DAY
            take_write("contacts", FIVE)
        assert refusal() == ("contacts", "month", 5, MARCH, MARCH - february - 4 * quotas.DAY)
        clock.moment = MARCH
        assert take_write("contacts", FIVE).left == 1


def test_what_is_refused_is_taken_from_no_window(north: World, clock: Clock) -> None:
    with north.scope():
        for _ in range(2):
            take_write("contacts", FIVE)
        for _ in range(10):
            refusal()
        assert [(reading.window, reading.taken) for reading in writes_used("contacts", FIVE)] == [
            (Window.MINUTE, 2),
            (Window.DAY, 2),
            (Window.MONTH, 2),
        ]


def test_a_larger_plan_has_room_at_once_and_a_smaller_one_has_none(north: World) -> None:
    with north.scope():
        for _ in range(2):
            take_request(limits(2, 100))
        with pytest.raises(QuotaExhausted):
            take_request(limits(2, 100))
        assert take_request(limits(5, 100)).left == 2
        with pytest.raises(QuotaExhausted):
            take_request(limits(2, 100))


def test_resources_and_organizations_have_counts_of_their_own(north: World, south: World) -> None:
    quota = WriteQuota(1, 1, 1)
    with north.scope():
        take_write("contacts", quota)
        take_write("webhooks", quota)
        take_request(limits(1, 1))
    with south.scope():
        assert [reading.taken for reading in writes_used("contacts", quota)] == [0, 0, 0]
        take_write("contacts", quota)
        take_request(limits(1, 1))
    with north.scope():
        assert refusal(quota=quota)[0] == "contacts"


def test_one_row_is_used_again_for_ever(north: World, clock: Clock) -> None:
    with north.scope():
        for day in range(40):
            clock.moment = MOMENT + day * quotas.DAY
            take_request(limits(1, 1))
            take_write("contacts", WriteQuota(1, 1, 31))
        assert (RequestMeter.objects.count(), WriteMeter.objects.count()) == (1, 1)


def test_a_clock_that_is_put_back_locks_nobody_out(north: World, clock: Clock) -> None:
    quota = WriteQuota(1, 1, 1)
    with north.scope():
        take_write("contacts", quota)
        clock.moment = MOMENT - 40 * quotas.DAY
        assert take_write("contacts", quota).left == 0


def test_who_was_held_up_belongs_to_the_window_that_began_meanwhile(north: World, clock: Clock) -> None:
    with north.scope():
        clock.moment = MIDNIGHT + 1
        take_write("contacts", FIVE)
        clock.moment = MIDNIGHT - 1
        assert take_write("contacts", FIVE) == Reading(Window.MINUTE, 2, 2, MIDNIGHT + 61, 62)
        clock.moment = MIDNIGHT + 2
        assert [reading.taken for reading in writes_used("contacts", FIVE)] == [2, 2, 2]


def test_looking_makes_no_rows_and_takes_nothing(db: None) -> None:
    world = make_world("east")
    with world.scope():
        RequestMeter.objects.all().delete()
        WriteMeter.objects.all().delete()
        assert requests_used(limits(5, 9)) == [
            Reading(Window.MINUTE, 5, 0, NOW + 60, 60),
            Reading(Window.DAY, 9, 0, MIDNIGHT, MIDNIGHT - NOW),
        ]
        assert [reading.left for reading in writes_used("contacts", FIVE)] == [2, 3, 5]
        assert not RequestMeter.objects.exists()
        assert not WriteMeter.objects.exists()


@pytest.mark.parametrize("plan", ["starter", "pro", "scale"])
def test_the_vendors_figures_are_what_is_counted_to(north: World, plan: str) -> None:
    sold = limits_of(plan)
    with north.scope():
        assert [reading.limit for reading in requests_used(sold)] == list(sold.requests.values())
        for resource, quota in sold.writes.items():
            assert [reading.limit for reading in writes_used(resource, quota)] == list(quota.by_window.values())


@pytest.mark.django_db(transaction=True)
def test_a_write_that_fails_is_given_back(north: World) -> None:
    def fail_after_writing() -> None:
        with north.scope():
            take_write("contacts", FIVE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with empty_scope() as scope:
        scope.fill(north.organization.pk)
        assert [reading.taken for reading in writes_used("contacts", FIVE)] == [0, 0, 0]


@pytest.mark.postgresql
def test_counting_requests_is_kept_out_of_the_log_and_counting_writes_is_not(db: None) -> None:
    names = [
        "accounts_requestmeter",
        "accounts_requestmeter_id_seq",
        "accounts_writemeter",
        "accounts_writemeter_id_seq",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = ANY(%s) ORDER BY relname", [names])
        assert [persistence for (persistence,) in cursor.fetchall()] == ["u", "u", "p", "p"]


def test_a_plan_is_changed_for_the_organization_in_scope_alone(north: World, south: World) -> None:
    with north.scope():
        assert change_plan("pro", actor=Actor.command("set_plan")).plan == "pro"
        assert Organization.objects.get().plan == "pro"
    with south.scope():
        assert Organization.objects.get().plan == "unlimited"


def test_a_plan_nobody_sells_is_refused_and_so_is_who_may_not_choose(north: World) -> None:
    with north.scope():
        with pytest.raises(Invalid) as refused:
            change_plan("gold", actor=north.actor())
        assert [fault.field for fault in refused.value.errors] == ["plan"]
        with pytest.raises(Forbidden):
            change_plan("pro", actor=north.actor(north.admin))
        assert Organization.objects.get().plan == "unlimited"

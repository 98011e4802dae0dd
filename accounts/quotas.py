"""What plans allow, counted exactly and for all workers at once: requests, and writes of a resource.

One upsert takes from all windows of a meter or from none of them, and the database makes those who come together wait
for each other. A write is counted in the unit of work it belongs to and given back with it; a request is counted in one
of its own (``accounts.rates.count_by_plan``).

The time is this process's and not the database's, so that a test can move it. All workers are on one host, and their
clocks are one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from accounts.exceptions import QuotaExhausted
from accounts.models import RequestMeter, WriteMeter
from accounts.models.quota import Meter
from accounts.plans import Limits, Window, WriteQuota
from accounts.prepared import statement_cursor
from accounts.tenancy import current_organization_id, current_scope

MINUTE: Final = 60
DAY: Final = 24 * 60 * 60
# How late a worker that was held up may come to a window another one has begun since. What began later still is from
# before the clock was put back, and is forgotten.
LATEST: Final = 60
REQUESTS: Final = "requests"

clock: Callable[[], float] = time.time


class Reading(NamedTuple):
    """One running window: ``taken`` of ``limit``, until the epoch second ``ends``; ``wait`` is how long that is, at least 1."""

    window: Window
    limit: int
    taken: int
    ends: int
    wait: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.taken)


def take_request(limits: Limits) -> Reading:
    """Take one request of the organization in scope, and say what is left of the running minute.

    Raises ``QuotaExhausted``, and then nothing was taken.
    """
    return _take(RequestMeter, REQUESTS, limits.requests)


def take_write(resource: str, quota: WriteQuota) -> Reading:
    """Take one write of a resource, given back should the unit of work fail; otherwise like ``take_request``."""
    return _take(WriteMeter, resource, quota.by_window)


def requests_used(limits: Limits) -> list[Reading]:
    """What the organization in scope has used of its requests, the shortest window first. Takes nothing."""
    return _read(RequestMeter, REQUESTS, limits.requests, int(clock()))


def writes_used(resource: str, quota: WriteQuota) -> list[Reading]:
    """The same for the writes of a resource."""
    return _read(WriteMeter, resource, quota.by_window, int(clock()))


def _take(model: type[Meter], name: str, limits: Mapping[Window, int]) -> Reading:
    """``limits`` are at least 1, one for each window of the model."""
    scope = current_scope()
    if scope is not None:
        # The row stays locked until the reason of a refusal was read.
        scope.begin(write=True)
    now = int(clock())
    with statement_cursor() as cursor:
        cursor.execute(_upsert(model), {"name": name, **_values(limits, now)})
        rows = cursor.fetchall()
    if rows:
        return next(_readings(rows[0], limits, now))
    # The row is locked now, and what it says is why.
    raise _exhausted("" if model is RequestMeter else name, _read(model, name, limits, now))


def _values(limits: Mapping[Window, int], now: int) -> dict[str, int]:
    """What the statement is told beside the name."""
    values = {"organization": current_organization_id(), "latest": now + LATEST}
    for window, limit in limits.items():
        values[f"{window}_limit"] = limit
        values[f"{window}_new"] = _start(window, now)
        values[f"{window}_oldest"] = _oldest(window, now)
    return values


def _exhausted(resource: str, readings: Iterable[Reading]) -> QuotaExhausted:
    # The shortest of those that are used up decides how long to wait (CONTRACTS R-S17).
    spent = next(reading for reading in readings if not reading.left)
    return QuotaExhausted(resource, limit=spent.limit, window=spent.window, reset=spent.ends, retry_after=spent.wait)


def _read(model: type[Meter], name: str, limits: Mapping[Window, int], now: int) -> list[Reading]:
    row = model.objects.filter(name=name).values_list(*_columns(model)).first()
    return list(_readings(row or (0,) * len(_columns(model)), limits, now))


def _readings(row: Iterable[int], limits: Mapping[Window, int], now: int) -> Iterator[Reading]:
    """What a row in the order of ``_columns`` says; a window that is over counts as one that begins now."""
    values = iter(row)
    for (window, limit), began, taken in zip(limits.items(), values, values, strict=True):
        is_running = _oldest(window, now) <= began <= now + LATEST
        ends = _end(window, began if is_running else _start(window, now))
        yield Reading(window, limit, taken if is_running else 0, ends, max(1, ends - now))


def _columns(model: type[Meter]) -> list[str]:
    return [f"{window}_{part}" for window in model.windows for part in ("began", "taken")]


def _start(window: Window, now: int) -> int:
    """When a window begins whose first request comes now: at once, or with the day or month in UTC."""
    match window:
        case Window.MINUTE:
            return now
        case Window.DAY:
            return now - now % DAY
        case Window.MONTH:
            return int(_month(datetime.fromtimestamp(now, UTC)).timestamp())


def _oldest(window: Window, now: int) -> int:
    """The earliest start of a window that is not over."""
    return now - MINUTE + 1 if window is Window.MINUTE else _start(window, now)


def _end(window: Window, began: int) -> int:
    match window:
        case Window.MINUTE:
            return began + MINUTE
        case Window.DAY:
            return began + DAY
        case Window.MONTH:
            # The longest month and a day later it is the next one.
            return int(_month(datetime.fromtimestamp(began, UTC) + timedelta(days=32)).timestamp())


def _month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@lru_cache
def _upsert(model: type[Meter]) -> str:
    """The statement that takes one where every window has room, and returns the row; no row where one has none."""
    columns = ", ".join(_columns(model))
    fresh = ", ".join(f"%({window}_new)s, 1" for window in model.windows)
    carried = {window: f"CASE WHEN {_running(window)} THEN meter.{window}_taken ELSE 0 END" for window in model.windows}
    changes = ", ".join(
        f"{window}_began = CASE WHEN {_running(window)} THEN meter.{window}_began ELSE excluded.{window}_began END,"
        f" {window}_taken = {taken} + 1"
        for window, taken in carried.items()
    )
    room = " AND ".join(f"{taken} < %({window}_limit)s" for window, taken in carried.items())
    return (
        f"INSERT INTO {model._meta.db_table} AS meter (organization_id, name, {columns})"  # noqa: S608 - names of ours
        f" VALUES (%(organization)s, %(name)s, {fresh})"
        f" ON CONFLICT (organization_id, name) DO UPDATE SET {changes} WHERE {room} RETURNING {columns}"
    )


def _running(window: Window) -> str:
    return f"meter.{window}_began BETWEEN %({window}_oldest)s AND %(latest)s"

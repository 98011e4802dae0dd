"""Cells that hold days and times, in the ways programs and people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from contacts.importing.columns.column import NOTHING, BadCell

DAY_FIRST: Final = "day-first"
MONTH_FIRST: Final = "month-first"
# What may follow the identifier of a column of dates.
ORDERS: Final = (DAY_FIRST, MONTH_FIRST)

_TIME: Final = (
    r"(?:(?:,?\s+|T)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?\Z"
)
_YEAR_FIRST: Final = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _TIME, re.ASCII)
_YEAR_LAST: Final = re.compile(
    r"(?P<one>\d{1,2})(?P<sign>[./-])(?P<two>\d{1,2})(?P=sign)(?P<year>\d{4})" + _TIME, re.ASCII
)
_NAMED: Final = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<month>[A-Za-z]{3,9})\.?,?[ -]"
    r"|(?P<month2>[A-Za-z]{3,9})\.? (?P<day2>\d{1,2})(?:st|nd|rd|th)?,? )(?P<year>\d{4})" + _TIME,
    re.ASCII,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LAST_MONTH: Final = 12
# No place on earth is further from Greenwich.
_FURTHEST_OFFSET: Final = timedelta(hours=14)
# Longer than any spelling of a date.
_LONGEST: Final = 60
_EXPECTED: Final = "Not a date that can be read, like 2025-10-18 or 2025-10-18 18:24:10."


def read_moment(text: str, zone: ZoneInfo, order: str = "") -> datetime | None:
    """A moment in UTC; one without a zone of its own is on the clocks of ``zone``, a day alone is its midnight there.

    ``order`` is ``day-first`` or ``month-first`` for dates like 03/04/2025, which are at fault without it unless only one
    order is possible. None where the cell says nothing. Raises ``BadCell``.
    """
    moment = read_clock(text, order)
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise BadCell("The date is out of range.", "out_of_range") from None


def read_clock(text: str, order: str = "") -> datetime | None:
    """The same with the zone that is written there, or none."""
    if text.lower() in NOTHING:
        return None
    if len(text) > _LONGEST:
        raise BadCell(_EXPECTED)
    if match := _YEAR_FIRST.match(text):
        return _moment(match, int(match["month"]), int(match["day"]))
    if match := _YEAR_LAST.match(text):
        return _moment(match, *_month_and_day(match, order))
    if match := _NAMED.match(text):
        month = (match["month"] or match["month2"])[:3].lower()
        if month in _MONTHS:
            return _moment(match, _MONTHS.index(month) + 1, int(match["day"] or match["day2"]))
    raise BadCell(_EXPECTED)


def order_of(texts: Iterable[str], region: str) -> str:
    """In which order a column writes days and months, from as much of it as there is; empty where it does not matter.

    Where every day could be a month, it is as the region writes.
    """
    matches = [match for text in texts if (match := _YEAR_LAST.match(text.strip())) and match["sign"] != "."]
    if any(int(match["one"]) > _LAST_MONTH for match in matches):
        return DAY_FIRST
    if any(int(match["two"]) > _LAST_MONTH for match in matches):
        return MONTH_FIRST
    return (MONTH_FIRST if region in {"US", "PH"} else DAY_FIRST) if matches else ""


def _month_and_day(match: re.Match[str], order: str) -> tuple[int, int]:
    one, two = int(match["one"]), int(match["two"])
    # Nobody writes a month first between points.
    if order == DAY_FIRST or match["sign"] == ".":
        return two, one
    if order == MONTH_FIRST:
        return one, two
    if max(one, two) <= _LAST_MONTH and one != two:
        raise BadCell("Which is the day and which the month? Write the year first: 2025-10-18.")
    return (two, one) if one > _LAST_MONTH else (one, two)


def _moment(match: re.Match[str], month: int, day: int) -> datetime:
    minute, second = int(match["minute"] or 0), int(match["second"] or 0)
    fraction = int((match["fraction"] or "").ljust(6, "0")[:6])
    hour, zone = _hour(match), _zone(match["zone"])
    try:
        return datetime(int(match["year"]), month, day, hour, minute, second, fraction, tzinfo=zone)
    except ValueError:
        raise BadCell("There is no such date or time.") from None


def _hour(match: re.Match[str]) -> int:
    hour = int(match["hour"] or 0)
    if not match["half"]:
        return hour
    if not 1 <= hour <= _LAST_MONTH:
        raise BadCell("There is no such date or time.")
    return hour % 12 + (12 if match["half"][0] in "Pp" else 0)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset > _FURTHEST_OFFSET or digits[2:] > "59":
        raise BadCell("There is no such time zone.")
    return timezone(-offset if text[0] == "-" else offset)

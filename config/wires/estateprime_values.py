"""How EstatePrime's requests write ids and ranges of moments (CONTRACTS E-S4, E-S9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from rest_framework import serializers

from accounts.exceptions import FieldError, Invalid
from config.wires.estateprime import organization_zone

LARGEST_NUMBER: Final = 2**63 - 1
# From the first moment to before the last; None where it is open.
Bounds: TypeAlias = tuple[datetime | None, datetime | None]
# What a parameter that says nothing is sent as.
UNSAID: Final = (None, "")
_BOUND: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2}))?", re.ASCII)


def number_in(value: Any) -> int | None:
    """An id, sent as a number or as its digits; None for everything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        # To JSON 7.0 is the integer 7, and to the document's readers too.
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= LARGEST_NUMBER else None


def number_in_address(identifier: str) -> int | None:
    """An id that is part of an address, spelt as it is printed; None for everything else."""
    number = number_in(identifier)
    return number if str(number) == identifier else None


class Identifier(serializers.Field[Any, Any, Any, Any]):
    """An id in a body."""

    default_error_messages = {"required": "is required", "null": "is required", "invalid_type": "must be an id"}
    shape = {"type": ["integer", "string"], "minimum": 1, "maximum": LARGEST_NUMBER, "pattern": "^[1-9][0-9]{0,17}$"}

    def __init__(self, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(required=required, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        number = number_in(data)
        if number is None:
            self.fail("invalid_type")
        return number

    def to_representation(self, value: Any) -> Any:
        return value


def bounds_in(name: str, said: Any) -> Bounds | None:
    """What the range in the parameter ``name`` says, its last second included; None when it is open on both sides.

    A day alone is the whole of it. Raises ``Invalid`` on ``name``.
    """
    if said in UNSAID:
        return None
    if not isinstance(said, dict):
        raise _invalid(name)
    first = _bound(name, said.get("min"), "00:00:00")
    last = _bound(name, said.get("max"), "23:59:59")
    return None if first is None and last is None else (first, last and _after(last))


def _bound(name: str, said: Any, time_of_day: str) -> datetime | None:
    """A moment on the organization's clock; of an hour that comes twice the first."""
    if said in UNSAID:
        return None
    spelling = _BOUND.fullmatch(said.strip()) if isinstance(said, str) else None
    if spelling is None:
        raise _invalid(name)
    try:
        local = datetime.fromisoformat(f"{spelling[1]} {spelling[2] or time_of_day}")
    except ValueError:
        raise _invalid(name) from None
    try:
        return local.replace(tzinfo=organization_zone()).astimezone(UTC)
    except OverflowError:
        # The ends of the calendar, which programs write for "ever": which of them UTC still has hangs on the zone.
        return (datetime.min if local.year == 1 else datetime.max).replace(tzinfo=UTC)


def _after(moment: datetime) -> datetime:
    try:
        return moment + timedelta(seconds=1)
    except OverflowError:
        return moment


def _invalid(name: str) -> Invalid:
    return Invalid([FieldError(name, "invalid_value")])

"""How EstatePrime writes ids and moments (CONTRACTS E-S4, E-S9, E-S17)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from rest_framework import serializers

from config.wires.estateprime import organization_zone

LARGEST_NUMBER: Final = 2**63 - 1
MOST_IDENTIFIERS: Final = 100
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)
# A day inside of what a calendar has, so that every clock can show it.
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


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


def moment_in(value: Any, *, time_of_day: str = "") -> datetime | None:
    """A moment on the organization's clock, or in ISO 8601 with a zone of its own; None for everything else.

    Of an hour that comes twice it is in the first; one that is left out is read as if the clock had not been put
    forward. A day alone is ``time_of_day`` on it, and no moment without that.
    """
    spelling = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if spelling is None or not (spelling[2] or time_of_day):
        return None
    try:
        moment = datetime.fromisoformat(value.strip() if spelling[2] else f"{spelling[1]} {time_of_day}")
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=organization_zone())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment <= _LATEST else None


class Identifier(serializers.Field[Any, Any, Any, Any]):
    """An id; ``null`` is a missing one where it is required."""

    default_error_messages = {"required": "is required", "null": "is required", "invalid_type": "must be an id"}
    shape = {"type": ["integer", "string"], "minimum": 1, "maximum": LARGEST_NUMBER, "pattern": "^[1-9][0-9]{0,17}$"}

    def __init__(self, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(required=required, allow_null=not required, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        number = number_in(data)
        if number is None:
            self.fail("invalid_type")
        return number

    def to_representation(self, value: Any) -> Any:
        return value


class Identifiers(serializers.ListField):
    """An array of ids, none twice; ``null`` is the empty one."""

    default_error_messages = {
        "not_a_list": "must be an array",
        "too_long": "must have at most {maximum} items",
        "invalid_value": "must be ids",
    }
    shape = {"maxItems": MOST_IDENTIFIERS}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Identifier(required=True), required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> list[int]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > MOST_IDENTIFIERS:
            self.fail("too_long", maximum=MOST_IDENTIFIERS)
        numbers = [number for item in data if (number := number_in(item)) is not None]
        if len(numbers) < len(data):
            self.fail("invalid_value")
        return list(dict.fromkeys(numbers))


class Moment(serializers.Field[datetime, Any, Any, Any]):
    """A required moment."""

    default_error_messages = {
        "required": "is required",
        "null": "is required",
        "invalid_value": "must be a date and time like 2025-10-18 18:24:10",
    }
    shape = {
        "type": "string",
        "pattern": r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?$",
        "examples": ["2025-01-15 18:00:05"],
    }

    def to_internal_value(self, data: Any) -> datetime:
        if data == "":
            self.fail("required")
        moment = moment_in(data)
        if moment is None:
            self.fail("invalid_value")
        return moment

    def to_representation(self, value: datetime) -> Any:
        return value

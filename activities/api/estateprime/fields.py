"""How EstatePrime writes several ids, and when something was said (CONTRACTS E-S9, E-S17)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from rest_framework import serializers

from config.wires.estateprime import organization_zone
from config.wires.estateprime_values import Identifier, number_in

MOST_IDENTIFIERS: Final = 100
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
# A day inside of what a calendar has, so that every clock can show it.
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def moment_in(value: Any) -> datetime | None:
    """A moment on the organization's clock, or in ISO 8601 with a zone of its own; None for everything else.

    Of an hour that comes twice it is in the first; one that is left out is read as if the clock had not been put
    forward.
    """
    spelling = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if spelling is None:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=organization_zone())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment <= _LATEST else None


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

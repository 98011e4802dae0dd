"""What a list of communications asks for, in its JSON body or its query string (CONTRACTS 3.2, 3.6, E-C1, E-S4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from accounts.exceptions import FieldError, Invalid
from activities.api.estateprime.serializers import CHANNELS, DIRECTIONS
from config.wires.estateprime_values import UNSAID, bounds_in, number_in


def narrowing(said: Mapping[str, Any]) -> dict[str, Any]:
    """What narrows the list, by parameter; what is empty or open on both sides does not. Raises ``Invalid``."""
    read = {name: reader(name, said[name]) for name, reader in _READERS.items() if said.get(name) not in UNSAID}
    return {name: value for name, value in read.items() if value is not None}


def _direction(name: str, value: Any) -> str:
    if not isinstance(value, str) or value not in DIRECTIONS:
        raise _invalid(name)
    return DIRECTIONS[value].value


def _kind(name: str, value: Any) -> str:
    number = _number(name, value)
    if number not in CHANNELS:
        raise _invalid(name)
    return CHANNELS[number][0].value


def _number(name: str, value: Any) -> int:
    number = number_in(value)
    if number is None:
        raise _invalid(name)
    return number


def _invalid(name: str) -> Invalid:
    return Invalid([FieldError(name, "invalid_value")])


_READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "type": _direction,
    "channel": _kind,
    "contact_id": _number,
    "user_id": _number,
    "date_created": bounds_in,
    "communication_date": bounds_in,
}

"""One declaration per wire field: where it is read from, how it prints, and what may be written to it.

The strict field classes take JSON types as they are: a number where text is documented is refused (CONTRACTS 7.2).
Their messages are the rest of a sentence that begins with the field's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any, Final

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.exceptions import FieldError, Invalid
from config.wires.openapi.shapes import Shape

_REQUIRED = {"required": "is required", "null": "is required"}


def seconds(moment: datetime | str | None) -> str | None:
    """``2024-01-15T10:30:00Z``: UTC in whole seconds, None for None (CONTRACTS 7.4).

    Text is a moment as PostgreSQL writes it.
    """
    if moment is None:
        return None
    if isinstance(moment, str):
        if moment.endswith("+00"):
            return f"{moment[:10]}T{moment[11:19]}Z"
        moment = datetime.fromisoformat(moment)
    # Not strftime, which writes the year 1 with one digit.
    text = moment.isoformat(timespec="seconds")
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat(timespec="seconds")
    return text[:19] + "Z"


def plain_number(amount: Decimal | None) -> int | float | None:
    """A JSON number; whole amounts have no fraction. None for None."""
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


@dataclass(frozen=True)
class WireField:
    """A key of a wire's document.

    ``columns`` are paths or annotations of the queryset; ``read`` makes the printed value of them. ``write`` is the
    strict field that reads what clients send, None when they may not; ``attribute`` is its name in the draft.
    ``prints`` is the JSON Schema of the printed value, None when that of ``write`` tells it (config.wires.openapi).
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[..., Any]
    write: serializers.Field[Any, Any, Any, Any] | None = None
    prints: Shape | None = None


class Documents:
    """From rows to documents of the fields, by position."""

    def __init__(self, fields: Iterable[WireField]) -> None:
        self.fields = tuple(fields)
        self.columns = tuple(dict.fromkeys(column for field in self.fields for column in field.columns))
        places = {column: place for place, column in enumerate(self.columns)}
        self._names = tuple(field.name for field in self.fields)
        self._plan = [(field.read, [places[column] for column in field.columns]) for field in self.fields]

    def document(self, row: Sequence[Any]) -> dict[str, Any]:
        """The document of one row of ``values_list(*columns)``; further values in the row are ignored."""
        return self.documents([row])[0]

    def documents(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """The documents of a page. One column is printed after another: most need no call for each of their values."""
        if not rows or not self._plan:
            return [{} for _ in rows]
        columns = tuple(zip(*rows, strict=True))
        printed = [_printed(read, [columns[place] for place in places], len(rows)) for read, places in self._plan]
        return [dict(zip(self._names, values, strict=True)) for values in zip(*printed, strict=True)]


def _printed(read: Callable[..., Any], columns: Sequence[Sequence[Any]], count: int) -> Iterable[Any]:
    """``read`` of each of ``count`` rows' values in these columns, as they are asked for."""
    if not columns:
        return repeat(read(), count)
    if read is as_stored:
        return columns[0]
    if read is text_or_null:
        return [value or None for value in columns[0]]
    return map(read, *columns)


def as_stored(value: Any) -> Any:
    """The ``read`` of what prints as it is stored."""
    return value


def text_or_null(value: str | None) -> str | None:
    """The ``read`` of text: unset it is ``null`` (CONTRACTS W-S25)."""
    return value or None


class Text(serializers.Field[str, Any, str, Any]):
    """A string, trimmed. ``null`` and ``""`` clear it, unless it is required."""

    default_error_messages = {
        **_REQUIRED,
        "invalid_type": "must be a string",
        "too_long": "must be at most {maximum} characters",
    }

    def __init__(self, maximum: int, *, required: bool = False, trim: bool = True, **kwargs: Any) -> None:
        super().__init__(required=required, allow_null=not required, **kwargs)
        self.maximum = maximum
        self.trim = trim
        self.cannot_be_empty = required

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_type")
        text = data.strip() if self.trim else data
        if self.cannot_be_empty and not text:
            self.fail("required")
        if len(text) > self.maximum:
            self.fail("too_long", maximum=self.maximum)
        return text

    def to_representation(self, value: str) -> str:
        return value


class Choice(Text):
    """One of a closed list of strings, spelt exactly."""

    default_error_messages = {"invalid_value": "must be one of: {choices}"}

    def __init__(self, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(maximum=100, **kwargs)
        self.choices = tuple(choices)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text not in self.choices:
            self.fail("invalid_value", choices=", ".join(self.choices))
        return text


class Flag(serializers.Field[bool, Any, bool, Any]):
    """``true`` or ``false`` and nothing like them."""

    default_error_messages = {**_REQUIRED, "invalid_type": "must be a boolean"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid_type")
        return data

    def to_representation(self, value: bool) -> bool:
        return value


class Number(serializers.Field[Any, Any, Any, Any]):
    """A JSON number within bounds; whole or not, it stays what it was."""

    default_error_messages = {
        **_REQUIRED,
        "invalid_type": "must be a number",
        "out_of_range": "must be at least {minimum} and at most {maximum}",
    }

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)
        self.minimum = minimum
        self.maximum = maximum

    def to_internal_value(self, data: Any) -> int | float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid_type")
        if not (math.isfinite(data) and self.minimum <= data <= self.maximum):
            self.fail("out_of_range", minimum=self.minimum, maximum=self.maximum)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Instant(serializers.Field[datetime, Any, datetime, Any]):
    """A moment in ISO 8601; without a zone it is UTC."""

    default_error_messages = {
        **_REQUIRED,
        "invalid_type": "must be a string",
        "invalid_value": "must be an ISO 8601 date and time",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            self.fail("invalid_type")
        try:
            moment = datetime.fromisoformat(data.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid_value")

    def to_representation(self, value: datetime) -> Any:
        return value


class AnyObject(serializers.Field[Any, Any, Any, Any]):
    """A JSON object of the client's own making, kept as it is."""

    default_error_messages = {**_REQUIRED, "invalid_type": "must be an object"}

    def __init__(self, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(required=required, allow_null=not required, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid_type")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Texts(serializers.ListField):
    """An array of strings, none of them empty. ``null`` is the empty array."""

    default_error_messages = {
        **_REQUIRED,
        "not_a_list": "must be an array",
        "too_long": "must have at most {maximum} items",
        "too_short": "must have at least {minimum} item",
    }

    def __init__(self, maximum: int, items: int, *, at_least: int = 0, **kwargs: Any) -> None:
        required = at_least > 0
        super().__init__(child=Text(maximum, required=True), required=required, allow_null=not required, **kwargs)
        self.items = items
        self.at_least = at_least

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > self.items:
            self.fail("too_long", maximum=self.items)
        if isinstance(data, list) and len(data) < self.at_least:
            self.fail("too_short", minimum=self.at_least)
        return super().to_internal_value(data)


class Document(serializers.Serializer[Any]):
    """A JSON object with the fields of a class body or of ``of()``. Keys it does not know are ignored (CONTRACTS W-S9)."""

    default_error_messages = {**_REQUIRED, "invalid": "must be an object"}

    @classmethod
    def of(cls, fields: Iterable[WireField]) -> type[Document]:
        """The writable side of a declaration."""
        writable = {field.name: field.write for field in fields if field.write is not None}
        return type(f"{cls.__name__}Write", (cls,), dict(writable))


# DRF's codes for what our fields do not raise themselves, in the words of CONTRACTS W-S7.
_CODES: Final = {
    "null": "required",
    "too_short": "required",
    "blank": "required",
    "not_a_list": "invalid_type",
    "invalid": "invalid_type",
}


def validated(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """What the serializer accepted. Raises ``Invalid`` with every fault at once, by dotted path."""
    if serializer.is_valid():
        accepted: dict[str, Any] = serializer.validated_data
        return accepted
    raise Invalid(faults_of(serializer.errors))


def accepted(document: type[Document], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """The same for a document that needs no context: its fields are made once and not for every request."""
    try:
        found: dict[str, Any] = _prototype(document, partial).run_validation(data)
    except serializers.ValidationError as error:
        raise Invalid(faults_of(error.detail)) from error
    return found


@lru_cache(maxsize=64)
def _prototype(document: type[Document], partial: bool) -> Document:
    """Only ever asked to validate, which leaves nothing behind in it."""
    return document(partial=partial)


def faults_of(errors: Any, path: str = "") -> list[FieldError]:
    """DRF's nested errors as a flat list."""
    if isinstance(errors, Mapping):
        return [fault for key, nested in errors.items() for fault in faults_of(nested, _join(path, str(key)))]
    if isinstance(errors, ErrorDetail):
        return [FieldError(path, _CODES.get(errors.code or "", errors.code or "invalid_value"), message=str(errors))]
    return [fault for nested in errors for fault in faults_of(nested, path)]


def _join(path: str, key: str) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}.{key}" if path else key

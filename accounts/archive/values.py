"""The values of columns as an archive has them: one spelling for each, whichever database they come from.

Text is read with Python's own parser, because orjson takes integers of more than 64 bits for fractions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from json import JSONDecoder
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson
from django.db import connection, models

_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
# From here on Python writes fractions with an exponent, and PostgreSQL keeps a whole number.
_EXPONENTS_FROM: Final = 1e16
# By a day within what Python can say, so that clocks anywhere can.
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
# By the default of a column.
_SHAPES: Final[Mapping[Any, tuple[type, str]]] = {dict: (dict, "must be an object"), list: (list, "must be an array")}


class BadValue(ValueError):
    """What stands in an archive is no value of its column; the message is the rest of a sentence."""


def written_line(document: Mapping[str, Any]) -> bytes:
    """A document as one line of canonical JSON: keys by code point, UTF-8, moments in UTC."""
    try:
        return orjson.dumps(document, option=_CANONICAL | orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # An integer of more than 64 bits, in an object that a program sent.
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
        return f"{text}\n".encode()


def _plain(value: object) -> Any:
    return orjson.loads(orjson.dumps(value, option=_CANONICAL))


def read_line(line: bytes) -> dict[str, Any]:
    """The document of a line. Raises ``BadValue``."""
    try:
        document = _DECODER.decode(line.decode())
    except (ValueError, RecursionError) as error:
        raise BadValue("is no JSON in UTF-8") from error
    if not isinstance(document, dict):
        raise BadValue("is no JSON object")
    if b"\\u" in line and not _is_storable(document):
        raise BadValue("has characters that no database stores")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER: Final = JSONDecoder(parse_constant=_refuse_constant)


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return all(_is_storable(each) for each in (*value, *value.values()))
    return all(map(_is_storable, value)) if isinstance(value, list) else True


def canonical(value: Any) -> Any:
    """A JSON value with its numbers as every database gives them back: PostgreSQL stores decimals, SQLite text."""
    if isinstance(value, float):
        return _canonical_number(value)
    if isinstance(value, dict):
        return {name: canonical(each) for name, each in value.items()}
    return [canonical(each) for each in value] if isinstance(value, list) else value


def _canonical_number(value: float) -> float | int:
    if value == 0:
        # Decimals know no negative zero.
        return 0.0
    return int(Decimal(repr(value))) if abs(value) >= _EXPONENTS_FROM else value


def replaced(value: Any, path: Sequence[str], replace: Callable[[Any], Any]) -> Any:
    """A JSON value with what stands at a path replaced; the value itself where the path leads nowhere."""
    if not path:
        return replace(value)
    step, *rest = path
    if step == "*":
        return [replaced(each, rest, replace) for each in value] if isinstance(value, list) else value
    if not isinstance(value, dict) or step not in value:
        return value
    return {**value, step: replaced(value[step], rest, replace)}


def writer_of(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """What makes of a column's value one that can be written; None where it can be already."""
    if isinstance(field, models.JSONField):
        return canonical
    return _written_decimal if isinstance(field, models.DecimalField) else None


def _written_decimal(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def reader_of(field: models.Field[Any, Any], *, is_nullable: bool) -> Callable[[Any], Any]:
    """What makes of a written value one of the column. Raises ``BadValue`` when it is none."""
    read = _reader_of(field)

    def read_or_none(value: Any) -> Any:
        if value is not None:
            return read(value)
        if not is_nullable:
            raise BadValue("must have a value")
        return None

    return read_or_none


def _reader_of(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    match field:
        case models.JSONField():
            return _reader_of_json(field)
        case models.DateTimeField():
            return _read_moment
        case models.UUIDField():
            return _read_uuid
        case models.DecimalField():
            return partial(_read_decimal, field)
        case models.BooleanField():
            return _read_boolean
        case models.IntegerField():
            return _reader_of_integers(field)
        case models.CharField() | models.TextField():
            return _reader_of_text(field.max_length)
    raise TypeError(f"archives cannot hold a {type(field).__name__}")


def _reader_of_json(field: models.JSONField[Any, Any]) -> Callable[[Any], Any]:
    """A column that has an object or an array where nothing is said never has anything else."""
    shape, told = _SHAPES.get(field.default, (object, ""))

    def read(value: Any) -> Any:
        if not isinstance(value, shape):
            raise BadValue(told)
        return value

    return read


def _read_moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadValue("must be a moment") from error
    if moment.tzinfo is None:
        raise BadValue("must be a moment with its offset from UTC")
    if not _EARLIEST <= moment <= _LATEST:
        raise BadValue("must be a moment that every time zone has a day for")
    return moment.astimezone(UTC)


def _read_uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise BadValue("must be a UUID") from error


def _read_decimal(field: models.DecimalField[Any, Any], value: Any) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadValue("must be a decimal number in quotes")
    whole, places = field.max_digits - field.decimal_places, field.decimal_places
    if number.copy_abs() >= Decimal(10) ** whole or number != round(number, places):
        raise BadValue(f"must have at most {whole} digits before the point and {places} behind it")
    return number


def _read_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue("must be true or false")
    return value


def _reader_of_integers(field: models.Field[Any, Any]) -> Callable[[Any], int]:
    # Django's own of all databases: SQLite would take any.
    lowest, highest = connection.ops.integer_field_ranges[field.get_internal_type()]

    def read(value: Any) -> int:
        if type(value) is not int or not lowest <= value <= highest:
            raise BadValue(f"must be a whole number from {lowest} to {highest}")
        return value

    return read


def _reader_of_text(longest: int | None) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise BadValue("must be a text")
        if longest is not None and len(value) > longest:
            raise BadValue(f"must have at most {longest} characters")
        return value

    return read

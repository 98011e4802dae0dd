"""Pages by position: each page starts after the last row of the one before, whatever was written in between.

A cursor holds the values of that row's sort columns, signed for one query of one asker. Comparing rows with it is one
range an index can begin at; spelt as a plain OR it would make the database read everything before the page as well.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final, TypeAlias, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleGreaterThanOrEqual,
    TupleLessThan,
    TupleLessThanOrEqual,
)
from django.db.models.lookups import BuiltinLookup
from django.db.models.sql.compiler import SQLCompiler

MAXIMUM_CURSOR: Final = 2_000
"""Characters of a cursor: together with the rest of an address they fit the request line that servers accept."""

CursorValue: TypeAlias = str | int | bool | datetime
Kind: TypeAlias = type[str] | type[int] | type[bool] | type[datetime]
Rows = TypeVar("Rows", bound=QuerySet[Any, Any])

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Changes with the layout of a cursor, so that a cursor of an older release is refused and not misread.
_SALT: Final = "config.wires.keyset.1"


class BadCursor(ValueError):
    """Not a cursor we gave for this query: altered, cut off, too long, or another query's or asker's."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A field or annotation to sort by. NULL in no row: it would be neither before nor after any value."""

    column: str
    descending: bool


Order: TypeAlias = tuple[SortKey, ...]


def with_tie_break(keys: Sequence[SortKey], column: str) -> Order:
    """The keys made a total order by the unique `column`; keys that decide nothing any more are dropped.

    The tie-break goes the way of the key before it (descending when there is none): where all directions agree, a page
    is one range of an index, however many rows share a value.
    """
    order: dict[str, SortKey] = {}
    for key in keys:
        order.setdefault(key.column, key)
        if key.column == column:
            return tuple(order.values())
    last = list(order.values())[-1:]
    return (*order.values(), SortKey(column, last[0].descending if last else True))


def order_by(order: Order) -> tuple[str, ...]:
    """The order as arguments of `QuerySet.order_by`."""
    return tuple(f"-{key.column}" if key.descending else key.column for key in order)


def after(order: Order, values: Sequence[CursorValue]) -> Q:
    """The condition for rows that come after the one whose sort columns hold `values`.

    The last column of the order must be unique. Keys of one direction are compared as a row, `(a, b) < (x, y)`; where
    the direction changes it is `a <= x AND (a < x OR b > y)`, which still lets an index begin at `x`.
    """
    if not order or len(order) != len(values):
        raise ValueError("an order needs keys, and one value for each")
    pairs = zip(order, values, strict=True)
    runs = [(descending, list(run)) for descending, run in groupby(pairs, key=lambda pair: pair[0].descending)]
    descending, run = runs.pop()
    condition = Q(_beyond(run, _Below if descending else _Above))
    for descending, run in reversed(runs):
        bound = Q(_beyond(run, _NotAbove if descending else _NotBelow))
        condition = bound & (Q(_beyond(run, _Below if descending else _Above)) | condition)
    return condition


def page(queryset: Rows, order: Order, limit: int, values: Sequence[CursorValue] | None = None) -> Rows:
    """The rows of one page in their order, and one more when there are any beyond it: at most `limit + 1`.

    `values` are those of the last row of the page before, None for the first page.
    """
    rows = queryset if values is None else queryset.filter(after(order, values))
    return rows.order_by(*order_by(order))[: limit + 1]


class _RowComparison(BuiltinLookup):
    # Django spells row comparisons out for SQLite, as an OR. SQLite has them itself, and uses indexes for them.
    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return BuiltinLookup.as_sql(self, compiler, connection)


class _Below(_RowComparison, TupleLessThan):
    pass


class _NotAbove(_RowComparison, TupleLessThanOrEqual):
    pass


class _Above(_RowComparison, TupleGreaterThan):
    pass


class _NotBelow(_RowComparison, TupleGreaterThanOrEqual):
    pass


def _beyond(
    run: list[tuple[SortKey, CursorValue]], comparison: type[_Below | _NotAbove | _Above | _NotBelow]
) -> _RowComparison:
    columns = Tuple(*(F(key.column) for key, _ in run))
    return comparison(columns, [value for _, value in run])


def encode_cursor(values: Sequence[CursorValue], *, binding: str) -> str:
    """An opaque, URL-safe cursor of at most `MAXIMUM_CURSOR` characters that only `binding` can decode.

    `binding` is the canonical text of what the cursor belongs to: organization, sort and filters. It is not in the
    cursor. The values are, readable by who holds it: they are those of a row the holder was shown. Moments must have a
    time zone. Raises ValueError when the values are too long even compressed; several columns of some hundred
    characters fit.
    """
    text = json.dumps([_plain(value) for value in values], ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(text.encode("utf-8", "surrogatepass"), wbits=-zlib.MAX_WBITS)
    cursor = _signer(binding).sign(base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii"))
    if len(cursor) > MAXIMUM_CURSOR:
        raise ValueError("the values of a cursor are too long")
    return cursor


def decode_cursor(cursor: str, *, binding: str, kinds: Sequence[Kind]) -> list[CursorValue]:
    """The values exactly as they were encoded: text, integers, booleans, and moments in UTC with their microseconds.

    `kinds` are the types of the order's columns. Raises BadCursor for any text that `encode_cursor` did not return for
    the same binding, and for values of other kinds. Signatures are compared in constant time; those of
    SECRET_KEY_FALLBACKS hold as well.
    """
    if len(cursor) > MAXIMUM_CURSOR or not cursor.isascii():
        raise BadCursor
    try:
        payload = _signer(binding).unsign(cursor)
    except BadSignature:
        raise BadCursor from None
    # From here on the text is our own.
    packed = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    text = zlib.decompress(packed, wbits=-zlib.MAX_WBITS).decode("utf-8", "surrogatepass")
    values = [_value(plain) for plain in json.loads(text)]
    if [type(value) for value in values] != list(kinds):
        raise BadCursor
    return values


def _signer(binding: str) -> Signer:
    digest = hashlib.sha256(binding.encode("utf-8", "surrogatepass")).hexdigest()
    return Signer(salt=f"{_SALT}:{digest}", sep=".")


def _plain(value: CursorValue) -> str | int | list[int]:
    """A moment becomes its microseconds since 1970 in a list, to tell it from a number."""
    if isinstance(value, datetime):
        return [(value - _EPOCH) // _MICROSECOND]
    if isinstance(value, str | int):
        return value
    raise TypeError(f"a cursor cannot hold {type(value).__name__}")


def _value(plain: str | int | list[int]) -> CursorValue:
    return _EPOCH + plain[0] * _MICROSECOND if isinstance(plain, list) else plain

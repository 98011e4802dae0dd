"""Orders of rows, and the rows that come after a given one: what pages by position are made of.

Comparing rows with a position is one range an index can begin at; spelt as a plain OR it would make the database read
everything before the page as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, F, Q, QuerySet, Subquery
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleGreaterThanOrEqual,
    TupleLessThan,
    TupleLessThanOrEqual,
)
from django.db.models.lookups import BuiltinLookup
from django.db.models.sql.compiler import SQLCompiler

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])


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


def after(order: Order, values: Sequence[Any]) -> Q:
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


def page(queryset: Rows, order: Order, limit: int, values: Sequence[Any] | None = None) -> Rows:
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
    run: list[tuple[SortKey, Any]], comparison: type[_Below | _NotAbove | _Above | _NotBelow]
) -> _RowComparison:
    columns = Tuple(*(F(key.column) for key, _ in run))
    return comparison(columns, [value for _, value in run])


class Counted(Subquery):
    """How many rows a queryset has, beside the rows of another."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = BigIntegerField()

"""Merging stretches of one index: how a filter with several values stays as quick as one with a single value.

An index of (organization, type, status, created_at) has the newest leads and the newest clients in two places. Asked
for both, PostgreSQL 15 would read all of either and sort, or walk the whole address book and throw away the rest; with
50,000 fresh contacts that do not qualify on top, it reads those first. A lateral join takes one page's worth from each
place instead. PostgreSQL only; SQLite has no lateral joins, and no address book that long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, Func, QuerySet
from django.db.models.expressions import BaseExpression
from django.db.models.sql.compiler import SQLCompiler

from accounts.prepared import Slot


class Element(Expression):
    """Inside a stretch's query: the value of a dimension, by its position among the dimensions."""

    def __init__(self, dimension: int, output_field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.dimension = dimension

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return f"dimension{self.dimension}.value", ()


class Stretches(Expression):
    """The primary keys of the first ``limit`` rows of ``stretch`` over all combinations of the dimensions' values.

    ``stretch`` is ordered and limited, and selects the columns of its order, the last of them the primary key.
    ``descending`` says of each column which way it goes. A dimension is an array ``Slot`` or a queryset of one column.
    ``may_repeat`` says that two stretches may hold the same row.
    """

    output_field = models.BigIntegerField()

    def __init__(
        self,
        stretch: QuerySet[Any, Any],
        dimensions: Sequence[Slot | QuerySet[Any, Any]],
        *,
        descending: Sequence[bool],
        limit: int,
        may_repeat: bool = False,
    ) -> None:
        super().__init__()
        self.stretch = stretch
        self.dimensions = tuple(dimensions)
        self.descending = tuple(descending)
        self.limit = limit
        self.may_repeat = may_repeat

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        tables, parameters = _tables(self.dimensions, compiler, connection)
        sql, own = self.stretch.query.as_sql(compiler, connection)
        columns = [f"key{position}" for position in range(len(self.descending))]
        order = [f"page.{name}{' DESC' if down else ''}" for name, down in zip(columns, self.descending, strict=True)]
        group = f" GROUP BY {', '.join(f'page.{name}' for name in columns)}" if self.may_repeat else ""
        # Everything put into the text is made here or compiled by Django; values travel as parameters.
        text = (
            f"(SELECT page.{columns[-1]} FROM {tables}"  # noqa: S608 - see above
            f" CROSS JOIN LATERAL ({sql}) AS page({', '.join(columns)}){group}"
            f" ORDER BY {', '.join(order)} LIMIT {self.limit})"
        )
        return text, (*parameters, *own)


def _tables(
    dimensions: Sequence[Slot | QuerySet[Any, Any]], compiler: SQLCompiler, connection: BaseDatabaseWrapper
) -> tuple[str, list[Any]]:
    """All combinations of the dimensions' values, as the tables of a FROM clause."""
    tables: list[str] = []
    parameters: list[Any] = []
    for position, dimension in enumerate(dimensions):
        if isinstance(dimension, Slot):
            sql, own = compiler.compile(dimension)
            tables.append(f"unnest({sql}) AS dimension{position}(value)")
        else:
            sql, own = dimension.query.as_sql(compiler, connection)
            tables.append(f"({sql}) AS dimension{position}(value)")
        parameters += own
    return " CROSS JOIN ".join(tables), parameters


class IsOneOf(Func):
    """The condition that a key is one of those an expression of this module has.

    As an array they are looked up one by one, however small the database expects an organization to be; joined with them
    it might read all contacts of one, which is nothing for most and everything for the largest.
    """

    output_field = BooleanField()
    arity = 2

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY (ARRAY", **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="%(expressions)s", arg_joiner=" IN ", **extra)


class Numbered(Expression):
    """The primary keys of ``limit`` rows of an ordered query of them, after the ``first`` ones."""

    output_field = models.BigIntegerField()

    def __init__(self, rows: QuerySet[Any, Any], *, first: Slot, limit: int) -> None:
        super().__init__()
        self.rows = rows
        self.first = first
        self.limit = limit

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = self.rows.query.as_sql(compiler, connection)
        first, own = compiler.compile(self.first)
        return f"({sql} LIMIT {self.limit} OFFSET {first})", (*parameters, *own)


# Up to here a page by number is merged from stretches, each of which has to be read as far as the page may reach.
MERGED: Final = 1_000


class NumberedStretches(Expression):
    """The same from stretches, newest first, as long as the page lies near their beginning. PostgreSQL only.

    Further on merging them would cost more than walking along ``rows``: the same contacts in one ordered query of their
    keys, newest first, and in another, oldest first, for where that is nearer. Beyond ``total`` there is nothing to
    walk to.
    """

    output_field = models.BigIntegerField()

    def __init__(
        self,
        stretch: QuerySet[Any, Any],
        dimensions: Sequence[Slot | QuerySet[Any, Any]],
        rows: tuple[QuerySet[Any, Any], QuerySet[Any, Any]],
        total: BaseExpression,
        *,
        first: Slot,
        limit: int,
    ) -> None:
        super().__init__()
        self.stretch = stretch
        self.dimensions = tuple(dimensions)
        self.rows = rows
        self.total = total
        self.first = first
        self.limit = limit

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        merged, of_merged = self._merged(compiler, connection)
        walked, of_walked = self._walked(compiler, connection)
        return f"({merged} UNION ALL {walked})", (*of_merged, *of_walked)

    def _merged(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        first, place = compiler.compile(self.first)
        tables, values = _tables(self.dimensions, compiler, connection)
        stretch, own = self.stretch.query.as_sql(compiler, connection)
        # As in ``Stretches``.
        text = (
            f"SELECT * FROM (SELECT page.key FROM {tables}"  # noqa: S608
            f" CROSS JOIN LATERAL ({stretch} LIMIT {first} + {self.limit}) AS page(age, key) WHERE {first} <= {MERGED}"
            f" ORDER BY page.age DESC, page.key DESC LIMIT {self.limit} OFFSET {first}) AS merged"
        )
        return text, (*values, *own, *place * 3)

    def _walked(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        first, place = compiler.compile(self.first)
        total, of_total = compiler.compile(self.total)
        (down, of_down), (up, of_up) = (rows.query.as_sql(compiler, connection) for rows in self.rows)
        # As in ``Stretches``.
        text = (
            "SELECT walked.key FROM (SELECT asked.first, counted.total, asked.first < counted.total / 2 AS is_nearer,"  # noqa: S608
            f" greatest(least({self.limit}, counted.total - asked.first), 0) AS many"
            f" FROM (SELECT {first}) AS asked(first) CROSS JOIN (SELECT {total}) AS counted(total)"
            f" WHERE asked.first > {MERGED}) AS place CROSS JOIN LATERAL ("
            f"SELECT * FROM ({down} LIMIT CASE WHEN place.is_nearer THEN place.many ELSE 0 END OFFSET place.first)"
            f" AS newest_first UNION ALL SELECT * FROM ({up} LIMIT CASE WHEN place.is_nearer THEN 0 ELSE place.many END"
            " OFFSET greatest(place.total - place.first - place.many, 0)) AS oldest_first) AS walked(key)"
        )
        return text, (*place, *of_total, *of_down, *of_up)


class Place(Expression):
    """Inside ``Placed``: a moment of the place where the page is."""

    output_field = models.DateTimeField()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return f"place.{self.name}", ()


class Placed(Expression):
    """The primary keys of a page of all contacts, newest first, from where the counters know it to be. PostgreSQL only.

    The two queries are the contacts older than ``Place("until")``, newest first, and those not older than
    ``Place("since")``, oldest first: ``contacts_place`` (migration 0006) says how far to go along one of them.
    """

    output_field = models.BigIntegerField()

    def __init__(self, rows: tuple[QuerySet[Any, Any], QuerySet[Any, Any]], *, first: Slot, limit: int) -> None:
        super().__init__()
        self.rows = rows
        self.first = first
        self.limit = limit

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        first, parameters = compiler.compile(self.first)
        (down, of_down), (up, of_up) = (rows.query.as_sql(compiler, connection) for rows in self.rows)
        # As in ``Stretches``.
        text = (
            f"(SELECT page.key FROM contacts_place({first}, {self.limit}) AS place"  # noqa: S608
            f" CROSS JOIN LATERAL (SELECT * FROM ({down} LIMIT place.down OFFSET place.down_after) AS newest_first"
            f" UNION ALL SELECT * FROM ({up} LIMIT place.up OFFSET place.up_after) AS oldest_first) AS page(key))"
        )
        return text, (*parameters, *of_down, *of_up)

"""Merging stretches of one index: how a filter with several values stays as quick as one with a single value.

An index of (organization, type, status, created_at) has the newest leads and the newest clients in two places. Asked
for both, PostgreSQL 15 would read all of either and sort, or walk the whole address book and throw away the rest; with
50,000 fresh contacts that do not qualify on top, it reads those first. A lateral join takes one page's worth from each
place instead. PostgreSQL only; SQLite has no lateral joins, and no address book that long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, QuerySet
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
        tables: list[str] = []
        parameters: list[Any] = []
        for position, dimension in enumerate(self.dimensions):
            sql, own = self._values(dimension, compiler, connection)
            tables.append(f"{sql} AS dimension{position}(value)")
            parameters += own
        sql, own = self.stretch.query.as_sql(compiler, connection)
        columns = [f"key{position}" for position in range(len(self.descending))]
        order = [f"page.{name}{' DESC' if down else ''}" for name, down in zip(columns, self.descending, strict=True)]
        group = f" GROUP BY {', '.join(f'page.{name}' for name in columns)}" if self.may_repeat else ""
        # Everything put into the text is made here or compiled by Django; values travel as parameters.
        text = (
            f"(SELECT page.{columns[-1]} FROM {' CROSS JOIN '.join(tables)}"  # noqa: S608 - see above
            f" CROSS JOIN LATERAL ({sql}) AS page({', '.join(columns)}){group}"
            f" ORDER BY {', '.join(order)} LIMIT {self.limit})"
        )
        return text, (*parameters, *own)

    @staticmethod
    def _values(
        dimension: Slot | QuerySet[Any, Any], compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Sequence[Any]]:
        if isinstance(dimension, Slot):
            sql, parameters = compiler.compile(dimension)
            return f"unnest({sql})", parameters
        sql, parameters = dimension.query.as_sql(compiler, connection)
        return f"({sql})", parameters


class Numbered(Expression):
    """The primary keys of ``limit`` rows of an ordered one-column query, after the ``first`` ones."""

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

"""Queries compiled once and run often: what the ORM makes of a queryset, kept, with room for the values of each run.

Building a queryset costs more than the database takes to answer a good one. A prepared query is still the ORM's own SQL
with the tenant fence in it: it is compiled for no organization in particular, and each run fills in the organization in
scope or, without one, raises ``TenantNotSet``. On PostgreSQL the server keeps its plan too, unless the settings say not
to (``PREPARED_STATEMENTS``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, wraps
from typing import Any, Final

import orjson
import psycopg
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler
from psycopg.adapt import AdaptersMap
from psycopg.types.string import TextLoader

from accounts.tenancy import current_organization_id, placeholder_scope

Row = tuple[Any, ...]
# Statements that a process keeps: each combination of filters, sort, fields and page size is one.
MOST_STATEMENTS: Final = 1_000
_ORGANIZATION: Final = "organization"


@dataclass(frozen=True)
class _Place:
    """Where in the parameters a value goes, and how it is written there."""

    name: str
    adapt: Callable[[Any], Any]


class Slot(models.Expression):
    """A value that is not known until the query runs, under a name; ``is_array`` for a list of them, as ``OneOf`` takes it."""

    def __init__(self, name: str, output_field: models.Field[Any, Any], *, is_array: bool = False) -> None:
        super().__init__(output_field=output_field)
        self.name = name
        self.is_array = is_array

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        field = self.output_field

        def adapt(value: Any) -> Any:
            return field.get_db_prep_value(value, connection, prepared=False)

        def adapt_all(values: Iterable[Any]) -> str:
            return json.dumps([adapt(value) for value in values])

        return "%s", (_Place(self.name, adapt_all if self.is_array else adapt),)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        # The cast names the type, so that the server need not guess it and one plan serves small and large numbers.
        kind = str(self.output_field.rel_db_type(connection)).partition("(")[0]
        if self.is_array:
            return f"%s::{kind}[]", (_Place(self.name, array_text),)
        return f"%s::{kind}", (_Place(self.name, _text),)


class OneOf(models.Func):
    """Whether an expression equals an element of an array ``Slot``, however many there are; a condition for ``filter``."""

    output_field = models.BooleanField()
    arity = 2

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(", **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        joiner = " IN (SELECT value FROM json_each("
        return self.as_sql(compiler, connection, template="%(expressions)s))", arg_joiner=joiner, **extra)


class PreparedQuery:
    """One statement. Make it with ``prepare``; it may be kept for the life of the process."""

    def __init__(self, sql: str, parameters: Sequence[Any], compiler: SQLCompiler) -> None:
        self.sql = sql
        self._parameters = tuple(parameters)
        columns = [expression for expression, _, _ in compiler.select[: compiler.col_count]]
        self._convert = compiler.apply_converters
        converters = compiler.get_converters(columns)
        self._converters = {place: kept for place, kept in converters.items() if not _is_as_wanted(columns[place])}

    def rows(self, values: Mapping[str, Any]) -> list[Row]:
        """The rows as tuples in the order of ``values_list``; ``values`` fills the slots by name, others are ignored.

        JSON comes as text, for ``read_json``. On PostgreSQL so do UUIDs, and moments, which ``moment_of`` reads: most
        are printed, and to make objects of them in between costs more than all the rest of a page.

        Raises ``TenantNotSet`` outside a filled unit of work.
        """
        parameters = [self._filled(parameter, values) for parameter in self._parameters]
        with statement_cursor(_AS_TEXT) as cursor:
            cursor.execute(self.sql, parameters)
            rows: Iterable[Any] = cursor.fetchall()
        if self._converters:
            rows = map(tuple, self._convert(rows, self._converters))
        return list(rows)

    @staticmethod
    def _filled(parameter: Any, values: Mapping[str, Any]) -> Any:
        if parameter.__class__ is not _Place:
            return parameter
        value = current_organization_id() if parameter.name is _ORGANIZATION else values[parameter.name]
        return parameter.adapt(value)


_Make = Callable[..., PreparedQuery]


def kept(make: _Make) -> _Make:
    """Keep the statements a function prepares, by its arguments and the kind of database."""

    @wraps(make)
    def statement(*arguments: Any) -> PreparedQuery:
        return _statement(make, connection.vendor, *arguments)

    return statement


@lru_cache(maxsize=MOST_STATEMENTS)
def _statement(make: _Make, vendor: str, *arguments: Any) -> PreparedQuery:
    return make(*arguments)


def prepare(queryset: QuerySet[Any, Any]) -> PreparedQuery:
    """Compile a ``values_list`` queryset with ``Slot`` in place of what changes from run to run."""
    adapt = _text if connection.vendor == "postgresql" else int
    with placeholder_scope(_Place(_ORGANIZATION, adapt)):
        compiler = queryset.query.get_compiler(using=connection.alias)
        sql, parameters = compiler.as_sql()
    # Of all that a compiler holds, only its select list is used from here on: the rest is no thread's.
    return PreparedQuery(sql, parameters, compiler)


def statement_cursor(adapters: AdaptersMap = psycopg.adapters) -> Any:
    """A cursor whose statements the server may keep: Django's own binds values on the client, into new text each time.

    For statements whose text is the same each time. Values are loaded by the driver's own, compiled loaders.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    # Not public, but what ``connection.cursor()`` does to every cursor: errors become Django's, statements are counted.
    return connection._prepare_cursor(_Cursor(connection.connection, adapters))  # type: ignore[attr-defined]  # see above


class _Cursor(psycopg.Cursor[Row]):
    """Binds values on the server."""

    def __init__(self, opened: psycopg.Connection[Any], adapters: AdaptersMap) -> None:
        # Asked for by what it inherits from.
        self._chosen = adapters
        super().__init__(opened)

    @property
    def adapters(self) -> AdaptersMap:
        return self._chosen


_AS_TEXT = AdaptersMap(psycopg.adapters)
for _kind in ("uuid", "timestamptz", "json", "jsonb"):
    _AS_TEXT.register_loader(_kind, TextLoader)

_LONG_NUMBER: Final = re.compile(r"\d{18}")


def read_json(text: str) -> Any:
    """What JSON means, whole numbers of any length included: the fast reader makes a fraction of those beyond 64 bits."""
    return json.loads(text) if _LONG_NUMBER.search(text) else orjson.loads(text)


def moment_of(value: datetime | str) -> datetime:
    """A moment of a prepared query's row, in UTC."""
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else value


def _is_as_wanted(column: Any) -> bool:
    """Whether a column needs no converting, which copies every row: whole numbers are such, and JSON is wanted as text."""
    is_json = isinstance(column, Col) and isinstance(column.output_field, models.JSONField)
    return is_json or isinstance(column.output_field, models.IntegerField)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def array_text(values: Iterable[Any]) -> str:
    """The values as PostgreSQL writes an array; for a list of thousands the driver takes ten times as long."""
    return "{" + ",".join(map(_element_text, values)) + "}"


def _element_text(value: Any) -> str:
    text = _text(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'

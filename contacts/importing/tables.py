"""Many rows into a table at once, past the ORM: COPY and one INSERT or UPDATE on PostgreSQL, executemany on SQLite.

Rows go through a temporary table, because COPY cannot write to a table with row-level security; the statement that
takes them from there is checked by it like any other. On SQLite every statement names the organization itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection, models

from accounts.tenancy import TenantModel, current_organization_id

Row = Sequence[Any]
# More than the trigrams of a chunk take.
_MOST_WAITING: Final = "64MB"


def insert_rows(model: type[TenantModel], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Add rows of the organization in scope; ``rows`` hold the values of ``columns``, attribute names, without it.

    Values are those of the model's fields, JSON as Python has it. Columns that are not named take the database's
    default. Raises ``IntegrityError`` as the ORM would. Nothing else is checked: rows come from the rules.
    """
    if not rows:
        return
    if connection.vendor == "postgresql":
        _copy(model, columns, rows, _insert_from_staging)
    else:
        names = ", ".join(_quoted(model, ("organization_id", *columns)))
        marks = ", ".join(["%s"] * (len(columns) + 1))
        statement = f"INSERT INTO {_table(model)} ({names}) VALUES ({marks})"  # noqa: S608 - names of a model
        with connection.cursor() as cursor:
            cursor.executemany(statement, _embedded(model, columns, rows))


def update_rows(model: type[TenantModel], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Give rows of the organization in scope new values; the first of ``columns`` is ``id``. As ``insert_rows`` otherwise."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        _copy(model, columns, rows, _update_from_staging)
    else:
        changed = ", ".join(f"{name} = %s" for name in _quoted(model, columns[1:]))
        statement = f"UPDATE {_table(model)} SET {changed} WHERE organization_id = %s AND id = %s"  # noqa: S608 - as above
        with connection.cursor() as cursor:
            cursor.executemany(statement, [(*row[2:], row[0], row[1]) for row in _embedded(model, columns, rows)])


def take_time(limit: str = "60s") -> None:
    """Let the statements of this transaction run for longer than a request's may, and what they write wait to be entered
    into the search index until ``settle``; nothing on SQLite."""
    if connection.vendor == "postgresql":
        settings = {"statement_timeout": limit, "gin_pending_list_limit": _MOST_WAITING}
        with connection.cursor() as cursor:
            calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
            cursor.execute(f"SELECT {calls}", [text for setting in settings.items() for text in setting])


def settle() -> None:
    """Let the database make the best of what this transaction wrote: enter what waits into the search index, many rows'
    together, and count anew the tables that have more than doubled since anybody did. Nothing on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT contacts_enter_searchable(), contacts_refresh_statistics()")


def next_ids(model: type[TenantModel], count: int) -> list[int]:
    """Primary keys nobody has: on PostgreSQL from the table's sequence, on SQLite under the write lock the caller holds."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(statement, [model._meta.db_table, count])
            return [key for (key,) in cursor.fetchall()]
        # Keys of removed rows are not given again (AUTOINCREMENT).
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return list(range(last + 1, last + 1 + count))


def _copy(
    model: type[TenantModel],
    columns: Sequence[str],
    rows: Sequence[Row],
    take: Callable[[type[TenantModel], tuple[str, ...], str], str],
) -> None:
    staging = f"staging_{model._meta.model_name}"
    named = tuple(columns)
    names = ", ".join(_quoted(model, named))
    converters = _converters(model, named)
    with connection.cursor() as cursor:
        shape = f"SELECT {names} FROM {_table(model)}"  # noqa: S608 - names of a model
        cursor.execute(f"CREATE TEMPORARY TABLE {staging} ON COMMIT DROP AS {shape} WITH NO DATA")
        with cursor.copy(f"COPY {staging} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_converted(row, converters))
        cursor.execute(take(model, named, staging))
        cursor.execute(f"DROP TABLE {staging}")


def _insert_from_staging(model: type[TenantModel], columns: tuple[str, ...], staging: str) -> str:
    names = ", ".join(_quoted(model, columns))
    organization = int(current_organization_id())
    rows = f"SELECT {organization}, {names} FROM {staging}"  # noqa: S608 - names of a model and a number
    return f"INSERT INTO {_table(model)} (organization_id, {names}) {rows}"


def _update_from_staging(model: type[TenantModel], columns: tuple[str, ...], staging: str) -> str:
    changed = ", ".join(f"{name} = staged.{name}" for name in _quoted(model, columns[1:]))
    organization = int(current_organization_id())
    same = f"stored.organization_id = {organization} AND stored.id = staged.id"
    return f"UPDATE {_table(model)} AS stored SET {changed} FROM {staging} AS staged WHERE {same}"  # noqa: S608 - as above


Converters = tuple[tuple[int, Callable[[Any], Any]], ...]


@lru_cache
def _converters(model: type[TenantModel], columns: tuple[str, ...]) -> Converters:
    """By place, how the values of columns that no database takes as they are become ones it takes."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    kinds = [(place, _converter(by_name[name])) for place, name in enumerate(columns)]
    return tuple((place, convert) for place, convert in kinds if convert is not None)


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return _json
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, models.UUIDField):
        return _hexadecimal
    return _moment if isinstance(field, models.DateTimeField) else None


def _json(value: Any) -> str | None:
    if not value:
        # Most are empty, or there is none.
        return None if value is None else "{}" if value == {} else orjson.dumps(value).decode()
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _hexadecimal(value: UUID | None) -> str | None:
    return None if value is None else value.hex


def _moment(value: datetime | None) -> str | None:
    adapted: str | None = connection.ops.adapt_datetimefield_value(value)
    return adapted


def _converted(row: Row, converters: Converters) -> Row:
    if not converters:
        return row
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place])
    return values


def _embedded(model: type[TenantModel], columns: Sequence[str], rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """The rows with the organization before them."""
    organization = current_organization_id()
    converters = _converters(model, tuple(columns))
    return [(organization, *_converted(row, converters)) for row in rows]


def _table(model: type[TenantModel]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(model: type[TenantModel], columns: Sequence[str]) -> list[str]:
    by_name = {field.attname: field.column for field in model._meta.concrete_fields}
    return [connection.ops.quote_name(str(by_name[name])) for name in columns]

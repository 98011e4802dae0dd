"""Many rows into a table at once, past the ORM: COPY and one INSERT or UPDATE on PostgreSQL, executemany on SQLite.

Rows go through a temporary table, because COPY cannot write to a table with row-level security; the statement that
takes them from there is checked by it like any other. On SQLite every statement names the organization itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import chain, count
from operator import attrgetter
from typing import Any, Final

from django.db import connection, models

from accounts.tenancy import TenantModel, current_organization_id
from contacts.importing.copying import CopyText, Row, json_text
from contacts.importing.meanwhile import doing

_numbers: Final = count(1)
# More than the trigrams of a chunk take.
_MOST_WAITING: Final = "64MB"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows on their way into a table: values of ``columns``, attribute names, without the organization.

    Values are those of the model's fields, JSON as Python has it. Columns that are not named take the database's default.
    """

    model: type[TenantModel]
    columns: Sequence[str]
    rows: Iterable[Row]

    def text(self) -> CopyText:
        """The rows as COPY takes them; once."""
        return CopyText(self.model, self.columns, self.rows)


def insert_rows(model: type[TenantModel], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Add rows of the organization in scope, as ``insert_batches`` does."""
    if rows:
        insert_batches([Batch(model, columns, rows)])


def insert_batches(batches: Sequence[Batch]) -> None:
    """Add rows of the organization in scope, table by table, none of them without any.

    While PostgreSQL stores those of one table, the rows of the next are made. Raises ``IntegrityError`` as the ORM would.
    Nothing else is checked: rows come from the rules.
    """
    if connection.vendor == "postgresql":
        texts = [batch.text() for batch in batches]
        for place, (batch, text) in enumerate(zip(batches, texts, strict=True), start=1):
            with doing(partial(_make_one, texts[place:])):
                _copy(batch, text, _insert_from_staging)
    else:
        for batch in batches:
            _insert(batch)


def _make_one(texts: Sequence[CopyText]) -> bool:
    return any(text.step() for text in texts)


def _insert(batch: Batch) -> None:
    names = ", ".join(_quoted(batch.model, ("organization_id", *batch.columns)))
    marks = ", ".join(["%s"] * (len(batch.columns) + 1))
    statement = f"INSERT INTO {_table(batch.model)} ({names}) VALUES ({marks})"  # noqa: S608 - names of a model
    with connection.cursor() as cursor:
        cursor.executemany(statement, _embedded(batch))


def update_rows(model: type[TenantModel], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Give rows of the organization in scope new values; the first of ``columns`` is ``id``. As ``insert_batches`` otherwise."""
    if not rows:
        return
    batch = Batch(model, columns, rows)
    if connection.vendor == "postgresql":
        _copy(batch, batch.text(), _update_from_staging)
    else:
        changed = ", ".join(f"{name} = %s" for name in _quoted(model, columns[1:]))
        statement = f"UPDATE {_table(model)} SET {changed} WHERE organization_id = %s AND id = %s"  # noqa: S608 - as above
        with connection.cursor() as cursor:
            cursor.executemany(statement, [(*row[2:], row[0], row[1]) for row in _embedded(batch)])


def take_time(limit: str = "60s") -> None:
    """Let the statements of this transaction run for longer than a request's may and go by indexes, and what they write wait to
    be entered into the search index until ``settle``; nothing on SQLite."""
    if connection.vendor == "postgresql":
        settings = {
            "statement_timeout": limit,
            "gin_pending_list_limit": _MOST_WAITING,
            # What is looked for was written a moment ago.
            "random_page_cost": "1.1",
        }
        with connection.cursor() as cursor:
            calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
            cursor.execute(f"SELECT {calls}", [text for setting in settings.items() for text in setting])


def settle() -> None:
    """Let the database make the best of what this transaction wrote: enter what waits into the search index, many rows'
    together, count anew the tables that are many times as large as when anybody did, and look now, not at the end, whether
    everything that rows refer to is there. Nothing on SQLite.

    Raises ``IntegrityError``.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT contacts_enter_searchable(), contacts_refresh_statistics()")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def next_ids(model: type[TenantModel], count: int) -> list[int]:
    """Primary keys nobody has: on PostgreSQL from the table's sequence, on SQLite under the write lock the caller holds."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Which sequence that is has to be asked once, not for each of thousands.
            statement = """
                SELECT nextval(own.sequence) FROM generate_series(1, %s),
                (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence OFFSET 0) AS own
            """
            cursor.execute(statement, [count, model._meta.db_table])
            return [key for (key,) in cursor.fetchall()]
        # Keys of removed rows are not given again (AUTOINCREMENT).
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return list(range(last + 1, last + 1 + count))


def _copy(batch: Batch, text: CopyText, take: Callable[[type[TenantModel], Sequence[str], str], str]) -> None:
    blocks = text.blocks()
    first = next(blocks, None)
    if first is None:
        return
    model = batch.model
    # Another for each: it is gone when the transaction ends, and until then it may stay.
    staging = f"staging_{next(_numbers)}"
    names = ", ".join(_quoted(model, batch.columns))
    with connection.cursor() as cursor:
        shape = f"SELECT {names} FROM {_table(model)}"  # noqa: S608 - names of a model
        cursor.execute(f"CREATE TEMPORARY TABLE {staging} ON COMMIT DROP AS {shape} WITH NO DATA")
        # Not Django's but psycopg's own, with errors of its own.
        with connection.wrap_database_errors, cursor.copy(f"COPY {staging} ({names}) FROM STDIN") as copy:
            # It is read while the next is made.
            for block in chain([first], blocks):
                copy.write(block)
        cursor.execute(take(model, batch.columns, staging))


def _insert_from_staging(model: type[TenantModel], columns: Sequence[str], staging: str) -> str:
    names = ", ".join(_quoted(model, columns))
    organization = int(current_organization_id())
    rows = f"SELECT {organization}, {names} FROM {staging}"  # noqa: S608 - names of a model and a number
    return f"INSERT INTO {_table(model)} (organization_id, {names}) {rows}"


def _update_from_staging(model: type[TenantModel], columns: Sequence[str], staging: str) -> str:
    changed = ", ".join(f"{name} = staged.{name}" for name in _quoted(model, columns[1:]))
    organization = int(current_organization_id())
    same = f"stored.organization_id = {organization} AND stored.id = staged.id"
    return f"UPDATE {_table(model)} AS stored SET {changed} FROM {staging} AS staged WHERE {same}"  # noqa: S608 - as above


Converters = tuple[tuple[int, Callable[[Any], Any]], ...]


@lru_cache
def _converters(model: type[TenantModel], columns: tuple[str, ...]) -> Converters:
    """By place, how the values of columns that SQLite does not take as they are become ones it takes."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    kinds = [(place, _converter(by_name[name])) for place, name in enumerate(columns)]
    return tuple((place, convert) for place, convert in kinds if convert is not None)


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return json_text
    if isinstance(field, models.UUIDField):
        return attrgetter("hex")
    return _moment if isinstance(field, models.DateTimeField) else None


# A chunk's rows have few of them, on the contact, its tags and its change.
@lru_cache(maxsize=4_096)
def _moment(value: datetime) -> str:
    """As Django's backend writes it, which takes ten times as long."""
    return str(value.astimezone(UTC).replace(tzinfo=None))


def _embedded(batch: Batch) -> list[tuple[Any, ...]]:
    """The rows with the organization before them."""
    organization = current_organization_id()
    converters = _converters(batch.model, tuple(batch.columns))
    return [(organization, *_converted(row, converters)) for row in batch.rows]


def _converted(row: Row, converters: Converters) -> Row:
    values = list(row)
    for place, convert in converters:
        if values[place] is not None:
            values[place] = convert(values[place])
    return values


def _table(model: type[TenantModel]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(model: type[TenantModel], columns: Sequence[str]) -> list[str]:
    by_name = {field.attname: field.column for field in model._meta.concrete_fields}
    return [connection.ops.quote_name(str(by_name[name])) for name in columns]

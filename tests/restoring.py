"""What the database of a run held when the worlds had been made, put back after each test that commits.

Row by row: the worlds are a few hundred of them, while emptying all tables makes hundreds of files anew on PostgreSQL,
and making the worlds anew takes longer still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg import sql

from accounts.rls import PRIVATE_TABLES
from tests.postgresql import Server

# What migrations wrote, which no test changes.
KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")

# For each row that is deleted PostgreSQL looks whether another refers to it, in tables it knows nothing of yet. From
# about here on it is quicker to empty all of them.
MANY_ROWS = 1_500


def restoring(server: Server | None) -> Callable[[], None]:
    """What puts back the rows and the numbering of this moment; ``server`` is None on SQLite."""
    return _restoring_sqlite() if server is None else _restoring_postgresql(server)


@dataclass(frozen=True)
class _Table:
    """A table of SQLite: its columns but for generated ones, and its rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def _restoring_sqlite() -> Callable[[], None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = [name for (name,) in cursor.fetchall() if name not in KEPT_TABLES]
        # The last one numbers the rows of the others, and is numbered by nobody.
        tables = {name: _table(name) for name in sorted(names, key="sqlite_sequence".__eq__)}

    def restore() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, table in tables.items():
                cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608 - the database's own name
                if table.rows:
                    places = ", ".join(["%s"] * len(table.columns))
                    columns = ", ".join(table.columns)
                    cursor.executemany(f'INSERT INTO "{name}" ({columns}) VALUES ({places})', table.rows)  # noqa: S608 - as above

    return restore


def _table(name: str) -> _Table:
    with connection.cursor() as cursor:
        cursor.execute(f'PRAGMA table_info("{name}")')
        columns = tuple(f'"{column}"' for (_, column, *_) in cursor.fetchall())
        cursor.execute(f'SELECT {", ".join(columns)} FROM "{name}"')  # noqa: S608 - the database's own names
        return _Table(columns, cursor.fetchall())


def _restoring_postgresql(server: Server) -> Callable[[], None]:
    with server.session(server.owner) as owner:
        found = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND relname <> ALL(%s)",
            [list(KEPT_TABLES)],
        )
        rows = {name: _rows(owner, name) for (name,) in found.fetchall()}
        sequences = owner.execute(
            "SELECT quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL"
            " FROM pg_sequences WHERE schemaname = 'public'"
        ).fetchall()
    # What triggers keep comes last: they write into it while the other tables are emptied and filled.
    derived = {name: rows.pop(name) for name in PRIVATE_TABLES}

    def restore() -> None:
        # As the owner, whom row-level security does not hold for.
        with server.session(server.owner) as owner, owner.transaction():
            # Somebody who left a transaction open shows up here and not as a test run that hangs.
            owner.execute("SET LOCAL lock_timeout = '10s'")
            if _count(owner, rows) > MANY_ROWS:
                owner.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, rows | derived))))
            _put_back(owner, rows)
            _put_back(owner, derived)
            owner.cursor().executemany("SELECT setval(%s::regclass, %s, %s)", sequences)

    return restore


def _rows(owner: psycopg.Connection[Any], name: str) -> bytes:
    with owner.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as copy:
        return b"".join(bytes(part) for part in copy)


def _count(owner: psycopg.Connection[Any], tables: Iterable[str]) -> int:
    counts = [sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(name)) for name in tables]
    found = owner.execute(sql.SQL("SELECT {}").format(sql.SQL(" + ").join(counts))).fetchone()
    return int(found[0]) if found else 0


def _put_back(owner: psycopg.Connection[Any], rows: Mapping[str, bytes]) -> None:
    emptying = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in rows]
    owner.execute(sql.SQL("; ").join(emptying))
    for name, kept in rows.items():
        if kept:
            with owner.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
                copy.write(kept)

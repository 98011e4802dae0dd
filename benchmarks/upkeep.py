"""What a table keeps up row by row and makes much faster at once: taken away before a filling, put back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from psycopg import Connection, sql

_FOREIGN_KEYS: Final = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
      AND (conrelid::regclass::text LIKE 'contacts%' OR conrelid::regclass::text LIKE 'activities%')
"""
# One index of this kind costs as much as all others together. The others grow row by row, as they do in real life.
_TEXT_INDEXES: Final = """
    SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gin' AND c.relnamespace = 'public'::regnamespace
"""


@contextmanager
def put_off(owner: Connection[Any]) -> Iterator[None]:
    """Until the block ends well, no foreign key is checked and no text index kept; then all of them are made again."""
    keys, indexes = owner.execute(_FOREIGN_KEYS).fetchall(), owner.execute(_TEXT_INDEXES).fetchall()
    for table, name, _ in keys:
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        owner.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))
    for name, _ in indexes:
        owner.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    owner.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in indexes:
        owner.execute(definition)
    for table, name, definition in keys:
        owner.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')

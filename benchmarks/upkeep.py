"""What a table keeps up row by row and makes much faster at once: taken away for a while, put back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from psycopg import Connection, sql

_KEYS: Final = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
OF_CONTACTS: Final = "conrelid::regclass::text LIKE 'contacts%' OR conrelid::regclass::text LIKE 'activities%'"
# Taking a contact out of its table looks for rows that hang on it, and the keys have no index that begins with it.
TO_CONTACTS: Final = "confrelid = 'contacts_contact'::regclass"
# One index of this kind costs as much as all others together. The others grow row by row, as they do in real life.
_TEXT_INDEXES: Final = """
    SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gin' AND c.relnamespace = 'public'::regnamespace
"""


@contextmanager
def without_keys(owner: Connection[Any], chosen: str) -> Iterator[None]:
    """The ``chosen`` foreign keys are checked once, when the block has ended, and not row by row."""
    keys = owner.execute(f"{_KEYS} AND ({chosen})").fetchall()
    for table, name, _ in keys:
        owner.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))
    try:
        yield
    finally:
        for table, name, definition in keys:
            owner.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')


@contextmanager
def without_text_indexes(owner: Connection[Any]) -> Iterator[None]:
    """Text indexes are made when the block has ended."""
    indexes = owner.execute(_TEXT_INDEXES).fetchall()
    for name, _ in indexes:
        owner.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        owner.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            owner.execute(definition)

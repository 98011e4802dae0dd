"""Set-based inserts that survive a change of the schema: columns come from the catalogue, values from SQL expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg import Connection, sql

Expressions = Mapping[str, str]

_COLUMNS = """
    SELECT column_name, is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES'
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""


def insert(owner: Connection[Any], table: str, given: Expressions, source: str, **values: Any) -> int:
    """Insert a row of the ``given`` SQL expressions per row of ``source`` (what follows FROM); returns how many.

    Columns the table does not have are left out, so that ``given`` may name one that only a later schema has. A NOT
    NULL column that is not given gets what the model says. ``values`` are the statement's named parameters.
    """
    columns = _columns(owner, table, given)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    selected = sql.SQL(", ").join(columns.values())
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        sql.Identifier(table), names, selected, text(source)
    )
    return owner.execute(statement, values or None).rowcount


def text(statement: str) -> sql.SQL:
    """SQL of this package's own making."""
    return sql.SQL(statement)


def _columns(owner: Connection[Any], table: str, given: Expressions) -> dict[str, sql.Composable]:
    columns: dict[str, sql.Composable] = {}
    for name, may_be_left_out in owner.execute(_COLUMNS, [table]).fetchall():
        if name in given:
            columns[name] = text(given[name])
        elif not may_be_left_out:
            columns[name] = sql.Literal(_default(table, name))
    return columns


def _default(table: str, column: str) -> Any:
    """What Django would store where nothing is said; '' for a column that no model has."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields if model._meta.db_table == table else ():
            if field.column == column:
                return field.get_db_prep_save(_value(field), connection)
    return ""


def _value(field: models.Field[Any, Any]) -> Any:
    return field.get_default()

"""A custom field's value in the database's words, the same on either database."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func
from django.db.models.sql.compiler import SQLCompiler

_COLUMN = "custom_values"


def _path(key: str) -> str:
    """Where SQLite finds a key; in quotes, or ``7`` would be the eighth of a list."""
    return f'$."{key}"'


class HoldsValue(Func):
    """Whether a contact's value under a key is ``wanted``, or a list that has it among others.

    Django's own lookups take a key of digits for a place in a list, and know no ``contains`` on SQLite.
    """

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, key: str, wanted: Any) -> None:
        self.key, self.wanted = key, wanted
        super().__init__(_COLUMN)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        column, parameters = compiler.compile(self.source_expressions[0])
        # A list has a row for each element, anything else one for itself; true is 1.
        elements = f"json_each({column}, %s) AS element"
        sql = f"EXISTS (SELECT 1 FROM {elements} WHERE element.value = %s)"  # noqa: S608 - a column and no value
        return sql, [*parameters, _path(self.key), self.wanted]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        column, parameters = compiler.compile(self.source_expressions[0])
        # A list contains its elements by themselves too.
        sql = f"coalesce(({column} -> %s::text) @> %s::jsonb, false)"
        return sql, [*parameters, self.key, orjson.dumps(self.wanted).decode()]


class StoredText(Func):
    """A contact's value under a key, where it is a text; NULL where there is none."""

    output_field = models.TextField()

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(_COLUMN)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"json_extract({column}, %s)", [*parameters, _path(self.key)]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"({column} ->> %s::text)", [*parameters, self.key]

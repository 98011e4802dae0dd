"""Conditions on thousands of keys: one parameter, where ``__in`` makes one of each and takes longer than the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression, F, Field, TextField
from django.db.models.sql.compiler import SQLCompiler

from accounts.prepared import OneOf, array_text


class _Values(Expression):
    """The array that ``OneOf`` compares with."""

    def __init__(self, values: Collection[Any], field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self._values = values

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s", (orjson.dumps(list(self._values)).decode(),)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return f"%s::{self.output_field.rel_db_type(connection)}[]", (array_text(self._values),)


def among(name: str, keys: Collection[int]) -> OneOf:
    """Whether the column ``name`` (``pk``, ``contact_id``) is one of the keys, which may be none; for ``filter``."""
    return OneOf(F(name), _Values(keys, BigIntegerField()))


def among_texts(name: str, texts: Collection[str]) -> OneOf:
    """Whether the column ``name``, of texts, is one of these, which may be none; for ``filter``."""
    return OneOf(F(name), _Values(texts, TextField()))

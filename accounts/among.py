"""Conditions on thousands of keys: one parameter, where ``__in`` makes one of each and takes longer than the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression, F
from django.db.models.sql.compiler import SQLCompiler

from accounts.prepared import OneOf


class _Keys(Expression):
    """Primary keys, as the array that ``OneOf`` compares with."""

    def __init__(self, keys: Collection[int]) -> None:
        super().__init__(output_field=BigIntegerField())
        self._text = ",".join(map(str, keys))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s", (f"[{self._text}]",)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s::bigint[]", (f"{{{self._text}}}",)


def among(name: str, keys: Collection[int]) -> OneOf:
    """Whether the column ``name`` (``pk``, ``contact_id``) is one of the keys, which may be none; for ``filter``."""
    return OneOf(F(name), _Keys(keys))

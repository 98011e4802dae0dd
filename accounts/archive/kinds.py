"""What an archive holds: a file for each kind of rows, and in it what stands for the primary keys of one database.

Each app declares its own tables as ``Kind`` (``accounts.archive.tables``, ``contacts.archive``, ``activities.archive``).
All columns of a model are written but for those a declaration leaves out, so that a new column is never forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

from django.db import models

from accounts.models import Member

# A row is named by the first of these that its model has: what programs know it by, which no move changes.
NATURAL_KEYS: Final = ("number", "uuid", "email")

# By column: what raises ``BadValue`` for a value that does not go with the rest of its row, which is given too.
Checks: TypeAlias = Mapping[str, Callable[[Any, Mapping[str, Any]], None]]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column and its ``name`` in the file.

    ``is_member`` says that it holds a member's primary key; ``target`` is the model any other reference leads to.
    """

    name: str
    field: models.Field[Any, Any]
    is_member: bool = False
    target: type[models.Model] | None = None

    @property
    def written_field(self) -> models.Field[Any, Any]:
        """The field whose values stand in the file: of a reference, the other row's natural key."""
        target = Member if self.is_member else self.target
        return key_field(target) if target else self.field


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The rows of one model, in the order of their keys, which is the order in which they were made.

    Foreign keys are written as the other row's natural key. ``member_columns`` hold a member's primary key without being
    foreign keys. ``member_paths`` tell where in a JSON column such keys stand: names of an object, ``*`` for all of a
    list. ``left_out`` has the columns that stay behind, each with its reason. ``keep_number`` is told the greatest number
    that was restored, so that it is given to nobody else. ``checks`` gives what else rows must be, and is called in the
    organization's scope when the kinds before are restored.
    """

    name: str
    model: type[models.Model]
    member_columns: tuple[str, ...] = ()
    member_paths: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    keep_number: Callable[[int], None] | None = None
    checks: Callable[[], Checks] = dict

    @property
    def file(self) -> str:
        return f"{self.name}.jsonl"

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(self._column(each) for each in self.model._meta.concrete_fields if self._is_written(each))

    def _is_written(self, candidate: models.Field[Any, Any]) -> bool:
        # The organization is the archive's own, and what the database computes it computes again.
        is_implied = candidate.primary_key or candidate.generated or candidate.name == "organization"
        return not is_implied and candidate.name not in self.left_out

    def _column(self, of: models.Field[Any, Any]) -> Column:
        if of.name in self.member_columns:
            return Column(name=of.name.removesuffix("_id"), field=of, is_member=True)
        if not isinstance(of, models.ForeignKey):
            return Column(name=of.name, field=of)
        is_member = of.related_model is Member
        return Column(name=of.name, field=of, is_member=is_member, target=None if is_member else of.related_model)


def models_referred_to(kinds: Iterable[Kind]) -> set[type[models.Model]]:
    """The models that rows of these kinds refer to, but for members."""
    return {column.target for kind in kinds for column in kind.columns if column.target is not None}


def natural_key(model: type[models.Model]) -> str:
    """The name of the column by which archives name rows of a model."""
    return key_field(model).name


def key_field(model: type[models.Model]) -> models.Field[Any, Any]:
    """The column by which archives name rows of a model. Raises ``TypeError`` where there is none."""
    fields = {each.name: each for each in model._meta.concrete_fields}
    for key in NATURAL_KEYS:
        if key in fields:
            return fields[key]
    raise TypeError(f"{model.__name__} has nothing to be named by")

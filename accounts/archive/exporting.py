"""Writing an organization into an archive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from accounts.archive.files import ArchiveWriter
from accounts.archive.keys import KeyStore
from accounts.archive.kinds import Column, Kind, models_referred_to, natural_key
from accounts.archive.members import MemberNumbers
from accounts.archive.values import canonical, replaced, writer_of, written_line
from accounts.models import Member, User
from accounts.tenancy import TenantModel, current_organization

# Called with the name of a kind, how many of its rows are done, and how many there are, None where that is not known yet.
Progress: TypeAlias = Callable[[str, int, int | None], None]
CHUNK: Final = 2_000


def export_rows(directory: Path, kinds: Sequence[Kind], *, progress: Progress) -> dict[str, int]:
    """Write the rows of the organization in scope, a file for each kind, and return how many there are of each.

    Memory does not grow with the rows. What is written is of one moment where the caller reads that way
    (``accounts.snapshot``). Raises ``ArchiveRefused`` for a directory with something in it, ``OSError``.
    """
    organization = current_organization()
    members = MemberNumbers.read()
    about = {"id": organization.public_id, "name": organization.name}
    with KeyStore.opened() as names, ArchiveWriter.into(directory, about) as writer:
        names.remember(User, Member.objects.values_list("user_id", "user__email"))
        export = _Export(kinds, members, names, progress)
        return {kind.name: writer.write(kind.file, export.lines(kind)) for kind in kinds}


def rows_left_behind(tables: Collection[type[TenantModel]]) -> dict[str, int]:
    """How many rows of the organization in scope there are of each of these models."""
    return {str(model._meta.verbose_name_plural): model._default_manager.count() for model in tables}


class _Export:
    """One pass over all kinds, each after those it refers to."""

    def __init__(self, kinds: Sequence[Kind], members: MemberNumbers, names: KeyStore, progress: Progress) -> None:
        self._referred_to = models_referred_to(kinds)
        self._members = members
        self._names = names
        self._progress = progress

    def lines(self, kind: Kind) -> Iterator[bytes]:
        """The rows of a kind as they are written."""
        columns = [column.name for column in kind.columns]
        writers = [(place, write) for place, column in enumerate(kind.columns) if (write := self._writer(kind, column))]
        attributes = [column.field.attname for column in kind.columns]
        stored = kind.model._default_manager.order_by("pk").values_list("pk", *attributes).iterator(chunk_size=CHUNK)
        done = 0
        while chunk := list(islice(stored, CHUNK)):
            rows = [list(row[1:]) for row in chunk]
            self._put_names(kind, rows)
            if kind.model in self._referred_to:
                place = columns.index(natural_key(kind.model))
                self._names.remember(kind.model, ((row[0], row[1 + place]) for row in chunk))
            for row in rows:
                for place, write in writers:
                    row[place] = write(row[place])
                yield written_line(dict(zip(columns, row, strict=True)))
            done += len(rows)
            self._progress(kind.name, done, None)
        self._progress(kind.name, done, done)

    def _put_names(self, kind: Kind, rows: Sequence[list[Any]]) -> None:
        """Replace primary keys by natural ones."""
        for place, column in enumerate(kind.columns):
            if column.target is not None:
                names = self._names.find(column.target, {row[place] for row in rows} - {None})
                for row in rows:
                    row[place] = None if row[place] is None else names[row[place]]

    def _writer(self, kind: Kind, column: Column) -> Callable[[Any], Any] | None:
        if column.is_member:
            return self._members.number_of
        paths = kind.member_paths.get(column.field.name)
        return partial(_with_numbers, paths, self._members) if paths else writer_of(column.field)


def _with_numbers(paths: Sequence[Sequence[str]], members: MemberNumbers, value: Any) -> Any:
    for path in paths:
        value = replaced(value, path, members.number_of)
    return canonical(value)

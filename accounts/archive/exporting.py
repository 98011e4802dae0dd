"""Writing an organization into an archive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from accounts.archive.files import ArchiveWriter
from accounts.archive.kinds import Column, Kind
from accounts.archive.members import MemberNumbers
from accounts.archive.values import canonical, replaced, writer_of, written_line
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
    with ArchiveWriter.into(directory, about) as writer:
        return {kind.name: writer.write(kind.file, _lines(kind, members, progress)) for kind in kinds}


def rows_left_behind(models: Collection[type[TenantModel]]) -> dict[str, int]:
    """How many rows of the organization in scope there are of each of these models."""
    return {str(model._meta.verbose_name_plural): model._default_manager.count() for model in models}


def _lines(kind: Kind, members: MemberNumbers, progress: Progress) -> Iterator[bytes]:
    names = [column.name for column in kind.columns]
    writers = [
        (place, write)
        for place, column in enumerate(kind.columns)
        if (write := _writer(kind, column, members)) is not None
    ]
    rows = kind.model._default_manager.order_by("pk").values_list(*(column.path for column in kind.columns))
    done = 0
    for values in rows.iterator(chunk_size=CHUNK):
        row = list(values)
        for place, write in writers:
            row[place] = write(row[place])
        yield written_line(dict(zip(names, row, strict=True)))
        done += 1
        if done % CHUNK == 0:
            progress(kind.name, done, None)
    progress(kind.name, done, done)


def _writer(kind: Kind, column: Column, members: MemberNumbers) -> Callable[[Any], Any] | None:
    if column.is_member:
        return members.number_of
    paths = kind.member_paths.get(column.field.name)
    return partial(_with_numbers, paths, members) if paths else writer_of(column.field)


def _with_numbers(paths: Sequence[Sequence[str]], members: MemberNumbers, value: Any) -> Any:
    for path in paths:
        value = replaced(value, path, members.number_of)
    return canonical(value)

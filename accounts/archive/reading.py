"""Reading rows of an archive back into columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from accounts.archive.kinds import Column, Kind
from accounts.archive.members import MemberNumbers
from accounts.archive.values import BadValue, reader_of, replaced
from accounts.exceptions import ArchiveRefused

# A line's number and what stands in it.
Document: TypeAlias = tuple[int, dict[str, Any]]
_Read: TypeAlias = Callable[[Any], Any]


class RowReader:
    """Makes columns of a kind's documents. References, but for those to members, are natural keys still."""

    def __init__(self, kind: Kind, members: MemberNumbers) -> None:
        self._kind = kind
        self._names = {column.name for column in kind.columns}
        self._readers = [(column, _reader(kind, column, members)) for column in kind.columns]
        self._checks = kind.checks()

    def values(self, document: Document) -> dict[str, Any]:
        """The values by column. Raises ``ArchiveRefused`` for what was not written by this version."""
        line, written = document
        if written.keys() != self._names:
            differing = ", ".join(sorted(written.keys() ^ self._names))
            raise ArchiveRefused(
                place_of(self._kind, line), f"has other columns than there are, differing: {differing}"
            )
        values = {
            column.field.attname: self._value(column.name, partial(read, written[column.name]), line)
            for column, read in self._readers
        }
        for name, check in self._checks.items():
            self._value(name, partial(check, values[name], values), line)
        return values

    def _value(self, name: str, read: Callable[[], Any], line: int) -> Any:
        try:
            return read()
        except BadValue as error:
            raise ArchiveRefused(f"{place_of(self._kind, line)}, {name}:", str(error)) from error


def place_of(kind: Kind, line: int) -> str:
    """Where an operator finds a row."""
    return f"{kind.file}, line {line}"


def _reader(kind: Kind, column: Column, members: MemberNumbers) -> _Read:
    read = reader_of(column.written_field, is_nullable=column.field.null)
    if column.is_member:
        return lambda value: members.key_of(read(value))
    paths = kind.member_paths.get(column.field.name)
    return partial(_with_keys, paths, members, read) if paths else read


def _with_keys(paths: Sequence[Sequence[str]], members: MemberNumbers, read: _Read, value: Any) -> Any:
    value = read(value)
    for path in paths:
        value = replaced(value, path, members.key_of)
    return value

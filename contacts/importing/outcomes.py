"""What becomes of the rows of a file, one by one, and how a chunk's are kept."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson

from contacts.importing.records import RowFault

# How the note begins that an objection was recorded, or why not.
OBJECTION: Final = "objection by "


class Fate(StrEnum):
    """The four things that can become of a row; each counts under its own name."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    FAIL = "fail"


# The counters of an import.
COUNTED = {Fate.CREATE: "created", Fate.UPDATE: "updated", Fate.SKIP: "skipped", Fate.FAIL: "failed"}


@dataclass(slots=True)
class Outcome:
    """A row's fate.

    ``contact_id`` and ``number`` are those of the contact it is about, None where there is none yet; ``same_as`` is the
    line of this file that made or changed that contact before. ``changes`` are [before, after] by field. ``moments`` are
    times of the contact that no change records, as they were before this row.
    """

    line: int
    position: int
    fate: Fate
    contact_id: int | None = None
    number: int | None = None
    same_as: int | None = None
    reason: str = ""
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    faults: Sequence[RowFault] = ()
    notes: Sequence[str] = ()
    moments: Mapping[str, str | None] = field(default_factory=dict)

    def as_row(self) -> list[Any]:
        """As little as possible: most rows are new contacts."""
        row = [
            self.line,
            self.position,
            self.fate.value,
            self.contact_id,
            self.number,
            self.same_as,
            self.reason,
            self.changes,
            [
                [_whole(part) for part in (fault.column, fault.value, fault.code, fault.message)]
                for fault in self.faults
            ],
            self.notes,
            self.moments,
        ]
        while row and not row[-1]:
            row.pop()
        return row

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Outcome:
        """The outcome that ``as_row`` wrote."""
        values = [*row, *[None] * (11 - len(row))]
        line, position, fate, contact_id, number, same_as, reason, changes, faults, notes, moments = values
        return cls(
            line=line,
            position=position,
            fate=Fate(fate),
            contact_id=contact_id or None,
            number=number or None,
            same_as=same_as or None,
            reason=reason or "",
            changes=changes or {},
            faults=[RowFault(*fault) for fault in faults or ()],
            notes=notes or (),
            moments=moments or {},
        )

    def for_report(self) -> dict[str, Any]:
        """The row in words for a report: ``line`` and ``fate``, and what else there is to say."""
        said: dict[str, Any] = {"line": self.line, "fate": self.fate.value}
        if self.number is not None:
            said["contact"] = self.number
        if self.reason:
            said["reason"] = self.reason
        if self.changes:
            said["changes"] = {
                name: {"before": before, "after": after} for name, (before, after) in self.changes.items()
            }
        if self.faults:
            said["errors"] = [fault.as_json() for fault in self.faults]
        if self.notes:
            said["notes"] = list(self.notes)
        return said


def _whole(text: str) -> str:
    """What a fault shows may be no text at all, which may be its very fault."""
    return text.encode("utf-8", "replace").decode()


def pack(outcomes: Sequence[Outcome]) -> bytes:
    """The outcomes of a chunk as they are stored."""
    # The fastest level: the same few words all over.
    return zlib.compress(orjson.dumps([outcome.as_row() for outcome in outcomes]), 1)


def unpack(data: bytes | memoryview) -> list[Outcome]:
    """What ``pack`` stored."""
    return [Outcome.from_row(row) for row in orjson.loads(zlib.decompress(data))]

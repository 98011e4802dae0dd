"""What an import is asked to do with the rows of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from accounts.exceptions import Invalid
from contacts import rules
from contacts.drafts import ContactDraft

ROUND_ROBIN = "round-robin"
# Rows stored, or planned, at once. The first is a command's, which has a process to itself; a worker has other things
# to do between two chunks, and people wait for them.
CHUNK = 2_500
WORKER_CHUNK = 1_000
LARGEST_CHUNK = 50_000


class OnDuplicate(StrEnum):
    """What becomes of a row whose contact is there already."""

    # The stored contact stays as it is.
    SKIP = "skip"
    # What is empty there is filled; further addresses, numbers and tags are added.
    FILL = "fill"
    # What the row says replaces what is stored; a replaced address or number stays as a further one.
    UPDATE = "update"
    # The row fails.
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """The choices of one import.

    ``mapping`` is the JSON form of ``contacts.importing.columns.Mapping``, None to guess. ``tags`` come to every contact
    on top of its own; ``source`` is for rows that name none. ``assign`` are primary keys of members, for rows that name
    nobody: one gets all, several take turns.
    """

    on_duplicate: OnDuplicate = OnDuplicate.SKIP
    mapping: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    source: str = ""
    assign: tuple[int, ...] = ()
    chunk: int = CHUNK

    def check(self) -> None:
        """Raises ``Invalid`` for a tag or a source that no contact can have."""
        found = rules.faults(ContactDraft(tags=self.tags, source=self.source))
        if found:
            raise Invalid(found)

    def in_chunks(self, rows: int) -> ImportOptions:
        """The same with so many rows stored at once."""
        return replace(self, chunk=max(1, min(rows, LARGEST_CHUNK)))

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "on_duplicate": self.on_duplicate.value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ImportOptions:
        """The options that ``as_json`` wrote."""
        return cls(
            on_duplicate=OnDuplicate(document["on_duplicate"]),
            mapping=document["mapping"],
            tags=tuple(document["tags"]),
            source=document["source"],
            assign=tuple(document["assign"]),
            chunk=document["chunk"],
        )

    def identity(self, file_hash: str, file_format: str) -> str:
        """A digest of the file and everything that decides what becomes of its rows: the same one is the same import.

        Who takes turns is left out, or an import could not be gone on with once somebody joined the team; a plan notices
        that by itself. How many rows are stored at once decides nothing.
        """
        turns = ROUND_ROBIN if len(self.assign) > 1 else self.assign
        asked = {**self.as_json(), "assign": turns, "chunk": None, "file": file_hash, "format": file_format}
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()

"""What is read from a file, and what it is understood to say: the borders between the parts of an import."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, ClassVar, Final

from contacts.drafts import ContactDraft

# Of a value at fault, as much as it takes to recognise it.
LONGEST_VALUE_SHOWN: Final = 200


class Unreadable(Exception):
    """A file that cannot be imported at all; the message is a sentence for who sent it."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing that is wrong with a row: where, what stands there, why, in words for the person who corrects it.

    ``column`` is the file's own heading or property (``E-mail 2 - Value``, ``TEL``, ``email``), empty for a whole row.
    ``code`` is one of the domain's (``invalid_email``, ``too_long``, ``required``, ``invalid_value``, ...) or of the
    reader's (``unreadable``).
    """

    column: str
    value: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"column": self.column, "value": self.value, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Record:
    """One row, card or element of a file.

    ``line`` is where it begins, from 1, and ``last_line`` where it ends (of JSON other than JSON lines both are the number
    of the element). ``raw`` is what the format makes of it: a table's cells as text, as many as there are headings; a
    card's bytes without its pictures; an element's object. ``position`` is where the next one begins: what
    ``Source.records`` takes, together with ``last_line``, to go on after this one. ``fault`` says why it could not be
    read; ``raw`` is then whatever there is, for the file of failed rows (of an element that is no object its bytes).
    """

    line: int
    last_line: int
    raw: Any
    position: int
    fault: RowFault | None = None


class Source(ABC):
    """An open file of one format. Never holds more than a few records of it."""

    # csv, xlsx, vcard, json, winnerr, rentalot, estateprime
    format: ClassVar[str]
    # How names of files of the format end: of JSON, ``.jsonl`` where it is one object a line.
    suffix: str
    # Of the file, for progress: ``position`` counts up to it. None where positions count records.
    size: int | None = None
    # Whether a table names its columns; None for anything else.
    has_header: bool | None = None
    # What somebody should know who imports the file: parts of it that are not read, in sentences.
    notes: Sequence[str] = ()

    @property
    def headers(self) -> Sequence[str] | None:
        """The headings of a table, made up (``Column 1``) where it has none; None for anything else."""
        return None

    @abstractmethod
    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        """The records in order; ``after`` is the ``position`` of the last one that is not wanted, 0 for all, and ``line``
        its ``last_line``. What comes before is not read again.

        A record that cannot be read has a ``fault`` and stops no other. Raises ``Unreadable`` where the rest of the file
        cannot be read at all.
        """

    @abstractmethod
    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        """Write records as a file of the same format that can be corrected and imported again; returns how many.

        Each says what is wrong with it in a place that importing ignores (a last column ``Import error``, a property
        ``X-IMPORT-ERROR``, a key ``importError``).
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what the source holds open."""


@dataclass(frozen=True, slots=True)
class Interpreted:
    """What a record says: a draft, and everything that is wrong with it apart from the rules of all drafts."""

    draft: ContactDraft
    faults: Sequence[RowFault] = ()


@dataclass(frozen=True, slots=True)
class IgnoredColumn:
    """A part of the file that is not imported, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class UsedColumn:
    """A part of the file and what it becomes: ``target`` is in words of ``Interpreter.targets``."""

    column: str
    target: str
    examples: Sequence[str] = field(default=())


class Interpreter(ABC):
    """Understands the records of one format. Stateless between records, and asks no database."""

    @abstractmethod
    def interpret(self, record: Record) -> Interpreted:
        """What a record without a fault says. Never raises for what a file can hold."""

    @abstractmethod
    def column_of(self, name: str) -> str:
        """Which part of the file a field of the draft came from (``email``, ``further_phones.0.phone``, ``tags.1``,
        ``custom_fields.7``); the name itself where none did."""

    def said_in(self, record: Record) -> Mapping[str, str]:
        """What a record without a fault says, by columns of ``used()``, as far as that is text: for examples."""
        draft = self.interpret(record).draft
        said = ((used.column, getattr(draft, used.target, None)) for used in self.used())
        return {column: value for column, value in said if isinstance(value, str) and value}

    @abstractmethod
    def used(self) -> list[UsedColumn]:
        """What would be imported, in the order of the file."""

    @abstractmethod
    def ignored(self) -> list[IgnoredColumn]:
        """What would not."""

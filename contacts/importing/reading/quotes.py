"""Where a row of a table ends that the csv module could not read: searched byte by byte, in little memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from contacts.importing.reading.encodings import TextFile

# How far the end of a quoted cell is looked for; beyond it a quotation mark was forgotten.
FARTHEST: Final = 64 * 1024 * 1024
_BLOCK: Final = 256 * 1024
# Most rows end in it.
_FIRST_BLOCK: Final = 4 * 1024
_MARKS: Final = re.compile(rb'"+|\r\n|[\r\n]')


class Outcome(Enum):
    """What became of a row's quotation marks."""

    ENDED = "ended"
    # Text follows a closing mark.
    MISPLACED = "misplaced"
    # None closes the last opening one.
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class RowEnd:
    """How a row ends, where, and how many lines it has until there."""

    outcome: Outcome
    position: int
    lines: int


def row_end(text: TextFile, offset: int, delimiter: str) -> RowEnd:
    """The end of the row that begins at ``offset``, by the csv module's rules for quotation marks taken strictly.

    Each row of a file may be asked for: a search that goes far ends at the first mark that is not doubled, and the row
    which that mark belongs to is not searched beyond it, so that together they read the file about twice.
    """
    between = delimiter.encode()
    lines, quoted, before, start = 1, False, between, offset
    while start - offset < FARTHEST and (
        block := _whole_marks(text, start, _FIRST_BLOCK if start == offset else _BLOCK)
    ):
        for found in _MARKS.finditer(block):
            mark = found[0]
            if mark[:1] != b'"':
                if not quoted:
                    return RowEnd(Outcome.ENDED, start + found.end(), lines)
                lines += 1
                continue
            if not quoted:
                previous = block[found.start() - 1 : found.start()] if found.start() else before
                if previous != between:
                    # Within a cell that does not begin with one it is a character like any other.
                    continue
                quoted = True
                mark = mark[1:]
            if len(mark) % 2:
                quoted = False
                if block[found.end() : found.end() + 1] not in (between, b"\r", b"\n", b""):
                    return RowEnd(Outcome.MISPLACED, start + found.end(), lines)
        before = block[-1:]
        start += len(block)
    if start >= text.size and not quoted:
        return RowEnd(Outcome.ENDED, text.size, lines)
    return RowEnd(Outcome.OPEN, start, lines)


def _whole_marks(text: TextFile, offset: int, count: int) -> bytes:
    """A block that ends neither within marks nor directly after them, so that what follows them is seen."""
    block = text.read(count, offset)
    while block[-1:] in (b'"', b"\r") and (more := text.read(1024, offset + len(block))):
        block += more
    return block

"""The lines of a text, from any place on; a line of any length comes in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from contacts.importing.reading.encodings import TextFile

LONGEST_PIECE: Final = 64 * 1024
_BLOCK: Final = 256 * 1024


class Piece(NamedTuple):
    """A line, or a part of a very long one: its bytes, where it begins, and which line it is of, from 1."""

    data: bytes
    start: int
    line: int
    is_first: bool
    is_last: bool

    @property
    def end(self) -> int:
        return self.start + len(self.data)


def pieces(text: TextFile, offset: int, line: int) -> Iterator[Piece]:
    """The lines behind ``offset`` and behind ``line``, line breaks of all kinds included.

    Where ``offset`` is within a line, that is ``line`` itself.
    """
    number = line if _is_within(text, offset) else line + 1
    is_first = True
    while block := text.read(_BLOCK, offset):
        lines = block.splitlines(keepends=True)
        is_end = offset + len(block) >= text.size
        # A line feed may follow a carriage return that is the last byte.
        if not is_end and not block.endswith(b"\n"):
            if len(lines) > 1:
                lines.pop()
            else:
                lines = [block.rstrip(b"\r")]
        for data in lines:
            for part in _parts(data):
                is_last = part[-1:] in (b"\n", b"\r")
                yield Piece(part, offset, number, is_first, is_last)
                offset += len(part)
                is_first = is_last
                number += is_last


def _parts(data: bytes) -> Iterator[bytes]:
    if len(data) <= LONGEST_PIECE:
        yield data
        return
    # A line break stays whole.
    for start in range(0, len(data) - 1, LONGEST_PIECE):
        end = start + LONGEST_PIECE
        yield data[start : end if end < len(data) - 1 else len(data)]


def _is_within(text: TextFile, offset: int) -> bool:
    return offset > text.start and text.read(1, offset - 1) not in (b"\n", b"\r")

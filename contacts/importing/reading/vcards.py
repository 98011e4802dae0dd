"""vCards: where one ends and the next begins, in files of any program and any state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import IO, Final

from contacts.importing.reading.encodings import TextFile
from contacts.importing.reading.lines import Piece, pieces
from contacts.importing.records import LONGEST_VALUE_SHOWN, Record, RowFault, Source, Unreadable

# Of a card with its pictures, and of what is kept of it.
LONGEST_CARD: Final = 30 * 1024 * 1024
MOST_KEPT: Final = 1024 * 1024
_LONGEST_ADDRESS: Final = 4 * 1024
ERROR_PROPERTY: Final = b"X-IMPORT-ERROR"

IS_VCARD: Final = re.compile(
    rb"(?:\A|[\r\n])[ \t]*(?:[\w-]+\.)?BEGIN[ \t]*:[ \t]*VCARD[ \t]*(?:[\r\n]|\Z)", re.IGNORECASE
)
_FRAME: Final = re.compile(rb"\s*(?:[\w-]+\.)?(BEGIN|END)[ \t]*:[ \t]*VCARD\s*", re.IGNORECASE)
# Names of groups are no longer.
_LONGEST_FRAME: Final = 200
_FIRST_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|[\r\n])")
_GLUED: Final = re.compile(rb"\s*END[ \t]*:[ \t]*VCARD[ \t]*(?=BEGIN[ \t]*:[ \t]*VCARD\s*$)", re.IGNORECASE)
_FIRST_PROPERTY: Final = re.compile(rb"\s*(?:VERSION|PRODID|N|FN)\b", re.IGNORECASE)
_PROPERTY: Final = re.compile(rb"(?:[\w-]+\.)?([\w-]+)([^:]*):?")
_AGENT: Final = re.compile(rb"(?:[\w-]+\.)?AGENT[^:]*:[ \t]*(BEGIN[ \t]*:[ \t]*VCARD)?\s*", re.IGNORECASE)
# What cards carry that no address book of ours keeps, and what a file of failed cards says.
_DROPPED: Final = frozenset({b"PHOTO", b"SOUND", b"LOGO", b"KEY", ERROR_PROPERTY})

_UNENDED: Final = "The card has no END:VCARD."
_TOO_LARGE: Final = "The card is too large: more than 1 MiB without its pictures, or more than 30 MiB with them."
_NO_CARD: Final = "This text stands in no card."


class VCardSource(Source):
    """A file of vCards. Positions are offsets of bytes."""

    format = "vcard"
    suffix = ".vcf"

    def __init__(self, text: TextFile) -> None:
        """Raises ``Unreadable`` for a text that holds no card."""
        self._text = text
        self.size = text.size
        if not any(_frame_of(piece.data) == b"BEGIN" for piece in _unglued(pieces(text, text.start, 0))):
            raise Unreadable("The file holds no vCard: nothing in it begins with BEGIN:VCARD.")

    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        """The cards; the text between two of them is a record of its own, with a fault."""
        lines = _unglued(pieces(self._text, after or self._text.start, line))
        card: _Card | None = None
        for piece, following in pairwise(chain(lines, [None])):
            if piece is None:
                continue
            frame = _frame_of(piece.data) if piece.is_first else None
            if card is not None and frame == b"BEGIN" and card.ends_before(piece, following):
                yield card.record(piece.start, is_whole=False)
                card = None
            if card is None:
                if not piece.data.strip():
                    continue
                card = _Card(piece, is_card=frame == b"BEGIN")
            if card.take(piece, frame, following):
                yield card.record(piece.end, is_whole=True)
                card = None
        if card is not None:
            yield card.record(self._text.size, is_whole=False)

    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        """The cards as they were, without their pictures; what is wrong stands below the first line of each."""
        count = 0
        for record, faults in records:
            first = _FIRST_LINE.match(record.raw)
            begin = first[0] if first and faults and _frame_of(first[0]) == b"BEGIN" else b""
            told = ERROR_PROPERTY + b":" + _told(faults) + b"\r\n" if begin else b""
            stream.write(begin + told + record.raw[len(begin) :] + b"\r\n")
            count += 1
        return count

    def close(self) -> None:
        self._text.close()


def _told(faults: Sequence[RowFault]) -> bytes:
    told = "; ".join(f"{fault.column}: {fault.message}" if fault.column else fault.message for fault in faults)
    escaped = re.sub(r"([\\,;])", r"\\\1", " ".join(told.split()))
    return escaped.encode("utf-8", "replace")


def _frame_of(line: bytes) -> bytes | None:
    """``BEGIN`` or ``END`` where a line is one of these of a card."""
    found = _FRAME.fullmatch(line) if _may_be_frame(line) else None
    return found[1].upper() if found else None


def _may_be_frame(line: bytes) -> bool:
    """Nearly every line may not, and this is quickly seen."""
    return len(line) < _LONGEST_FRAME and line.rstrip()[-5:].upper() == b"VCARD"


def _unglued(lines: Iterator[Piece]) -> Iterator[Piece]:
    """The lines; one on which a card ends and the next begins as two."""
    for piece in lines:
        found = _GLUED.match(piece.data) if piece.is_first and _may_be_frame(piece.data) else None
        if found is None:
            yield piece
            continue
        yield piece._replace(data=found[0])
        yield piece._replace(data=piece.data[found.end() :], start=piece.start + found.end())


class _Card:
    """A card while it is read, or text that belongs to none: what is kept of it, and what its next line may be."""

    def __init__(self, first: Piece, *, is_card: bool) -> None:
        self.line = self.last_line = first.line
        self.is_card = is_card
        self._start = first.start
        self._kept = bytearray()
        self._is_too_large = False
        # Cards within the card.
        self._depth = -1
        self._is_dropped = False
        self._is_soft_broken = False
        self._has_open_agent = False
        self._is_quoted_printable = False

    def ends_before(self, piece: Piece, following: Piece | None) -> bool:
        """Whether a line that begins a card begins another, though this one has not ended."""
        if not self.is_card:
            return True
        if piece.data[:1] in (b" ", b"\t"):
            return False
        if self._is_soft_broken:
            return following is not None and _FIRST_PROPERTY.match(following.data) is not None
        return not self._has_open_agent

    def take(self, piece: Piece, frame: bytes | None, following: Piece | None) -> bool:
        """Adds a line; whether the card ends with it."""
        self.last_line = piece.line
        if not self.is_card:
            self._keep(piece.data)
            return False
        is_end = piece.is_first and self._begins_line(piece.data, frame, following)
        if self._is_quoted_printable and piece.is_last:
            self._is_soft_broken = piece.data.rstrip(b"\r\n").endswith(b"=")
        if not self._is_dropped:
            self._keep(piece.data)
        if piece.end - self._start > LONGEST_CARD:
            self._is_too_large = True
        return is_end

    def _begins_line(self, data: bytes, frame: bytes | None, following: Piece | None) -> bool:
        """Finds out what a line is: the end of the card (then True), of an inner one, a property, or more of the last."""
        if self._is_more(data, frame, following):
            return False
        self._is_soft_broken = False
        if frame == b"BEGIN":
            self._depth += 1
        elif frame == b"END":
            self._depth -= 1
            self._is_dropped = False
            return self._depth < 0
        self._begin_property(data)
        return False

    def _is_more(self, data: bytes, frame: bytes | None, following: Piece | None) -> bool:
        if data[:1] in (b" ", b"\t") and self._depth >= 0:
            return True
        if self._is_soft_broken:
            # The last line of a card may end in a mark that means nothing.
            is_last = following is None or not following.data.strip() or _frame_of(following.data) == b"BEGIN"
            return not (frame == b"END" and is_last)
        # Version 2.1 does not indent the lines of a picture.
        return self._is_dropped and b":" not in data and b";" not in data

    def _begin_property(self, data: bytes) -> None:
        found = _PROPERTY.match(data)
        name, parameters = (found[1].upper(), found[2].upper()) if found else (b"", b"")
        self._is_dropped = name in _DROPPED and not _is_address(parameters, data)
        self._is_quoted_printable = b"QUOTED-PRINTABLE" in parameters
        agent = _AGENT.fullmatch(data)
        self._has_open_agent = agent is not None and not agent[1]
        if agent and agent[1]:
            self._depth += 1

    def _keep(self, data: bytes) -> None:
        if len(self._kept) + len(data) > MOST_KEPT:
            self._is_too_large = True
        else:
            self._kept += data

    def record(self, position: int, *, is_whole: bool) -> Record:
        """The record of what was read; ``is_whole`` says that its end was there."""
        raw = bytes(self._kept).strip()
        message = _NO_CARD if not self.is_card else _TOO_LARGE if self._is_too_large else None if is_whole else _UNENDED
        fault = None
        if message is not None:
            fault = RowFault("", raw[:LONGEST_VALUE_SHOWN].decode("utf-8", "replace"), "unreadable", message)
        return Record(self.line, self.last_line, raw, position, fault)


def _is_address(parameters: bytes, data: bytes) -> bool:
    """Whether a picture is only the address of one."""
    return (b"URI" in parameters or b"URL" in parameters) and len(data) < _LONGEST_ADDRESS and b":data:" not in data

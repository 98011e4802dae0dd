"""JSON: contacts one on each line, or in arrays and pages as the three vendors' systems answer them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any, ClassVar, Final

from contacts.importing.reading.elements import (
    LONGEST_ELEMENT,
    BadElement,
    Element,
    elements,
    is_page,
    is_whole_contact,
    value_of,
)
from contacts.importing.reading.encodings import TextFile
from contacts.importing.reading.lines import Piece, pieces
from contacts.importing.records import LONGEST_VALUE_SHOWN, Record, RowFault, Source, Unreadable

ERROR_KEY: Final = "importError"
# A position is an offset of bytes and, below that, within how many arrays and pages it is.
_DEPTH_BITS: Final = 3
_LINES_COMPARED: Final = 20
_LINE_OF_ONE_OBJECT: Final = re.compile(rb"\s*\{.*\}\s*", re.DOTALL)

# What only the project's own export says; the vendors' words after it have other meanings there, or none.
_OWN_KEYS: Final = frozenset({"uuid", "winnerr_key", "further_emails", "further_phones", "related_people"})
_WINNERR_KEYS: Final = frozenset(
    {"firstName", "lastName", "organizationId", "leadScore", "assignedTo", "secondaryPhone"}
)
_RENTALOT_KEYS: Final = frozenset({"channelPreference", "referralSource", "appliedAt", "createdAt"})
_ESTATEPRIME_KEYS: Final = frozenset({"source_id", "is_lead", "phones", "emails", "contact_details", "date_created"})


class JsonSource(Source):
    """Contacts in the project's own JSON, each an object: one on each line, or in an array.

    Records are objects without what a file of failed rows says. Positions are offsets of bytes with the depth below.
    """

    format = "json"
    suffix = ".json"
    # Around the contacts of a file that is no JSON lines; ``{count}`` is how many there are.
    opening: ClassVar[str] = "["
    closing: ClassVar[str] = "]"

    def __init__(self, text: TextFile) -> None:
        """Raises ``Unreadable`` for a text that begins like no JSON."""
        self._text = text
        self._has_lines = _has_lines(text)
        if self._has_lines:
            self.suffix = ".jsonl"
        self.size = text.size << _DEPTH_BITS
        if text.sample().lstrip()[:1] not in (b"{", b"["):
            raise Unreadable("The file is no JSON: it begins with neither { nor [.")

    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        offset, depth = after >> _DEPTH_BITS, after & (1 << _DEPTH_BITS) - 1
        offset = offset or self._text.start
        if self._has_lines:
            for number, element in _lines(self._text, offset, line):
                yield _record(element, number)
        else:
            for number, element in enumerate(elements(self._text, offset, depth), start=line + 1):
                yield _record(element, number)

    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        """The objects with what is wrong in ``importError``: on lines where the file has lines, else as one page.

        What is no object has no place for that, and comes out as it is.
        """
        count = 0
        for count, (record, faults) in enumerate(records, start=1):
            if not self._has_lines:
                stream.write(b",\n" if count > 1 else self.opening.encode() + b"\n")
            stream.write(_written(record.raw, faults) + b"\n" * self._has_lines)
        if not self._has_lines:
            begun = b"" if count else self.opening.encode()
            stream.write(begun + b"\n" + self.closing.replace("{count}", str(count)).encode() + b"\n")
        return count

    def close(self) -> None:
        self._text.close()


class WinnerrSource(JsonSource):
    """Winnerr's answers, one or many, or the contacts out of them."""

    format = "winnerr"
    opening = '{"success":true,"data":['
    closing = '],"pagination":{"hasMore":false,"nextCursor":null,"total":{count},"limit":{count}}}'


class RentalotSource(JsonSource):
    """Rentalot's answers, one or many, or the contacts out of them."""

    format = "rentalot"
    opening = '{"data":['
    closing = '],"pagination":{"page":1,"limit":{count},"total":{count},"totalPages":1}}'


class EstatePrimeSource(JsonSource):
    """EstatePrime's answers, one or many, or the contacts out of them."""

    format = "estateprime"
    opening = '{"status":200,"page":1,"total_pages":1,"data":['
    closing = '],"results_per_page":{count},"total_results":{count}}'


JSON_SOURCES: Final[dict[str, type[JsonSource]]] = {
    source.format: source for source in (JsonSource, WinnerrSource, RentalotSource, EstatePrimeSource)
}


def json_format_of(text: TextFile) -> str:
    """Whose JSON it is, by what stands around the first contact or else by the names of what it holds."""
    try:
        first = next(elements(text, text.start, 0), None)
    except Unreadable:
        first = None
    head = text.read(LONGEST_ELEMENT, text.start)
    around = head if first is None else head[: max(first.end - text.start - len(first.data or b""), 0)]
    if b'"success"' in around:
        return "winnerr"
    if b'"status"' in around and b'"data"' in around:
        return "estateprime"
    return _format_of_contact(first) or ("rentalot" if b'"data"' in around else "json")


def _format_of_contact(element: Element | None) -> str | None:
    try:
        names = value_of(element.data).keys() if element else frozenset[str]()
    except BadElement:
        return None
    if names & _OWN_KEYS:
        return "json"
    if names & _WINNERR_KEYS:
        return "winnerr"
    if names & _RENTALOT_KEYS:
        return "rentalot"
    return "estateprime" if names & _ESTATEPRIME_KEYS else None


def _has_lines(text: TextFile) -> bool:
    """Whether every line is an object by itself, so that one at fault is no reason to doubt where the next begins.

    A first line that is one settles it, whatever comes behind it; else most of the first lines have to be.
    """
    lines = list(islice((line for line in text.sample().splitlines() if line.strip()), _LINES_COMPARED))
    if lines and is_whole_contact(lines[0]):
        return True
    compared = [_LINE_OF_ONE_OBJECT.fullmatch(line) is not None and not is_page(line) for line in lines]
    # A single line may be cut off, and so may the last one of a sample.
    return compared.count(True) * 5 >= len(compared) * 4 if compared else False


def _lines(text: TextFile, offset: int, line: int) -> Iterator[tuple[int, Element]]:
    kept: list[Piece] = []
    size, end = 0, offset
    for piece in chain(pieces(text, offset, line), [None]):
        if kept and (piece is None or piece.is_first):
            data = b"".join(part.data for part in kept).strip()
            if data:
                yield kept[0].line, Element(data if size <= LONGEST_ELEMENT else None, end, 0)
            kept, size = [], 0
        if piece is not None:
            size, end = size + len(piece.data), piece.end
            if size <= LONGEST_ELEMENT or not kept:
                kept.append(piece)


def _record(element: Element, number: int) -> Record:
    position = element.end << _DEPTH_BITS | element.depth
    try:
        value = value_of(element.data)
    except BadElement as error:
        shown = (element.data or b"")[:LONGEST_VALUE_SHOWN].decode("utf-8", "replace")
        # Of what is too large nothing is kept.
        raw = {} if element.data is None else element.data
        return Record(number, number, raw, position, RowFault("", shown, "unreadable", str(error)))
    value.pop(ERROR_KEY, None)
    return Record(number, number, value, position)


def _written(raw: Any, faults: Sequence[RowFault]) -> bytes:
    if isinstance(raw, bytes):
        return raw
    told = "; ".join(f"{fault.column}: {fault.message}" if fault.column else fault.message for fault in faults)
    return json.dumps(raw | {ERROR_KEY: told}, ensure_ascii=False, separators=(",", ":")).encode()

"""The rows of a table written as text, from any place on, each with the lines and bytes it takes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from contacts.importing.reading.encodings import TextFile
from contacts.importing.reading.quotes import Outcome, RowEnd, row_end
from contacts.importing.records import LONGEST_VALUE_SHOWN, Record, RowFault
from contacts.spreadsheets import plain_cell

# A row of more is no row of contacts, whatever it is; of its beginning this much goes into the file of failed rows.
LONGEST_ROW: Final = 1024 * 1024
MOST_LINES: Final = 1_000
LONGEST_PIECE: Final = 4 * 1024
# Rows of more lines are looked at: text has them, and so has what a forgotten quotation mark swallows.
_MANY_LINES: Final = 50
# Of a row of many lines, as much as shows what it is.
_FEW_LINES: Final = 64 * 1024
# Small where faults are, so that reading on behind each of them costs little.
_FIRST_BLOCK: Final = 8 * 1024
_BLOCK: Final = 256 * 1024

_UNDECODED: Final = re.compile("[\udc80-\udcff]")
_BLANK_BEHIND_A_MARK: Final = r'"[ \t]+(?={}|[\r\n]|\Z)'
_MISREAD: Final = {
    Outcome.MISPLACED: "A quotation mark within a quoted cell is not doubled.",
    Outcome.OPEN: "A quotation mark is never closed.",
    Outcome.ENDED: "The row is too large: a cell has more than 131,072 characters, or the row more than 1 MiB.",
}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a text. ``width`` is how many cells belong to one, 0 where that is not known yet; ``error_column`` is
    the place of a cell that is no part of the table."""

    text: TextFile
    delimiter: str
    width: int = 0
    error_column: int | None = None

    def records(self, offset: int, line: int) -> Iterator[Record]:
        """The rows from ``offset`` on, where one begins, behind ``line``; blank ones are left out."""
        size = _FIRST_BLOCK
        while offset < self.text.size:
            start = offset
            for record in self._parsed(self._lines(offset, size), offset, line):
                offset, line = record.position, record.last_line
                if record.fault is not None or any(map(str.strip, record.raw)):
                    yield record
            if offset > start:
                size = min(size * 4, _BLOCK) if offset - start > size // 2 else _FIRST_BLOCK
                continue
            end = row_end(self.text, offset, self.delimiter)
            if end.outcome is Outcome.ENDED and size <= end.position - offset <= LONGEST_ROW:
                # One more than the row, to see that its line break is whole.
                size = end.position - offset + 1
                continue
            record = self._misread(end, offset, line)
            offset, line, size = record.position, record.last_line, _FIRST_BLOCK
            yield record

    def _lines(self, offset: int, size: int) -> list[bytes]:
        """The whole lines of a block; what its end cuts is left for the next."""
        block = self.text.read(size, offset)
        lines = block.splitlines(keepends=True)
        # A line feed may follow a carriage return that is the last byte.
        if offset + len(block) < self.text.size and not block.endswith(b"\n"):
            lines.pop()
        return lines

    def _parsed(self, lines: list[bytes], offset: int, line: int) -> Iterator[Record]:
        """The rows of the lines, up to the first that the csv module objects to or that goes on behind them."""
        texts, is_plain = self._decoded(lines)
        ends = list(accumulate(map(len, lines), initial=offset))
        reader = csv.reader(texts, delimiter=self.delimiter, strict=True)
        start, width = 0, self.width
        try:
            for cells in reader:
                stop = reader.line_num
                if is_plain and len(cells) == width and stop == start + 1:
                    yield Record(line + stop, line + stop, cells, ends[stop])
                elif self._swallows(cells, texts[start:stop]):
                    yield self._unclosed(texts[start], line + start + 1, ends[start + 1])
                    return
                else:
                    yield self._settled(cells, line + start + 1, line + stop, ends[stop])
                start = stop
        except csv.Error:
            return

    def _decoded(self, lines: list[bytes]) -> tuple[list[str], bool]:
        """The lines as text, and whether that is all there is to do; bytes that are none become lone surrogates."""
        encoding = self.text.encoding
        try:
            texts = [line.decode(encoding) for line in lines]
            is_plain = self.error_column is None
        except UnicodeDecodeError:
            texts = [line.decode(encoding, "surrogateescape") for line in lines]
            is_plain = False
        return texts, is_plain and not any("'" in text or "\0" in text for text in texts)

    def _swallows(self, cells: Sequence[str], lines: Sequence[str]) -> bool:
        """Whether a forgotten quotation mark made one row of several: those behind the first are rows by themselves."""
        width = self.width + (self.error_column is not None)
        if len(lines) < 2 or width < 2 or (len(cells) == width and len(lines) <= _MANY_LINES):
            return False
        widths = [len(next(csv.reader([line], delimiter=self.delimiter), ())) for line in lines[1:]]
        return widths.count(width) * 2 >= len(widths)

    def _unclosed(self, text: str, line: int, position: int) -> Record:
        return Record(line, line, self._split(text), position, _fault(_MISREAD[Outcome.OPEN], text))

    def _split(self, text: str) -> list[str]:
        """A line's cells with no regard for quotation marks: they stay in them, for who has to correct them."""
        return [self._redecoded(cell) for cell in text.rstrip("\r\n").split(self.delimiter)]

    def _settled(self, cells: list[str], line: int, last_line: int, position: int) -> Record:
        """A row as a record: every cell plain, as many as there are columns, or with the fault that it has."""
        fault = None
        if any(map(_UNDECODED.search, cells)):
            cells = [self._redecoded(cell) for cell in cells]
            fault = _fault("The row holds bytes that are no text in the file's encoding.", self.delimiter.join(cells))
        elif any("\0" in cell for cell in cells):
            fault = _fault("The row holds the character NUL.", self.delimiter.join(cells))
        cells = [plain_cell(cell) if cell[:1] == "'" else cell for cell in cells]
        if self.error_column is not None:
            del cells[self.error_column : self.error_column + 1]
        if self.width and len(cells) > self.width:
            if any(map(str.strip, cells[self.width :])):
                told = f"The row has {len(cells):,} cells, the table only {self.width:,} columns."
                fault = fault or _fault(told, self.delimiter.join(cells[self.width :]))
            else:
                del cells[self.width :]
        cells += [""] * (self.width - len(cells))
        return Record(line, last_line, cells, position, fault)

    def _redecoded(self, cell: str) -> str:
        """What was not decoded in the encoding of old Western programs: most likely what was meant."""
        if not _UNDECODED.search(cell):
            return cell
        return cell.encode(self.text.encoding, "surrogateescape").decode("cp1252", "replace")

    def _misread(self, end: RowEnd, offset: int, line: int) -> Record:
        """The record of a row that cannot be parsed."""
        first_end = self.text.line_end(offset)
        seen = min(first_end - offset, LONGEST_ROW) if end.lines == 1 else _FEW_LINES
        texts, _ = self._decoded(self.text.read(seen, offset).splitlines(keepends=True))
        first = texts[0][:LONGEST_PIECE]
        if end.outcome is Outcome.ENDED and not self._swallows((), texts):
            return self._too_large(first, line + 1, line + end.lines, end.position)
        if first_end - offset > LONGEST_ROW:
            return self._too_large(first, line + 1, line + 1, first_end)
        if end.outcome is Outcome.MISPLACED and end.lines == 1:
            return self._mended(texts[0], line + 1, first_end)
        return self._unclosed(texts[0], line + 1, first_end)

    def _too_large(self, text: str, line: int, last_line: int, position: int) -> Record:
        return Record(line, last_line, self._split(text), position, _fault(_MISREAD[Outcome.ENDED], text))

    def _mended(self, text: str, line: int, position: int) -> Record:
        """A row with blanks behind closing quotation marks, without them; with a fault where other things are wrong."""
        pattern = _BLANK_BEHIND_A_MARK.format(re.escape(self.delimiter))
        try:
            cells = next(csv.reader([re.sub(pattern, '"', text)], delimiter=self.delimiter, strict=True))
        except csv.Error:
            return Record(line, line, self._split(text), position, _fault(_MISREAD[Outcome.MISPLACED], text))
        return self._settled(cells, line, line, position)


def _fault(message: str, value: str) -> RowFault:
    return RowFault(
        "", _UNDECODED.sub("\N{REPLACEMENT CHARACTER}", value.strip()[:LONGEST_VALUE_SHOWN]), "unreadable", message
    )

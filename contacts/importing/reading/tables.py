"""Tables as text (CSV), in whatever shape a program or a person wrote them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import IO, Final

from contacts.importing.reading.dialects import (
    ERROR_COLUMN,
    delimiter_of,
    headings,
    is_heading_row,
    said_delimiter,
)
from contacts.importing.reading.encodings import TextFile
from contacts.importing.reading.rows import MOST_LINES, Rows
from contacts.importing.records import Record, RowFault, Source, Unreadable
from contacts.spreadsheets import safe_cell

_ROWS_COUNTED: Final = 100


class CsvSource(Source):
    """A table as text. Positions are offsets of bytes; UTF-16 is read from a copy of it in UTF-8."""

    format = "csv"
    suffix = ".csv"

    def __init__(self, text: TextFile) -> None:
        """Raises ``Unreadable`` for a text without a row, and for one of too many columns."""
        self._text = text
        self.size = text.size
        self._start, self._line = text.start, 0
        lines = [line.decode(self._text.encoding, "replace") for line in self._first_lines()]
        delimiter = said_delimiter(lines[0]) if lines else None
        if delimiter:
            self._start, self._line = self._text.line_end(self._start), 1
        self.delimiter = delimiter or delimiter_of(lines)
        self._rows = Rows(self._text, self.delimiter)
        self._name_columns()

    def _first_lines(self) -> list[bytes]:
        return self._text.sample().splitlines(keepends=True)[: MOST_LINES + 100]

    def _name_columns(self) -> None:
        first = next(self._rows.records(self._start, self._line), None)
        if first is None:
            raise Unreadable("The file holds no row.")
        self.has_header = first.fault is None and is_heading_row(first.raw)
        if self.has_header:
            self._start, self._line = first.position, first.last_line
            self._headers = headings(first.raw)
        else:
            counted = islice(self._rows.records(self._start, self._line), _ROWS_COUNTED)
            widths = [len(record.raw) for record in counted if record.fault is None]
            self._headers = headings([""] * max(widths, default=len(first.raw)))
        error_column = self._headers.index(ERROR_COLUMN) if ERROR_COLUMN in self._headers else None
        if error_column is not None:
            del self._headers[error_column]
        self._rows = replace(self._rows, width=len(self._headers), error_column=error_column)

    @property
    def headers(self) -> Sequence[str]:
        return self._headers

    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        return self._rows.records(after, line) if after else self._rows.records(self._start, self._line)

    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        """The rows with the file's own headings and delimiter, in UTF-8, behind the mark that Excel knows it by."""
        stream.write(codecs.BOM_UTF8)
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
        try:
            writer = csv.writer(text, delimiter=self.delimiter)
            writer.writerow([*map(safe_cell, self._headers), ERROR_COLUMN])
            count = 0
            for record, faults in records:
                writer.writerow(map(safe_cell, failed_row(record.raw, len(self._headers), faults)))
                count += 1
        finally:
            # Else the stream, which is somebody else's, would be closed with it.
            text.detach()
        return count

    def close(self) -> None:
        self._text.close()


def failed_row(cells: Sequence[str], width: int, faults: Sequence[RowFault]) -> list[str]:
    """The cells of a row and, below ``Import error``, what is wrong with it; cells that have no column come behind that."""
    told = "; ".join(f"{fault.column}: {fault.message}" if fault.column else fault.message for fault in faults)
    return [*cells[:width], *[""] * (width - len(cells)), told, *cells[width:]]

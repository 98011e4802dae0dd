"""Excel workbooks (XLSX): the first sheet with something in it, as a table.

They are read in passing, by the parser that Python brings. The libraries for it keep whole sheets: the fast one (calamine)
takes 3 GiB for ten thousand rows that all refer to one long text, and 700 MiB for an ordinary million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from openpyxl import Workbook as WrittenWorkbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from contacts.importing.reading.archives import WorkbookArchive
from contacts.importing.reading.dialects import ERROR_COLUMN, headings, is_heading_row
from contacts.importing.reading.sheets import SheetRow, sheet_rows
from contacts.importing.reading.tables import failed_row
from contacts.importing.reading.workbook_parts import Sheet, Workbook, escaped
from contacts.importing.records import LONGEST_VALUE_SHOWN, Record, RowFault, Source, Unreadable

_ROWS_COUNTED: Final = 100


class XlsxSource(Source):
    """A workbook's first sheet with rows. Positions count rows, blank ones included; lines are the sheet's own numbers."""

    format = "xlsx"
    suffix = ".xlsx"

    def __init__(self, path: Path) -> None:
        """Raises ``Unreadable`` for a workbook without a row, of too many columns, or made to do harm."""
        self._archive = WorkbookArchive(path)
        self._workbook: Workbook | None = None
        try:
            self._workbook = Workbook(self._archive)
            self._begin(self._workbook)
        except Unreadable:
            self.close()
            raise

    def _begin(self, workbook: Workbook) -> None:
        # Hidden ones hold what somebody's formulas need.
        filled = [sheet for sheet in sorted(workbook.sheets, key=_is_hidden) if self._first_row(workbook, sheet)]
        if not filled:
            raise Unreadable("The workbook holds no row.")
        self._sheet, *others = filled
        if others:
            names = ", ".join(f"“{sheet.name}”" for sheet in others)
            self.notes = [f"Only the sheet “{self._sheet.name}” is imported, not {names}."]
        self._name_columns(workbook)

    def _first_row(self, workbook: Workbook, sheet: Sheet) -> tuple[int, SheetRow] | None:
        rows = enumerate(sheet_rows(self._archive, workbook, sheet), start=1)
        return next((each for each in rows if any(map(str.strip, each[1].cells))), None)

    def _name_columns(self, workbook: Workbook) -> None:
        found = self._first_row(workbook, self._sheet)
        position, first = found or (0, SheetRow(0, [], None, is_too_large=False))
        self.has_header = is_heading_row(first.cells)
        self._start = position if self.has_header else 0
        if self.has_header:
            self._headers = headings(first.cells)
        else:
            counted = islice(sheet_rows(self._archive, workbook, self._sheet), _ROWS_COUNTED)
            self._headers = headings([""] * max(len(row.cells) for row in counted))
        self._error_column = self._headers.index(ERROR_COLUMN) if ERROR_COLUMN in self._headers else None
        if self._error_column is not None:
            del self._headers[self._error_column]

    @property
    def headers(self) -> Sequence[str]:
        return self._headers

    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        if self._workbook is None:
            return
        rows = sheet_rows(self._archive, self._workbook, self._sheet)
        for position, row in islice(enumerate(rows, start=1), after or self._start, None):
            if row.error or row.is_too_large or any(map(str.strip, row.cells)):
                yield self._record(row, position)

    def _record(self, row: SheetRow, position: int) -> Record:
        # As they are: in a workbook it is the type of a cell that keeps a text from being a formula, no apostrophe.
        cells = list(row.cells)
        width = len(self._headers)
        if self._error_column is not None:
            del cells[self._error_column : self._error_column + 1]
        fault = None
        if row.is_too_large:
            fault = RowFault("", cells[0][:LONGEST_VALUE_SHOWN], "unreadable", "The row is too large: more than 1 MiB.")
        elif row.error is not None:
            fault = self._error_fault(*row.error)
        elif len(cells) > width and any(map(str.strip, cells[width:])):
            told = f"The row has {len(cells):,} cells, the table only {width:,} columns."
            fault = RowFault("", ",".join(cells[width:])[:LONGEST_VALUE_SHOWN], "unreadable", told)
        if fault is None:
            del cells[width:]
        cells += [""] * (width - len(cells))
        return Record(row.number, row.number, cells, position, fault)

    def _error_fault(self, place: int, error: str) -> RowFault:
        column = self._headers[place] if place < len(self._headers) else ""
        return RowFault(column, error, "unreadable", f"The cell holds an error of the sheet: {error}.")

    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        """The rows below the file's own headings, every cell as text: nothing in it is a formula."""
        workbook = WrittenWorkbook(write_only=True)
        sheet = workbook.create_sheet()

        def write(cells: Sequence[str]) -> None:
            sheet.append([_text_cell(sheet, cell) if cell else None for cell in cells])

        write([*self._headers, ERROR_COLUMN])
        count = 0
        for record, faults in records:
            write(failed_row(record.raw, len(self._headers), faults))
            count += 1
        workbook.save(stream)
        return count

    def close(self) -> None:
        if self._workbook is not None:
            self._workbook.close()
        self._archive.close()


def _is_hidden(sheet: Sheet) -> bool:
    return sheet.is_hidden


def _text_cell(sheet: WriteOnlyWorksheet, text: str) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", escaped(text)))
    cell.data_type = "s"
    return cell

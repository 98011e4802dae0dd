"""Contacts as a workbook of one sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from contacts.exporting.formats import Writer
from contacts.exporting.tables import Cell, Table

# What Excel gives a sheet and a cell.
MOST_ROWS: Final = 1_048_576
LONGEST_CELL: Final = 32_767
_PIECE: Final = 256 * 1024
# Characters that XML has not or reads as others, and what looks like the way they are written then (ECMA-376, 22.9.2.19).
_ESCAPED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
# What a spreadsheet makes something else of when somebody goes into the cell and out again.
_ACTIVE: Final = re.compile(r"[=+\-@'#＝＋－＠]")


class WorkbookWriter(Writer):
    """A file that spreadsheets open without asking anything. Texts are texts, whatever they begin with."""

    suffix = ".xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    is_text = False
    most = MOST_ROWS - 1

    table: Table

    def __init__(self, total: int) -> None:
        super().__init__(total)
        # Rows go to a temporary file as they come, so that memory stays flat.
        self._workbook = Workbook(write_only=True)
        self._sheet: Any = self._workbook.create_sheet("Contacts")
        self._sheet.freeze_panes = "A2"
        self._shortened = 0

    def begin(self) -> bytes:
        self.table = Table()
        self._sheet.append([self._heading(text) for text in self.table.headings])
        return b""

    def add(self, keys: Sequence[int]) -> bytes:
        for row in self.table.rows(keys):
            self._sheet.append([self._cell(value) for value in row])
            self.contacts += 1
        return b""

    def end(self) -> Iterator[bytes]:
        if self._shortened:
            self.warnings.append(
                f"{self._shortened} cells were longer than the {LONGEST_CELL:,} characters a workbook holds, and are cut off."
            )
        with TemporaryFile() as file:
            self._workbook.save(file)
            file.seek(0)
            yield from iter(lambda: file.read(_PIECE), b"")

    def close(self) -> None:
        # The library removes its temporary file when it has saved, or else only when the process ends.
        writer = self._sheet._writer
        if writer is not None and Path(writer.out).exists():
            self._sheet.close()
            writer.cleanup()

    def _heading(self, text: str) -> Any:
        cell = self._text(text)
        cell.font = Font(bold=True)
        return cell

    def _cell(self, value: Cell) -> Any:
        if not isinstance(value, str):
            return value
        if not value:
            return None
        if len(value) > LONGEST_CELL:
            self._shortened += 1
            value = value[:LONGEST_CELL]
        text = _ESCAPED.sub(_escape, value)
        return self._text(text) if _ACTIVE.match(text) else text

    def _text(self, text: str) -> Any:
        cell = WriteOnlyCell(self._sheet, text)
        # The library would make a formula or an error of it.
        cell.data_type = "s"
        cell.number_format = "@"
        return cell


def _escape(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"

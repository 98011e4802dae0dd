"""What a file is, by its first bytes and then by the shape of its text; never by its name."""

from __future__ import annotations

import re
from typing import Final

from contacts.importing.records import Unreadable

HEAD: Final = 64 * 1024
ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = bytes.fromhex("D0CF11E0A1B11AE1")
_EXPORT: Final = "Export the contacts as CSV, Excel workbook (.xlsx), vCard or JSON, and import that."
_UNPACK: Final = "Unpack it and import the files in it one by one."

# What a file begins with, what that is, and what to do about it.
_FOREIGN: Final = (
    (b"PK\x05\x06", "an empty ZIP archive", _EXPORT),
    (b"PK\x07\x08", "a ZIP archive in parts", _UNPACK),
    (b"%PDF-", "a PDF document", _EXPORT),
    (b"\x1f\x8b", "compressed (gzip)", _UNPACK),
    (b"BZh", "compressed (bzip2)", _UNPACK),
    (b"\xfd7zXZ\0", "compressed (xz)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"SQLite format 3\0", "a SQLite database", _EXPORT),
    (b"{\\rtf", "a rich text document", _EXPORT),
    (b"\x89PNG\r\n", "a picture", _EXPORT),
    (b"\xff\xd8\xff", "a picture", _EXPORT),
    (b"GIF8", "a picture", _EXPORT),
    (b"\x7fELF", "a program", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"!BDN", "an Outlook data file (.pst)", _EXPORT),
    (b"BEGIN:VCALENDAR", "a calendar", _EXPORT),
)
_TAR: Final = (257, b"ustar")
_MARKUP: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:(!doctype\s+html|html|head|body|table|script)|[?!a-z])", re.I | re.S
)
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK: Final = "Workbook".encode("utf-16-le")


def refuse_foreign(head: bytes) -> None:
    """Raises ``Unreadable`` for a file that begins with ``head`` and is known to be something no contacts are read from."""
    for magic, thing, advice in _FOREIGN:
        if head.startswith(magic):
            raise Unreadable(f"The file is {thing}. {advice}")
    if head.startswith(_OLD_OFFICE):
        raise Unreadable(_about_old_office(head))
    if head[_TAR[0] :].startswith(_TAR[1]):
        raise Unreadable(f"The file is a tar archive. {_UNPACK}")
    markup = _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf"))
    if markup:
        raise Unreadable(f"The file is {'a web page' if markup[1] else 'an XML document'}. {_EXPORT}")


def _about_old_office(head: bytes) -> str:
    if _ENCRYPTED in head:
        return "The workbook is protected by a password. Save it without one and import that."
    if _WORKBOOK in head:
        return (
            "The file is a workbook of an old Excel (.xls). Save it as Excel workbook (.xlsx) or CSV and import that."
        )
    return f"The file is an old Office document or a protected workbook. {_EXPORT}"

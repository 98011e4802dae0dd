"""A file is what is in it, whatever it is called; what cannot be imported is called by its name, with what to do."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from contacts.importing.reading import FORMATS, open_source
from contacts.importing.records import Unreadable

EXPORT = "Export the contacts as CSV, Excel workbook (.xlsx), vCard or JSON, and import that."
UNPACK = "Unpack it and import the files in it one by one."
OLD_OFFICE = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1_000


def tar_archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("contacts.csv"))
    return stream.getvalue()


@pytest.mark.parametrize("format", ["auto", "csv"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7\n", f"The file is a PDF document. {EXPORT}"),
        (gzip.compress(b"Name\n", mtime=0), f"The file is compressed (gzip). {UNPACK}"),
        (tar_archive(), f"The file is a tar archive. {UNPACK}"),
        (b"7z\xbc\xaf\x27\x1c\0\4", f"The file is a 7z archive. {UNPACK}"),
        (b"SQLite format 3\0\x10\0", f"The file is a SQLite database. {EXPORT}"),
        (b"{\\rtf1\\ansi", f"The file is a rich text document. {EXPORT}"),
        (b"\x89PNG\r\n\x1a\n", f"The file is a picture. {EXPORT}"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html>", f"The file is a web page. {EXPORT}"),
        (b"<!-- saved --><table><tr><td>Name", f"The file is a web page. {EXPORT}"),
        (b'<?xml version="1.0"?><Workbook>', f"The file is an XML document. {EXPORT}"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", f"The file is a calendar. {EXPORT}"),
        (
            OLD_OFFICE + "Workbook".encode("utf-16-le"),
            "The file is a workbook of an old Excel (.xls). Save it as Excel workbook (.xlsx) or CSV and import that.",
        ),
        (
            OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"),
            "The workbook is protected by a password. Save it without one and import that.",
        ),
        (OLD_OFFICE, f"The file is an old Office document or a protected workbook. {EXPORT}"),
        (b"PK\x05\x06" + b"\0" * 18, f"The file is an empty ZIP archive. {EXPORT}"),
        (b"", "The file is empty."),
    ],
)
def test_what_holds_no_contacts_is_refused_by_what_it_begins_with(
    tmp_path: Path, content: bytes, sentence: str, format: str
) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as refused:
        open_source(path, format)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"Name,Email\nJane,jane@example.com\n", "csv"),
        (b"\nBEGIN:VCARD\nEND:VCARD\n", "vcard"),
        (b"begin:vcard\rend:vcard\r", "vcard"),
        (b'\xef\xbb\xbf {"full_name":"Jane"}', "json"),
        ('[{"firstName":"Jane"}]'.encode("utf-16"), "winnerr"),
        (b"Note\nBEGIN:VCARD is how a card begins\n", "csv"),
    ],
)
@pytest.mark.parametrize("name", ["contacts.xlsx", "contacts"])
def test_a_file_is_read_as_what_it_is_whatever_its_name_says(
    tmp_path: Path, content: bytes, format: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    source = open_source(path)
    source.close()
    assert source.format == format


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"^What is to be imported is no file\.$"):
        open_source(tmp_path)


def test_the_formats_are_those_of_the_command() -> None:
    assert FORMATS == ("csv", "xlsx", "vcard", "json", "winnerr", "rentalot", "estateprime")

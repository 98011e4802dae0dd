"""Workbooks as tables: what a person sees in the cells is read, and what is made to do harm is refused unopened."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from python_calamine import CalamineWorkbook

from contacts.importing.reading import open_source
from contacts.importing.records import RowFault, Unreadable
from tests.contacts.importing.reading_files import Reading, until_unreadable

SAVE_ANEW = "Save it anew as Excel workbook (.xlsx) or CSV and import that."
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    made = Reading(tmp_path)
    yield made
    made.close()


def saved(workbook: Workbook) -> bytes:
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def workbook_of(*rows: list[Any], **formats: str) -> Workbook:
    """A workbook with one sheet; ``formats`` are number formats by cell (``B2``)."""
    workbook = Workbook()
    for row in rows:
        workbook["Sheet"].append(row)
    for cell, number_format in formats.items():
        workbook["Sheet"][cell].number_format = number_format
    return workbook


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def workbook_with_sheet(rows: str, texts: str = "") -> dict[str, bytes]:
    """The parts of a workbook whose sheet is written by hand, with namespaces as some programs write them."""
    parts = parts_of(saved(workbook_of(["Name"])))
    parts["xl/worksheets/sheet1.xml"] = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'.encode()
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" '
        'Target="/xl/worksheets/sheet1.xml"/><Relationship Id="rId9" '
        f'Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ).encode()
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{texts}</sst>'.encode()
    return parts


def test_cells_of_all_types_are_read_as_a_person_sees_them(reading: Reading) -> None:
    header = ["Name", "Value", "Second", "Third", "Fourth", "Fifth"]
    workbook = workbook_of(
        header,
        ["Jane", 5, 5.5, 1e15, 0.1 + 0.2, 15551234567],
        ["Flags", True, False, None, "", "  x  "],
        [
            "Days",
            date(2024, 2, 29),
            datetime(2024, 2, 29, 13, 30, 5),
            time(8, 15),
            timedelta(hours=30),
            date(1900, 1, 1),
        ],
        ["Formats", 0.25, 1234, 45000, 45000.5, 1.5],
        ["Lines", "two\nlines", "re\rturn", "_x000D_", "'=1", "'x"],
        [],
        ["Missing", "#N/A", "=1+1", "ünïcode", "&lt;", "<b>"],
        B5="0.0%",
        C5="00000",
        D5='"on "d/m/yyyy',
        E5="yyyy-mm-dd hh:mm",
        F5='[Red]0.0" days"',
    )
    workbook["Sheet"]["B8"].data_type = "e"
    source = reading.open(saved(workbook))
    assert (source.format, source.headers, source.has_header) == ("xlsx", header, True)
    assert [(record.line, record.position, record.raw) for record in source.records()] == [
        (2, 2, ["Jane", "5", "5.5", "1000000000000000", "0.3", "15551234567"]),
        (3, 3, ["Flags", "true", "false", "", "", "  x  "]),
        (4, 4, ["Days", "2024-02-29", "2024-02-29T13:30:05", "08:15:00", "1900-01-01T06:00:00", "1900-01-01"]),
        (5, 5, ["Formats", "25%", "01234", "2023-03-15", "2023-03-15T12:00:00", "1.5"]),
        (6, 6, ["Lines", "two\nlines", "re\nturn", "\r", "'=1", "'x"]),
        (8, 7, ["Missing", "", "", "ünïcode", "&lt;", "<b>"]),
    ]


def test_days_of_a_workbook_that_counts_from_1904_are_the_same_days(reading: Reading) -> None:
    workbook = workbook_of(["Name", "Since"], ["Jane", date(2024, 2, 29)])
    workbook.epoch = CALENDAR_MAC_1904
    assert reading.rows(saved(workbook)) == [["Jane", "2024-02-29"]]


def test_an_error_of_the_sheet_is_a_fault_of_its_row(reading: Reading) -> None:
    workbook = workbook_of(["Name", "Email"], ["Jane", "#REF!"], ["Bob", "bob@example.com"])
    workbook["Sheet"]["B2"].data_type = "e"
    fault = RowFault("Email", "#REF!", "unreadable", "The cell holds an error of the sheet: #REF!.")
    assert [(record.raw, record.fault) for record in reading.open(saved(workbook)).records()] == [
        (["Jane", "#REF!"], fault),
        (["Bob", "bob@example.com"], None),
    ]


def test_the_first_sheet_that_is_seen_and_filled_is_read_and_the_others_are_named(reading: Reading) -> None:
    workbook = workbook_of()
    for title in ("Lists", "People", "Old", "Empty"):
        workbook.create_sheet(title)
    workbook["Lists"].sheet_state = "hidden"
    workbook["Lists"].append(["Type"])
    workbook["People"].append([])
    workbook["People"].append(["Name"])
    workbook["People"].append(["Jane"])
    workbook["Old"].append(["Name"])
    source = reading.open(saved(workbook))
    assert source.notes == ["Only the sheet “People” is imported, not “Old”, “Lists”."]
    assert [(record.line, record.raw) for record in source.records()] == [(3, ["Jane"])]


def test_rows_that_do_not_fit_are_filled_up_or_at_fault(reading: Reading) -> None:
    source = reading.open(
        saved(workbook_of(["Name", "Email", ""], ["Short"], ["Long", "x", "y", "", "z"], ["Blank", 1, 2, " "]))
    )
    assert source.headers == ["Name", "Email"]
    told = "The row has 5 cells, the table only 2 columns."
    assert [(record.raw, record.fault) for record in source.records()] == [
        (["Short", ""], None),
        (["Long", "x", "y", "", "z"], RowFault("", "y,,z", "unreadable", told)),
        (["Blank", "1", "2", " "], RowFault("", "2, ", "unreadable", "The row has 4 cells, the table only 2 columns.")),
    ]


def test_a_first_row_with_an_address_and_no_heading_is_somebody(reading: Reading) -> None:
    source = reading.open(saved(workbook_of(["Jane", "jane@example.com"], ["Bob", "b@example.com", "x"])))
    assert (source.has_header, source.headers) == (False, ["Column 1", "Column 2", "Column 3"])
    assert [record.raw for record in source.records()] == [
        ["Jane", "jane@example.com", ""],
        ["Bob", "b@example.com", "x"],
    ]


def test_reading_goes_on_behind_any_row(reading: Reading) -> None:
    source = reading.open(saved(workbook_of(["Name"], *(["Jane"] if number % 3 else [] for number in range(30)))))
    records = list(source.records())
    assert len(records) == 20
    for number, record in enumerate(records, start=1):
        assert list(source.records(record.position, record.last_line)) == records[number:]


def test_failed_rows_come_back_as_the_same_rows_of_the_same_columns(reading: Reading) -> None:
    rows = [["Jane", "x"], ["=1+1", "+1555"], ["'=1", "_x000D_ \r\n"], ["Long", "x", "y", "", "z"], ["ü", ""]]
    workbook = workbook_of(["Name", "Email"], *rows)
    workbook["Sheet"]["A3"].data_type = "s"
    source = reading.open(saved(workbook))
    records = list(source.records())
    again = reading.open(reading.failed(source, records))
    assert (again.format, again.headers) == ("xlsx", source.headers)
    assert [record.raw for record in again.records()] == [record.raw for record in records]
    with CalamineWorkbook.from_object(io.BytesIO(reading.failed(source, records[:1]))) as written:
        assert written.get_sheet_by_index(0).to_python() == [
            ["Name", "Email", "Import error"],
            ["Jane", "x", 'Email: is no address, "x"; see above'],
        ]


def test_escapes_are_the_characters_they_stand_for_and_apostrophes_stay(reading: Reading) -> None:
    header = ["Name", "'=heading"]
    workbook = workbook_of(header, ["a_x0001_b_xFFFE_", "_x005F_x0041_x0042_"], ["_x0000_ _xD800_", "'=both"])
    source = reading.open(saved(workbook))
    assert source.headers == header
    records = list(source.records())
    expected = [["a\x01b\ufffe", "_x0041B"], ["_x0000_ _xD800_", "'=both"]]
    assert [record.raw for record in records] == expected
    again = reading.open(reading.failed(source, records))
    assert again.headers == header
    assert [record.raw for record in again.records()] == expected


def test_names_and_texts_are_read_however_the_file_is_written(reading: Reading) -> None:
    parts = workbook_with_sheet(
        '<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>E</x:t></x:is></x:c></x:row>'
        '<x:row><x:c t="s"><x:v>1</x:v></x:c><x:c r="B9" t="str"><x:f>A1</x:f><x:v>b&amp;c</x:v></x:c></x:row>'
        '<x:row r="9"><x:c r="B9" t="d"><x:v>2024-02-29</x:v></x:c><x:c r="A9" t="s"><x:v>7</x:v></x:c></x:row>',
        "<si><t>Name</t></si><si><r><t>Ja</t></r><r><t>ne</t></r><rPh><t>je</t></rPh></si>",
    )
    records = list(reading.open(packed(parts)).records())
    assert [(record.line, record.raw) for record in records] == [(2, ["Jane", "b&c"]), (9, ["", "2024-02-29"])]
    assert records[1].fault == RowFault(
        "Name", "a text that is missing", "unreadable", "The cell holds an error of the sheet: a text that is missing."
    )


def refusal(content: bytes, folder: Path, format: str = "auto") -> str:
    path = folder / "refused.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as refused:
        open_source(path, format)
    return str(refused.value)


def lying(content: bytes, part: str, size: int) -> bytes:
    """The archive with another unpacked size of a part, in its directory and before the part."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(part)
    written = bytearray(content)
    at = entry.header_offset + 22
    written[at : at + 4] = size.to_bytes(4, "little")
    at = content.rindex(part.encode()) - 46 + 24
    written[at : at + 4] = size.to_bytes(4, "little")
    return bytes(written)


def overlapping(count: int) -> bytes:
    """An archive whose directory names the same bytes again and again."""
    plain = packed({"xl/workbook.xml": b"x" * 100, "a" * 15: b"0" * 1_000_000})
    directory = plain.index(b"PK\x01\x02")
    first_end = plain.index(b"PK\x01\x02", directory + 4)
    second = plain[first_end : plain.index(b"PK\x05\x06")]
    copies = b"".join(second.replace(b"a" * 15, f"{number:015}".encode()) for number in range(count))
    entries = plain[directory:first_end] + copies
    end = bytearray(plain[plain.index(b"PK\x05\x06") :])
    end[8:12] = (count + 1).to_bytes(2, "little") * 2
    end[12:16] = len(entries).to_bytes(4, "little")
    return plain[:directory] + entries + bytes(end)


def test_what_is_made_to_do_harm_is_refused_unopened(tmp_path: Path) -> None:
    parts = parts_of(saved(workbook_of(["Name"])))
    linked = zipfile.ZipInfo("xl/link")
    linked.external_attr = 0o120777 << 16
    stream = io.BytesIO(packed(parts))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(linked, "/etc/passwd")
    refusals = [
        (packed(parts | {"xl/big.bin": b"0" * 50_000_000}), "a part of it unpacks to a suspicious size"),
        (packed(parts | {"../../etc/cron.d/x": b"x"}), "the name of a part leads out of it"),
        (packed(parts | {"/etc/cron.d/x": b"x"}), "the name of a part leads out of it"),
        (
            packed(parts | {f"{number}": b"" for number in range(2_001)}),
            f"it has {2_001 + len(parts):,} parts, more than 2,000",
        ),
        (packed(parts, zipfile.ZIP_BZIP2), "it is packed in a way that spreadsheet programs do not use"),
        (stream.getvalue(), "a part of it is a link"),
        (overlapping(300), "its parts overlap"),
    ]
    told = [refusal(content, tmp_path) for content, _ in refusals]
    assert told == [f"The workbook is not unpacked: {reason}. {SAVE_ANEW}" for _, reason in refusals]
    too_large = lying(packed(parts), "docProps/app.xml", 500_000_000)
    assert refusal(too_large, tmp_path).startswith("The workbook is not unpacked: a part of it unpacks to a suspicious")


def test_a_part_that_is_larger_than_it_says_is_read_no_further(tmp_path: Path) -> None:
    parts = workbook_with_sheet("<x:row><x:c><x:v>1</x:v></x:c></x:row>" * 1_000_000)
    content = lying(packed(parts), "xl/worksheets/sheet1.xml", 1_000)
    tracemalloc.start()
    try:
        assert refusal(content, tmp_path) == f"The workbook is damaged: a part of it cannot be unpacked. {SAVE_ANEW}"
        assert tracemalloc.get_traced_memory()[1] < 3 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "rows",
    [
        '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row><x:row r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
        '<x:row><x:c r="B1"><x:v>1</x:v></x:c></x:row>' + '<x:row><x:c t="s"><x:v>0</x:v></x:c></x:row>' * 20_000,
        "<x:row><x:c><x:v>1</x:v></x:c></x:row><x:row>" + '<x:c t="s"><x:v>0</x:v></x:c>' * 16_384 + "</x:row>",
        "<x:row><x:c><x:v>1</x:v></x:c></x:row><x:row><x:c><x:v>" + "9" * 20_000_000 + "</x:v></x:c></x:row>",
    ],
    ids=["two far corners", "one long text for everybody", "the same in one row", "a number of 20 MB"],
)
def test_a_sheet_takes_no_more_memory_than_a_row_of_it(reading: Reading, rows: str) -> None:
    # Not deflated: its ratio would give it away.
    content = packed(workbook_with_sheet(rows, f"<si><t>{'x' * 32_000}</t></si>"), zipfile.ZIP_STORED)
    tracemalloc.start()
    try:
        assert sum(1 for _ in reading.open(content).records()) > 0
        assert tracemalloc.get_traced_memory()[1] < 48 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    parts = workbook_with_sheet("")
    parts["xl/worksheets/sheet1.xml"] = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + parts["xl/worksheets/sheet1.xml"]
    assert refusal(packed(parts), tmp_path) == (
        f"The workbook is not unpacked: it defines entities, as no spreadsheet program does. {SAVE_ANEW}"
    )


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"a.csv": b"x"}, "The file is a ZIP archive. Unpack it and import the files in it one by one."),
        (
            {"xl/workbook.bin": b"", "[Content_Types].xml": b"", "_rels/.rels": b""},
            "The file is a binary workbook (.xlsb)",
        ),
        ({"mimetype": b"x", "content.xml": b""}, "The file is an OpenDocument file (.ods)"),
        ({"[Content_Types].xml": b"", "_rels/.rels": b"", "word/document.xml": b""}, "The file is a Word document"),
        ({"xl/workbook.xml": b"<workbook/>"}, "The workbook holds no sheet."),
        ({"xl/workbook.xml": b"<work"}, "The workbook is damaged: a part of it is no whole XML."),
    ],
)
def test_other_archives_are_called_by_their_names(tmp_path: Path, parts: dict[str, bytes], sentence: str) -> None:
    assert refusal(packed(parts), tmp_path).startswith(sentence)


def test_a_workbook_without_a_row_is_refused(tmp_path: Path) -> None:
    assert refusal(saved(Workbook()), tmp_path) == "The workbook holds no row."


def test_a_workbook_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    content = saved(workbook_of(["Name"], ["Jane"]))
    for length in range(4, len(content), 97):
        assert refusal(content[:length], tmp_path).startswith("The workbook is damaged: ")


def test_a_workbook_with_any_byte_changed_is_rows_or_refused(tmp_path: Path) -> None:
    content = saved(workbook_of(["Name", "Since"], ["Jane", date(2024, 1, 1)], ["Bob", 5]))
    path = tmp_path / "changed.xlsx"
    for place in range(4, len(content), 13):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            source = open_source(path)
        except Unreadable:
            continue
        with closing(source):
            until_unreadable(source)


def test_the_format_that_is_asked_for_is_the_one_that_is_read(tmp_path: Path) -> None:
    workbook = saved(workbook_of(["Name"], ["Jane"]))
    assert refusal(workbook, tmp_path, "csv") == "The file is an Excel workbook (.xlsx): import it as that."
    assert refusal(b"Name\nJane\n", tmp_path, "xlsx") == "The file is no Excel workbook (.xlsx)."


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=10)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(texts | st.integers(-(10**14), 10**14) | st.booleans(), min_size=2, max_size=2), max_size=5)
)
def test_any_cells_are_read_as_another_reader_reads_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    workbook = workbook_of(["Name", "Email"])
    for row in rows:
        # A formula has no value until a spreadsheet program computes one.
        workbook["Sheet"].append([f" {cell}" if str(cell).startswith("=") else cell for cell in row])
    workbook.save(path)
    with CalamineWorkbook.from_path(path) as read:
        other = read.get_sheet_by_index(0).to_python()[1:]
    expected = [[said(cell) for cell in row] for row in other]
    with closing(open_source(path)) as source:
        assert [record.raw for record in source.records()] == [row for row in expected if any(map(str.strip, row))]


def said(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(int(cell)) if isinstance(cell, float) else str(cell)

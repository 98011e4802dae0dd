"""Tables as text, as programs and people write them: every row accounted for, and where it stands in the file."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.importing.reading import open_source
from contacts.importing.records import Record, RowFault, Source, Unreadable
from contacts.spreadsheets import plain_cell
from tests.contacts.importing.reading_files import SAMPLES, Reading

TABLES = sorted(path.name for path in SAMPLES.glob("*.csv"))


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    made = Reading(tmp_path)
    yield made
    made.close()


def unreadable(value: str, message: str) -> RowFault:
    return RowFault("", value, "unreadable", message)


def test_every_row_of_a_table_with_all_kinds_of_faults_is_there_once(reading: Reading) -> None:
    source = reading.open(reading.sample("faults.csv"))
    assert source.format == "csv"
    assert source.has_header
    assert source.headers == ["First name", "Last name", "Email", "Email (2)", "Column 5", "Notes"]
    assert [(record.line, record.last_line, record.raw, record.fault) for record in source.records()] == [
        (2, 3, ["Jane", "Smith", "jane@example.com", "j2@example.com", "x", "two\nlines"], None),
        (4, 4, ["Short", "Row", "", "", "", ""], None),
        (
            5,
            5,
            ["Long", "Row", "long@example.com", "", "", "n", "one more"],
            unreadable("one more", "The row has 7 cells, the table only 6 columns."),
        ),
        (6, 6, ["Blanks", "Behind", "blanks@example.com", "", "", "n"], None),
        (
            9,
            9,
            ["Not", "Text", "café@example.com", "", "", "ümlaut"],
            unreadable(
                "Not,Text,café@example.com,,,ümlaut", "The row holds bytes that are no text in the file's encoding."
            ),
        ),
        (
            10,
            10,
            ["Zero\0Byte", "Row", "zero@example.com", "", "", ""],
            unreadable("Zero\0Byte,Row,zero@example.com,,,", "The row holds the character NUL."),
        ),
        (
            11,
            11,
            ["Misplaced", '"The "Boss" Row"', "boss@example.com", "", "", ""],
            unreadable(
                'Misplaced,"The "Boss" Row",boss@example.com,,,',
                "A quotation mark within a quoted cell is not doubled.",
            ),
        ),
        (12, 12, ["Blank", "Behind a mark", "mark@example.com", "", "", ""], None),
        (13, 13, ["Formula", "=1+1", "+15551234567@example.com", "", "", "'tis"], None),
        (14, 14, ["Mac", "Line", "mac@example.com", "", "", ""], None),
        (
            15,
            15,
            ["Unclosed", '"Row', "unclosed@example.com", "", "", ""],
            unreadable('Unclosed,"Row,unclosed@example.com,,,', "A quotation mark is never closed."),
        ),
        (16, 16, ["Søren", "Åberg", "soren@example.com", "", "", "closed"], None),
        (17, 17, ["Last", "Row", "last@example.com", "", "", "no line break behind it"], None),
    ]


@pytest.mark.parametrize(
    ("name", "headers", "rows"),
    [
        (
            "western.csv",
            ["Name", "E-Mail", "Telefon", "Straße"],
            [
                ["Jürgen Groß", "juergen@example.com", "030 1234567", "Hauptstr. 5\r\nHinterhaus"],
                ["Zoë", "zoe@example.com", "", "„Am Markt“"],
            ],
        ),
        (
            "utf16.csv",
            ["Όνομα", "E-mail"],
            [["Μαρία Παπαδοπούλου", "maria@example.com"], ["Jürgen", "juergen@example.com"]],
        ),
        ("excel.csv", ["Name", "E-mail"], [["Smíth, Jane", "jane@example.com"]]),
        (
            "mac.csv",
            ["Name", "E-mail", "Note"],
            [["Jane", "jane@example.com", "two\rlines"], ["Bob", "bob@example.com", ""]],
        ),
    ],
)
def test_encodings_delimiters_and_line_breaks_are_told_by_what_is_in_the_file(
    reading: Reading, name: str, headers: list[str], rows: list[list[str]]
) -> None:
    source = reading.open(reading.sample(name))
    assert source.headers == headers
    assert [record.raw for record in source.records()] == rows


def test_a_first_row_with_an_address_and_no_heading_is_somebody(reading: Reading) -> None:
    source = reading.open(reading.sample("unnamed.csv"))
    assert (source.has_header, source.headers) == (False, ["Column 1", "Column 2", "Column 3"])
    assert [(record.line, record.raw) for record in source.records()] == [
        (1, ["Jane Smith", "jane@example.com", "+1 555 123 4567"]),
        (2, ["Bob", "bob@example.com", ""]),
    ]


def test_a_heading_beside_an_address_makes_a_first_row_of_headings(reading: Reading) -> None:
    assert reading.open(b"Name,info@example.com\nJane,x\n").headers == ["Name", "info@example.com"]


def test_a_second_heading_of_one_name_leaves_every_other_its_own(reading: Reading) -> None:
    headers = reading.open(b"Email,Email,Email (2), Email ,\na,b,c,d,e\n").headers
    assert headers == ["Email", "Email (3)", "Email (2)", "Email (4)", "Column 5"]


def test_a_byte_that_is_no_utf8_far_behind_costs_only_its_own_row(reading: Reading) -> None:
    good = "Jürgen,juergen@example.com\n".encode()
    source = reading.open(b"Name,Email\n" + good * 50_000 + b"caf\xe9,x@example.com\n" + good)
    faults = [(record.line, record.raw) for record in source.records() if record.fault]
    assert faults == [(50_002, ["café", "x@example.com"])]


def test_a_forgotten_mark_swallows_no_other_row(reading: Reading) -> None:
    rows = b"".join(b"Bob %d,bob%d@example.com,n\n" % (number, number) for number in range(40_000))
    source = reading.open(b'Name,Email,Note\n"Jane,jane@example.com,n\n' + rows)
    records = list(source.records())
    assert len(records) == 40_001
    assert [record.line for record in records if record.fault] == [2]


@pytest.mark.parametrize("closing", [b'Bob "B" B,bob@example.com,n\n', b'B,bob@example.com",n\n', b'"Bob",b,"n"\n'])
def test_a_mark_that_another_row_happens_to_close_swallows_no_row_either(reading: Reading, closing: bytes) -> None:
    between = b"".join(b"Row %d,r%d@example.com,n\n" % (number, number) for number in range(200))
    source = reading.open(
        b'Name,Email,Note\n"Jane,jane@example.com,n\n' + between + closing + b"Last,l@example.com,n\n"
    )
    records = list(source.records())
    assert [record.line for record in records] == list(range(2, 205))
    assert [record.line for record in records if record.fault] == [2]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"x" * 10_000_000, 1),
        (b'"' + b"x" * 10_000_000 + b'"', 1),
        (b'"' + (b"x" * 1_000 + b'""y"",\r\n') * 10_000 + b'"', 10_001),
        (b'"' + b"x" * 200_000 + b'"', 1),
    ],
)
def test_a_cell_of_any_size_is_one_fault_and_takes_no_memory(reading: Reading, content: bytes, lines: int) -> None:
    source = reading.open(b"Name,Email,Note\nJane," + content + b",n\nBob,bob@example.com,n\n")
    tracemalloc.start()
    try:
        records = list(source.records())
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert [(record.line, record.last_line) for record in records] == [(2, 1 + lines), (2 + lines, 2 + lines)]
    assert records[0].fault is not None
    assert records[0].fault.message.startswith("The row is too large")
    assert len(str(records[0].raw)) < 10_000
    assert records[1].raw == ["Bob", "bob@example.com", "n"]


def test_a_table_of_a_hundred_thousand_columns_is_refused(reading: Reading) -> None:
    with pytest.raises(Unreadable, match="The table has 100,000 columns; at most 1,000 can be imported"):
        reading.open(b",".join(b"c%d" % number for number in range(100_000)) + b"\n1,2\n")


def test_a_table_written_to_the_right_end_of_a_sheet_has_the_columns_that_have_names(reading: Reading) -> None:
    source = reading.open(b"Name;Email" + b";" * 16_382 + b"\nJane;jane@example.com" + b";" * 16_382 + b"\n")
    records = list(source.records())
    assert (len(source.headers or ()), records[0].raw[:3]) == (2, ["Jane", "jane@example.com"])


@pytest.mark.parametrize("content", [b"", b"\n \r\n,,\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_row_is_refused(reading: Reading, content: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^The file (is empty|holds no row)\.$"):
        reading.open(content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"^The file cannot be opened: No such file or directory\.$"):
        open_source(tmp_path / "missing.csv")


def records_of(source: Source) -> list[Record]:
    return list(source.records())


@pytest.mark.parametrize("name", TABLES)
def test_reading_goes_on_behind_any_row(reading: Reading, name: str) -> None:
    source = reading.open(reading.sample(name))
    records = records_of(source)
    for number, record in enumerate(records, start=1):
        assert list(source.records(record.position, record.last_line)) == records[number:]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_cut_off_anywhere_is_rows_and_faults(reading: Reading, name: str) -> None:
    content = reading.sample(name)
    path = reading.folder / "cut.csv"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            source = open_source(path, "csv")
        except Unreadable:
            continue
        with closing(source):
            assert all(record.position <= (source.size or 0) for record in source.records())


@pytest.mark.parametrize("name", TABLES)
def test_failed_rows_come_back_as_the_same_rows_of_the_same_columns(reading: Reading, name: str) -> None:
    source = reading.open(reading.sample(name))
    records = records_of(source)
    again = reading.open(reading.failed(source, records))
    assert again.headers == source.headers
    assert [record.raw for record in again.records()] == [record.raw for record in records]


def test_the_file_of_failed_rows_says_below_its_own_heading_what_is_wrong(reading: Reading) -> None:
    source = reading.open(b"Name;E-mail\nJane;'=x\nBob;b;c\n")
    assert reading.failed(source, records_of(source)).decode() == (
        "\ufeffName;E-mail;Import error\r\n"
        'Jane;\'=x;"Email: is no address, ""x""; see above"\r\n'
        "Bob;b;The row has 3 cells, the table only 2 columns.;c\r\n"
    )


# Control characters that spreadsheets cannot write stay out; line breaks do not.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.text(
    "ab'\",;\t|\r\n =+-", max_size=6
)
western_cells = st.text("abcäöüÄÖÜßéè'\",;\t|\r\n ", max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, list[list[str]]]:
    """A table in some dialect and encoding, with everything in its cells that they can hold, and its rows."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]))
    headings = ["Name", "Email", "Phone", "Note"][: draw(st.integers(2, 4))]
    # Without a mark the evidence is in the letters.
    cell = cells if encoding in {"utf-8", "utf-8-sig", "utf-16", "utf-32"} else western_cells
    row = st.lists(cell, min_size=len(headings), max_size=len(headings)).filter(lambda row: any(map(str.strip, row)))
    rows = draw(st.lists(row, max_size=6))
    stream = io.StringIO(newline="")
    # The module quotes line breaks of another kind only where it quotes everything.
    line_break = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL if line_break == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(stream, delimiter=draw(st.sampled_from(",;\t|")), quoting=quoting, lineterminator=line_break)
    writer.writerows([headings, *rows])
    return stream.getvalue().encode(encoding), rows


@settings(max_examples=100, deadline=None)
@given(table=tables())
def test_what_was_written_is_read_in_every_dialect_and_encoding(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[bytes, list[list[str]]]
) -> None:
    content, rows = table
    path = tmp_path_factory.getbasetemp() / "table.csv"
    path.write_bytes(content)
    with closing(open_source(path, "csv")) as source:
        records = records_of(source)
        assert [record.raw for record in records] == [[plain_cell(cell) for cell in row] for row in rows]
        assert [record.fault for record in records] == [None] * len(rows)
        for number, record in enumerate(records, start=1):
            assert list(source.records(record.position, record.last_line)) == records[number:]
        stream = io.BytesIO()
        source.write_failed(stream, ((record, ()) for record in records))
    path.write_bytes(stream.getvalue())
    with closing(open_source(path, "csv")) as again:
        assert [record.raw for record in again.records()] == [record.raw for record in records]


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200) | st.text('ab",;\r\n\0é', max_size=60).map(str.encode))
def test_anything_at_all_is_rows_and_faults_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(content)
    try:
        source = open_source(path, "csv")
    except Unreadable:
        return
    with closing(source):
        records = records_of(source)
        lines = [record.line for record in records]
        assert lines == sorted(lines)
        for number, record in enumerate(records, start=1):
            assert list(source.records(record.position, record.last_line)) == records[number:]

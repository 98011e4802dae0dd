"""Files of vCards in every state: each card is there once, with its line, and none takes another with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.importing.reading import open_source
from contacts.importing.records import Record, Unreadable
from tests.contacts.importing.reading_files import Reading

UNENDED = "The card has no END:VCARD."
OUTSIDE = "This text stands in no card."
TOO_LARGE = "The card is too large: more than 1 MiB without its pictures, or more than 30 MiB with them."


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    made = Reading(tmp_path)
    yield made
    made.close()


def card(*lines: str, line_break: str = "\r\n") -> bytes:
    return line_break.join(["BEGIN:VCARD", *lines, "END:VCARD", ""]).encode()


def told(records: Iterator[Record]) -> list[tuple[int, int, bytes, str | None]]:
    """Where each stands, what it is, and what is wrong with it."""
    return [
        (each.line, each.last_line, each.raw, each.fault.message if each.fault is not None else None)
        for each in records
    ]


def test_every_card_of_an_ugly_file_is_there_once_with_its_line(reading: Reading) -> None:
    source = reading.open(reading.sample("ugly.vcf"))
    assert source.format == "vcard"
    assert told(source.records()) == [
        (1, 2, b"Exported by an old phone\r\n--", OUTSIDE),
        (
            3,
            7,
            b"begin:vcard\r\nVERSION:2.1\r\n"
            b"NOTE;ENCODING=QUOTED-PRINTABLE:two cards=\r\nEND:VCARD=0D=0A=\r\nBEGIN:VCARD",
            UNENDED,
        ),
        (8, 11, b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:No \r\n END:VCARD", UNENDED),
        (
            12,
            24,
            b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Boss\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Secretary\r\nEND:VCARD\r\n"
            b"TEL:1\r\nEND:VCARD",
            None,
        ),
        (24, 29, b"BEGIN:VCARD\r\nFN:Glued\r\nitem1.TEL:2\r\nEND:VCARD", None),
        (31, 31, b"between", OUTSIDE),
        (32, 34, b"BEGIN:VCARD\nFN:Feeds\nEND : vcard", None),
        (35, 37, b"BEGIN:VCARD\rFN:Returns\rEND:VCARD", None),
        (38, 39, b"BEGIN:VCARD\r\nFN:Cut o", UNENDED),
    ]


def test_a_soft_broken_line_before_the_end_of_a_card_does_not_swallow_the_next(reading: Reading) -> None:
    first = card("NOTE;QUOTED-PRINTABLE:trailing=")
    assert told(reading.open(first + card("FN:B")).records()) == [
        (1, 3, first.strip(), None),
        (4, 6, card("FN:B").strip(), None),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_cards_in_wide_letters_are_read_as_utf8(reading: Reading, encoding: str) -> None:
    cards = card("FN:Zoë") + card("FN:Μαρία")
    assert reading.rows(cards.decode().encode(encoding)) == [card("FN:Zoë").strip(), card("FN:Μαρία").strip()]


@pytest.mark.parametrize(
    "picture",
    [
        "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 20_000_000,
        "photo;base64:\r\n" + "A" * 70 + "\r\n" + ("B" * 72 + "\r\n") * 1_000 + "\r\n",
        "item1.PHOTO:data:image/png;base64," + ("A" * 74 + "\r\n ") * 20_000,
        "KEY;TYPE=PGP;ENCODING=b:" + "A" * 100_000,
    ],
    ids=["one line", "not indented", "folded", "key"],
)
def test_pictures_are_left_out_and_take_no_memory(reading: Reading, picture: str) -> None:
    source = reading.open(card("FN:A", picture, "TEL:1") + card("FN:B"))
    tracemalloc.start()
    try:
        raws = [record.raw for record in source.records() if record.fault is None]
        assert tracemalloc.get_traced_memory()[1] < 3 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert raws == [card("FN:A", "TEL:1").strip(), card("FN:B").strip()]


def test_the_address_of_a_picture_stays(reading: Reading) -> None:
    content = card("PHOTO;VALUE=uri:https://example.com/a.jpg", "FN:A")
    assert reading.rows(content) == [content.strip()]


@pytest.mark.parametrize(
    "lines",
    [["NOTE:" + "x" * 10_000_000], ["TEL:1"] * 200_000, ["PHOTO:" + "x" * 32_000_000]],
    ids=["a line of 10 MB", "far too many properties", "a picture of 32 MB"],
)
def test_a_card_of_any_size_is_one_fault_and_takes_no_memory(reading: Reading, lines: list[str]) -> None:
    source = reading.open(card("FN:A", *lines) + card("FN:B"))
    records = list(source.records())
    assert [each.fault and each.fault.message for each in records] == [TOO_LARGE, None]
    assert (records[1].line, records[1].raw) == (len(lines) + 4, card("FN:B").strip())
    assert len(records[0].raw) <= 1024 * 1024


def test_a_file_without_a_card_is_refused(reading: Reading) -> None:
    with pytest.raises(Unreadable, match="The file holds no vCard: nothing in it begins with BEGIN:VCARD"):
        reading.open(b"Name,Email\n", "vcard")


def test_reading_goes_on_behind_any_card(reading: Reading) -> None:
    source = reading.open(reading.sample("ugly.vcf"))
    records = list(source.records())
    for number, record in enumerate(records, start=1):
        assert list(source.records(record.position, record.last_line)) == records[number:]


def test_failed_cards_come_back_as_the_same_cards(reading: Reading) -> None:
    source = reading.open(reading.sample("ugly.vcf"))
    records = list(source.records())
    assert reading.rows(reading.failed(source, records)) == [record.raw for record in records]


def test_a_failed_card_says_below_its_first_line_what_is_wrong(reading: Reading) -> None:
    source = reading.open(card("FN:A", "PHOTO:x"))
    assert reading.failed(source, list(source.records())) == card(
        r'X-IMPORT-ERROR:Email: is no address\, "x"\; see above', "FN:A"
    )


def test_a_file_cut_off_anywhere_is_cards_and_faults(reading: Reading) -> None:
    content = reading.sample("ugly.vcf")
    for length in range(0, len(content), 3):
        path = reading.folder / "cut.vcf"
        path.write_bytes(content[:length])
        try:
            source = open_source(path, "vcard")
        except Unreadable:
            continue
        with closing(source):
            assert all(record.position <= (source.size or 0) for record in source.records())


lines = st.sampled_from(
    [
        "BEGIN:VCARD",
        "END:VCARD",
        "END:VCARDBEGIN:VCARD",
        " folded",
        "AGENT:",
        "AGENT:BEGIN:VCARD",
        "PHOTO:abc",
        "abc",
        "",
    ]
    + ["N;QUOTED-PRINTABLE:a=", "b=", "VERSION:2.1", "TEL:1", "\0\xff"]
)


@settings(max_examples=150, deadline=None)
@given(written=st.lists(st.tuples(lines, st.sampled_from(["\n", "\r\n", "\r"])), max_size=25))
def test_lines_in_any_order_are_cards_and_faults_that_can_be_read_from_any_on(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.vcf"
    path.write_bytes(b"BEGIN:VCARD\n" + "".join(line + line_break for line, line_break in written).encode("latin-1"))
    with closing(open_source(path, "vcard")) as source:
        records = list(source.records())
        for number, record in enumerate(records, start=1):
            assert list(source.records(record.position, record.last_line)) == records[number:]

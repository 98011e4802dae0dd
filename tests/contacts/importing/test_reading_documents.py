"""JSON of our own and of three vendors, page after page: every contact once, and one at fault costs only itself."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.importing.reading import open_source
from contacts.importing.records import Unreadable
from tests.contacts.importing.reading_files import Reading, until_unreadable

PAYLOADS = Path(__file__).parents[2] / "payloads"
CUT_OFF = "The file ends in the middle: its last contact is not whole."
MISSING = "The file ends in the middle: what comes behind the last contact is missing."

JANE = {"id": "contact_1", "firstName": "Jane", "tags": ["{", "]"], "address": {"city": "Zoëville"}}
BOB = {"id": "contact_2", "firstName": 'B"ob', "notes": "[{\\"}
WINNERR = {"success": True, "data": [JANE, BOB], "pagination": {"hasMore": True, "nextCursor": "e{yJ", "total": 2}}
RENTALOT = {"data": [{"name": "Jane", "createdAt": None}], "pagination": {"page": 1}}
ESTATEPRIME = {"status": 200, "page": 1, "total_pages": 1, "data": [{"id": 1, "first_name": "Jane", "phones": []}]}


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    made = Reading(tmp_path)
    yield made
    made.close()


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def pretty(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


@pytest.mark.parametrize("write", [compact, pretty])
@pytest.mark.parametrize(
    ("document", "format", "contacts"),
    [
        (WINNERR, "winnerr", [JANE, BOB]),
        ([WINNERR, WINNERR], "winnerr", [JANE, BOB, JANE, BOB]),
        ({"success": True, "data": JANE}, "winnerr", [JANE]),
        ([JANE, BOB], "winnerr", [JANE, BOB]),
        (JANE, "winnerr", [JANE]),
        (RENTALOT, "rentalot", RENTALOT["data"]),
        (RENTALOT["data"], "rentalot", RENTALOT["data"]),
        ({"data": [], "pagination": {"page": 9}}, "rentalot", []),
        (ESTATEPRIME, "estateprime", ESTATEPRIME["data"]),
        ({"status": 200, "data": {"id": 1, "first_name": "J"}}, "estateprime", [{"id": 1, "first_name": "J"}]),
        ([{"first_name": "J", "is_lead": True}], "estateprime", [{"first_name": "J", "is_lead": True}]),
        ([{"first_name": "J", "uuid": "x", "phones": "y"}], "json", [{"first_name": "J", "uuid": "x", "phones": "y"}]),
        ({"full_name": "Jane"}, "json", [{"full_name": "Jane"}]),
    ],
)
def test_whose_json_it_is_shows_in_its_words_however_it_is_wrapped(
    reading: Reading, write: Any, document: Any, format: str, contacts: list[Any]
) -> None:
    source = reading.open(write(document))
    assert source.format == format
    assert [(record.line, record.raw, record.fault) for record in source.records()] == [
        (number, contact, None) for number, contact in enumerate(contacts, start=1)
    ]


def test_pages_one_after_another_are_one_file(reading: Reading) -> None:
    source = reading.open(pretty(WINNERR) + b"\n" + compact(WINNERR) + compact({"success": True, "data": []}))
    records = list(source.records())
    assert [(record.line, record.raw) for record in records] == [(1, JANE), (2, BOB), (3, JANE), (4, BOB)]
    for number, record in enumerate(records, start=1):
        assert list(source.records(record.position, record.last_line)) == records[number:]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("winnerr/list_contacts.response.json", ["contact_123"]),
        ("winnerr/get_contact.response.json", ["contact_123"]),
        ("winnerr/contact.json", ["contact_123e4567-e89b-12d3-a456-426614174000"]),
        ("rentalot/list_contacts.response.json", ["550e8400-e29b-41d4-a716-446655440000"]),
        ("estateprime/contact.json", [1489]),
    ],
)
def test_what_the_vendors_print_is_read(reading: Reading, path: str, names: list[Any]) -> None:
    source = reading.open((PAYLOADS / path).read_bytes())
    assert (source.format, [record.raw["id"] for record in source.records()]) == (path.split("/")[0], names)


def test_an_element_at_fault_costs_only_itself(reading: Reading) -> None:
    source = reading.open(reading.sample("elements.json"))
    assert source.format == "estateprime"
    assert [(record.line, record.raw, record.fault and record.fault.message) for record in source.records()] == [
        (1, {"id": 1, "first_name": "Trailing", "tags": [1, 2], "is_lead": True}, None),
        (2, b'{"id":2,"id":3}', "An object in it gives one name twice."),
        (3, b'{"id":NaN}', "NaN is no JSON value."),
        (4, b'{"first_name":"\\ud83d"}', "A text in it holds the character NUL or half of a surrogate pair."),
        (5, b'{"first_name":"\\u0000"}', "A text in it holds the character NUL or half of a surrogate pair."),
        (6, {"first_name": "\U0001f600 \\u0000"}, None),
        (7, b'{"id":' + b"9" * 31 + b"}", "A number in it has more than 30 digits."),
        (8, b'{"id":1e999}', "A number in it is too large, or has more than 30 digits."),
        (9, b"17", "It is no JSON object."),
        (10, b'"text"', "It is no JSON object."),
        (11, b'{"first_name" "x"}', "It is not valid JSON: Expecting ':' delimiter at character 15."),
        (12, b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "It is nested more than 32 levels deep."),
        (13, b'{"first_name":"caf\xe9"}', "It is not valid UTF-8."),
        (14, {"first_name": "Last"}, None),
    ]


def test_a_line_at_fault_costs_only_itself(reading: Reading) -> None:
    source = reading.open(b'\xef\xbb\xbf{"full_name":"A"}\n{"full_name":\r\n\n"x"\n' + b'{"full_name":"B"}\r\n' * 10)
    assert source.format == "json"
    assert [(record.line, record.raw, record.fault and record.fault.message) for record in source.records()] == [
        (1, {"full_name": "A"}, None),
        (2, b'{"full_name":', "It is not valid JSON: Expecting value at character 14."),
        (4, b'"x"', "It is no JSON object."),
        *((line, {"full_name": "B"}, None) for line in range(5, 15)),
    ]


DEEP = b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"not json", "It is not valid JSON: Expecting value at character 1."),
        (b'{"email":"c@x.example"},', "It is not valid JSON: Extra data at character 24."),
        (b'{"email":"c@x.example"}{"email":"d@x.example"}', "It is not valid JSON: Extra data at character 24."),
        (b'{"data":[{"email":"c@x.example"}', "It is not valid JSON: Expecting ',' delimiter at character 33."),
        (b"[" * 100_000, "It is not valid JSON."),
        (b"]]]}", "It is not valid JSON: Expecting value at character 1."),
        (DEEP, "It is nested more than 32 levels deep."),
    ],
)
def test_after_a_first_line_that_is_an_object_each_line_is_a_contact_or_a_fault(
    reading: Reading, bad: bytes, message: str
) -> None:
    good = b'{"email":"a@x.example","extra":{"data":[]}}'
    for content in (good + b"\n" + bad + b"\n" + good, b"\n".join([good, *[bad] * 30, good])):
        source = reading.open(content)
        assert (source.format, source.suffix) == ("json", ".jsonl")
        records = list(source.records())
        lines = content.splitlines()
        assert [(record.line, record.fault and record.fault.message) for record in records] == [
            (number, None if line == good else message) for number, line in enumerate(lines, start=1)
        ]
        assert [record.raw for record in records[1:-1]] == lines[1:-1]
        for record in records:
            assert list(source.records(record.position, record.last_line)) == records[record.line :]


def test_failed_lines_come_out_as_lines_and_one_that_is_no_object_as_it_was(reading: Reading) -> None:
    source = reading.open(b'{"email":"a"}\nnot json\n{"email":"b"}\n')
    failed = reading.failed(source, list(source.records()))
    told = json.dumps('Email: is no address, "x"; see above').encode()
    assert failed.splitlines() == [
        b'{"email":"a","importError":' + told + b"}",
        b"not json",
        b'{"email":"b","importError":' + told + b"}",
    ]
    assert [reading.open(content).suffix for content in (failed, pretty([JANE]), compact(WINNERR))] == [
        ".jsonl",
        ".json",
        ".json",
    ]


@pytest.mark.parametrize("wrapped", [b'{"data":[%b,{"name":"B"}]}', b'{"name":"A"}\n%b\n{"name":"B"}'])
def test_an_element_of_any_size_is_one_fault_and_takes_no_memory(reading: Reading, wrapped: bytes) -> None:
    large = b'{"name":"' + (b'}]\\"' + b"x" * 1_000) * 10_000 + b'"}'
    source = reading.open(wrapped % large, "rentalot")
    tracemalloc.start()
    try:
        records = list(source.records())
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert [record.fault and record.fault.message for record in records][-2:] == ["It is larger than 1 MiB.", None]
    assert [record.raw for record in records][-2:] == [{}, {"name": "B"}]


@pytest.mark.parametrize(
    ("content", "read", "sentence"),
    [
        (compact(WINNERR)[:-1], 2, MISSING),
        (b"[" + compact(JANE), 1, MISSING),
        (b"[" + compact(JANE)[:-1], 0, CUT_OFF),
        (b"[" + compact(JANE) + b"]]", 1, "The file is not valid JSON: its brackets do not fit at byte 88."),
        (b"[" * 100_000, 0, "The file is not valid JSON: its brackets do not fit at byte 8."),
        (b'{"a":' * 100_000, 0, CUT_OFF),
        (b'[{"a":1} : {"b":2}]', 1, "The file is not valid JSON at byte 9."),
    ],
)
def test_where_the_rest_cannot_be_told_apart_what_came_before_was_read(
    reading: Reading, content: bytes, read: int, sentence: str
) -> None:
    found = until_unreadable(reading.open(content, "json"))
    assert (len(found) - 1, found[-1]) == (read, sentence)


def test_what_is_no_json_is_refused(reading: Reading) -> None:
    with pytest.raises(Unreadable, match="The file is no JSON: it begins with neither"):
        reading.open(b"Name,Email\n", "json")


SOURCES = [
    compact(WINNERR),
    compact([RENTALOT]),
    pretty(ESTATEPRIME),
    compact(JANE) + b"\n" + compact(BOB) + b"\n{broken\n" + compact(BOB) * 1 + b"\n" + compact(JANE),
    pretty([{"full_name": "A"}, {"full_name": "B"}]),
]


@pytest.mark.parametrize("content", [*SOURCES, None])
def test_failed_contacts_come_back_as_the_same_contacts_of_the_same_format(
    reading: Reading, content: bytes | None
) -> None:
    source = reading.open(content or reading.sample("elements.json"))
    records = list(source.records())
    again = reading.open(reading.failed(source, records))
    assert again.format == source.format
    assert [record.raw for record in again.records()] == [record.raw for record in records]


@pytest.mark.parametrize(
    ("content", "written"),
    [
        (
            compact({"success": True, "data": [{"firstName": "J"}]}),
            '{"success":true,"data":[\n{"firstName":"J","importError":"Email: is no address, \\"x\\"; see above"}\n'
            '],"pagination":{"hasMore":false,"nextCursor":null,"total":1,"limit":1}}\n',
        ),
        (
            b'{"full_name":"J"}',
            '{"full_name":"J","importError":"Email: is no address, \\"x\\"; see above"}\n',
        ),
        (
            compact({"status": 200, "data": []}),
            '{"status":200,"page":1,"total_pages":1,"data":[\n],"results_per_page":0,"total_results":0}\n',
        ),
    ],
)
def test_the_file_of_failed_contacts_says_in_each_what_is_wrong(reading: Reading, content: bytes, written: str) -> None:
    source = reading.open(content)
    assert reading.failed(source, list(source.records())).decode() == written


@pytest.mark.parametrize("content", [*SOURCES, None])
def test_a_file_cut_off_anywhere_is_contacts_and_faults_or_refused(reading: Reading, content: bytes | None) -> None:
    content = content or reading.sample("elements.json")
    for length in range(0, len(content), 2):
        path = reading.folder / "cut.json"
        path.write_bytes(content[:length])
        try:
            source = open_source(path, "winnerr")
        except Unreadable:
            continue
        with closing(source):
            until_unreadable(source)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**28), 10**28)
    | st.floats(allow_nan=False, allow_infinity=False)
    # What no database stores is a fault.
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
    | st.sampled_from(['"', "\\", "{", "]", '\\"}', "data"]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text("abd{", max_size=3), children, max_size=3)
    ),
    max_leaves=8,
).filter(lambda value: len(compact(value)) < 2_000)
contacts = st.dictionaries(st.text('abc]"\\', min_size=1, max_size=4), values, max_size=4)


@settings(max_examples=100, deadline=None)
@given(
    pages=st.lists(st.lists(contacts, max_size=3), min_size=1, max_size=3),
    write=st.sampled_from([compact, pretty]),
    joint=st.sampled_from([b"", b"\n", b" ,\n"]),
)
def test_any_contacts_in_any_pages_are_read_from_any_on(
    tmp_path_factory: pytest.TempPathFactory, pages: list[list[Any]], write: Any, joint: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(joint.join(write({"page": 1, "data": page, "next": {"data": "}"}}) for page in pages))
    with closing(open_source(path, "rentalot")) as source:
        records = list(source.records())
        assert [record.raw for record in records] == [contact for page in pages for contact in page]
        for number, record in enumerate(records, start=1):
            assert list(source.records(record.position, record.last_line)) == records[number:]

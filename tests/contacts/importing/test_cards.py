"""vCards as programs write them, and what is understood of them. The files under ``payloads/imports/vcards`` have the
manners of the program they are named after, and invented people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.drafts import ContactDraft, PhoneDraft, RelatedPersonDraft
from contacts.field_types import FIELD_TYPES, Definition
from contacts.importing.cards import CardInterpreter
from contacts.importing.context import Context, KnownField
from contacts.importing.documents import document_interpreter
from contacts.importing.records import IgnoredColumn, Interpreted, Record, RowFault

CARDS = Path(__file__).parents[2] / "payloads" / "imports" / "vcards"
NO_FIELD = "no custom field has this name"

SAMPLES = sorted(path.stem for path in CARDS.glob("*.json"))


def field(number: int, name: str, kind: str) -> KnownField:
    """A custom field of an organization in Vienna."""
    definition = Definition(key=str(number), options={1: "Left", 2: "Right"}, time_zone=ZoneInfo("Europe/Vienna"))
    return KnownField(number, name, FIELD_TYPES[kind], definition)


def interpreted(card: bytes | str, interpreter: CardInterpreter | None = None) -> Interpreted:
    """What is understood of one card."""
    raw = card.encode() if isinstance(card, str) else card
    record = Record(line=1, last_line=1, raw=raw, position=len(raw))
    return (interpreter or CardInterpreter(Context())).interpret(record)


def card_with(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def cards_in(name: str) -> list[bytes]:
    """The cards of a file; a card inside a card stays where it is."""
    data = (CARDS / f"{name}.vcf").read_bytes()
    return [data] if b"AGENT" in data else re.findall(rb"(?is).+?END:VCARD\s*", data)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_cards_of_every_program_say_what_stands_beside_them(name: str) -> None:
    expected = json.loads((CARDS / f"{name}.json").read_bytes())
    own = document_interpreter("json", Context())
    drafts = [own.interpret(Record(line=1, last_line=1, raw=document, position=0)).draft for document in expected]
    assert [interpreted(card) for card in cards_in(name)] == [Interpreted(draft, []) for draft in drafts]


def test_there_is_no_sample_that_nobody_looks_at() -> None:
    assert sorted(path.stem for path in CARDS.glob("*.vcf")) == sorted([*SAMPLES, "group"])


def test_a_list_of_contacts_is_no_contact() -> None:
    (card,) = cards_in("group")
    fault = RowFault("KIND", "group", "invalid_value", "is a list of contacts")
    assert interpreted(card) == Interpreted(ContactDraft(), [fault])


def test_what_has_no_place_is_listed_with_the_reason() -> None:
    interpreter = CardInterpreter(Context())
    for name in ("sloppy", "thunderbird", "gmail"):
        for card in cards_in(name):
            interpreted(card, interpreter)
    media = ("KEY", "LOGO", "PHOTO", "SOUND", "THUMBNAIL", "X-MS-CARDPICTURE", "X-MS-OL-DESIGN")
    assert interpreter.ignored() == [
        IgnoredColumn("REV", "says when the card was written, and not when the contact was made"),
        *(IgnoredColumn(name, "pictures, sounds and keys are not kept") for name in media),
        IgnoredColumn("EMAIL;TYPE=X400", "is no address of internet mail"),
        IgnoredColumn("THIRD", NO_FIELD),
        IgnoredColumn("(no property)", "is a line without a name and a colon"),
        *(IgnoredColumn(name, NO_FIELD) for name in ("TITLE", "GENDER", "BDAY", "X-TIMEZONE", "DEPARTMENT")),
        IgnoredColumn("RELATED (not a name)", "points to another card"),
        *(IgnoredColumn(name, NO_FIELD) for name in ("X-PHONETIC-FIRST-NAME", "URL", "X-ABDATE")),
    ]


def test_custom_fields_take_what_has_their_name() -> None:
    fields = (
        field(1, "Birthday", "date"),
        field(2, "website", "url"),
        field(3, "Job Title", "text"),
        field(4, "Department", "text"),
        field(5, "Shoe size", "number"),
        field(6, "Wishes", "select_multi"),
        field(7, "Callback", "datetime"),
    )
    interpreter = CardInterpreter(Context(fields=fields))
    card = card_with(
        "FN:Ann",
        "ORG:Alpha;Sales;Berlin",
        "BDAY:19800322",
        "URL:www.second.example",
        "URL;TYPE=pref:www.first.example",
        "TITLE:Agent",
        "X-SHOE-SIZE:42",
        "X-WISHES:Left; Right",
        "X-CALLBACK:20260210T143000Z",
    )
    values = {
        1: "1980-03-22",
        2: "http://www.first.example",
        3: "Agent",
        4: "Sales, Berlin",
        5: "42",
        6: ["Left", "Right"],
        7: "2026-02-10T14:30:00Z",
    }
    expected = ContactDraft(full_name="Ann", company_name="Alpha", custom_values=values)
    assert interpreted(card, interpreter) == Interpreted(expected, [])
    assert [interpreter.column_of(f"custom_fields.{number}") for number in (1, 3, 5)] == [
        "BDAY",
        "TITLE",
        "X-SHOE-SIZE",
    ]
    assert interpreter.ignored()[8:] == [IgnoredColumn("URL (further ones)", "the field holds one value")]


def test_a_birthday_without_a_year_is_no_date() -> None:
    interpreter = CardInterpreter(Context(fields=(field(1, "Birthday", "date"),)))
    assert interpreted(card_with("FN:Ann", "BDAY:--0412"), interpreter).draft == ContactDraft(full_name="Ann")
    assert interpreter.ignored()[8:] == [IgnoredColumn("BDAY without a year", "is no date")]


def test_a_value_that_is_no_text_of_its_field_is_a_fault() -> None:
    interpreter = CardInterpreter(Context(fields=(field(1, "Wishes", "select_multi"),)))
    card = card_with("FN:Ann", 'X-WISHES:"' + "x" * 140_000)
    found = interpreted(card, interpreter)
    fault = RowFault("X-WISHES", '"' + "x" * 198 + "…", "invalid_value", "must be texts between semicolons")
    assert found == Interpreted(ContactDraft(full_name="Ann"), [fault])


def test_faults_of_the_rules_are_told_in_the_card_s_words() -> None:
    names = (
        "email",
        "further_emails.0.email",
        "phone",
        "further_phones.1.label",
        "zip_code",
        "tags.1",
        "related_people.0.email",
        "custom_fields.7",
        "status",
    )
    told = ["EMAIL", "EMAIL", "TEL", "TEL", "ADR", "CATEGORIES", "RELATED", "custom_fields.7", "status"]
    assert [CardInterpreter(Context()).column_of(name) for name in names] == told


def test_what_would_be_used_is_said_beforehand() -> None:
    used = CardInterpreter(Context(fields=(field(1, "Birthday", "date"),))).used()
    assert [(column.column, column.target) for column in used] == [
        ("N", "first_name"),
        ("FN", "full_name"),
        ("ORG", "company_name"),
        ("KIND", "is_company"),
        ("X-ABSHOWAS", "is_company"),
        ("EMAIL", "email"),
        ("TEL", "phone"),
        ("ADR", "street"),
        ("LABEL", "street"),
        ("NOTE", "notes"),
        ("CATEGORIES", "tags"),
        ("LANG", "language"),
        ("CREATED", "created_at"),
        ("UID", "uuid"),
        ("RELATED", "related_people"),
        ("X-ABRELATEDNAMES", "related_people"),
        ("X-SPOUSE", "related_people"),
        ("AGENT", "related_people"),
        ("BDAY", "Birthday"),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["N:;;;;", "FN:Alpha", "ORG:Alpha"], {"is_company": True, "company_name": "Alpha"}),
        (["KIND:org", "FN:Alpha"], {"is_company": True, "company_name": "Alpha"}),
        (["KIND:individual", "FN:Ann", "ORG:Ann"], {"is_company": False, "company_name": "Ann"}),
        (["FN:+1 555 0100", "TEL:+1 555 0100"], {"phone": "+1 555 0100"}),
        (["FN:A\\,B\\;C\\\\D\\nE\\xF"], {"full_name": "A,B;C\\D E\\xF"}),
        (["FN:Ann", "TEL;FAX:1", "TEL:2"], {"phone": "2", "further_phones": (PhoneDraft(phone="1", label="fax"),)}),
        (["FN:Ann", "TEL;VALUE=uri:tel:7042;phone-context=+1-914-555"], {"phone": "7042;phone-context=+1-914-555"}),
        (["FN:Ann", "EMAIL:A@example.com", "EMAIL:a@example.com"], {"email": "A@example.com"}),
        (["FN:Ann", "EMAIL:no address", "TEL:"], {"email": "no address"}),
        (["FN:Ann", 'ADR;LABEL="1 Street^nTown":;;;;;;'], {"street": "1 Street, Town"}),
        (["FN:Ann", "LABEL:1 Street\\nTown"], {"street": "1 Street, Town"}),
        (["FN:Ann", "NOTE:one", "NOTE:two"], {"notes": "one\ntwo"}),
        (["FN:Ann", "NOTE:fol", " ded", "\ttwice"], {"notes": "foldedtwice"}),
        (["FN:Ann", "RELATED:tel:+1-555"], {"related_people": (RelatedPersonDraft(mobile="+1-555"),)}),
        (["FN:Ann", "CREATED:yesterday"], {}),
        (["FN:Ann", "X-LATCHKEY:{not json"], {}),
        (["FN:Ann", "UID:477343c8e6bf375a9bac1f96a5000837"], {}),
        (["FN;CHARSET=unicode_escape:\\x41nn", "FN;CHARSET=nobody's:Ann"], {"full_name": "\\x41nn"}),
    ],
)  # fmt: skip
def test_a_card_says(lines: list[str], said: dict[str, Any]) -> None:
    expected = {"full_name": "Ann"} | said if "FN:Ann" in lines and "KIND:individual" not in lines else said
    assert interpreted(card_with(*lines)) == Interpreted(ContactDraft(**expected), [])


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_line_ends_and_encodings_make_no_difference(newline: str, encoding: str) -> None:
    text = card_with("FN:Évelyne Öst", "NOTE:für", "  später").replace("\r\n", newline)
    said = ContactDraft(full_name="Évelyne Öst", notes="für später")
    assert interpreted(text.encode(encoding)).draft == said


def test_a_card_without_an_end_is_read_as_far_as_it_goes() -> None:
    assert interpreted("BEGIN:VCARD\nFN:Ann\nNOTE;ENCODING=QUOTED-PRINTABLE:half=").draft == ContactDraft(
        full_name="Ann", notes="half"
    )


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("BEGIN:VCARD\n" + "TEL:1\n" * 10_000, "has more than 5,000 lines"),
        ("BEGIN:VCARD\nNOTE:" + "x" * 5_000_000, "is longer than 4 MiB without its pictures"),
    ],
    ids=["lines", "bytes"],
)
def test_a_card_that_only_wants_to_keep_us_busy_is_refused(card: str, message: str) -> None:
    assert interpreted(card) == Interpreted(ContactDraft(), [RowFault("", "", "unreadable", message)])


samples = st.sampled_from(sorted(card for name in [*SAMPLES, "group"] for card in cards_in(name)))
changes = st.lists(st.tuples(st.integers(0, 3_000), st.binary(max_size=6), st.integers(0, 40)), max_size=8)


@given(samples, changes)
def test_no_bytes_make_it_raise(card: bytes, changes: list[tuple[int, bytes, int]]) -> None:
    for place, replacement, length in changes:
        card = card[:place] + replacement + card[place + length :]
    found = interpreted(
        card, CardInterpreter(Context(fields=(field(1, "Birthday", "date"), field(2, "Title", "select"))))
    )
    assert all(fault.message and "\x00" not in fault.value for fault in found.faults)


@given(st.binary(max_size=400))
def test_neither_do_bytes_that_are_no_card(data: bytes) -> None:
    assert isinstance(interpreted(data).draft, ContactDraft)


def test_halves_of_characters_are_no_text_in_whatever_charset_they_are_spelled() -> None:
    card = card_with("N:Smith;Ann;;;", "NOTE;CHARSET=UTF-7;ENCODING=QUOTED-PRINTABLE:+2AA-alone", version="2.1")
    assert interpreted(card).draft.notes == "+2AA-alone"
    whole = card_with("N:Smith;Ann;;;", "NOTE;CHARSET=UTF-7;ENCODING=QUOTED-PRINTABLE:+2D3eAA-together", version="2.1")
    assert interpreted(whole).draft.notes == "\N{GRINNING FACE}together"

"""How cells become what a draft says, and what is wrong with those that cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.drafts import (
    ContactDraft,
    EmailDraft,
    PhoneDraft,
    PreferencesDraft,
    PriceRange,
    RelatedPersonDraft,
)
from contacts.field_types import FIELD_TYPES, Definition
from contacts.importing.columns import TARGETS, Mapping, TableInterpreter
from contacts.importing.context import Context, KnownField
from contacts.importing.records import Interpreted, Record, RowFault

BERLIN = ZoneInfo("Europe/Berlin")
OPTIONS = {1: "Garden", 2: "Pool"}
CONTEXT = Context(
    time_zone=BERLIN,
    fields=tuple(
        KnownField(number, kind, FIELD_TYPES[kind], Definition(key=str(number), options=OPTIONS, time_zone=BERLIN))
        for number, kind in enumerate(FIELD_TYPES, start=1)
    ),
    members={"ann@north.example": 3, "bob lee": 4},
)
NUMBERS = {known.name: known.number for known in CONTEXT.fields}
UUID_TEXT = "018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f"


def read(cells: dict[str, str]) -> Interpreted:
    """A row whose columns are called by what they become."""
    headers = list(cells)
    mapping = Mapping.from_json({"columns": {heading: heading for heading in headers}}, headers, CONTEXT)
    record = Record(line=2, last_line=2, raw=list(cells.values()), position=0)
    return TableInterpreter(mapping, headers, CONTEXT).interpret(record)


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # as many parts as a test gives


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"email": " Jane <jane@a.example> "}, {"email": "jane@a.example"}),
        ({"email": "mailto:jane@a.example?subject=x"}, {"email": "jane@a.example"}),
        (
            {"email": "a@b.example, c@d.example; a@b.example"},
            {"email": "a@b.example", "further_emails": (EmailDraft(email="c@d.example"),)},
        ),
        # What is no address is for the rules of every door to refuse.
        ({"email": "nobody at home"}, {"email": "nobody at home"}),
        ({"email": "n/a", "source": "web"}, {"source": "web"}),
        (
            {"email": "", "further_email:Work": "a@b.example", "further_email": "c@d.example"},
            {"email": "a@b.example", "email_label": "Work", "further_emails": (EmailDraft(email="c@d.example"),)},
        ),
        (
            {"email": "", "further_emails": 'a@b.example; Home: c@d.example; "x; y: e@f.example"'},
            {
                "further_emails": (
                    EmailDraft(email="a@b.example"),
                    EmailDraft(email="c@d.example", label="Home"),
                    EmailDraft(email="e@f.example", label="x; y"),
                )
            },
        ),
        (
            {"email_label": "* Home", "email": "a@b.example", "email_note": "weekends"},
            {"email": "a@b.example", "email_label": "Home", "email_note": "weekends"},
        ),
        ({"phone": "tel:+1-555-123-4567"}, {"phone": "+1-555-123-4567"}),
        (
            {"phone": "030 123456 / 0151 2345678"},
            {"phone": "030 123456", "further_phones": (PhoneDraft(phone="0151 2345678"),)},
        ),
        ({"phone": "030/123456"}, {"phone": "030/123456"}),
        ({"phone": "+1 555 123 4567;ext=12"}, {"phone": "+1 555 123 4567;ext=12"}),
        ({"phone": "1-800-FLOWERS"}, {"phone": "1-800-FLOWERS"}),
        (
            {"phone": "", "further_phone:Fax": "555 0001", "further_phone:Work": "555 0002"},
            {
                "phone": "555 0002",
                "phone_label": "Work",
                "further_phones": (PhoneDraft(phone="555 0001", label="Fax"),),
            },
        ),
        ({"phone": "555 0001", "further_phone:Home": "555 0001"}, {"phone": "555 0001"}),
        ({"tags": "buyer, vip ,, buyer"}, {"tags": ("buyer", "vip")}),
        ({"tags": "buyer; very, very rich"}, {"tags": ("buyer", "very, very rich")}),
        ({"tags": "buyer|vip"}, {"tags": ("buyer", "vip")}),
        ({"tags": '"VIP","Blog, weekly"'}, {"tags": ("VIP", "Blog, weekly")}),
        ({"tags": '"a" ::: b'}, {"tags": ("a", "b")}),
        ({"tags": "* myContacts ::: * starred ::: Friends"}, {"tags": ("starred", "Friends")}),
        ({"tags:;": 'a, b; "c; d"'}, {"tags": ("a, b", "c; d")}),
        ({"tags:,": "a; b, c"}, {"tags": ("a; b", "c")}),
        (
            {"tags": "a", "mailing_status": "Unsubscribed"},
            {"tags": ("a", "unsubscribed"), "do_not_contact_by": ("email",)},
        ),
        ({"do_not_contact_by": "SMS, E-mail"}, {"do_not_contact_by": ("sms", "email")}),
        ({"do_not_contact_by": "n/a", "tags": "a"}, {"tags": ("a",)}),
        (
            {"do_not_contact_by": "sms", "mailing_status": "opted out"},
            {"do_not_contact_by": ("sms", "email"), "tags": ("unsubscribed",)},
        ),
        ({"tags": "a", "mailing_status": "Opted in"}, {"tags": ("a",)}),
        ({"tags": "a", "mailing_status": "subscribed"}, {"tags": ("a",)}),
        ({"mailing_status:cleaned": "2020-02-03 04:05:06"}, {"tags": ("cleaned",)}),
        ({"type": "past client"}, {"type": "PAST_CLIENT"}),
        ({"type": "Customer"}, {"type": "CLIENT"}),
        ({"stage": "PROSPECT", "role": "Property-Manager"}, {"stage": "prospect", "role": "property_manager"}),
        ({"status": "Do not contact"}, {"status": "DO_NOT_CONTACT"}),
        ({"is_company": "Да"}, {"is_company": True}),
        ({"is_company": "hayır"}, {"is_company": False}),
        ({"is_company": "Organization"}, {"is_company": True}),
        ({"language": "Deutsch"}, {"language": "de"}),
        ({"language": "pt-BR"}, {"language": "pt-BR"}),
        ({"assigned_to": "ANN@north.example"}, {"assigned_to": 3}),
        ({"assigned_to": "Bob Lee"}, {"assigned_to": 4}),
        ({"assigned_to": "Ann L. (ann@north.example)"}, {"assigned_to": 3}),
        ({"created_at": "2025-10-18"}, {"created_at": moment(2025, 10, 17, 22)}),
        ({"created_at": "2025-01-18T12:30:00.25Z"}, {"created_at": moment(2025, 1, 18, 12, 30, 0, 250_000)}),
        ({"created_at": "2025-01-18 12:30 +14:00"}, {"created_at": moment(2025, 1, 17, 22, 30)}),
        ({"created_at": "18.10.2025 08:05"}, {"created_at": moment(2025, 10, 18, 6, 5)}),
        ({"created_at": "10/18/2025, 1:05 PM"}, {"created_at": moment(2025, 10, 18, 11, 5)}),
        ({"created_at:day-first": "03/04/2025"}, {"created_at": moment(2025, 4, 2, 22)}),
        ({"created_at:month-first": "03/04/2025 12:00 AM"}, {"created_at": moment(2025, 3, 3, 23)}),
        ({"created_at": "Jan 2, 2024"}, {"created_at": moment(2024, 1, 1, 23)}),
        ({"last_contacted_at": "2nd January 2024"}, {"last_contacted_at": moment(2024, 1, 1, 23)}),
        (
            {
                "price_from": "$250,000",
                "price_to": "1.2m",
                "property_types": "House, Flat",
                "locations:;": "Reno, NV; Elko",
                "communication_method": "EMAIL",
            },
            {
                "preferences": PreferencesDraft(
                    communication_method="EMAIL",
                    property_types=("House", "Flat"),
                    price_range=PriceRange(min=250_000, max=1_200_000),
                    locations=("Reno, NV", "Elko"),
                )
            },
        ),
        ({"price_to": "250.000,50 €"}, {"preferences": PreferencesDraft(price_range=PriceRange(max=250_000.5))}),
        ({"uuid": UUID_TEXT.upper()}, {"uuid": UUID(UUID_TEXT)}),
        ({"number": "17"}, {"number": 17}),
        ({"winnerr_key": f"contact_{UUID_TEXT}"}, {"uuid": UUID(UUID_TEXT)}),
        ({"winnerr_key": "contact_abc"}, {"winnerr_key": "contact_abc"}),
        ({"first_name": "Jane", "middle_name": "Q."}, {"first_name": "Jane Q."}),
        (
            {"name_prefix": "Dr.", "last_name": "Doe", "name_suffix": "III"},
            {"last_name": "Doe III", "full_name": "Dr. Doe III"},
        ),
        ({"full_name": "Doe, Jane", "name_prefix": "Dr."}, {"full_name": "Doe, Jane"}),
        ({"company_name": "Alpha", "first_name": ""}, {"company_name": "Alpha", "is_company": True}),
        ({"company_name": "Alpha", "first_name": "Jane"}, {"company_name": "Alpha", "first_name": "Jane"}),
        ({"company_name": "Alpha", "email": "a@b.example"}, {"company_name": "Alpha", "email": "a@b.example"}),
        ({"notes": "One", "notes:Job title": "Owner"}, {"notes": "One\nJob title: Owner"}),
        (
            {"street": "", "street:Work": "1 Dock Rd", "city:Work": "Reno"},
            {"street": "1 Dock Rd", "city": "Reno"},
        ),
        (
            {"street": "9 Oak", "notes": "Hi", "street:Work": "1 Dock Rd", "city:Work": "Reno"},
            {"street": "9 Oak", "notes": "Hi\nWork address: 1 Dock Rd, Reno"},
        ),
        (
            {"address": "Hauptstr. 5\n10115 Berlin\nDeutschland"},
            {"street": "Hauptstr. 5", "zip_code": "10115", "city": "Berlin", "country": "Deutschland"},
        ),
        (
            {"address": "12 Elm St, Apt 4, New York, NY 10001"},
            {"street": "12 Elm St, Apt 4", "city": "New York", "state": "NY", "zip_code": "10001"},
        ),
        ({"address": "Somewhere, over the rainbow"}, {"street": "Somewhere, over the rainbow"}),
        (
            {
                "related_name:Spouse": "Tove van Berg",
                "related_email:Spouse": "t@b.example",
                "related_phone:Aunt": "5550",
            },
            {
                "related_people": (
                    RelatedPersonDraft(first_name="Tove", last_name="van Berg", email="t@b.example", notes="Spouse"),
                    RelatedPersonDraft(mobile="5550", notes="Aunt"),
                )
            },
        ),
    ],
)
def test_a_cell_says_what_people_mean_by_it(cells: dict[str, str], said: dict[str, Any]):
    assert read(cells) == Interpreted(ContactDraft(**said), [])


@pytest.mark.parametrize(
    ("kind", "cell", "stored"),
    [
        ("text", " words ", "words"),
        ("number", "1200.50", "1200.5"),
        ("number", "1.200,50", "1200.5"),
        ("currency", "1,200.00€", "1200"),
        ("currency", "$1,200", "1200"),
        ("select", "Garden", 1),
        ("select", "gardEN", 1),
        ("select_multi", "Pool; Garden", [2, 1]),
        ("select_multi", "pool, garden", [2, 1]),
        ("checkbox", "yes", True),
        ("checkbox", "nein", False),
        ("date", "2025-10-18", "2025-10-18"),
        ("date", "12/28/1969", "1969-12-28"),
        ("datetime", "18.10.2025 08:05", "2025-10-18 08:05:00"),
    ],
)
def test_a_custom_field_takes_what_its_type_writes_and_what_people_do(kind: str, cell: str, stored: Any):
    number = NUMBERS[kind]
    assert read({f"custom:{number}": cell}) == Interpreted(ContactDraft(custom_values={number: stored}), [])


NO_MEMBER = "No active member of the team has this e-mail address or name."
NO_DATE = "There is no such date or time."
UNREADABLE_DATE = "Not a date that can be read, like 2025-10-18 or 2025-10-18 18:24:10."


@pytest.mark.parametrize(
    ("target", "cell", "code", "message"),
    [
        (
            "phone",
            "1.5551E+10",
            "invalid_value",
            "A spreadsheet has rounded this number; format the column as text and write it out.",
        ),
        ("type", "enemy", "invalid_value", "Must be one of: LEAD, CLIENT, PAST_CLIENT, REFERRAL, VENDOR."),
        ("stage", "late", "invalid_value", "Must be one of: prospect, scheduled, applicant, renter, archived."),
        ("is_company", "perhaps", "invalid_value", "Must be yes or no."),
        ("assigned_to", "carl@north.example", "not_found", NO_MEMBER),
        ("uuid", "17", "invalid_value", "Not a UUID, like 018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f."),
        ("number", "-4", "invalid_value", "Must be a whole number."),
        ("price_from", "cheap", "invalid_value", "Must be an amount, like 250000."),
        ("created_at", "2025-02-30", "invalid_value", NO_DATE),
        ("created_at", "2025-01-01 24:00", "invalid_value", NO_DATE),
        ("created_at", "0000-00-00", "invalid_value", NO_DATE),
        ("created_at", "2025-01-01 13:00 PM", "invalid_value", NO_DATE),
        ("created_at", "2025-01-01T00:00:00+14:01", "invalid_value", "There is no such time zone."),
        ("created_at", "0001-01-01", "out_of_range", "The date is out of range."),
        ("created_at", "10000-01-01", "invalid_value", UNREADABLE_DATE),
        ("created_at", "1/2/24", "invalid_value", UNREADABLE_DATE),
        ("created_at", "yesterday", "invalid_value", UNREADABLE_DATE),
        (
            "created_at",
            "03/04/2025",
            "invalid_value",
            "Which is the day and which the month? Write the year first: 2025-10-18.",
        ),
        ("created_at:day-first", "12/25/2025", "invalid_value", NO_DATE),
        ("custom:number", "much", "invalid_value", "Must be an amount, like 250000."),
        ("custom:select", "Sauna", "invalid_value", "select must be one of its options."),
        ("custom:date", "2025-02-30", "invalid_value", NO_DATE),
    ],
)
def test_what_is_wrong_with_a_cell_is_said_in_words(target: str, cell: str, code: str, message: str):
    assert read({target: cell, "first_name": "Jane"}) == Interpreted(
        ContactDraft(first_name="Jane"), [RowFault(target, cell, code, message)]
    )


def test_a_row_that_says_nothing_is_a_fault_of_its_own():
    nothing = RowFault("", "", "required", "Nothing to import: no column that is used has anything in it.")
    assert read({"first_name": " ", "email": "", "tags": ","}) == Interpreted(ContactDraft(), [nothing])


def test_a_row_may_end_early_and_faults_show_only_the_beginning_of_a_long_cell():
    headers = ["type", "first_name"]
    mapping = Mapping.from_json({"columns": dict(zip(headers, headers, strict=True))}, headers, CONTEXT)
    record = Record(line=2, last_line=2, raw=["x" * 1_000], position=0)
    (found,) = TableInterpreter(mapping, headers, CONTEXT).interpret(record).faults
    assert found == RowFault(
        "type", "x" * 200, "invalid_value", "Must be one of: LEAD, CLIENT, PAST_CLIENT, REFERRAL, VENDOR."
    )


EVERYTHING = [name for name in TARGETS if name != "custom"]
EVERYTHING += ["phone:Fax", "street:Work", "address:Work", "tags:|", "notes:x"]
EVERYTHING += [f"custom:{known.number}" for known in CONTEXT.fields]
SIGNS = st.sampled_from(
    [*";,|:<>@\"'+-/.() \n\t\x00\u00a0\ud800", " ::: ", "mailto:", "tel:", "2025-", "12/", "1e9", "é", "7"]
)
CELLS = st.one_of(st.just(""), st.text(st.characters(), max_size=12), st.lists(SIGNS, max_size=12).map("".join))


INTERPRETER = TableInterpreter(
    Mapping.from_json({"columns": {name: name for name in EVERYTHING}}, EVERYTHING, CONTEXT), EVERYTHING, CONTEXT
)


@settings(max_examples=100, deadline=None)
@given(st.lists(CELLS, min_size=len(EVERYTHING), max_size=len(EVERYTHING)))
def test_no_cell_whatever_is_in_it_stops_an_import(cells: list[str]):
    INTERPRETER.interpret(Record(line=2, last_line=2, raw=cells, position=0))


@pytest.mark.parametrize("sign", [" ", "\n", "@", "<", ",", "(", "a ", '"', ";", "1", "1 ", "\t"])
def test_no_cell_is_long_enough_to_stop_an_import(sign: str):
    """What is read by trying again from every character would take many minutes here."""
    cell = f"x{sign * 100_000}x"
    read(dict.fromkeys((name for name in EVERYTHING if not name.startswith("custom")), cell))

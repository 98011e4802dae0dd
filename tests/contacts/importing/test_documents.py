"""Our own documents, and what holds for documents of every format."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft
from contacts.importing.documents import document_interpreter
from contacts.importing.records import IgnoredColumn, Interpreted, RowFault
from tests.documents import CONTEXT, FORMATS, interpreted, payload


def test_our_own_documents_say_everything_a_draft_can() -> None:
    texts: dict[str, Any] = {
        name: f"the {name}"
        for name in (
            *("first_name", "last_name", "full_name", "company_name", "street", "city", "state", "zip_code", "country"),
            *("notes", "source", "referral_source", "channel_preference"),
        )
    }
    found = interpreted(document_interpreter("json", CONTEXT), payload("imports/documents/own.json"))
    expected = ContactDraft(
        **texts,
        language="de",
        is_company=True,
        email="jane@example.com",
        email_label="work",
        email_note="mornings",
        phone="+1-555-123-4567",
        phone_label="mobile",
        phone_note="evenings",
        type="CLIENT",
        status="ACTIVE",
        stage="applicant",
        role="tenant",
        further_emails=(
            EmailDraft(email="j@example.com", label="home", note="rarely"),
            EmailDraft(email="k@example.com"),
        ),
        further_phones=(PhoneDraft(phone="555", label="fax", note="broken"),),
        related_people=(
            RelatedPersonDraft(first_name="Pat", last_name="Lee", mobile="556", email="p@example.com", notes="x"),
        ),
        tags=("b", "a"),
        do_not_contact_by=("sms",),
        assigned_to=11,
        further_assignees=(12, 11),
        created_by=12,
        preferences=PreferencesDraft(
            communication_method="EMAIL",
            property_types=("CONDO",),
            price_range=PriceRange(min=1.5, max=None),
            locations=("Here", "There"),
        ),
        custom_values={1: "VIP", 3: ["Phone", "Email"]},
        extra={"vat_number": "ATU1", "office_id": 7},
        uuid=UUID("123e4567-e89b-12d3-a456-426614174000"),
        number=1489,
        winnerr_key="contact_123",
        created_at=datetime(2026, 2, 10, 14, 30, 0, 250_000, tzinfo=UTC),
        last_contacted_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert found == Interpreted(expected, [])


def test_what_is_empty_in_our_own_documents_is_made_empty() -> None:
    texts: dict[str, Any] = {"first_name": "", "notes": None, "language": ""}
    nothing: dict[str, Any] = {
        "tags": [],
        "further_emails": None,
        "assigned_to": None,
        "preferences": None,
        "further_assignees": [],
    }
    settled = {
        "type": "",
        "status": None,
        "uuid": None,
        "number": None,
        "winnerr_key": "",
        "created_at": None,
        "is_company": None,
    }
    expected = ContactDraft(
        first_name="",
        notes="",
        language="",
        tags=(),
        further_emails=(),
        further_assignees=(),
        assigned_to=None,
        preferences=None,
    )
    found = interpreted(document_interpreter("json", CONTEXT), texts | nothing | settled)
    assert found == Interpreted(expected, [])


@pytest.mark.parametrize("format", FORMATS[1:])
def test_what_a_contract_prints_for_nothing_says_nothing(format: str) -> None:
    interpreter = document_interpreter(format, CONTEXT)
    keys = [column.column.partition(".")[0] for column in interpreter.used()]
    nothings: tuple[Any, ...] = (None, "", [])
    for nothing in nothings:
        document = dict.fromkeys(keys, nothing)
        assert interpreted(interpreter, document).draft == ContactDraft()


@pytest.mark.parametrize(
    "raw", [b'{"email": "a@example.com"}', '{"email": "a@example.com"}', {"email": "a@example.com"}]
)
def test_a_line_is_as_good_as_an_object(raw: Any) -> None:
    assert interpreted(document_interpreter("json", CONTEXT), raw) == Interpreted(
        ContactDraft(email="a@example.com"), []
    )


@pytest.mark.parametrize("raw", [b"{half", b"[]", b"null", [], 5, None, b"\xff"])
def test_what_is_no_object_is_a_fault(raw: Any) -> None:
    (fault,) = interpreted(document_interpreter("winnerr", CONTEXT), raw).faults
    assert (fault.column, fault.code, fault.message) == ("", "invalid_type", "must be an object of JSON")


@pytest.mark.parametrize(
    ("format", "document", "faults"),
    [
        ("winnerr", {"firstName": 5}, [RowFault("firstName", "5", "invalid_type", "must be text")]),
        ("winnerr", {"address": "here"}, [RowFault("address", "here", "invalid_type", "must be an object")]),
        ("winnerr", {"address": {"city": []}}, [RowFault("address.city", "[]", "invalid_type", "must be text")]),
        ("winnerr", {"tags": "vip"}, [RowFault("tags", "vip", "invalid_type", "must be an array")]),
        ("winnerr", {"tags": ["vip", 7]}, [RowFault("tags.1", "7", "invalid_type", "must be text")]),
        (
            "winnerr",
            {"preferences": {"priceRange": {"min": "low", "max": 10**30}}},
            [
                RowFault("preferences.priceRange.min", "low", "invalid_type", "must be a number"),
                RowFault("preferences.priceRange.max", "int", "out_of_range", "must be a smaller number"),
            ],
        ),
        ("winnerr", {"deletedAt": "then"}, [RowFault("deletedAt", "then", "deleted", "was deleted there")]),
        (
            "rentalot",
            {"id": "contact_1", "createdAt": "2026-02-30T00:00:00Z"},
            [
                RowFault("id", "contact_1", "invalid_value", "must be a UUID"),
                RowFault(
                    "createdAt", "2026-02-30T00:00:00Z", "invalid_value", "must be a date and time like 2026-02-10T14:30:00Z"
                ),
            ],
        ),
        ("estateprime", {"is_lead": "yes"}, [RowFault("is_lead", "yes", "invalid_type", "must be true or false")]),
        ("estateprime", {"id": True}, [RowFault("id", "true", "invalid_type", "must be a whole number")]),
        ("estateprime", {"phones": [5]}, [RowFault("phones.0", "5", "invalid_type", "must be an object")]),
        ("json", {"further_phones": [{"phone": 5}]}, [RowFault("further_phones.0.phone", "5", "invalid_type", "must be text")]),
        (
            "json",
            {"assigned_to": "nobody@example.com"},
            [RowFault("assigned_to", "nobody@example.com", "not_found", "must be the e-mail address of an active member")],
        ),
        ("json", {"notes": ["\x00\ud800" * 200]}, [RowFault("notes", "list", "invalid_type", "must be text")]),
    ],
)  # fmt: skip
def test_a_wrong_type_is_a_fault_in_words(format: str, document: Any, faults: list[RowFault]) -> None:
    assert interpreted(document_interpreter(format, CONTEXT), document).faults == faults


@pytest.mark.parametrize(
    "text",
    ["0000-00-00 00:00:00", "2026-01-01", "24:00", "10000-01-01 00:00:00", "0001-01-01T00:00:00+14:00"],
)
def test_moments_that_are_none_are_faults(text: str) -> None:
    (fault,) = interpreted(document_interpreter("estateprime", CONTEXT), {"date_created": text}).faults
    assert (fault.column, fault.value, fault.code) == ("date_created", text, "invalid_value")


def test_numbers_of_the_reader_s_own_become_plain_ones() -> None:
    document = {
        "extra": {"vat_number": Decimal("1.50")},
        "custom_fields": {"Standing": Decimal("2.0"), "Unknown": 1},
        "preferences": {"price_range": {"min": Decimal("100000.0"), "max": Decimal("1E+400")}},
    }
    interpreter = document_interpreter("json", CONTEXT)
    expected = ContactDraft(
        extra={"vat_number": 1.5},
        custom_values={1: 2},
        preferences=PreferencesDraft(price_range=PriceRange(min=100_000, max=float("inf"))),
    )
    assert interpreted(interpreter, document) == Interpreted(expected, [])
    assert interpreter.ignored()[4:] == [IgnoredColumn("custom_fields.Unknown", "is no field of the organization")]


@pytest.mark.parametrize(
    ("document", "said", "left_over"),
    [
        (
            {"First Name": "Ann", "lastName": "Lee", "Email": "a@x.example", "zip": "1", "Company": "Co", "TAGS": ["vip"]},
            ContactDraft(first_name="Ann", last_name="Lee", email="a@x.example", zip_code="1", company_name="Co", tags=("vip",)),
            [],
        ),
        ({"Mobile Phone": "1", "further-emails": None}, ContactDraft(phone="1", further_emails=()), []),
        ({"Mobile": "1", "Phone": "2", "Name": "Ann Lee"}, ContactDraft(phone="2", secondary_phone="1", full_name="Ann Lee"), []),
        ({"Email": "b", "email": "a", "EMAIL": "c"}, ContactDraft(email="a"), ["EMAIL", "Email"]),
        ({"EMAIL": "c", "Email": "b"}, ContactDraft(email="c"), ["Email"]),
        ({"Nickname": "A", "company": {"id": 7}, "name": ["x"]}, ContactDraft(), ["Nickname", "company", "name"]),
    ],
)  # fmt: skip
def test_keys_may_be_spelled_otherwise(document: Any, said: ContactDraft, left_over: list[str]) -> None:
    interpreter = document_interpreter("json", CONTEXT)
    assert interpreted(interpreter, document) == Interpreted(said, [])
    assert interpreter.ignored()[4:] == [IgnoredColumn(key, "has no place in a contact") for key in left_over]


@pytest.mark.parametrize(
    ("format", "document", "names"),
    [
        ("json", {"preferences": {"pool": True}, "further_phones": [{"phone": "1", "ext": "2"}, 7], "related_people": [{"age": 3}]},
         ["preferences.pool", "further_phones.ext", "related_people.age"]),
        ("winnerr", {"firstName": "A", "address": {"city": "B", "line2": "C"}, "custom": 1}, ["custom", "address.line2"]),
        ("rentalot", {"name": "A", "unit": 4}, ["unit"]),
        ("estateprime", {"emails": [{"email": "a@x.example", "id": 1}, {"id": 2}], "contact_details": [{"age": 3}]},
         ["emails.id", "contact_details.age"]),
    ],
)  # fmt: skip
def test_what_is_not_known_is_listed_once_wherever_it_stands(format: str, document: Any, names: list[str]) -> None:
    interpreter = document_interpreter(format, CONTEXT)
    known = interpreter.ignored()
    for _ in range(2):
        interpreted(interpreter, document)
    assert interpreter.ignored() == [*known, *(IgnoredColumn(name, "has no place in a contact") for name in names)]


def test_no_more_than_two_hundred_names_are_listed() -> None:
    interpreter = document_interpreter("json", CONTEXT)
    for number in range(300):
        interpreted(interpreter, {f"key {number:03}": 1})
    names = [column.column for column in interpreter.ignored()[4:]]
    assert names == [f"key {number:03}" for number in range(200)]


@pytest.mark.parametrize(
    ("format", "names"),
    [
        ("winnerr", {"zip_code": "address.zipCode", "uuid": "id", "further_phones.0.phone": "secondaryPhone", "tags.1": "tags.1",
                     "preferences.price_range.max": "preferences.priceRange.max", "street": "address.street"}),
        ("rentalot", {"uuid": "id", "full_name": "name", "stage": "status", "referral_source": "referralSource"}),
        ("estateprime", {"phone": "phones.0.number", "further_phones.0.phone": "phones.1.number", "email": "emails.0.email_address",
                         "further_emails.1.label": "emails.2.type", "related_people.0.email": "contact_details.0.email",
                         "tags.0": "tags.0", "custom_fields.7": "custom_fields.7", "further_assignees.0": "users", "number": "id"}),
        ("json", {"further_phones.0.phone": "further_phones.0.phone", "custom_fields.3": "custom_fields.Ways to reach"}),
    ],
)  # fmt: skip
def test_faults_of_the_rules_are_told_in_the_document_s_words(format: str, names: dict[str, str]) -> None:
    interpreter = document_interpreter(format, CONTEXT)
    assert {name: interpreter.column_of(name) for name in names} == names


scalars = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        7,
        10**30,
        0.5,
        float("nan"),
        Decimal("1E+400"),
        Decimal("NaN"),
        "",
        " ",
        "7",
        "x" * 300,
        "\ud800\x00",
    ]
    + ["2026-02-10T14:30:00Z", "9999-12-31T23:59:59-14:00", "ann@example.com"]
)
inner_keys = st.sampled_from(["id", "name", "email", "phone", "number", "min", "city", "value", "custom_field_id", "1"])
objects = st.dictionaries(inner_keys, scalars, max_size=3)
nested: list[Any] = [[[]], {"id": {"id": []}}]
values: st.SearchStrategy[Any] = scalars | objects | st.lists(scalars | objects, max_size=3) | st.sampled_from(nested)


@given(st.sampled_from(FORMATS), st.data())
def test_no_json_makes_it_raise(format: str, data: st.DataObject) -> None:
    interpreter = document_interpreter(format, CONTEXT)
    columns = [used.column for used in interpreter.used()] + [ignored.column for ignored in interpreter.ignored()]
    keys = sorted({column.partition(".")[0] for column in columns})
    document = data.draw(st.dictionaries(st.sampled_from([*keys, "deletedAt", "other"]), values, max_size=6))
    found = interpreted(interpreter, document)
    assert all(fault.message and fault.value.encode() is not None for fault in found.faults)

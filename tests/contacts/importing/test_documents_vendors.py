"""Documents of the three contracts, as they are printed there and by our own wires, and what is understood of them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from contacts.drafts import (
    UNSET,
    ContactDraft,
    EmailDraft,
    PhoneDraft,
    PreferencesDraft,
    PriceRange,
    RelatedPersonDraft,
)
from contacts.importing.context import read_context
from contacts.importing.documents import document_interpreter
from contacts.importing.records import IgnoredColumn, Interpreted
from tests.documents import CONTEXT, interpreted, payload
from tests.worlds import WireClient, World, estateprime_pair, rentalot_key


def test_winnerr_s_printed_contact_is_understood() -> None:
    found = interpreted(document_interpreter("winnerr", CONTEXT), payload("winnerr/contact.json"))
    expected = ContactDraft(
        uuid=UUID("123e4567-e89b-12d3-a456-426614174000"),
        first_name="John",
        last_name="Doe",
        email="john.doe@example.com",
        phone="+1-555-123-4567",
        secondary_phone="+1-555-987-6543",
        street="123 Main St",
        city="Miami",
        state="FL",
        zip_code="33101",
        country="US",
        type="LEAD",
        status="ACTIVE",
        source="WEBSITE",
        tags=("first-time-buyer", "luxury-market"),
        notes="Interested in waterfront properties",
        preferences=PreferencesDraft(
            communication_method="EMAIL",
            property_types=("CONDO", "TOWNHOUSE"),
            price_range=PriceRange(min=300_000, max=800_000),
            locations=("Miami Beach", "Brickell"),
        ),
        assigned_to=11,
        created_at=datetime(2024, 1, 15, 10, 30, tzinfo=UTC),
        last_contacted_at=datetime(2024, 1, 15, 14, 20, tzinfo=UTC),
    )
    assert found == Interpreted(expected, [])


def test_rentalot_s_printed_contact_is_understood() -> None:
    (document,) = payload("rentalot/list_contacts.response.json")["data"]
    expected = ContactDraft(
        uuid=UUID("550e8400-e29b-41d4-a716-446655440000"),
        full_name="Jane Smith",
        email="jane@example.com",
        phone="+15551234567",
        stage="prospect",
        role="prospect",
        channel_preference="whatsapp",
        source="telegram",
        language="en",
        created_at=datetime(2026, 2, 10, 14, 30, tzinfo=UTC),
    )
    assert interpreted(document_interpreter("rentalot", CONTEXT), document) == Interpreted(expected, [])


def test_estateprime_s_printed_contact_is_understood_and_its_nameless_ids_are_listed() -> None:
    interpreter = document_interpreter("estateprime", CONTEXT)
    expected = ContactDraft(
        number=1489,
        first_name="John",
        last_name="Doe",
        is_lead=False,
        is_company=False,
        phone="1234567890",
        phone_label="mobile",
        phone_note="Personal phone number",
        further_phones=(PhoneDraft(phone="0987654321", label="work", note="Work phone number"),),
        email="john.doe@example.com",
        email_label="personal",
        email_note="Primary email",
        further_emails=(EmailDraft(email="john.doe@work.example", label="work", note="Work email"),),
        notes="Important client",
        custom_values={1: "Preferred buyer", 3: [2, 3]},
        related_people=(
            RelatedPersonDraft(first_name="Adam", last_name="Simpson", mobile="+306987411111", notes="CEO"),
            RelatedPersonDraft(first_name="Diane", last_name="Blake", notes="Marketing assistant"),
        ),
        created_at=datetime(2025, 1, 15, 17, 0, 5, tzinfo=UTC),
    )
    assert interpreted(interpreter, payload("estateprime/contact.json")) == Interpreted(expected, [])
    nameless = "is an id without a name, and ids of another system mean nothing here"
    assert interpreter.ignored() == [
        IgnoredColumn("source_id", nameless),
        IgnoredColumn("date_updated", "follows from what is written here"),
        IgnoredColumn("date_converted_to_client", "follows from the type"),
        IgnoredColumn("tags 1", nameless),
        IgnoredColumn("tags 4", nameless),
        IgnoredColumn("custom_fields 2", "is no field of the organization"),
        IgnoredColumn("created_by 10", nameless),
        *(IgnoredColumn(f"users {number}", nameless) for number in (2, 5, 7)),
    ]


def test_estateprime_s_live_shape_is_understood() -> None:
    document = {
        "id": "77",
        "full_name": "Ann Lee",
        "first_name": "Ann",
        "vat_number": "ATU1",
        "is_active": True,
        "source": {"id": 3, "name": "Company Website"},
        "tags": [{"id": 1, "name": "VIP client"}, "Lost"],
        "emails": [{"type": None, "email": "ann@example.com"}],
        "phones": [{"type": "mobile", "number": ""}],
        "custom_fields": {"1": "Buyer", "9": "", "3": [2]},
        "users": [{"id": 7, "first_name": "Bob", "email": "Bob@example.com"}],
    }
    expected = ContactDraft(
        number=77,
        first_name="Ann",
        source="Company Website",
        tags=("VIP client", "Lost"),
        email="ann@example.com",
        custom_values={1: "Buyer", 3: [2]},
        assigned_to=12,
        extra={"full_name": "Ann Lee", "vat_number": "ATU1", "is_active": True},
    )
    assert interpreted(document_interpreter("estateprime", CONTEXT), document) == Interpreted(expected, [])


def test_a_source_of_estateprime_without_a_name_is_listed() -> None:
    interpreter = document_interpreter("estateprime", CONTEXT)
    assert interpreted(interpreter, {"source": {"id": 3}}) == Interpreted(ContactDraft(), [])
    nameless = "is an id without a name, and ids of another system mean nothing here"
    assert interpreter.ignored()[3:] == [IgnoredColumn("source 3", nameless)]


def test_what_is_computed_is_ignored_and_what_is_unknown_listed() -> None:
    interpreter = document_interpreter("winnerr", CONTEXT)
    document = {
        "leadScore": 9,
        "deals": [],
        "zodiac": "Leo",
        "importError": "x",
        "assignedTo": "agent_9",
        "id": "contact_123",
    }
    assert interpreted(interpreter, document) == Interpreted(ContactDraft(winnerr_key="contact_123"), [])
    assert interpreter.ignored() == [
        IgnoredColumn("organizationId", "the organization is the one that is imported into"),
        IgnoredColumn("leadScore", "is computed here"),
        IgnoredColumn("updatedAt", "follows from what is written here"),
        *(IgnoredColumn(name, "is not a part of the contact") for name in ("deals", "communications", "activities")),
        IgnoredColumn("zodiac", "has no place in a contact"),
        IgnoredColumn("assignedTo agent_9", "is nobody of the organization"),
    ]


def test_what_the_wires_print_comes_back(north: World, south: World) -> None:
    with north.scope():
        context = read_context()
    documents = {
        "winnerr": WireClient(north.owner).get(f"/v1/contacts/{north.contact.winnerr_id}").json()["data"],
        "rentalot": WireClient(north.owner, rentalot_key).get(f"/api/v1/contacts/{north.contact.uuid}").json()["data"],
        "estateprime": WireClient(north.owner, estateprime_pair, "Basic")
        .get(f"/api/contacts/{north.contact.number}")
        .json()["data"],
    }
    found = {
        format: interpreted(document_interpreter(format, context), document) for format, document in documents.items()
    }
    assert {format: one.faults for format, one in found.items()} == {"winnerr": [], "rentalot": [], "estateprime": []}
    assert (found["winnerr"].draft.uuid, found["winnerr"].draft.assigned_to) == (north.contact.uuid, north.agent.pk)
    assert (found["rentalot"].draft.uuid, found["rentalot"].draft.full_name) == (
        north.contact.uuid,
        north.contact.full_name,
    )
    draft = found["estateprime"].draft
    # Its users are numbers, which in another system are other people's.
    assert (draft.number, draft.assigned_to, draft.further_assignees) == (north.contact.number, UNSET, UNSET)
    assert draft.custom_values == {context.fields[0].number: 2}
    with south.scope():
        elsewhere = read_context()
    assert interpreted(document_interpreter("winnerr", elsewhere), documents["winnerr"]).draft.said().keys() == (
        found["winnerr"].draft.said().keys() - {"assigned_to"}
    )

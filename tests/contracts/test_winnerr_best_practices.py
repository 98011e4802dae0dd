"""The requests that Winnerr's documentation recommends as best practices, replayed (CONTRACTS 6.2, cases 17 to 19)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.drafts import UNSET, ContactDraft
from contacts.models import Contact
from contacts.services import create_contact
from tests.contracts.conftest import john_draft, printed
from tests.worlds import WireClient, actor_of


def test_case_17_the_score_is_asked_for_and_the_asking_not_echoed(office: Member, client: WireClient) -> None:
    sent = printed("best_practice_create.request")

    response = client.post("/v1/contacts", sent)

    assert response.status_code == 201
    data = response.json()["data"]
    generated = {name: data[name] for name in ("id", "createdAt", "updatedAt")}
    assert all(isinstance(value, str) for value in generated.values())
    expected: dict[str, Any] = dict.fromkeys(printed("contact")) | {
        "organizationId": office.organization.public_id,
        "firstName": "John",
        "lastName": "Doe",
        "email": "john.doe@example.com",
        "type": "LEAD",
        "status": "ACTIVE",
        "source": "WEBSITE",
        # Ten each for the address, the source and the price range (CONTRACTS W-S26).
        "leadScore": 30,
        "tags": [],
        "preferences": {
            "communicationMethod": None,
            "propertyTypes": [],
            "priceRange": sent["preferences"]["priceRange"],
            "locations": [],
        },
    }
    assert response.json() == {"success": True, "data": expected | generated}
    assert list(data) == list(printed("contact"))
    assert response["Location"] == f"/v1/contacts/{data['id']}"


@pytest.fixture
def scored(office: Member, john: Contact) -> list[Contact]:
    """Beside ``contact_123``, a LEAD and ACTIVE at 85: some who miss one of the three conditions, and one who does not."""
    high = replace(john_draft(assigned_to=office.pk), winnerr_key=UNSET)
    drafts = [
        replace(high, first_name="High", email="high@example.com"),
        replace(high, email="client@example.com", type="CLIENT"),
        replace(high, email="inactive@example.com", status="INACTIVE"),
        replace(high, email="low@example.com", preferences=UNSET, notes=""),
        ContactDraft(first_name="Low", last_name="Lead", email="lowest@example.com"),
    ]
    with tenant_scope(office.organization):
        return [john, *(create_contact(draft, actor=actor_of(office)) for draft in drafts)]


@pytest.mark.parametrize("spelling", ["raw", "percent-encoded", "lower case", "everything encoded"])
def test_case_18_high_value_leads_with_five_keys(client: WireClient, scored: list[Contact], spelling: str) -> None:
    name = {"raw": "leadScore[gte]", "percent-encoded": "leadScore%5Bgte%5D", "lower case": "leadScore%5bgte%5d"}
    encoded = "".join(f"%{byte:02X}" for byte in b"leadScore[gte]")
    fields = "id,firstName,lastName,email,leadScore"
    query = f"{name.get(spelling, encoded)}=80&type=LEAD&status=ACTIVE"
    response = client.get(
        f"/v1/contacts?{query}&fields={quote(fields, safe='' if spelling == 'percent-encoded' else ',')}"
    )

    assert response.status_code == 200
    high = scored[1].winnerr_id
    by_id = {
        "contact_123": {"firstName": "John", "lastName": "Doe", "email": "john.doe@example.com", "leadScore": 85},
        high: {"firstName": "High", "lastName": "Doe", "email": "high@example.com", "leadScore": 85},
    }
    items = response.json()["data"]
    assert {item["id"]: {key: item[key] for key in item if key != "id"} for item in items} == by_id
    assert {tuple(item) for item in items} == {tuple(fields.split(","))}
    assert response.json()["pagination"] == {"hasMore": False, "nextCursor": None, "total": 2, "limit": 25}


def test_case_19_contacts_are_assigned_in_bulk(office: Member, client: WireClient, john: Contact) -> None:
    with tenant_scope(office.organization):
        draft = ContactDraft(winnerr_key="contact_456", first_name="Jane", last_name="Smith", email="jane@example.com")
        create_contact(draft, actor=actor_of(office))
    identifiers = ["contact_123", "contact_456"]
    client.put("/v1/contacts/contact_123", {"assignedTo": None})
    before = {each: client.get(f"/v1/contacts/{each}?include=").json()["data"] for each in identifiers}
    # The printed agent id is a placeholder; ids are computed (DESIGN section 4).
    updates = {"assignedTo": office.public_id}

    response = client.patch("/v1/contacts/bulk", {"contactIds": identifiers, "updates": updates})

    results = [{"id": each, "success": True} for each in identifiers]
    assert (response.status_code, response.json()) == (
        200,
        {"success": True, "data": {"updated": 2, "failed": 0, "results": results}},
    )
    for each in identifiers:
        after = client.get(f"/v1/contacts/{each}?include=").json()["data"]
        assert after == before[each] | updates | {"updatedAt": after["updatedAt"]}
        assert after["updatedAt"] >= before[each]["updatedAt"]

"""Every parameter of the contacts list, alone and with all the others (CONTRACTS 6.2, case 21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.services import update_contacts
from tests.contracts.test_winnerr_replay import CONTACT_KEYS, all_contacts
from tests.worlds import WireClient, World, actor_of

Found = dict[str, Any]
INCLUDED = ["deals", "communications"]


@pytest.fixture
def everybody(office: Member, client: WireClient, older_contacts: list[Contact]) -> list[Found]:
    """All 150 contacts as the plain list shows them; a third are tagged, and half assigned."""
    with tenant_scope(office.organization):
        actor = actor_of(office)
        tagged = [contact.pk for contact in older_contacts[::3]]
        assigned = [contact.pk for contact in older_contacts[::2]]
        update_contacts(tagged, ContactDraft(added_tags=("vip",)), actor=actor)
        update_contacts(assigned, ContactDraft(assigned_to=office.pk), actor=actor)
    return all_contacts(client, limit=100)


def get(client: WireClient, query: dict[str, Any], *, encoded: bool) -> Found:
    """The list, its brackets, commas and colons raw, as the documentation prints them, or percent-encoded."""
    safe = "" if encoded else "[],:"
    text = "&".join(f"{quote(name, safe=safe)}={quote(str(value), safe=safe)}" for name, value in query.items())
    response = client.get(f"/v1/contacts?{text}")
    assert response.status_code == 200, response.content
    body: Found = response.json()
    return body


CONDITIONS: dict[str, tuple[str, Callable[[Found], bool]]] = {
    "type": ("LEAD,CLIENT", lambda contact: contact["type"] in {"LEAD", "CLIENT"}),
    "status": ("ACTIVE", lambda contact: contact["status"] == "ACTIVE"),
    "source": ("WEBSITE,REFERRAL", lambda contact: contact["source"] in {"WEBSITE", "REFERRAL"}),
    "tags": ("vip,luxury-market", lambda contact: {"vip", "luxury-market"} & set(contact["tags"]) != set()),
    "assignedTo": ("OWNER", lambda contact: contact["assignedTo"] is not None),
    "leadScore[gte]": ("15", lambda contact: contact["leadScore"] >= 15),
    "leadScore[lte]": ("90", lambda contact: contact["leadScore"] <= 90),
    "createdAt[gte]": ("2024-01-15T09:31:00Z", lambda contact: contact["createdAt"] >= "2024-01-15T09:31:00Z"),
    "createdAt[lte]": ("2024-01-15T10:25:00Z", lambda contact: contact["createdAt"] <= "2024-01-15T10:25:00Z"),
}


def conditions(office: Member) -> dict[str, str]:
    return {name: office.public_id if value == "OWNER" else value for name, (value, _) in CONDITIONS.items()}


@pytest.mark.parametrize("encoded", [False, True])
def test_every_filter_alone(office: Member, client: WireClient, everybody: list[Found], encoded: bool) -> None:
    for name, value in conditions(office).items():
        holds = CONDITIONS[name][1]
        expected = [contact for contact in everybody if holds(contact)]
        assert 0 < len(expected) < 150 or name == "leadScore[lte]", name
        body = get(client, {name: value, "limit": 100}, encoded=encoded)
        assert body["data"] == expected[:100], name
        assert body["pagination"]["total"] == len(expected), name


@pytest.mark.parametrize("encoded", [False, True])
def test_all_parameters_together(office: Member, client: WireClient, everybody: list[Found], encoded: bool) -> None:
    expected = [contact for contact in everybody if all(holds(contact) for _, holds in CONDITIONS.values())]
    expected.sort(key=lambda contact: (contact["createdAt"], contact["leadScore"]), reverse=True)
    assert 4 <= len(expected) < 30
    fields = ["id", "createdAt", "leadScore", "tags"]
    query = conditions(office) | {
        "limit": 2,
        "sort": "createdAt:desc,leadScore:desc",
        "include": ",".join(INCLUDED),
        "fields": ",".join(fields),
    }

    found: list[Found] = []
    cursor = None
    while cursor is not None or not found:
        body = get(client, query | ({"cursor": cursor} if cursor else {}), encoded=encoded)
        assert body["pagination"] | {"nextCursor": None, "hasMore": None} == {
            "hasMore": None,
            "nextCursor": None,
            "total": len(expected),
            "limit": 2,
        }
        found += body["data"]
        cursor = body["pagination"]["nextCursor"]

    assert found == [
        {name: contact[name] for name in fields} | {"deals": [], "communications": []} for contact in expected
    ]


@pytest.mark.parametrize("encoded", [False, True])
def test_what_a_list_is_shown_as(client: WireClient, everybody: list[Found], encoded: bool) -> None:
    newest = everybody[:25]
    sorted_by_score = sorted(everybody, key=lambda contact: contact["leadScore"])
    cursor = get(client, {}, encoded=encoded)["pagination"]["nextCursor"]
    shown: list[tuple[dict[str, Any], list[Found]]] = [
        ({}, newest),
        ({"limit": 1}, newest[:1]),
        ({"limit": 100}, everybody[:100]),
        ({"cursor": cursor}, everybody[25:50]),
        ({"include": ",".join(INCLUDED)}, [contact | {"deals": [], "communications": []} for contact in newest]),
        ({"fields": "email,id"}, [{"id": contact["id"], "email": contact["email"]} for contact in newest]),
    ]
    for query, expected in shown:
        body = get(client, query, encoded=encoded)
        assert body["data"] == expected, query
        assert body["pagination"]["total"] == 150
    by_score = get(client, {"sort": "leadScore:asc"}, encoded=encoded)["data"]
    assert [contact["leadScore"] for contact in by_score] == [contact["leadScore"] for contact in sorted_by_score[:25]]
    assert {tuple(contact) for contact in by_score} == {tuple(CONTACT_KEYS)}


def test_parameters_find_only_ones_own(north: World, south: World, winnerr: Callable[..., WireClient]) -> None:
    program = winnerr(north.owner)
    for query in ({"tags": "vip"}, {"type": "LEAD", "limit": 100}, {"sort": "email", "include": "deals"}):
        body = get(program, query, encoded=True)
        assert body["data"]
        assert south.canary not in str(body)
        assert {contact["organizationId"] for contact in body["data"]} == {north.organization.public_id}

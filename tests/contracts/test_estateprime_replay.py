"""The printed examples of EstatePrime's documentation, replayed (CONTRACTS 6.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from accounts.models import Member
from accounts.roles import Role
from accounts.services import create_member, create_organization
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import Contact, Source, Tag
from contacts.services import create_contacts
from contacts.services.catalogue import load_catalogue
from contacts.services.custom_fields import create_field
from tests.worlds import PASSWORD, WireClient, World, actor_of

PAYLOADS = Path(__file__).parent.parent / "payloads" / "estateprime"
CONTACTS = "/api/contacts"

pytestmark = pytest.mark.django_db


def printed(name: str) -> Any:
    """A body as EstatePrime's documentation prints it, with addresses where it hides them."""
    return orjson.loads((PAYLOADS / f"{name}.json").read_bytes())


JOHN = printed("contact")


@pytest.fixture
def office(south: World) -> Member:
    """An account with the users, sources, tags and fields of the printed contact; the stranger beside it has its own."""
    owner = create_organization(
        name="Office",
        slug="office",
        owner_email="owner@office.example",
        owner_password=PASSWORD,
        owner_first_name="Olive",
    )
    actor = actor_of(owner)
    with tenant_scope(owner.organization):
        for number in range(2, 11):
            create_member(
                email=f"user{number}@office.example",
                password=PASSWORD,
                role=Role.AGENT,
                first_name=f"User {number}",
                last_name="",
                actor=actor,
            )
        load_catalogue(
            {
                "sources": [{"name": name} for name in ("Referred by another client", "Social Media")],
                "tags": [{"name": name} for name in ("VIP client", "Lost", "Third", "Fourth")],
            },
            actor=actor,
        )
        create_field("First", "text", actor=actor)
        create_field("Second", "text", actor=actor)
        create_field("Third", "select_multi", ["One", "Two", "Three"], actor=actor)
    return owner


@pytest.fixture
def client(office: Member, estateprime: Callable[[Member | None], WireClient]) -> WireClient:
    return estateprime(office)


@pytest.fixture
def john(office: Member, client: WireClient) -> int:
    """Contact 1489 as it is printed."""
    number = client.post(CONTACTS, JOHN).json()["created_id"]
    created = datetime(2025, 1, 15, 18, 0, 5, tzinfo=UTC)
    with tenant_scope(office.organization):
        Contact.objects.filter(number=number).update(number=1489, created_at=created, updated_at=created)
    return 1489


def test_case_40_the_whole_contact(client, john):
    response = client.get(f"{CONTACTS}/1489")

    assert response.status_code == 200
    assert (list(response.json()["data"]), response.json()) == (list(JOHN), {"status": 200, "data": JOHN})


def test_cases_41_and_42_a_range_of_days(client, john, office):
    since = datetime(2025, 2, 24, tzinfo=UTC)
    drafts = [
        ContactDraft(full_name=f"N {number}", created_at=since + timedelta(hours=number) - timedelta(hours=10))
        for number in range(437)
    ]
    with tenant_scope(office.organization):
        for _ in create_contacts(drafts, actor=actor_of(office)):
            pass
        Contact.objects.filter(number=1489).update(created_at=since + timedelta(days=90), number=10**6)

    asked = {"page": 1, "date_created": {"min": "2025-02-24 00:00:00", "max": None}}
    body = client.request("GET", CONTACTS, json=asked).json()
    last = client.request("GET", CONTACTS, json=asked | {"page": 9}).json()
    by_query = client.get(CONTACTS, {"page": "9", "date_created[min]": "2025-02-24 00:00:00"}).json()

    assert list(body) == ["status", "page", "total_pages", "results_per_page", "total_results", "data"]
    assert {key: value for key, value in body.items() if key != "data"} == {
        "status": 200,
        "page": 1,
        "total_pages": 9,
        "results_per_page": 50,
        "total_results": 428,
    }
    assert (len(body["data"]), body["data"][0]["id"]) == (50, 10**6)
    assert list(body["data"][0]) == list(JOHN)
    assert len(last["data"]) == 28
    assert by_query == last


def test_case_43_no_body_with_and_without_a_content_type(client, john):
    for options in ({}, {"content_type": "application/json"}):
        body = client.get(CONTACTS, **options).json()
        assert (body["page"], body["total_results"]) == (1, 1)


def test_case_45_creating(client):
    response = client.post(CONTACTS, JOHN)

    assert response.status_code == 200
    assert list(response.json()) == ["status", "created_id"]
    made = client.get(f"{CONTACTS}/{response.json()['created_id']}").json()["data"]
    generated = ("id", "date_created", "date_updated")
    assert made == {**JOHN, **{key: made[key] for key in generated}}


def test_case_46_deleting(client, john):
    assert client.delete(f"{CONTACTS}/1489").json() == {"status": 200, "deleted_id": 1489}
    for again in (client.get(f"{CONTACTS}/1489"), client.delete(f"{CONTACTS}/1489")):
        assert (again.status_code, again.json()) == (404, {"status": 404, "error_message": "Contact not found."})


def test_cases_47_to_49_lookups(client, office):
    assert client.get(f"{CONTACTS}/sources").json() == {
        "status": 200,
        "data": [{"id": 1, "name": "Referred by another client"}, {"id": 2, "name": "Social Media"}],
    }
    assert client.get(f"{CONTACTS}/tags").json()["data"][:2] == [
        {"id": 1, "name": "VIP client"},
        {"id": 2, "name": "Lost"},
    ]
    assert client.get(f"{CONTACTS}/custom-fields").json()["data"] == [
        {"id": 1, "name": "First", "type": "text"},
        {"id": 2, "name": "Second", "type": "text"},
        {
            "id": 3,
            "name": "Third",
            "type": "select_multi",
            "options": [{"id": 1, "name": "One"}, {"id": 2, "name": "Two"}, {"id": 3, "name": "Three"}],
        },
    ]


def test_case_52_nobody_and_nonsense(client, office):
    for headers in ({"Authorization": ""}, {"Authorization": "Basic bm86bm8="}):
        response = client.get(CONTACTS, headers=headers)
        assert (response.status_code, response.json()) == (401, {"status": 401, "error_message": "Unauthorized."})
        assert response["WWW-Authenticate"] == 'Basic realm="EstatePrime"'


def test_case_53_searching(client, john):
    for text in ("1234567890", "doe john", "WORK.example", "0987-654"):
        assert [contact["id"] for contact in client.get(CONTACTS, {"search": text}).json()["data"]] == [1489]


def test_case_54_another_accounts_contact(client, john, south, estateprime):
    response = estateprime(south.owner).get(f"{CONTACTS}/1489")

    assert (response.status_code, response.json()["error_message"]) == (404, "Contact not found.")
    assert Source is not Tag

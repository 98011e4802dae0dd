"""The printed examples of Rentalot's documentation, replayed (CONTRACTS 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Credential, Member
from accounts.services import create_organization, revoke_credential
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactRole, ContactStage
from contacts.services import create_contacts
from tests.worlds import PASSWORD, WireClient, World, actor_of

PAYLOADS = Path(__file__).parent.parent / "payloads" / "rentalot"
CONTACTS = "/api/v1/contacts"
RATE_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Resource"}


def printed(name: str) -> Any:
    """A body as Rentalot's documentation prints it."""
    return orjson.loads((PAYLOADS / f"{name}.json").read_bytes())


JANE = printed("list_contacts.response")["data"][0]
ADDRESS = f"{CONTACTS}/{JANE['id']}"

pytestmark = pytest.mark.django_db


def account(slug: str) -> Member:
    """The owner of an account of the plan the examples are for."""
    return create_organization(
        name=slug.title(),
        slug=slug,
        plan="pro",
        owner_email=f"owner@{slug}.example",
        owner_password=PASSWORD,
        owner_first_name="Olive",
    )


@pytest.fixture
def office(south: World) -> Member:
    """An account without a contact (R-B); the stranger beside it has some."""
    return account("office")


@pytest.fixture
def client(office: Member, rentalot: Callable[[Member | None], WireClient]) -> WireClient:
    return rentalot(office)


@pytest.fixture
def jane(office: Member) -> Contact:
    """The account of R-A: Jane as she is printed, and 86 contacts that are older."""
    created = datetime(2026, 2, 10, 14, 30, tzinfo=UTC)
    with tenant_scope(office.organization):
        ((contact, *_),) = create_contacts(_drafts(created), actor=actor_of(office))
        Contact.objects.filter(pk=contact.pk).update(uuid=UUID(JANE["id"]), updated_at=created)
        return Contact.objects.get(pk=contact.pk)


def _drafts(created: datetime) -> Iterator[ContactDraft]:
    yield ContactDraft(
        full_name="Jane Smith",
        email="jane@example.com",
        phone="+15551234567",
        channel_preference="whatsapp",
        source="telegram",
        notes="Never on the wire.",
        created_at=created,
    )
    for number in range(86):
        yield ContactDraft(
            full_name=f"Older {number}",
            email=f"older{number}@example.com",
            stage=ContactStage.values[number % 5],
            role=ContactRole.values[number % 6],
            channel_preference=("email", "whatsapp", "")[number % 3],
            created_at=created - timedelta(hours=1 + number // 2),
        )


def test_case_23_the_first_page_of_87_contacts(client, jane):
    response = client.get(CONTACTS)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    body = response.json()
    expected = printed("list_contacts.response")
    assert list(body) == ["data", "pagination"]
    assert (list(body["data"][0]), body["data"][0]) == (list(JANE), JANE)
    assert len(body["data"]) == 20
    assert (list(body["pagination"]), body["pagination"]) == (list(expected["pagination"]), expected["pagination"])
    assert response.headers.keys() >= RATE_HEADERS


def test_case_24_pages_and_filters(client, jane):
    def total(**query: Any) -> int:
        body = client.get(CONTACTS, query).json()
        return int(body["pagination"]["total"])

    assert len(client.get(CONTACTS, {"page": 5}).json()["data"]) == 7
    assert len(client.get(CONTACTS, {"limit": 100}).json()["data"]) == 87
    for name, values in (("status", ContactStage.values), ("role", ContactRole.values)):
        found = {value: client.get(CONTACTS, {name: value, "limit": 100}).json()["data"] for value in values}
        assert sum(map(len, found.values())) == 87
        assert all(contact[name] == value for value, contacts in found.items() for contact in contacts)
    assert total(channel="whatsapp") == 30
    assert client.get(CONTACTS, {"search": "jane"}).json()["data"] == [JANE]
    assert client.get(CONTACTS, {"search": "5551234567"}).json()["data"] == [JANE]
    assert total(search="older1") == 11


def test_every_page_together_shows_every_contact_once(client, jane):
    found = [contact for page in range(1, 6) for contact in client.get(CONTACTS, {"page": page}).json()["data"]]

    assert len({contact["id"] for contact in found}) == len(found) == 87
    moments = [contact["createdAt"] for contact in found]
    assert moments == sorted(moments, reverse=True)


def test_case_25_one_contact(client, jane):
    response = client.get(ADDRESS)

    assert (response.status_code, response.json()) == (200, {"data": JANE})


def test_case_26_a_change(client, jane):
    response = client.patch(ADDRESS, printed("update_contact.request"))

    assert response.status_code == 200
    data = response.json()["data"]
    assert data["updatedAt"] > JANE["updatedAt"]
    expected = {**JANE, "status": "scheduled", "channelPreference": "email", "updatedAt": data["updatedAt"]}
    assert (list(data), data) == (list(JANE), expected)


def test_cases_27_and_28_creating(client):
    started = timezone.now().replace(microsecond=0)

    response = client.post(CONTACTS, printed("create_contact.request"))

    assert response.status_code == 201
    data = response.json()["data"]
    assert response["Location"] == f"{CONTACTS}/{data['id']}"
    assert str(UUID(data["id"])) == data["id"]
    assert data["createdAt"] == data["updatedAt"]
    assert datetime.fromisoformat(data["createdAt"]) >= started
    made = {"id": data["id"], "createdAt": data["createdAt"], "updatedAt": data["createdAt"]}
    rest = {"referralSource": None, "language": "en", "appliedAt": None}
    assert response.json() == {"data": {**printed("create_contact.request"), **rest, **made}}
    assert client.get(response["Location"]).json() == response.json()


def test_case_29_creating_twice_with_one_key(client, office):
    key = {"Idempotency-Key": "7f0b8c1e-4a2f-4f6e-9a7d-0d2d3f4b5c6d"}

    first, second = (client.post(CONTACTS, printed("create_contact.request"), headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.content, second["Location"]) == (first.content, first["Location"])
    assert (first.headers.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    assert client.get(CONTACTS).json()["pagination"]["total"] == 1


def test_case_30_what_is_not_said_has_its_default(client):
    response = client.post(CONTACTS, {"name": "A", "email": "a@example.com"})

    data = response.json()["data"]
    assert response.status_code == 201
    assert {name: data[name] for name in ("status", "role", "source", "language", "channelPreference")} == {
        "status": "prospect",
        "role": "prospect",
        "source": "api",
        "language": "en",
        "channelPreference": None,
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": "A"}, [("email", "email or phone is required")]),
        ({"email": "a@example.com"}, [("name", "name is required")]),
        ({}, [("email", "email or phone is required"), ("name", "name is required")]),
    ],
)
def test_case_31_what_a_contact_needs(client, body, errors):
    response = client.post(CONTACTS, body)

    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, response.json()) == (
        422,
        {
            "type": "https://rentalot.ai/problems/validation-error",
            "title": "Validation Error",
            "status": 422,
            "detail": "Request validation failed",
            "errors": [{"field": field, "message": message} for field, message in errors],
        },
    )
    assert client.get(CONTACTS).json()["pagination"]["total"] == 0


def test_cases_32_and_33_deleting(client, jane, office):
    response = client.delete(ADDRESS)

    assert (response.status_code, response.content) == (204, b"")
    missing = {
        "type": "https://rentalot.ai/problems/not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "Contact not found",
    }
    for again in (client.delete(ADDRESS), client.get(ADDRESS), client.patch(ADDRESS, {"name": "B"})):
        assert (again.status_code, again.json(), again["Content-Type"]) == (404, missing, "application/problem+json")
    listed = client.get(CONTACTS, {"limit": 100}).json()
    assert listed["pagination"]["total"] == 86
    assert JANE["id"] not in {contact["id"] for contact in listed["data"]}
    with tenant_scope(office.organization):
        assert Contact.objects.deleted().get().full_name == "Jane Smith"


def test_case_34_applying(client):
    address = client.post(CONTACTS, printed("create_contact.request"))["Location"]

    applied = client.patch(address, {"status": "applicant"}).json()["data"]
    again = client.patch(address, {"status": "applicant", "appliedAt": "2020-01-01T00:00:00Z"}).json()["data"]
    left = client.patch(address, {"status": "renter"}).json()["data"]

    assert applied["appliedAt"] == applied["updatedAt"]
    assert again == applied
    assert (left["status"], left["appliedAt"]) == ("renter", None)


def test_case_35_another_accounts_contact(client, jane, south, rentalot):
    address = f"{CONTACTS}/{south.contact.uuid}"
    before = rentalot(south.owner).get(address).content

    answers = [client.get(address), client.patch(address, {"name": "Mine"}), client.delete(address)]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert rentalot(south.owner).get(address).content == before


def test_case_36_notes_are_never_told(client, jane, office):
    created = client.post(CONTACTS, {"name": "N", "phone": "+15550001111", "notes": "Secret"})

    answers = [client.get(CONTACTS), client.get(ADDRESS), created, client.patch(ADDRESS, {"notes": "Other"})]

    assert [answer.status_code for answer in answers] == [200, 200, 201, 200]
    for answer in answers:
        data = answer.json()["data"]
        for contact in data if isinstance(data, list) else [data]:
            assert list(contact) == list(JANE)
    with tenant_scope(office.organization):
        assert {"Secret", "Other"} <= set(Contact.objects.values_list("notes", flat=True))


def test_case_37_nobody_and_nonsense_and_what_was_revoked(client, office, rentalot):
    revoked = rentalot(office)
    with tenant_scope(office.organization):
        revoke_credential(Credential.objects.order_by("-pk")[0], actor=Actor.command("tests"))

    for headers in ({"Authorization": ""}, {"Authorization": "Bearer nonsense"}, revoked.headers):
        response = client.get(CONTACTS, headers=headers)
        assert (response.status_code, response.json()) == (401, printed("unauthorized.response"))
        assert response["Content-Type"] == "application/problem+json"
        assert response["WWW-Authenticate"] == "Bearer"


def test_case_38_empty_text_and_unknown_keys(client):
    response = client.post(CONTACTS, {"name": "Alice", "email": "alice@test.com", "phone": "", "type": ""})

    assert response.status_code == 201
    assert response.json()["data"]["phone"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Jane A. Smith"),
        ("email", "jane.smith@example.org"),
        ("phone", "+1 (555) 765-4321"),
        *(("status", value) for value in ContactStage.values),
        *(("role", value) for value in ContactRole.values),
        ("channelPreference", "sms"),
        ("source", "open_house"),
        ("referralSource", "A neighbour"),
        ("language", "es"),
    ],
)
def test_case_39_each_field_alone(client, jane, name, value):
    response = client.patch(ADDRESS, {name: value})

    data = response.json()["data"]
    applied = {"appliedAt": data["updatedAt"]} if value == "applicant" else {}
    assert (response.status_code, data) == (200, {**JANE, name: value, **applied, "updatedAt": data["updatedAt"]})
    assert client.get(ADDRESS).json()["data"] == data

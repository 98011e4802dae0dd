"""What a Rentalot program may write into a contact, and what it reads back (CONTRACTS 2.3, 2.9, 2.10, 2.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Member
from contacts.drafts import ContactDraft
from contacts.models import Contact, TaggedContact
from contacts.services import create_contact
from tests.contracts.test_rentalot_replay import CONTACTS, JANE
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

KEYS = list(JANE)


@pytest.fixture
def client(north: World, rentalot: Callable[[Member | None], WireClient]) -> WireClient:
    """A program of north's owner."""
    return rentalot(north.owner)


@pytest.fixture
def address(client: WireClient) -> str:
    """A contact with everything said."""
    body = {
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "phone": "+44 20 7946 0000",
        "status": "scheduled",
        "role": "landlord",
        "channelPreference": "telegram",
        "source": "walk_in",
        "referralSource": "Charles",
        "language": "fr",
        "notes": "Counts.",
    }
    response = client.post(CONTACTS, body)
    assert {**response.json()["data"], "notes": "Counts."}.items() >= body.items()
    return str(response["Location"])


def error_of(response: Any) -> tuple[int, list[tuple[str, str]]]:
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert body["status"] == response.status_code
    return response.status_code, [(error["field"], error["message"]) for error in body.get("errors", [])]


def stored(north: World, address: str) -> Contact:
    with north.scope():
        return Contact.objects.get(uuid=address.rpartition("/")[2])


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, [("name", "name is required")]),
        ({"name": None}, [("name", "name is required")]),
        ({"name": " \t "}, [("name", "name is required")]),
        ({"name": 7}, [("name", "name must be a string")]),
        ({"name": "n" * 201}, [("name", "name must be at most 200 characters")]),
        ({"email": "nobody"}, [("email", "email must be a valid email address")]),
        ({"email": 7}, [("email", "email must be a string")]),
        (
            {"email": f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"},
            [("email", "email must be at most 200 characters")],
        ),
        ({"phone": "12"}, [("phone", "phone must be 3 to 30 characters of +0-9 ()-./x")]),
        ({"phone": "call me"}, [("phone", "phone must be 3 to 30 characters of +0-9 ()-./x")]),
        ({"phone": "٣٣٣٣٣"}, [("phone", "phone must be 3 to 30 characters of +0-9 ()-./x")]),
        ({"phone": "1" * 31}, [("phone", "phone must be at most 30 characters")]),
        ({"phone": 15551234567}, [("phone", "phone must be a string")]),
        (
            {"status": "PROSPECT"},
            [("status", "status must be one of: prospect, scheduled, applicant, renter, archived")],
        ),
        ({"status": 1}, [("status", "status must be a string")]),
        (
            {"role": "boss"},
            [("role", "role must be one of: prospect, tenant, landlord, property_manager, vendor, other")],
        ),
        ({"channelPreference": "c" * 51}, [("channelPreference", "channelPreference must be at most 50 characters")]),
        ({"source": "s" * 101}, [("source", "source must be at most 100 characters")]),
        ({"referralSource": "r" * 201}, [("referralSource", "referralSource must be at most 200 characters")]),
        ({"language": "l" * 11}, [("language", "language must be at most 10 characters")]),
        ({"notes": "n" * 5_001}, [("notes", "notes must be at most 5000 characters")]),
        ({"notes": ["n"]}, [("notes", "notes must be a string")]),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_written(client: WireClient, address: str, changes: Any, errors: Any):
    before = client.get(address).content
    total = client.get(CONTACTS).json()["pagination"]["total"]

    assert error_of(client.patch(address, changes)) == (422, errors)
    assert error_of(client.post(CONTACTS, {"name": "B", "phone": "555-0100", **changes})) == (422, errors)

    assert client.get(address).content == before
    assert client.get(CONTACTS).json()["pagination"]["total"] == total


def test_every_fault_is_named_at_once(client: WireClient):
    response = client.post(
        CONTACTS, {"email": "no", "phone": "no", "status": "no", "role": 1, "language": "english, please"}
    )

    assert [field for field, _ in error_of(response)[1]] == ["name", "email", "phone", "status", "role", "language"]


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_what_is_cleared(client: WireClient, address: str, north: World, empty: str | None):
    before = client.get(address).json()["data"]
    cleared = dict.fromkeys(["phone", "channelPreference", "source", "referralSource"], empty)

    response = client.patch(address, {**cleared, "notes": empty, "status": empty, "role": empty, "language": empty})

    data = response.json()["data"]
    assert response.status_code == 200
    assert data == {**before, **dict.fromkeys(cleared), "updatedAt": data["updatedAt"]}
    assert stored(north, address).notes == ""


@pytest.mark.parametrize("empty", ["", None])
def test_the_last_way_to_reach_somebody_stays(client: WireClient, address: str, empty: str | None):
    assert client.patch(address, {"phone": empty}).json()["data"]["phone"] is None
    before = client.get(address).content

    assert error_of(client.patch(address, {"email": empty})) == (422, [("email", "email or phone is required")])
    assert client.get(address).content == before
    moved = client.patch(address, {"email": empty, "phone": "+15550100000"}).json()["data"]
    assert (moved["email"], moved["phone"]) == (None, "+15550100000")


@pytest.mark.parametrize("empty", ["", None])
def test_a_new_contact_takes_empty_values_for_absent_ones(client: WireClient, empty: str | None):
    names = ("email", "status", "role", "channelPreference", "source", "referralSource", "language", "notes")

    response = client.post(CONTACTS, {"name": "Bare", "phone": "555-0100", **dict.fromkeys(names, empty)})

    data = response.json()["data"]
    assert response.status_code == 201
    assert data == {
        "id": data["id"],
        "name": "Bare",
        "email": None,
        "phone": "555-0100",
        "status": "prospect",
        "role": "prospect",
        "channelPreference": None,
        "source": "api",
        "referralSource": None,
        "language": "en",
        "appliedAt": None,
        "createdAt": data["createdAt"],
        "updatedAt": data["createdAt"],
    }


def test_text_is_trimmed_and_otherwise_kept(client: WireClient):
    said = {"name": "  Nguyễn  Thị Ánh ", "phone": " +1 (555) 010-0000 x12 ", "source": " a  b "}

    data = client.post(CONTACTS, said).json()["data"]

    assert (data["name"], data["phone"], data["source"]) == ("Nguyễn  Thị Ánh", "+1 (555) 010-0000 x12", "a  b")


def test_what_nobody_may_set_is_ignored(client: WireClient, address: str):
    before = client.get(address).json()["data"]
    mine = {
        "id": str(uuid4()),
        "appliedAt": "2020-01-01T00:00:00Z",
        "createdAt": "2020-01-01T00:00:00Z",
        "updatedAt": 7,
        "deletedAt": "2020-01-01T00:00:00Z",
        "organizationId": 1,
        "unknown": {"a": [1]},
    }

    assert client.patch(address, mine).json()["data"] == before
    created = client.post(CONTACTS, {"name": "C", "phone": "555-0101", **mine}).json()["data"]
    assert created["id"] != mine["id"]
    assert created["appliedAt"] is None


def test_a_change_of_nothing_changes_nothing(client: WireClient, address: str):
    before = client.get(address)

    for body in ({}, before.json()["data"], {"name": "Ada Lovelace"}):
        again = client.patch(address, body)
        assert (again.status_code, again.content, again["ETag"]) == (200, before.content, before["ETag"])


def test_a_new_applicant_has_applied(client: WireClient):
    data = client.post(CONTACTS, {"name": "D", "phone": "555-0102", "status": "applicant"}).json()["data"]

    assert data["appliedAt"] == data["createdAt"]


def test_a_taken_address_is_a_conflict_that_names_the_contact(client: WireClient, address: str, north: World):
    for response in (
        client.post(CONTACTS, {"name": "Other", "email": "ADA@example.org"}),
        client.patch(f"{CONTACTS}/{north.contact.uuid}", {"email": "Ada@Example.org"}),
    ):
        assert (response.status_code, response.json()) == (
            409,
            {
                "type": "https://rentalot.ai/problems/conflict",
                "title": "Conflict",
                "status": 409,
                "detail": "Contact with this email already exists",
                "existingId": address.rpartition("/")[2],
            },
        )
        assert response["Link"] == f'<{address}>; rel="duplicate"'
    assert client.delete(address).status_code == 204
    assert client.post(CONTACTS, {"name": "Other", "email": "ada@example.org"}).status_code == 201


def test_phones_may_repeat(client: WireClient, address: str):
    phone = client.get(address).json()["data"]["phone"]

    assert client.post(CONTACTS, {"name": "Flatmate", "phone": phone}).status_code == 201


def test_a_company_is_called_by_its_name(client: WireClient, north: World):
    with north.scope():
        draft = ContactDraft(is_company=True, company_name="Delta GmbH", email="office@delta.example")
        contact = create_contact(draft, actor=north.actor())
    address = f"{CONTACTS}/{contact.uuid}"
    read = client.get(address).json()["data"]

    assert read["name"] == "Delta GmbH"
    assert client.patch(address, read).json()["data"] == read
    unchanged = stored(north, address)
    assert (unchanged.full_name, unchanged.company_name, unchanged.version) == ("", "Delta GmbH", 1)


@pytest.mark.parametrize("draft", [{"email": "x@y.example"}, {"phone": "555 0199"}, {"company_name": "Nameless Ltd"}])
def test_a_contact_of_another_door_may_lack_what_is_required_here(client: WireClient, north: World, draft: Any):
    with north.scope():
        contact = create_contact(ContactDraft(**draft), actor=north.actor())
    address = f"{CONTACTS}/{contact.uuid}"
    read = client.get(address).json()["data"]

    assert list(read) == KEYS
    assert (read["name"], read["email"], read["phone"]) == (
        draft.get("company_name"),
        draft.get("email"),
        draft.get("phone"),
    )
    assert client.patch(address, {"status": "renter"}).json()["data"]["status"] == "renter"


def test_a_name_is_split_for_the_wires_that_want_two_parts(client: WireClient, address: str, north: World):
    client.patch(address, {"name": "Augusta Ada King"})

    contact = stored(north, address)
    assert (contact.first_name, contact.last_name, contact.full_name) == ("Augusta Ada", "King", "Augusta Ada King")


def test_a_change_leaves_what_other_wires_own(client: WireClient, north: World):
    address = f"{CONTACTS}/{north.contact.uuid}"
    ours = {"stage", "role", "version", "updated_at"}

    def others() -> dict[str, Any]:
        with north.scope():
            row = Contact.objects.filter(pk=north.contact.pk).values().get()
            tags = list(TaggedContact.objects.filter(content_object=north.contact.pk).values())
        return {name: value for name, value in row.items() if name not in ours} | {"tags": tags}

    before = others()
    assert client.patch(address, {"status": "renter", "role": "tenant"}).status_code == 200
    assert others() == before


@pytest.mark.parametrize("body", [[], "x", 7, None, True])
def test_a_body_that_is_no_object_is_a_bad_request(client: WireClient, address: str, body: Any):
    for response in (
        client.request("POST", CONTACTS, body=b"null" if body is None else None, json=body),
        client.request("PATCH", address, body=b"null" if body is None else None, json=body),
    ):
        assert (response.status_code, response.json()["type"]) == (400, "https://rentalot.ai/problems/bad-request")
        assert response.json()["detail"] == "The body must be a JSON object"


def test_a_delete_may_carry_a_body(client: WireClient, address: str):
    assert client.delete(address, {"reason": "cleaning up"}).status_code == 204


def test_changing_only_what_was_read(client: WireClient, address: str):
    tag = client.get(address)["ETag"]

    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.patch(address, {"role": "other"}, headers={"If-Match": tag}).status_code == 200
    stale = client.patch(address, {"role": "vendor"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["type"]) == (412, "https://rentalot.ai/problems/precondition-failed")
    assert client.delete(address, headers={"If-Match": tag}).status_code == 412
    assert client.get(address).json()["data"]["role"] == "other"


@pytest.mark.parametrize(
    "identifier",
    [
        "1",
        "x",
        "contact_1",
        "550E8400-E29B-41D4-A716-446655440000",
        "{550e8400-e29b-41d4-a716-446655440000}",
        "%00",
        "é",
    ],
)
def test_what_is_no_id_is_not_found(client: WireClient, identifier: str):
    for method in ("GET", "PATCH", "DELETE"):
        response = client.request(method, f"{CONTACTS}/{identifier}", json={} if method == "PATCH" else None)
        assert (response.status_code, response.json()["detail"]) == (404, "Contact not found")


def test_a_contact_is_the_same_on_both_wires(client: WireClient, address: str, winnerr: Any, north: World):
    uuid = address.rpartition("/")[2]
    other = winnerr(north.owner)

    seen = other.get(f"/v1/contacts/contact_{uuid}").json()["data"]
    assert (seen["firstName"], seen["lastName"], seen["email"], seen["notes"]) == (
        "Ada",
        "Lovelace",
        "ada@example.org",
        "Counts.",
    )
    assert other.delete(f"/v1/contacts/contact_{uuid}").status_code == 200
    assert client.get(address).status_code == 404

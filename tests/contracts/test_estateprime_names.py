"""A contact keeps something to be called by, on EstatePrime's wire as everywhere (CONTRACTS E-C5)."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.drafts import ContactDraft
from contacts.services import create_contact
from tests.contracts.ada import refusal, refused
from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

PERSON = {"first_name": "Ada", "emails": [{"email_address": "ada.lovelace@example.com"}]}
COMPANY = {"is_company": True, "company_name": "Engines Ltd"}


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    """A program of north's owner."""
    return PROGRAMS[ESTATEPRIME](north.owner)


@pytest.mark.parametrize(
    ("made", "sent", "missing"),
    [
        (PERSON, {"first_name": ""}, "first_name"),
        (PERSON, {"first_name": None, "is_company": True}, "company_name"),
        (COMPANY, {"company_name": None}, "company_name"),
        (COMPANY, {"is_company": False, "company_name": ""}, "first_name"),
    ],
)
def test_the_last_name_is_not_taken_away(
    client: WireClient, made: dict[str, Any], sent: dict[str, Any], missing: str
) -> None:
    address = f"{CONTACTS}/{client.post(CONTACTS, made).json()['created_id']}"
    before = client.get(address).json()

    assert refusal(client.patch(address, sent)) == refused(f"Missing {missing}")

    assert client.get(address).json() == before
    assert refusal(client.patch(address, sent | {"last_name": "King"}))[0] == 200


def test_a_contact_without_a_name_is_changed_like_any_other(client: WireClient, north: World) -> None:
    with north.scope():
        contact = create_contact(ContactDraft(email="nobody@example.com"), actor=north.actor())
    address = f"{CONTACTS}/{contact.number}"

    changed = client.patch(address, {"first_name": None, "notes": "Wrote at night."})

    document = changed.json()["data"]
    assert (changed.status_code, document["first_name"], document["notes"]) == (200, "", "Wrote at night.")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("key", ["is_lead", "is_company"])
def test_a_flag_is_never_unknown(client: WireClient, method: str, key: str) -> None:
    address = f"{CONTACTS}/{client.post(CONTACTS, PERSON).json()['created_id']}"
    answer = client.request(method, CONTACTS if method == "POST" else address, json={"first_name": "Bea", key: None})
    assert refusal(answer) == refused(f"Invalid {key}")

"""A contact with everything said, and what EstatePrime's wire answers about it."""

from __future__ import annotations

from typing import Any

from contacts.models import Contact
from tests.contracts.test_estateprime_replay import CONTACTS, JOHN
from tests.worlds import WireClient, World

KEYS = list(JOHN)
NOT_FOUND = {"status": 404, "error_message": "Contact not found."}
# What a new contact is when nothing is said of it.
DEFAULTS: dict[str, Any] = {
    "first_name": "",
    "last_name": "",
    "source_id": None,
    "is_lead": False,
    "is_company": False,
    "company_name": None,
    "phones": [],
    "emails": [],
    "notes": "",
    "custom_fields": [],
    "contact_details": [],
    "tags": [],
    "users": [],
    "date_converted_to_client": None,
}
GENERATED = ("id", "date_created", "created_by", "date_updated")


def ada(north: World) -> dict[str, Any]:
    """A contact with everything said, in the order and the words in which it is read."""
    return {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "source_id": 1,
        "is_lead": True,
        "is_company": True,
        "company_name": "Engines Ltd",
        "phones": [
            {"type": "mobile", "number": "+44 20 7946 0000", "notes": "Evenings"},
            {"type": "", "number": "555-0100", "notes": ""},
        ],
        "emails": [
            {"type": "work", "email_address": "Ada@Example.org", "notes": "First"},
            {"type": "", "email_address": "ada@second.example", "notes": ""},
        ],
        "notes": "Counts.",
        "custom_fields": [{"custom_field_id": 1, "value": 2}],
        "contact_details": [
            {"first_name": "Charles", "last_name": "", "mobile": "+44 1", "email": "c@example.org", "notes": "Friend"},
            {"first_name": "", "last_name": "Byron", "mobile": None, "email": None, "notes": ""},
        ],
        "tags": [1, 2],
        "created_by": north.admin.number,
        "users": [north.viewer.number, north.agent.number],
    }


def made(client: WireClient, body: dict[str, Any]) -> str:
    response = client.post(CONTACTS, body)
    assert (response.status_code, list(response.json())) == (200, ["status", "created_id"]), response.content
    return f"{CONTACTS}/{response.json()['created_id']}"


def read(client: WireClient, address: str) -> dict[str, Any]:
    response = client.get(address)
    assert (response.status_code, list(response.json()), response.json()["status"]) == (200, ["status", "data"], 200)
    document: dict[str, Any] = response.json()["data"]
    assert list(document) == KEYS
    return document


def changed(client: WireClient, address: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a change, which is what is read afterwards."""
    response = client.patch(address, body)
    assert (response.status_code, list(response.json())) == (200, ["status", "data"]), response.content
    document: dict[str, Any] = response.json()["data"]
    assert document == read(client, address)
    assert response["ETag"] == client.get(address)["ETag"]
    return document


def refusal(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


def refused(message: str, status: int = 400) -> tuple[int, dict[str, Any]]:
    return status, {"status": status, "error_message": message}


def stored(north: World, address: str) -> Contact:
    with north.scope():
        return Contact.objects.get(number=int(address.rpartition("/")[2]))

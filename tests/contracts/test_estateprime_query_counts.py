"""How many statements a request of EstatePrime's costs: committed, and the same for one row as for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS, JOHN, printed_office
from tests.contracts.test_winnerr_query_counts import COUNTS, costs
from tests.worlds import WireClient, World

BODY = {key: value for key, value in JOHN.items() if key != "id"}
ONCE = {"Idempotency-Key": "once"}
NEW = {"first_name": "New", "emails": [{"email_address": "new@example.com"}]}


def requests(one: str) -> dict[str, Callable[[WireClient], Any]]:
    """By name, in the order they are made; ``one`` is the address of a contact."""
    since = {"page": 1, "date_created": {"min": "2025-02-24 00:00:00", "max": None}}
    return {
        "GET /api/contacts": lambda client: client.get(CONTACTS),
        "GET /api/contacts, in a range": lambda client: client.request("GET", CONTACTS, json=since),
        "GET /api/contacts, searched": lambda client: client.get(f"{CONTACTS}?search=john"),
        # Without a row to say it beside, the total is asked for by itself.
        "GET /api/contacts, beyond the end": lambda client: client.get(f"{CONTACTS}?page=9"),
        "GET /api/contacts, refused": lambda client: client.get(f"{CONTACTS}?page=0"),
        "GET /api/contacts/{id}": lambda client: client.get(one),
        "GET /api/contacts/{id}, unknown": lambda client: client.get(f"{CONTACTS}/{2**62}"),
        "GET /api/contacts/{id}, no id": lambda client: client.get(f"{CONTACTS}/nobody"),
        "GET /api/contacts/sources": lambda client: client.get(f"{CONTACTS}/sources"),
        "GET /api/contacts/tags": lambda client: client.get(f"{CONTACTS}/tags"),
        "GET /api/contacts/custom-fields": lambda client: client.get(f"{CONTACTS}/custom-fields"),
        "POST /api/contacts": lambda client: client.post(CONTACTS, NEW),
        "POST /api/contacts, with everything": lambda client: client.post(
            CONTACTS, BODY | {"emails": [{"email_address": "every@example.com"}, *JOHN["emails"]]}
        ),
        "POST /api/contacts, refused": lambda client: client.post(CONTACTS, {}),
        "POST /api/contacts, taken": lambda client: client.post(CONTACTS, NEW),
        "POST /api/contacts, once": lambda client: client.post(CONTACTS, {"first_name": "A"}, headers=ONCE),
        "POST /api/contacts, replayed": lambda client: client.post(CONTACTS, {"first_name": "A"}, headers=ONCE),
        "PATCH /api/contacts/{id}": lambda client: client.patch(one, {"first_name": "Johnny", "is_lead": True}),
        "PATCH /api/contacts/{id}, nothing new": lambda client: client.patch(one, {"first_name": "Johnny"}),
        "DELETE /api/contacts/{id}": lambda client: client.delete(one),
    }


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 60])
def test_the_committed_number_of_statements(south: World, others: int) -> None:
    client = PROGRAMS[ESTATEPRIME](printed_office())
    one = f"{CONTACTS}/{client.post(CONTACTS, JOHN).json()['created_id']}"
    # Each with every kind of row that can hang on a contact.
    for number in range(others):
        emails = [entry | {"email_address": f"{number}.{entry['email_address']}"} for entry in JOHN["emails"]]
        assert client.post(CONTACTS, BODY | {"emails": emails}).status_code == 200
    expected = COUNTS["estateprime:contacts"][connection.vendor]

    assert costs(client, one, requests(one)) == expected
    # One beside the authority's, whatever is read and however much hangs on it.
    reading = {name: count for name, count in expected.items() if name.startswith("GET")}
    others_cost = {
        "GET /api/contacts, beyond the end": 3,
        "GET /api/contacts, refused": 1,
        "GET /api/contacts/{id}, no id": 1,
        "GET /api/contacts/custom-fields": 3,
    }
    assert reading == dict.fromkeys(reading, 2) | others_cost

"""How many statements a request of Rentalot's costs: committed, and the same for one row as for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Member
from contacts.models import Contact
from tests.contracts.routed import PROGRAMS, RENTALOT
from tests.contracts.test_rentalot_replay import CONTACTS, JANE, printed
from tests.contracts.test_winnerr_query_counts import committed, costs, populate
from tests.worlds import WireClient

BODY = printed("create_contact.request")
ONCE = {"Idempotency-Key": "once"}


def requests(one: str) -> dict[str, Callable[[WireClient], Any]]:
    """By name, in the order they are made; ``one`` is the address of a contact."""
    return {
        "GET /api/v1/contacts": lambda client: client.get(f"{CONTACTS}?limit=100"),
        "GET /api/v1/contacts, filtered": lambda client: client.get(
            f"{CONTACTS}?limit=100&status=prospect,renter&role=prospect,tenant"
        ),
        "GET /api/v1/contacts, searched": lambda client: client.get(f"{CONTACTS}?search=john"),
        # Without a row to say it beside, the total is asked for by itself.
        "GET /api/v1/contacts, beyond the end": lambda client: client.get(f"{CONTACTS}?page=9"),
        "GET /api/v1/contacts/{id}": lambda client: client.get(one),
        "GET /api/v1/contacts/{id}, unknown": lambda client: client.get(f"{CONTACTS}/{JANE['id']}"),
        "GET /api/v1/contacts/{id}, no id": lambda client: client.get(f"{CONTACTS}/nobody"),
        "POST /api/v1/contacts": lambda client: client.post(CONTACTS, BODY),
        "POST /api/v1/contacts, refused": lambda client: client.post(CONTACTS, {}),
        "POST /api/v1/contacts, taken": lambda client: client.post(CONTACTS, BODY),
        "POST /api/v1/contacts, once": lambda client: client.post(
            CONTACTS, BODY | {"email": "once@example.com"}, headers=ONCE
        ),
        "POST /api/v1/contacts, replayed": lambda client: client.post(
            CONTACTS, BODY | {"email": "once@example.com"}, headers=ONCE
        ),
        "PATCH /api/v1/contacts/{id}": lambda client: client.patch(one, printed("update_contact.request")),
        "PATCH /api/v1/contacts/{id}, nothing new": lambda client: client.patch(one, printed("update_contact.request")),
        "DELETE /api/v1/contacts/{id}": lambda client: client.delete(one),
    }


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 90])
def test_the_committed_number_of_statements(office: Member, john: Contact, others: int) -> None:
    populate(office, others)
    one = f"{CONTACTS}/{john.uuid}"
    expected = committed(RENTALOT)

    assert costs(PROGRAMS[RENTALOT](office), one, requests(one)) == expected
    # One beside the authority's, whatever is read.
    reading = {name: count for name, count in expected.items() if name.startswith("GET")}
    others_cost = {"GET /api/v1/contacts, beyond the end": 3, "GET /api/v1/contacts/{id}, no id": 1}
    assert reading == dict.fromkeys(reading, 2) | others_cost

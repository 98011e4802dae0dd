"""How many statements a request costs: committed, and the same for one row as for many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.services import create_contacts
from tests.contracts.conftest import printed
from tests.contracts.routed import WINNERR
from tests.worlds import WireClient, actor_of

COUNTS = orjson.loads((Path(__file__).parent / "query_counts.json").read_bytes())
JOHN = "/v1/contacts/contact_123"
JANE = printed("create_contact.request")

REQUESTS: dict[str, Callable[[WireClient], Any]] = {
    "GET /v1/contacts": lambda client: client.get("/v1/contacts?limit=100"),
    "GET /v1/contacts, filtered and sorted": lambda client: client.get(
        "/v1/contacts?limit=100&type=LEAD,CLIENT&status=ACTIVE&leadScore[gte]=0&tags=vip,first-time-buyer&sort=lastName"
    ),
    "GET /v1/contacts, with everything beside": lambda client: client.get(
        "/v1/contacts?limit=100&include=deals,communications,activities"
    ),
    "GET /v1/contacts/{id}": lambda client: client.get(JOHN),
    "GET /v1/contacts/{id}, unknown": lambda client: client.get("/v1/contacts/contact_999"),
    "GET /v1/contacts/{id}/score": lambda client: client.get(f"{JOHN}/score"),
    "POST /v1/contacts": lambda client: client.post("/v1/contacts", JANE),
    "POST /v1/contacts, refused": lambda client: client.post("/v1/contacts", {}),
    "POST /v1/contacts, taken": lambda client: client.post("/v1/contacts", JANE | {"email": "john.doe@example.com"}),
    "POST /v1/contacts, once": lambda client: client.post(
        "/v1/contacts", JANE | {"email": "once@example.com"}, headers={"Idempotency-Key": "once"}
    ),
    "POST /v1/contacts, replayed": lambda client: client.post(
        "/v1/contacts", JANE | {"email": "once@example.com"}, headers={"Idempotency-Key": "once"}
    ),
    "PUT /v1/contacts/{id}": lambda client: client.put(JOHN, printed("update_contact.request")),
    "PUT /v1/contacts/{id}, nothing new": lambda client: client.put(
        JOHN, {"notes": printed("update_contact.request")["notes"]}
    ),
    "PATCH /v1/contacts/bulk": lambda client: client.patch(
        "/v1/contacts/bulk", {"contactIds": ["contact_123", "nobody"], "updates": {"status": "INACTIVE"}}
    ),
    "GET /v1/contacts/tags": lambda client: client.get("/v1/contacts/tags"),
    "GET /v1/contacts/{id}/activities": lambda client: client.get(f"{JOHN}/activities?limit=5"),
    "GET /v1/deals": lambda client: client.get("/v1/deals?limit=100"),
    "GET /v1/agents": lambda client: client.get("/v1/agents"),
    "DELETE /v1/contacts/{id}": lambda client: client.delete(JOHN),
}


def committed(prefix: str) -> dict[str, int]:
    """The committed numbers of a wire's requests on this database."""
    return {name: count for name, count in COUNTS[connection.vendor].items() if name.split(" /")[1].startswith(prefix)}


def costs(client: WireClient, warm_up: str, requests: Mapping[str, Callable[[WireClient], Any]]) -> dict[str, int]:
    """Statements of each request; transaction control is not one."""
    # The first request of a credential writes down that it was used.
    client.get(warm_up)
    found = {}
    for name, request in requests.items():
        with CaptureQueriesContext(connection) as queries:
            assert request(client).status_code < 500
        control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        found[name] = sum(not query["sql"].startswith(control) for query in queries)
    return found


def populate(office: Member, others: int) -> None:
    """So many contacts more."""
    with tenant_scope(office.organization):
        drafts = [
            ContactDraft(full_name=f"N {number}", email=f"n{number}@example.com", tags=("vip",), secondary_phone="1")
            for number in range(others)
        ]
        for _ in create_contacts(drafts, actor=actor_of(office)):
            pass


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 90])
def test_the_committed_number_of_statements(office: Member, client: WireClient, john: Contact, others: int):
    populate(office, others)

    assert costs(client, JOHN, REQUESTS) == committed(WINNERR)

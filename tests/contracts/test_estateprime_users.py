"""The members of an organization through EstatePrime's wire (CONTRACTS 3.2, 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Member
from accounts.roles import Role
from accounts.services import create_member
from tests.contracts.described import Described
from tests.worlds import PASSWORD, WireClient, World

USERS = "/api/users"
GROUPS = "/api/users/usergroups"
COUNTS = orjson.loads((Path(__file__).parent / "query_counts.json").read_bytes())
KEYS = ["id", "first_name", "last_name", "usergroup", "email", "phone", "is_active"]
Program = Callable[[Member | None], WireClient]


@pytest.fixture
def client(north: World, estateprime: Program) -> WireClient:
    """A program of the north's."""
    return estateprime(north.owner)


def user(member: Member, group: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": member.number,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "usergroup": group,
        "email": member.user.email,
        "phone": None,
        "is_active": True,
        **changes,
    }


def envelope(total: int, page: int = 1) -> dict[str, int]:
    return {
        "status": 200,
        "page": page,
        "total_pages": -(-total // 50),
        "results_per_page": 50,
        "total_results": total,
    }


def hire(world: World, count: int) -> list[int]:
    """More agents; all numbers there are now, the newest first."""
    with world.scope():
        for place in range(count):
            create_member(
                email=f"more{place}@{world.organization.slug}.example",
                password=PASSWORD,
                role=Role.AGENT,
                first_name=f"More {place}",
                last_name="",
                actor=world.actor(),
            )
        return list(Member.objects.order_by("-number").values_list("number", flat=True))


def test_users_are_whole_documents_the_newest_first(north: World, client: WireClient) -> None:
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(phone="+30 210 123 4567")
        Member.objects.filter(pk=north.viewer.pk).update(is_active=False)
    expected = [
        user(north.viewer, 3, is_active=False),
        user(north.agent, 2, phone="+30 210 123 4567"),
        user(north.admin, 1),
        user(north.owner, 1),
    ]
    for response in (client.get(USERS), client.get(f"{USERS}/"), client.request("GET", USERS, json={})):
        assert response.status_code == 200
        assert response.json() == {**envelope(4), "data": expected}
        assert list(response.json()) == [*envelope(4), "data"]
        assert [list(document) for document in response.json()["data"]] == [KEYS] * 4
        assert (response["Content-Type"], response["Cache-Control"]) == ("application/json", "no-store")


def test_groups_are_exact(client: WireClient) -> None:
    groups = [{"id": 1, "name": "Admin"}, {"id": 2, "name": "Agent"}, {"id": 3, "name": "Viewer"}]
    for path in (GROUPS, f"{GROUPS}/"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (200, {"status": 200, "data": groups})


def test_pages_have_every_user_once_by_body_and_by_query(north: World, client: WireClient) -> None:
    numbers = hire(north, 49)
    walked = []
    for page in (1, 2, 3, 10**17):
        body = client.request("GET", USERS, json={"page": page}).json()
        assert body == client.get(USERS, {"page": str(page)}).json()
        assert {key: value for key, value in body.items() if key != "data"} == envelope(53, page)
        walked += [document["id"] for document in body["data"]]
    assert walked == numbers


@pytest.mark.parametrize("page", [0, -1, "two", "1.5", True, [1]])
def test_a_page_that_is_none_is_refused(client: WireClient, page: Any) -> None:
    response = client.request("GET", USERS, json={"page": page})
    assert (response.status_code, response.json()) == (400, {"status": 400, "error_message": "Invalid page"})


def test_users_are_the_ids_that_contacts_and_communications_name(north: World, client: WireClient) -> None:
    numbers = {document["id"] for document in client.get(USERS).json()["data"]}
    contact = client.get(f"/api/contacts/{north.contact.number}").json()["data"]
    said = client.get("/api/communication").json()["data"]
    assert {contact["created_by"], *contact["users"], *(row["user_id"] for row in said)} <= numbers


def test_nobody_of_the_stranger_is_among_them(north: World, south: World, client: WireClient) -> None:
    hire(south, 3)
    for query in ({}, {"page": "2"}):
        response = client.get(USERS, query)
        assert response.json()["total_results"] == 4
        assert south.canary not in response.content.decode()


def test_every_role_reads_and_nobody_writes(north: World, estateprime: Program) -> None:
    for path in (USERS, GROUPS):
        stranger = estateprime(None).get(path)
        assert (stranger.status_code, stranger.json()) == (401, {"status": 401, "error_message": "Unauthorized."})
        assert stranger["WWW-Authenticate"] == 'Basic realm="EstatePrime"'
        for member in north.members:
            assert estateprime(member).get(path).status_code == 200
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                refused = estateprime(member).request(method, path, json={})
                assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
                assert refused.json() == {"status": 405, "error_message": "Method not allowed."}


def test_there_is_nothing_at_a_users_address(north: World, client: WireClient) -> None:
    response = client.get(f"{USERS}/{north.owner.number}")
    assert (response.status_code, response.json()) == (404, {"status": 404, "error_message": "Not found."})


def test_every_answer_is_described_to_the_key(client: WireClient) -> None:
    described = Described.at("/api/openapi.json")
    for path, status in ((USERS, 200), (f"{USERS}?page=0", 400), (GROUPS, 200)):
        response = client.get(path)
        assert response.status_code == status
        described.assert_describes("GET", path, response)
    assert described.document["components"]["schemas"]["User"]["required"] == KEYS


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 10])
def test_the_committed_number_of_statements(north: World, client: WireClient, others: int) -> None:
    hire(north, others)
    # The first request of a credential writes down that it was used.
    client.get(USERS)
    costs = {}
    for name, path in {
        "GET /api/users": USERS,
        "GET /api/users, beyond the last page": f"{USERS}?page=9",
        "GET /api/users/usergroups": GROUPS,
    }.items():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        costs[name] = sum(not query["sql"].startswith(control) for query in queries)
    assert costs == COUNTS["estateprime:users"][connection.vendor]

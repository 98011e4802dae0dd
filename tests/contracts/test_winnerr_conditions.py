"""``ETag`` on a contact, ``If-Match`` on its writes, ``If-None-Match`` on reading it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.models import Contact, Tag
from contacts.services.tags import rename_tag
from tests.worlds import WireClient, World, actor_of

ADDRESS = "/v1/contacts/contact_123"
REFUSED = {
    "success": False,
    "error": {
        "type": "precondition_failed_error",
        "title": "Precondition Failed",
        "status": 412,
        "detail": "The resource has changed since the version in If-Match",
    },
}


def test_every_answer_with_one_contact_names_its_version(client: WireClient, john: Contact) -> None:
    created = client.post("/v1/contacts", {"firstName": "A", "lastName": "B", "email": "a@example.com"})
    read = client.get(created["Location"])
    changed = client.put(created["Location"], {"notes": "x"})
    tagged = client.post(f"{created['Location']}/tags", {"tags": ["new"]})
    unchanged = client.put(created["Location"], {"notes": "x"})
    assert [answer["ETag"] for answer in (created, read, changed, tagged, unchanged)] == [
        '"1"',
        '"1"',
        '"2"',
        '"3"',
        '"3"',
    ]
    assert not client.get("/v1/contacts").has_header("ETag")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("header", ['"7"', 'W/"1"', "1", "", "nonsense", '"0"', '"1', f'"{"9" * 30}"'])
def test_another_version_is_refused_and_nothing_changes(
    client: WireClient, john: Contact, method: str, header: str
) -> None:
    body = {"notes": "overwritten"} if method != "DELETE" else None
    response = client.request(method, ADDRESS, json=body, headers={"If-Match": header})
    assert (response.status_code, response.json()) == (412, REFUSED)
    data = client.get(ADDRESS)
    assert (data["ETag"], data.json()["data"]["notes"]) == ('"1"', "Interested in waterfront properties")


@pytest.mark.parametrize("header", ['"1"', "*", '"7", "1"'])
def test_the_version_seen_may_be_changed(client: WireClient, john: Contact, header: str) -> None:
    response = client.put(ADDRESS, {"notes": "mine"}, headers={"If-Match": header})
    assert (response.status_code, response["ETag"]) == (200, '"2"')


def test_tags_mind_the_version_too(client: WireClient, john: Contact) -> None:
    for method in ("POST", "DELETE"):
        response = client.request(method, f"{ADDRESS}/tags", json={"tags": ["x"]}, headers={"If-Match": '"9"'})
        assert response.status_code == 412
    assert client.delete(f"{ADDRESS}/tags/investor", headers={"If-Match": '"9"'}).status_code == 412


def test_a_contact_that_is_gone_is_not_found_whatever_version_is_named(client: WireClient, john: Contact) -> None:
    client.delete(ADDRESS)
    assert client.put(ADDRESS, {"notes": "x"}, headers={"If-Match": '"1"'}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_eight_writers_with_one_version_one_wins(client: WireClient, john: Contact) -> None:
    def write(number: int) -> Any:
        try:
            return client.put(ADDRESS, {"notes": f"by {number}"}, headers={"If-Match": '"1"'}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(write, range(8)))
    assert statuses == [200] + [412] * 7


# Without includes: what is embedded moves without the contact's version.
ALONE = ("?include=", "?fields=email,notes")


@pytest.mark.parametrize("query", ALONE)
@pytest.mark.parametrize("header", ['"1"', 'W/"1"', "*", '"7", W/"1"', '"7","1"', ' "1" '])
def test_what_one_has_seen_is_not_sent_again(client: WireClient, john: Contact, query: str, header: str) -> None:
    full = client.get(f"{ADDRESS}{query}")
    for method in ("GET", "HEAD"):
        response = client.request(method, f"{ADDRESS}{query}", headers={"If-None-Match": header})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", '"1"')
        assert response["Cache-Control"] == full["Cache-Control"]
        assert response.get("Vary") == full.get("Vary")
        assert response.has_header("X-RateLimit-Remaining")
        assert response.has_header("X-Request-Id")
        # Neither may describe a body that is not there.
        assert not response.has_header("Content-Length")
        assert not response.has_header("Content-Type")


@pytest.mark.parametrize("query", ALONE)
@pytest.mark.parametrize(
    "header", ['"2"', 'W/"2"', "1", "", "nonsense", '"1', 'w/"1"', 'W/W/"1"', '"01"', '*, "7"', "W/*", '"*"']
)
def test_what_one_has_not_seen_is_sent(client: WireClient, john: Contact, query: str, header: str) -> None:
    response = client.get(f"{ADDRESS}{query}", headers={"If-None-Match": header})
    assert (response.status_code, response.json()) == (200, client.get(f"{ADDRESS}{query}").json())


@pytest.mark.parametrize("query", ["", "?include=deals", "?fields=email&include=activities"])
def test_what_carries_more_than_the_contact_is_always_sent(client: WireClient, john: Contact, query: str) -> None:
    for header in ('"1"', "*"):
        response = client.get(f"{ADDRESS}{query}", headers={"If-None-Match": header})
        assert (response.status_code, response["ETag"]) == (200, '"1"')


def test_whatever_changes_a_contact_makes_it_unseen(client: WireClient, office: Member, john: Contact) -> None:
    actor = actor_of(office)

    def rename() -> None:
        with tenant_scope(office.organization):
            rename_tag(Tag.objects.get(name="luxury-market"), "luxury", actor=actor)

    changes: list[Callable[[], Any]] = [
        lambda: client.put(ADDRESS, {"notes": "other"}),
        lambda: client.put(ADDRESS, {"secondaryPhone": None, "calculateLeadScore": True}),
        lambda: client.put(ADDRESS, {"assignedTo": None}),
        lambda: client.post(f"{ADDRESS}/tags", {"tags": ["new"]}),
        lambda: client.delete(f"{ADDRESS}/tags/new"),
        lambda: client.post(f"{ADDRESS}/activities", {"type": "PHONE_CALL"}),
        lambda: client.patch("/v1/contacts/bulk", {"contactIds": ["contact_123"], "updates": {"status": "INACTIVE"}}),
        rename,
    ]
    seen = client.get(f"{ADDRESS}?include=")
    for number, change in enumerate(changes):
        change()
        response = client.get(f"{ADDRESS}?include=", headers={"If-None-Match": seen["ETag"]})
        assert response.status_code == 200, number
        assert response.json() != seen.json()
        seen = response
    assert client.get(f"{ADDRESS}?include=", headers={"If-None-Match": seen["ETag"]}).status_code == 304


def test_only_who_may_see_a_contact_learns_that_it_is_the_same(
    john: Contact, client: WireClient, north: World, winnerr: Callable[[Member | None], WireClient]
) -> None:
    known = {"If-None-Match": "*"}
    assert winnerr(None).get(f"{ADDRESS}?include=", headers=known).status_code == 401
    assert winnerr(north.owner).get(f"{ADDRESS}?include=", headers=known).status_code == 404
    client.delete(ADDRESS)
    assert client.get(f"{ADDRESS}?include=", headers=known).status_code == 404


def test_lists_and_writes_ignore_what_one_has_seen(client: WireClient, john: Contact) -> None:
    assert client.get("/v1/contacts", headers={"If-None-Match": "*"}).status_code == 200
    changed = client.put(ADDRESS, {"notes": "x"}, headers={"If-None-Match": '"1"'})
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')

"""``ETag`` on a contact and ``If-Match`` on its writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from contacts.models import Contact
from tests.worlds import WireClient

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

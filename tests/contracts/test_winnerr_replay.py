"""The printed examples of Winnerr's documentation, replayed (CONTRACTS 6.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.identifiers import public_id
from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.models import Contact
from tests.contracts.conftest import printed
from tests.worlds import WireClient

CONTACT_KEYS = list(printed("contact"))


def assert_subset(part: Any, whole: Any, path: str = "") -> None:
    """Every printed key is there with its printed value."""
    if isinstance(part, dict):
        for key, value in part.items():
            assert key in whole, f"{path}.{key}"
            assert_subset(value, whole[key], f"{path}.{key}")
    else:
        assert part == whole, path


def all_contacts(client: WireClient, **query: Any) -> list[dict[str, Any]]:
    """Every contact of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        body = client.get("/v1/contacts", {**query, "cursor": cursor}).json()
        found += body["data"]
        assert body["pagination"]["hasMore"] is (body["pagination"]["nextCursor"] is not None)
        if not body["pagination"]["hasMore"]:
            return found
        cursor = body["pagination"]["nextCursor"]


def test_case_1_the_first_page_of_150_contacts(client, older_contacts):
    response = client.get("/v1/contacts", headers={"Content-Type": "application/json"})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert list(body) == ["success", "data", "pagination"]
    assert body["success"] is True
    assert len(body["data"]) == 25
    expected = printed("list_contacts.response")
    assert_subset(expected["data"][0], body["data"][0])
    assert list(body["pagination"]) == ["hasMore", "nextCursor", "total", "limit"]
    assert isinstance(body["pagination"].pop("nextCursor"), str)
    del expected["pagination"]["nextCursor"]
    assert body["pagination"] == expected["pagination"]


def test_case_2_following_the_cursor_shows_every_contact_once(client, older_contacts):
    found = all_contacts(client)

    assert len({contact["id"] for contact in found}) == len(found) == 150
    last = [(contact["createdAt"], contact["id"]) for contact in found]
    assert [created_at for created_at, _ in last] == sorted((moment for moment, _ in last), reverse=True)


def test_case_5_the_whole_contact(office, client, john):
    expected = printed("contact")
    long_id = expected["id"]
    with tenant_scope(office.organization):
        Contact.objects.filter(pk=john.pk).update(
            winnerr_key=long_id, updated_at=datetime.fromisoformat(expected["updatedAt"])
        )

    response = client.get(f"/v1/contacts/{long_id}")

    assert response.status_code == 200
    expected |= {"organizationId": office.organization.public_id, "assignedTo": office.public_id}
    body = response.json()
    assert body["success"] is True
    assert {key: body["data"][key] for key in CONTACT_KEYS} == expected
    assert [key for key in body["data"] if key in expected] == CONTACT_KEYS


def test_case_6_creating_jane(client):
    started = timezone.now().replace(microsecond=0)

    response = client.post("/v1/contacts", printed("create_contact.request"))

    assert response.status_code == 201
    body = response.json()
    expected = printed("create_contact.response")
    for generated in ("id", "createdAt", "updatedAt"):
        del expected["data"][generated]
    assert_subset(expected, body)
    data = body["data"]
    assert list(data) == CONTACT_KEYS
    assert re.fullmatch(r"contact_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", data["id"])
    assert data["createdAt"] == data["updatedAt"]
    assert started <= datetime.fromisoformat(data["createdAt"]) <= timezone.now()
    assert response["Location"] == f"/v1/contacts/{data['id']}"
    assert client.get(response["Location"]).json()["data"]["email"] == "jane.smith@example.com"


def test_case_7_changing_john(client, john):
    before = client.get("/v1/contacts/contact_123").json()["data"]

    response = client.put("/v1/contacts/contact_123", printed("update_contact.request"))

    assert response.status_code == 200
    expected = printed("update_contact.response")
    del expected["data"]["updatedAt"]
    body = response.json()
    assert_subset(expected, body)
    changed = {"phone", "status", "notes", "tags", "updatedAt"}
    assert {key for key in CONTACT_KEYS if body["data"][key] != before[key]} == changed
    assert body["data"]["updatedAt"] > before["updatedAt"]


def test_cases_8_and_9_a_deleted_contact_is_not_found(client, john):
    response = client.delete("/v1/contacts/contact_123")

    assert (response.status_code, response.json()) == (200, printed("delete_contact.response"))
    for answer in (
        client.get("/v1/contacts/contact_123"),
        client.put("/v1/contacts/contact_123", {"notes": "x"}),
        client.delete("/v1/contacts/contact_123"),
    ):
        assert (answer.status_code, answer.json()) == (404, printed("not_found.response"))
        assert list(answer.json()["error"]) == ["type", "title", "status", "detail"]
    assert client.get("/v1/contacts").json()["pagination"]["total"] == 0


def test_case_15_an_email_that_is_none(client, john):
    sent = printed("create_contact.request") | {"email": "not an address"}

    response = client.post("/v1/contacts", sent)

    assert (response.status_code, response.json()) == (422, printed("validation_error.response"))
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("email", ["john.doe@example.com", "John.Doe@Example.COM", " JOHN.DOE@EXAMPLE.COM "])
def test_case_16_an_email_that_is_taken(client, john, email):
    response = client.post("/v1/contacts", printed("create_contact.request") | {"email": email})

    expected = printed("duplicate_contact.response")
    expected["error"]["detail"] = f"Contact with email '{email.strip()}' already exists"
    assert (response.status_code, response.json()) == (409, expected)
    assert response["Link"] == '</v1/contacts/contact_123>; rel="duplicate"'


def test_case_21_every_filter_alone_and_together(office, client, older_contacts):
    total = client.get("/v1/contacts").json()["pagination"]["total"]
    everything = all_contacts(client, limit=100)
    assert len(everything) == total == 150

    filters: dict[str, tuple[Any, Any]] = {
        "type": ("LEAD", lambda c: c["type"] == "LEAD"),
        "status": ("INACTIVE", lambda c: c["status"] == "INACTIVE"),
        "source": ("REFERRAL", lambda c: c["source"] == "REFERRAL"),
        "assignedTo": (office.public_id, lambda c: c["assignedTo"] == office.public_id),
        "leadScore[gte]": ("20", lambda c: c["leadScore"] >= 20),
        "leadScore[lte]": ("20", lambda c: c["leadScore"] <= 20),
        "createdAt[gte]": ("2024-01-15T10:00:00Z", lambda c: c["createdAt"] >= "2024-01-15T10:00:00Z"),
        "createdAt[lte]": ("2024-01-15T10:00:00Z", lambda c: c["createdAt"] <= "2024-01-15T10:00:00Z"),
        "tags": ("luxury-market,nobody-has-this", lambda c: "luxury-market" in c["tags"]),
    }
    for name, (value, holds) in filters.items():
        expected = [contact["id"] for contact in everything if holds(contact)]
        assert 0 < len(expected) < 150, name
        for spelling in (f"{name}={value}", f"{name.replace('[', '%5B').replace(']', '%5D')}={value}"):
            body = client.get(f"/v1/contacts?limit=100&{spelling}").json()
            assert [contact["id"] for contact in body["data"]] == expected[:100], name
            assert body["pagination"]["total"] == len(expected), name

    some = {"type": "LEAD", "status": "ACTIVE", "leadScore[gte]": 10, "leadScore[lte]": 30, "source": "WEBSITE"}
    expected = [
        c["id"]
        for c in everything
        if c["type"] == "LEAD" and c["status"] == "ACTIVE" and 10 <= c["leadScore"] <= 30 and c["source"] == "WEBSITE"
    ]
    assert expected
    assert [contact["id"] for contact in all_contacts(client, limit=7, **some)] == expected


def test_case_21_values_of_a_comma_list_are_alternatives(client, older_contacts):
    both = client.get("/v1/contacts?type=CLIENT,VENDOR").json()["pagination"]["total"]
    repeated = client.get("/v1/contacts?type=CLIENT&type=VENDOR").json()["pagination"]["total"]
    client_only = client.get("/v1/contacts?type=CLIENT").json()["pagination"]["total"]
    vendor_only = client.get("/v1/contacts?type=VENDOR").json()["pagination"]["total"]

    assert both == repeated == client_only + vendor_only > 0


def test_case_21_the_printed_sort(client, older_contacts):
    found = all_contacts(client, limit=100, sort="createdAt:desc,leadScore:desc")

    keys = [(contact["createdAt"], contact["leadScore"]) for contact in found]
    assert len({contact["id"] for contact in found}) == 150
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    ("limit", "shown"), [("1", 1), ("100", 100), ("101", 100), ("999999", 100), (str(2**64), 100), ("", 25)]
)
def test_case_21_limits_are_kept_and_clamped(client, older_contacts, limit, shown):
    body = client.get("/v1/contacts", {"limit": limit}).json()

    assert (len(body["data"]), body["pagination"]["limit"], body["pagination"]["total"]) == (shown, shown, 150)


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "１０", "10;", "1.0", "1e2", "+1"])
def test_case_21_a_limit_that_is_none_is_refused(client, limit):
    response = client.get("/v1/contacts", {"limit": limit})

    assert response.status_code == 422
    assert [fault["field"] for fault in response.json()["error"]["errors"]] == ["limit"]


@pytest.mark.parametrize("name", ["firstName", "lastName", "email"])
@pytest.mark.parametrize("value", ["absent", None, "", "   "])
def test_case_22_a_required_field_is_named(client, name, value):
    sent = printed("create_contact.request") | {name: value}
    if value == "absent":
        del sent[name]

    response = client.post("/v1/contacts", sent)

    assert response.status_code == 422
    label = {"firstName": "First name", "lastName": "Last name", "email": "Email"}[name]
    assert response.json()["error"] == {
        "type": "validation_error",
        "title": "Validation Error",
        "status": 422,
        "detail": "Request validation failed",
        "errors": [{"field": name, "code": "required", "message": f"{label} is required"}],
    }


def test_case_22_type_defaults_to_lead(client):
    sent = printed("create_contact.request")
    del sent["type"]

    assert client.post("/v1/contacts", sent).json()["data"]["type"] == "LEAD"


def test_bounds_in_time_include_the_printed_second(office: Member, client, john):
    with tenant_scope(office.organization):
        Contact.objects.filter(pk=john.pk).update(created_at=datetime(2024, 1, 15, 10, 30, 0, 999_999, tzinfo=UTC))

    def total(query: str) -> int:
        return client.get(f"/v1/contacts?{query}").json()["pagination"]["total"]

    assert total("createdAt[lte]=2024-01-15T10:30:00Z") == 1
    assert total("createdAt[gte]=2024-01-15T10:30:00Z") == 1
    assert total("createdAt[lte]=2024-01-15") == 1
    assert total("createdAt[lte]=20240115") == 1
    assert total("createdAt[gte]=2024-01-15") == 1
    assert total("createdAt[gte]=2024-01-16") == 0
    assert total("createdAt[lte]=2024-01-14") == 0
    assert total("createdAt[gte]=2024-01-15T12:30:00+02:00") == 1
    assert total("createdAt[gte]=2024-01-15T12:30:01%2B02:00") == 0


def test_a_kept_id_does_not_leave_the_computed_one_valid(office, client, john):
    computed = public_id("contact", john.uuid)

    assert client.get(f"/v1/contacts/{computed}").status_code == 404
    assert client.get("/v1/contacts/contact_123").status_code == 200


def test_never_contacted_sorts_as_the_oldest(office, client, older_contacts, john):
    with tenant_scope(office.organization):
        Contact.objects.filter(pk=older_contacts[0].pk).update(
            last_contacted_at=john.created_at - timedelta(days=9_000)
        )

    found = all_contacts(client, limit=100, sort="lastContactedAt:desc")

    assert [contact["lastContactedAt"] is None for contact in found] == [False, False] + [True] * 148
    ascending = all_contacts(client, limit=100, sort="lastContactedAt")
    assert [contact["id"] for contact in ascending] == [contact["id"] for contact in reversed(found)]


@pytest.mark.parametrize(
    "query", [{"createdAt[lte]": "9999-12-31"}, {"createdAt[gte]": "0001-01-01"}, {"leadScore[lte]": "9" * 30}]
)
def test_bounds_beyond_everything_exclude_nothing(client, older_contacts, query):
    assert client.get("/v1/contacts", query).json()["pagination"]["total"] == 150

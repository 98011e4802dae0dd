"""Winnerr's document says what the wire does: all of it, nothing else, and to the key."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Member
from accounts.roles import Right
from config.wires.openapi.document import document_of
from config.wires.openapi.winnerr import WINNERR_CONTRACT
from config.wires.winnerr import WinnerrViewSet
from contacts.models import Contact
from tests.contracts.conftest import printed
from tests.contracts.described import Described
from tests.worlds import PASSWORD, WireClient

JOHN = "/v1/contacts/contact_123"
LIST_PARAMETERS = [
    "limit",
    "cursor",
    "type",
    "status",
    "source",
    "assignedTo",
    "tags",
    "leadScore[gte]",
    "leadScore[lte]",
    "createdAt[gte]",
    "createdAt[lte]",
    "sort",
    "include",
    "fields",
]


@pytest.fixture(scope="module")
def described() -> Described:
    return Described.at("/v1/openapi.json")


def team_of(member: Member) -> list[dict[str, Any]]:
    return [{"userId": member.public_id, "role": "LISTING_AGENT"}]


def test_only_asking_for_a_token_needs_none(described: Described):
    for (_, address), operation in described.operations().items():
        assert operation["security"] == ([] if address.startswith("/v1/auth/") else [{"bearer": []}])


def test_the_lists_parameters_have_their_exact_names(described: Described):
    assert described.parameters("get", "/v1/contacts") == LIST_PARAMETERS
    assert described.parameters("get", "/v1/contacts/{id}") == ["id", "include", "fields", "If-None-Match"]
    assert described.parameters("post", "/v1/contacts") == ["Idempotency-Key"]
    assert described.parameters("put", "/v1/contacts/{id}") == ["id", "If-Match"]
    assert described.parameters("get", "/v1/deals")[2:11] == [
        "type",
        "stage",
        "status",
        "assignedTo",
        "amount[gte]",
        "amount[lte]",
        "probability[gte]",
        "createdAt[gte]",
        "closingDate[gte]",
    ]


def test_the_contact_has_the_printed_keys_in_the_printed_order(described: Described):
    schemas = described.document["components"]["schemas"]
    contact = schemas["Contact"]
    write = schemas["ContactWrite"]

    assert contact["required"] == list(contact["properties"]) == list(printed("contact"))
    assert write["required"] == ["firstName", "lastName", "email"]
    assert contact["properties"].keys() - write["properties"].keys() == {
        "id",
        "organizationId",
        "leadScore",
        "createdAt",
        "updatedAt",
        "lastContactedAt",
    }
    assert write["properties"]["firstName"]["maxLength"] == 100
    assert "CLIENT" in contact["properties"]["status"]["enum"]
    assert contact["properties"]["type"]["enum"] == ["LEAD", "CLIENT", "PAST_CLIENT", "REFERRAL", "VENDOR"]


def test_what_the_contract_prints_is_described(described: Described):
    def faults(name: str, value: Any) -> list[str]:
        return described.faults({"$ref": f"#/components/schemas/{name}"}, value)

    assert faults("Contact", printed("contact")) == []
    assert faults("ContactWrite", printed("create_contact.request")) == []
    assert faults("ContactWrite", printed("best_practice_create.request")) == []
    assert faults("ContactChange", printed("update_contact.request")) == []
    assert faults("ContactBulk", printed("bulk_update.request")) == []
    assert faults("ActivityWrite", printed("create_activity.request")) == []
    assert faults("ActivityListResponse", printed("list_activities.response")) == []
    assert faults("TagListResponse", printed("list_tags.response")) == []
    assert faults("BulkResponse", printed("bulk_update.response")) == []
    for refusal in ("not_found", "validation_error", "duplicate_contact"):
        assert faults("Error", printed(f"{refusal}.response")) == []


def test_answers_of_the_contacts_are_described(described: Described, office: Member, client: WireClient, john: Contact):
    def ask(method: str, address: str, body: Any = None, **options: Any) -> Any:
        response = client.request(method, address, json=body, **options)
        described.assert_describes(method, address, response)
        return response

    jane = printed("create_contact.request")
    created = ask("POST", "/v1/contacts", jane, headers={"Idempotency-Key": "one"})
    assert ask("POST", "/v1/contacts", jane, headers={"Idempotency-Key": "one"})["Idempotency-Replayed"] == "true"
    ask("POST", f"{JOHN}/activities", printed("create_activity.request"))
    ask("POST", f"{JOHN}/activities", {"type": "NOTE"})
    deal = ask("POST", "/v1/deals", {"title": "House", "contactId": "contact_123", "teamMembers": team_of(office)})
    statuses = [
        ask("GET", "/v1/contacts").status_code,
        ask("GET", "/v1/contacts?include=deals,communications,activities&limit=1").status_code,
        ask("GET", "/v1/contacts?fields=id,address").status_code,
        ask("GET", "/v1/contacts?limit=none").status_code,
        ask("GET", JOHN).status_code,
        ask("GET", f"{JOHN}?include=activities").status_code,
        ask("GET", f"{JOHN}?include=", headers={"If-None-Match": "*"}).status_code,
        ask("GET", "/v1/contacts/contact_999").status_code,
        ask("PUT", JOHN, printed("update_contact.request")).status_code,
        ask("PATCH", JOHN, {"notes": None, "address": None, "preferences": None}).status_code,
        ask("PUT", JOHN, {"notes": "x"}, headers={"If-Match": '"99"'}).status_code,
        ask("POST", "/v1/contacts", jane).status_code,
        ask("POST", "/v1/contacts", {"email": "x"}).status_code,
        ask("POST", "/v1/contacts", []).status_code,
        ask("POST", "/v1/contacts", jane, content_type="text/plain").status_code,
        ask("PATCH", "/v1/contacts/bulk", {"contactIds": ["contact_123", "?"], "updates": {}}).status_code,
        ask("GET", "/v1/contacts/tags").status_code,
        ask("POST", f"{JOHN}/tags", printed("add_tags.request")).status_code,
        ask("DELETE", f"{JOHN}/tags", {"tags": ["investor"]}).status_code,
        ask("DELETE", f"{JOHN}/tags/cash-buyer").status_code,
        ask("GET", f"{JOHN}/activities").status_code,
        ask("GET", f"{JOHN}/activities?limit=1").status_code,
        ask("GET", "/v1/deals").status_code,
        ask("GET", "/v1/deals?include=contact").status_code,
        ask("GET", deal["Location"]).status_code,
        ask("GET", f"{deal['Location']}?include=activities,tasks").status_code,
        ask("PUT", deal["Location"], {"timeline": {"closingDate": "2024-05-01"}, "amount": 1.5}).status_code,
        ask("DELETE", deal["Location"]).status_code,
        ask("GET", deal["Location"]).status_code,
        ask("DELETE", created["Location"]).status_code,
    ]

    assert statuses == (
        [200, 200, 200, 422, 200, 200, 304, 404, 200, 200, 412, 409, 422, 400, 415, 200, 200, 200, 200, 200]
        + [200, 200, 200, 200, 200, 200, 200, 200, 404, 200]
    )


def test_answers_about_members_and_tokens_are_described(described: Described, office: Member, client: WireClient):
    stranger = WireClient(None)
    login = stranger.post("/v1/auth/token", {"email": office.user.email, "password": PASSWORD})
    described.assert_describes("POST", "/v1/auth/token", login)
    refresh = {"refreshToken": login.json()["data"]["refreshToken"]}
    answers = [
        ("GET", "/v1/agents", client.get("/v1/agents")),
        ("GET", "/v1/agents/me", client.get("/v1/agents/me")),
        ("GET", "/v1/agents", stranger.get("/v1/agents")),
        ("POST", "/v1/auth/token", stranger.post("/v1/auth/token", {"email": "a@example.com", "password": "x"})),
        ("POST", "/v1/auth/refresh", stranger.post("/v1/auth/refresh", refresh)),
        ("POST", "/v1/auth/refresh", stranger.post("/v1/auth/refresh", {"refreshToken": "x"})),
        ("POST", "/v1/auth/revoke", stranger.post("/v1/auth/revoke", {"refreshToken": "x"})),
    ]
    for method, address, response in answers:
        described.assert_describes(method, address, response)

    assert [response.status_code for _, _, response in answers] == [200, 200, 401, 401, 200, 401, 200]


def test_a_viewers_refusal_is_described(described: Described, north: Any, winnerr: Any):
    response = winnerr(north.viewer).post("/v1/contacts", {"firstName": "A"})

    assert response.status_code == 403
    described.assert_describes("POST", "/v1/contacts", response)


class Undescribed(WinnerrViewSet):
    """A resource that says nothing about itself."""

    grants = {"list": Right.READ_CONTACTS}

    def list(self, request: Request) -> Response:
        return Response(self.success([]))


def test_an_address_that_nobody_described_keeps_the_document_from_being_made(settings: Any):
    addresses = ModuleType("addresses")
    addresses.urlpatterns = [path("v1/things", Undescribed.as_view({"get": "list"}))]  # type: ignore[attr-defined]  # a urlconf's
    settings.ROOT_URLCONF = addresses

    with pytest.raises(ImproperlyConfigured, match="Undescribed must describe its action list"):
        document_of(WINNERR_CONTRACT)

"""Winnerr's deals, through the wire (CONTRACTS 1.3, 7.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import orjson
import pytest

from accounts.identifiers import public_id
from accounts.models import Member
from accounts.services import create_member
from accounts.tenancy import tenant_scope
from activities.drafts import DealDraft
from activities.services import create_deal
from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.services import create_contact, delete_contact
from tests.contracts import hostile
from tests.worlds import PASSWORD, WireClient, World, actor_of

Wire = Callable[[Member | None], WireClient]
DEALS = "/v1/deals"
KEYS = [
    "id",
    "organizationId",
    "title",
    "description",
    "type",
    "stage",
    "status",
    "amount",
    "commission",
    "contact",
    "property",
    "assignedTo",
    "teamMembers",
    "timeline",
    "documents",
    "tasks",
    "probability",
    "source",
    "tags",
    "notes",
    "createdAt",
    "updatedAt",
]
EMBEDDED = ("contact", "property", "documents", "tasks")


def full_body(office: Member) -> dict[str, Any]:
    """Every key a client may send."""
    return {
        "contactId": "contact_123",
        "title": "Miami Condo Purchase",
        "description": "Two bedrooms by the sea",
        "type": "PURCHASE",
        "stage": "NEGOTIATION",
        "status": "ACTIVE",
        "amount": 450_000,
        "commission": {"rate": 3, "amount": 13_500, "split": 50.5},
        "property": {
            "id": "property_1",
            "address": "1 Ocean Drive",
            "type": "CONDO",
            "bedrooms": 2,
            "bathrooms": 1.5,
            "squareFootage": 1_200,
        },
        "assignedTo": office.public_id,
        "teamMembers": [{"userId": office.public_id, "role": "BUYER_AGENT", "commissionSplit": 50}],
        "timeline": {
            "listingDate": "2024-01-01T00:00:00Z",
            "contractDate": "2024-01-20T00:00:00Z",
            "inspectionDate": None,
            "appraisalDate": None,
            "closingDate": "2024-03-01T09:00:00Z",
        },
        "documents": [{"id": "doc_1", "name": "Contract", "type": "CONTRACT", "url": "https://example.com/1.pdf"}],
        "tasks": [{"id": "task_1", "title": "Inspect", "dueDate": "2024-02-01T00:00:00Z", "completed": False}],
        "probability": 75,
        "source": "REFERRAL",
        "tags": ["beach", "condo"],
        "notes": "Wants a balcony",
    }


@pytest.fixture
def deal(client: WireClient, office: Member, john: Contact) -> dict[str, Any]:
    """A deal with everything, as its creation answered."""
    response = client.post(DEALS, full_body(office))
    assert response.status_code == 201, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def titles(client: WireClient, query: dict[str, Any]) -> list[str]:
    response = client.get(DEALS, query)
    assert response.status_code == 200, response.content
    return [item["title"].removeprefix("Deal ") for item in response.json()["data"]]


def faults(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.content
    return [(fault["field"], fault["code"]) for fault in response.json()["error"]["errors"]]


def test_a_deal_is_begun_with_everything(client: WireClient, office: Member, john: Contact) -> None:
    sent = full_body(office)
    response = client.post(DEALS, sent)
    assert response.status_code == 201
    data = response.json()["data"]
    assert list(data) == KEYS
    assert response["Location"] == f"/v1/deals/{data['id']}"
    assert data["id"].startswith("deal_")
    assert data["organizationId"] == office.organization.public_id
    assert data["createdAt"] == data["updatedAt"]
    assert data["contact"] == {
        "id": "contact_123",
        "firstName": "John",
        "lastName": "Doe",
        "email": "john.doe@example.com",
    }
    assert {name: data[name] for name in sent if name != "contactId"} == {
        name: value for name, value in sent.items() if name != "contactId"
    }
    for name in ("commission", "property", "timeline"):
        assert list(data[name]) == list(sent[name])
    for name in ("teamMembers", "documents", "tasks"):
        assert list(data[name][0]) == list(sent[name][0])
    assert isinstance(data["amount"], int)
    assert client.get(response["Location"]).json() == response.json()
    assert client.get(DEALS).json()["data"] == [data]
    embedded = {name: data[name] for name in ("id", "title", "amount", "stage")}
    assert client.get("/v1/contacts/contact_123").json()["data"]["deals"] == [embedded]


def test_a_deal_needs_a_contact_and_a_title_only(client: WireClient, john: Contact) -> None:
    data = client.post(DEALS, {"contactId": "contact_123", "title": " Flat "}).json()["data"]
    assert list(data) == KEYS
    known = {"id", "organizationId", "contact", "createdAt", "updatedAt"}
    assert {name: value for name, value in data.items() if name not in known} == {
        "title": "Flat",
        "description": None,
        "type": "PURCHASE",
        "stage": "LEAD",
        "status": "ACTIVE",
        "amount": None,
        "commission": None,
        "property": None,
        "assignedTo": None,
        "teamMembers": [],
        "timeline": None,
        "documents": [],
        "tasks": [],
        "probability": None,
        "source": None,
        "tags": [],
        "notes": None,
    }


@pytest.mark.parametrize(
    ("sent", "read"),
    [(450_000, 450_000), (0, 0), (0.5, 0.5), (450_000.25, 450_000.25), (1.005, 1.01), (10**13, 10**13)],
)
def test_amounts_are_numbers_to_the_cent(client: WireClient, john: Contact, sent: float, read: float) -> None:
    body = {"contactId": "contact_123", "title": "Flat", "amount": sent}
    amount = client.post(DEALS, body).json()["data"]["amount"]
    assert (amount, type(amount)) == (read, type(read))


def test_every_fault_is_told_at_once_in_the_wires_words(client: WireClient, john: Contact) -> None:
    body = {
        "contactId": "contact_999",
        "title": "",
        "description": 7,
        "type": "GIFT",
        "stage": 1,
        "amount": "450000",
        "commission": {"rate": 101, "split": True},
        "property": {"bedrooms": -1, "squareFootage": "big"},
        "assignedTo": "agent_1",
        "teamMembers": [{"role": 7}, {"userId": "agent_2"}, None],
        "timeline": {"closingDate": "soon"},
        "documents": [{"url": "javascript:alert(1)"}, 7],
        "tasks": [{"dueDate": 7, "completed": "no"}, {"title": "x" * 501}],
        "probability": 50.5,
        "tags": ["a", ""],
        "notes": "x" * 10_001,
    }
    assert sorted(faults(client.post(DEALS, body))) == sorted(
        [
            ("contactId", "not_found"),
            ("title", "required"),
            ("description", "invalid_type"),
            ("type", "invalid_value"),
            ("stage", "invalid_type"),
            ("amount", "invalid_type"),
            ("commission.rate", "out_of_range"),
            ("commission.split", "invalid_type"),
            ("property.bedrooms", "out_of_range"),
            ("property.squareFootage", "invalid_type"),
            ("assignedTo", "not_found"),
            ("teamMembers.0.userId", "required"),
            ("teamMembers.0.role", "invalid_type"),
            ("teamMembers.1.userId", "not_found"),
            ("teamMembers.2", "required"),
            ("timeline.closingDate", "invalid_value"),
            ("documents.0.url", "invalid_value"),
            ("documents.1", "invalid_type"),
            ("tasks.0.title", "required"),
            ("tasks.0.dueDate", "invalid_type"),
            ("tasks.0.completed", "invalid_type"),
            ("tasks.1.title", "too_long"),
            ("probability", "invalid_type"),
            ("tags.1", "required"),
            ("notes", "too_long"),
        ]
    )


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("title", "required")),
        ({"title": None}, ("title", "required")),
        ({"title": "x" * 201}, ("title", "too_long")),
        ({"title": "A", "amount": 10**13 + 1}, ("amount", "out_of_range")),
        ({"title": "A", "amount": -1}, ("amount", "out_of_range")),
        ({"title": "A", "probability": 101}, ("probability", "out_of_range")),
        ({"title": "A", "probability": True}, ("probability", "invalid_type")),
        ({"title": "A", "commission": []}, ("commission", "invalid_type")),
        ({"title": "A", "teamMembers": {}}, ("teamMembers", "invalid_type")),
        ({"title": "A", "tasks": [{"title": "B"}] * 101}, ("tasks", "too_long")),
        ({"title": "A", "contactId": None}, ("contactId", "required")),
        ({"title": "A", "contactId": 7}, ("contactId", "invalid_type")),
        ({"title": "A", "contactId": "contact_\u0131"}, ("contactId", "not_found")),
        ({"title": "A", "contactId": "x" * 101}, ("contactId", "too_long")),
    ],
)
def test_a_bad_deal_is_refused(client: WireClient, john: Contact, body: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(client.post(DEALS, {"contactId": "contact_123", **body})) == [fault]


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"{", b"null"])
def test_what_is_no_object_is_refused(client: WireClient, deal: dict[str, Any], body: bytes) -> None:
    assert client.request("POST", DEALS, body=body).status_code == 400
    assert client.request("PUT", f"{DEALS}/{deal['id']}", body=body).status_code == 400


def test_a_deleted_or_foreign_contact_is_an_unknown_one(north: World, south: World, winnerr: Wire) -> None:
    client = winnerr(north.owner)
    answers = [
        client.post(DEALS, {"contactId": identifier, "title": "Stolen"})
        for identifier in (north.deleted.winnerr_id, south.contact.winnerr_id, "contact_unknown", "")
    ]
    assert [faults(answer) for answer in answers] == [[("contactId", "not_found")]] * 3 + [[("contactId", "required")]]
    assert len({answer.content for answer in answers[:3]}) == 1
    assert answers[0].json()["error"]["errors"][0]["message"] == "Contact id was not found"


def test_a_foreign_agent_is_an_unknown_one(north: World, south: World, winnerr: Wire) -> None:
    client = winnerr(north.owner)
    for shape in ({"assignedTo": "ID"}, {"teamMembers": [{"userId": "ID"}]}):
        bodies = [
            orjson.loads(orjson.dumps(shape).replace(b"ID", identifier.encode()))
            for identifier in (south.agent.public_id, public_id("agent", uuid4()))
        ]
        answers = [client.post(DEALS, {"contactId": north.contact.winnerr_id, "title": "x", **body}) for body in bodies]
        assert [[code for _, code in faults(answer)] for answer in answers] == [["not_found"]] * 2
        assert answers[0].content == answers[1].content


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_merges_objects_and_replaces_arrays(client: WireClient, deal: dict[str, Any], method: str) -> None:
    changes = {
        "amount": 460_000,
        "commission": {"rate": 2.5},
        "property": {"address": None, "bedrooms": 3},
        "timeline": {"contractDate": None, "inspectionDate": "2024-02-02T10:00:00+02:00"},
        "tasks": [{"title": "Sign"}],
        "teamMembers": None,
        "notes": None,
        "stage": None,
    }
    response = client.request(method, f"{DEALS}/{deal['id']}", json=changes)
    assert response.status_code == 200
    data = response.json()["data"]
    assert list(data) == KEYS
    assert data == deal | {
        "amount": 460_000,
        "commission": deal["commission"] | {"rate": 2.5},
        "property": deal["property"] | {"address": None, "bedrooms": 3},
        "timeline": deal["timeline"] | {"contractDate": None, "inspectionDate": "2024-02-02T08:00:00Z"},
        "tasks": [{"id": None, "title": "Sign", "dueDate": None, "completed": False}],
        "teamMembers": [],
        "notes": None,
        "updatedAt": data["updatedAt"],
    }
    assert client.get(f"{DEALS}/{deal['id']}").json()["data"] == data


def test_null_clears_and_an_object_of_nothing_reads_as_null(client: WireClient, deal: dict[str, Any]) -> None:
    parts = {"commission": {"rate": None, "amount": None, "split": None}, "property": None, "timeline": None}
    cleared = {**parts, "assignedTo": None, "amount": None, "probability": None, "tags": None, "documents": None}
    data = client.put(f"{DEALS}/{deal['id']}", cleared).json()["data"]
    assert {name: data[name] for name in cleared} == {**dict.fromkeys(cleared), "tags": [], "documents": []}
    assert titles(client, {"closingDate[gte]": "2000-01-01"}) == []


def test_what_was_read_can_be_sent_back(client: WireClient, deal: dict[str, Any]) -> None:
    response = client.put(f"{DEALS}/{deal['id']}", {**deal, "contactId": "contact_123"})
    assert (response.status_code, response.json()["data"]) == (200, deal)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"title": ""}, ("title", "required")),
        ({"title": None}, ("title", "required")),
        ({"contactId": "contact_999"}, ("contactId", "invalid_value")),
        ({"contactId": None}, ("contactId", "required")),
        ({"tasks": [{}]}, ("tasks.0.title", "required")),
        ({"teamMembers": [{}]}, ("teamMembers.0.userId", "required")),
        ({"assignedTo": "agent_1"}, ("assignedTo", "not_found")),
    ],
)
def test_a_bad_change_changes_nothing(
    client: WireClient, deal: dict[str, Any], body: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults(client.patch(f"{DEALS}/{deal['id']}", {"notes": "x", **body})) == [fault]
    assert client.get(f"{DEALS}/{deal['id']}").json()["data"] == deal


def test_a_deleted_deal_is_gone_everywhere(client: WireClient, deal: dict[str, Any]) -> None:
    address = f"{DEALS}/{deal['id']}"
    response = client.delete(address)
    assert (response.status_code, response.json()) == (
        200,
        {"success": True, "message": "Deal deleted successfully"},
    )
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        refused = client.request(method, address, json={} if method in ("PUT", "PATCH") else None)
        assert refused.status_code == 404
        assert refused.json() == {
            "success": False,
            "error": {
                "type": "not_found_error",
                "title": "Deal Not Found",
                "status": 404,
                "detail": f"Deal with ID '{deal['id']}' was not found",
            },
        }
    assert client.get(DEALS).json()["pagination"]["total"] == 0
    assert client.get("/v1/contacts/contact_123").json()["data"]["deals"] == []


def test_a_deal_goes_with_its_contact(client: WireClient, office: Member, john: Contact, deal: dict[str, Any]) -> None:
    with tenant_scope(office.organization):
        delete_contact(john, actor=actor_of(office))
    assert client.get(f"{DEALS}/{deal['id']}").status_code == 404
    assert client.get(DEALS).json()["data"] == []


def test_an_id_an_import_kept_is_the_only_one(client: WireClient, office: Member, john: Contact) -> None:
    with tenant_scope(office.organization):
        kept = create_deal(john, DealDraft(title="Kept", winnerr_key="deal_456"), actor=actor_of(office))
    assert client.get(f"{DEALS}/deal_456/").json()["data"]["title"] == "Kept"
    assert client.get(f"{DEALS}/deal_{kept.uuid}").status_code == 404


@pytest.mark.parametrize(
    ("include", "carried"),
    [
        (None, EMBEDDED),
        ("", ()),
        ("contact", ("contact",)),
        ("contact,property,documents", ("contact", "property", "documents")),
    ],
)
def test_a_deal_carries_what_is_asked_for(
    client: WireClient, deal: dict[str, Any], include: str | None, carried: tuple[str, ...]
) -> None:
    query = {} if include is None else {"include": include}
    expected = {name: value for name, value in deal.items() if name not in EMBEDDED or name in carried}
    assert client.get(f"{DEALS}/{deal['id']}", query).json()["data"] == expected
    assert client.get(DEALS, query).json()["data"] == [expected]


def test_a_single_deal_carries_tasks_and_its_contacts_activities(client: WireClient, deal: dict[str, Any]) -> None:
    activity = client.post("/v1/contacts/contact_123/activities", {"type": "NOTE", "metadata": {"a": 1}}).json()
    data = client.get(f"{DEALS}/{deal['id']}", {"include": "tasks,activities"}).json()["data"]
    assert data["tasks"] == deal["tasks"]
    assert data["activities"] == [activity["data"]]
    assert [name for name in data if name not in KEYS] == ["activities"]


def test_a_repeated_creation_is_answered_once(client: WireClient, office: Member, john: Contact) -> None:
    headers = {"Idempotency-Key": "deal-1"}
    first = client.post(DEALS, full_body(office), headers=headers)
    second = client.post(DEALS, full_body(office), headers=headers)
    assert (second.status_code, second.content, second["Location"]) == (201, first.content, first["Location"])
    assert second["Idempotency-Replayed"] == "true"
    assert client.get(DEALS).json()["pagination"]["total"] == 1


def test_a_narrowed_agent_has_the_deals_of_their_own_contacts(north: World, winnerr: Wire) -> None:
    other = north.contacts[2]
    with north.scope():
        hidden = create_deal(other, DealDraft(title="Hidden"), actor=north.actor())
        north.organization.__class__.objects.update(agents_see_only_their_contacts=True)
    agent = winnerr(north.agent)
    body = agent.get(DEALS).json()
    assert {item["title"] for item in body["data"]} == {f"House {north.canary}"}
    assert body["pagination"]["total"] == 2
    address = f"{DEALS}/{hidden.winnerr_id}"
    answers = [agent.get(address), agent.put(address, {"title": "x"}), agent.delete(address)]
    assert {(answer.status_code, answer.json()["error"]["detail"]) for answer in answers} == {
        (404, f"Deal with ID '{hidden.winnerr_id}' was not found")
    }
    refused = agent.post(DEALS, {"contactId": other.winnerr_id, "title": "x"})
    assert faults(refused) == [("contactId", "not_found")]
    assert winnerr(north.owner).get(address).status_code == 200


def test_a_list_takes_as_many_statements_for_100_deals_as_for_one(
    client: WireClient, office: Member, john: Contact, django_assert_max_num_queries: Any
) -> None:
    body = full_body(office)
    client.post(DEALS, body)
    with django_assert_max_num_queries(8) as few:
        assert len(client.get(DEALS, {"limit": 100}).json()["data"]) == 1
    with tenant_scope(office.organization):
        other = create_contact(ContactDraft(full_name="Other", email="other@example.com"), actor=actor_of(office))
        colleague = create_member(
            email="colleague@office.example",
            password=PASSWORD,
            role="agent",
            first_name="Colleague",
            last_name="",
            actor=actor_of(office),
        )
    body["teamMembers"] = [{"userId": member.public_id} for member in (office, colleague)] * 40
    body["contactId"] = other.winnerr_id
    with django_assert_max_num_queries(30) as large:
        assert client.post(DEALS, body).status_code == 201
    with django_assert_max_num_queries(30) as small:
        assert client.post(DEALS, body | {"teamMembers": body["teamMembers"][:1]}).status_code == 201
    assert len(large) == len(small)
    for _ in range(20):
        client.post(DEALS, body)
    with django_assert_max_num_queries(8) as many:
        assert len(client.get(DEALS, {"limit": 100}).json()["data"]) == 23
    assert len(many) == len(few)


def test_hostile_values_are_refused_or_stored(client: WireClient, office: Member, deal: dict[str, Any]) -> None:
    body = full_body(office)
    shapes = [b'{"%s":VALUE}' % name.encode() for name in body]
    shapes += [
        b'{"%s":{"%s":VALUE}}' % (outer.encode(), inner.encode())
        for outer in ("commission", "property", "timeline")
        for inner in body[outer]
    ]
    shapes += [
        b'{"%s":[{"title":"a","userId":"%s","%s":VALUE}]}' % (outer.encode(), office.public_id.encode(), inner.encode())
        for outer in ("teamMembers", "documents", "tasks")
        for inner in body[outer][0]
    ]
    values = [*hostile.naughty_numbers(), *hostile.naughty_values()]
    address = f"{DEALS}/{deal['id']}"
    for index, shape in enumerate(shapes):
        # Neighbouring fields meet different values: the parser is the same.
        for value in values[index % 8 :: 8]:
            status = client.request("PUT", address, body=shape.replace(b"VALUE", value)).status_code
            assert status in {200, 400, 422}, (shape, value[:100], status)
        assert client.get(address).status_code == 200
        assert client.get(DEALS).status_code == 200


def test_hostile_ids_and_queries_are_refused_or_find_nothing(client: WireClient, deal: dict[str, Any]) -> None:
    names = ["type", "assignedTo", "amount[gte]", "probability[gte]", "closingDate[gte]", "sort", "cursor", "include"]
    for index, text in enumerate(hostile.NAUGHTY_STRINGS):
        name = names[index % len(names)]
        assert client.get(DEALS, {name: text}).status_code in {200, 422}, (name, text)
        if identifier := quote(text, safe="").replace(".", "%2E"):
            assert client.get(f"{DEALS}/deal_{identifier}").status_code == 404, text

"""What hangs on a contact, through Winnerr's wire: includes, activities, tags and the bulk update."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Member
from accounts.tenancy import tenant_scope
from activities.drafts import ActivityDraft, CommunicationDraft, DealDraft
from activities.services import create_deal, record_activity, record_communication
from contacts.drafts import ContactDraft, PreferencesDraft, PriceRange
from contacts.models import Contact, ContactChange, Tag
from contacts.services import create_contact, create_contacts, delete_contact
from tests.contracts.conftest import printed
from tests.contracts.test_winnerr_replay import CONTACT_KEYS, assert_subset
from tests.worlds import WireClient, World, actor_of

Wire = Callable[[Member | None], WireClient]
ADDRESS = "/v1/contacts/contact_123"


@pytest.fixture
def history(office: Member, john: Contact) -> None:
    """The printed deal, communication and activities of ``contact_123``."""
    activities = printed("list_activities.response")["data"]
    communication = printed("get_contact.response")["data"]["communications"][0]
    actor = actor_of(office)
    with tenant_scope(office.organization):
        create_deal(
            john,
            DealDraft(
                winnerr_key="deal_456", title="Miami Condo Purchase", amount=Decimal(450_000), stage="NEGOTIATION"
            ),
            actor=actor,
        )
        record_communication(
            john,
            CommunicationDraft(
                kind="email",
                direction="inbound",
                subject="Property Inquiry",
                occurred_at=datetime.fromisoformat(communication["createdAt"]),
                winnerr_key="comm_789",
            ),
            actor=actor,
        )
        for activity in activities:
            record_activity(
                john,
                ActivityDraft(
                    type=activity["type"],
                    description=activity["description"],
                    metadata=activity["metadata"],
                    created_at=datetime.fromisoformat(activity["createdAt"]),
                    winnerr_key=activity["id"],
                ),
                actor=actor,
            )


@pytest.fixture
def jane(office: Member) -> Contact:
    """``contact_456``."""
    with tenant_scope(office.organization):
        draft = ContactDraft(winnerr_key="contact_456", first_name="Jane", last_name="Smith", email="jane@example.com")
        return create_contact(draft, actor=actor_of(office))


def test_case_3_a_single_contact_carries_deals_and_communications(client: WireClient, history: None) -> None:
    body = client.get(ADDRESS).json()
    assert_subset(printed("get_contact.response"), body)
    assert list(body["data"]) == [*CONTACT_KEYS, "deals", "communications"]


def test_case_4_activities_come_when_asked_for(client: WireClient, history: None) -> None:
    data = client.get(ADDRESS, {"include": "deals,communications,activities"}).json()["data"]
    assert data["activities"] == printed("list_activities.response")["data"]
    assert list(data) == [*CONTACT_KEYS, "deals", "communications", "activities"]


@pytest.mark.parametrize(
    ("include", "carried"), [("", []), ("deals", ["deals"]), ("activities,deals,deals", ["activities", "deals"])]
)
def test_a_contact_carries_exactly_what_is_asked_for(
    client: WireClient, history: None, include: str, carried: list[str]
) -> None:
    assert list(client.get(ADDRESS, {"include": include}).json()["data"]) == [*CONTACT_KEYS, *carried]


def test_a_list_carries_only_what_is_asked_for(client: WireClient, history: None, jane: Contact) -> None:
    assert {tuple(item) for item in client.get("/v1/contacts").json()["data"]} == {tuple(CONTACT_KEYS)}
    items = client.get("/v1/contacts", {"include": "deals,communications"}).json()["data"]
    assert {item["id"]: [deal["id"] for deal in item["deals"]] for item in items} == {
        "contact_123": ["deal_456"],
        "contact_456": [],
    }


@pytest.mark.parametrize("path", ["/v1/contacts", ADDRESS])
def test_an_unknown_include_is_refused(client: WireClient, john: Contact, path: str) -> None:
    response = client.get(path, {"include": "deals,secrets"})
    assert response.status_code == 422
    assert response.json()["error"]["errors"] == [
        {
            "field": "include",
            "code": "invalid_value",
            "message": "Include must be a list of deals, communications, activities",
        }
    ]


def test_the_newest_25_are_embedded(client: WireClient, office: Member, john: Contact) -> None:
    with tenant_scope(office.organization):
        for number in range(30):
            create_deal(john, DealDraft(title=f"Deal {number}"), actor=actor_of(office))
    deals = client.get(ADDRESS, {"include": "deals"}).json()["data"]["deals"]
    assert [deal["title"] for deal in deals] == [f"Deal {number}" for number in range(29, 4, -1)]
    assert deals[0] == {"id": deals[0]["id"], "title": "Deal 29", "amount": None, "stage": "LEAD"}


def test_case_18_fields_are_exactly_those_named(client: WireClient, older_contacts: list[Contact]) -> None:
    names = "id,firstName,lastName,email,leadScore"
    for query in (
        f"leadScore[gte]=15&type=LEAD&status=ACTIVE&fields={names}",
        f"leadScore%5Bgte%5D=15&type=LEAD&status=ACTIVE&fields={names}",
    ):
        items = client.get(f"/v1/contacts?{query}").json()["data"]
        assert items
        assert {tuple(item) for item in items} == {("id", "firstName", "lastName", "email", "leadScore")}
        assert all(item["leadScore"] >= 15 for item in items)


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("email,id", ["id", "email"]),
        ("email,nonsense", ["email"]),
        ("nonsense", []),
        ("organizationId", ["organizationId"]),
        ("", None),
    ],
)
def test_fields_may_drop_anything(client: WireClient, john: Contact, fields: str, keys: list[str] | None) -> None:
    expected = [*CONTACT_KEYS, "deals", "communications"] if keys is None else keys
    assert list(client.get(ADDRESS, {"fields": fields}).json()["data"]) == expected


def test_case_10_activities_newest_first_without_pagination(client: WireClient, history: None) -> None:
    assert client.get(f"{ADDRESS}/activities").json() == printed("list_activities.response")


def test_activities_are_paged_when_asked(client: WireClient, history: None) -> None:
    first = client.get(f"{ADDRESS}/activities", {"limit": 1}).json()
    assert first["pagination"]["total"] == 2
    second = client.get(f"{ADDRESS}/activities", {"limit": 1, "cursor": first["pagination"]["nextCursor"]}).json()
    assert [item["id"] for item in first["data"] + second["data"]] == ["activity_123", "activity_124"]
    assert second["pagination"] == {"hasMore": False, "nextCursor": None, "total": 2, "limit": 1}


def test_case_11_a_meeting_is_recorded(client: WireClient, john: Contact) -> None:
    sent = printed("create_activity.request")
    response = client.post(f"{ADDRESS}/activities", sent)
    assert response.status_code == 201
    data = response.json()["data"]
    assert list(data) == ["id", "type", "description", "createdAt", "metadata", "scheduledAt"]
    assert {name: data[name] for name in sent} == sent
    assert data["id"].startswith("activity_")
    assert client.get(f"{ADDRESS}/activities").json()["data"] == [data]


def test_case_20_an_email_moves_the_last_contact(client: WireClient, john: Contact) -> None:
    before = client.get(ADDRESS).json()["data"]
    response = client.post(f"{ADDRESS}/activities", printed("best_practice_activity.request"))
    assert response.status_code == 201
    after = client.get(ADDRESS).json()["data"]
    assert after["lastContactedAt"] == response.json()["data"]["createdAt"]
    assert after["updatedAt"] == before["updatedAt"]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("type", "required")]),
        ({"type": ""}, [("type", "required")]),
        ({"type": 7, "metadata": []}, [("type", "invalid_type"), ("metadata", "invalid_type")]),
        ({"type": "NOTE", "scheduledAt": "soon"}, [("scheduledAt", "invalid_value")]),
        ({"type": "x" * 51, "description": "x" * 10_001}, [("type", "too_long"), ("description", "too_long")]),
    ],
)
def test_a_bad_activity_is_refused_field_by_field(
    client: WireClient, john: Contact, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    response = client.post(f"{ADDRESS}/activities", body)
    assert response.status_code == 422
    assert [(fault["field"], fault["code"]) for fault in response.json()["error"]["errors"]] == faults


def test_case_12_tags_by_use(client: WireClient, office: Member) -> None:
    expected = printed("list_tags.response")
    drafts = [
        ContactDraft(full_name=f"{entry['name']} {number}", tags=(entry["name"],))
        for entry in expected["data"]
        for number in range(entry["count"])
    ]
    with tenant_scope(office.organization):
        *_, last = [contact for chunk in create_contacts(drafts, actor=actor_of(office)) for contact in chunk]
    assert client.get("/v1/contacts/tags").json() == expected
    with tenant_scope(office.organization):
        delete_contact(last, actor=actor_of(office))
    assert client.get("/v1/contacts/tags").json()["data"][2]["count"] == 17


def test_tags_count_only_ones_own_organization(north: World, south: World, winnerr: Wire) -> None:
    tags = winnerr(north.viewer).get("/v1/contacts/tags").json()["data"]
    assert {tag["name"]: tag["count"] for tag in tags} == {"vip": 2, f"tag {north.canary}": 1}


def test_case_13_tags_are_added_to_those_there(client: WireClient, john: Contact) -> None:
    response = client.post(f"{ADDRESS}/tags", printed("add_tags.request"))
    assert response.status_code == 200
    data = response.json()["data"]
    assert list(data) == CONTACT_KEYS
    assert data["tags"] == ["first-time-buyer", "luxury-market", "investor", "cash-buyer"]
    assert "cash-buyer" in [tag["name"] for tag in client.get("/v1/contacts/tags").json()["data"]]


def test_tags_are_removed_by_list_or_name(client: WireClient, john: Contact) -> None:
    client.post(f"{ADDRESS}/tags", {"tags": ["a/b c", "investor"]})
    removed = client.delete(f"{ADDRESS}/tags", {"tags": ["first-time-buyer", "unknown"]})
    assert removed.json()["data"]["tags"] == ["luxury-market", "a/b c", "investor"]
    assert client.delete(f"{ADDRESS}/tags/investor").json()["data"]["tags"] == ["luxury-market", "a/b c"]
    assert client.delete(f"{ADDRESS}/tags/luxury-market/").json()["data"]["tags"] == ["a/b c"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "required", "tags"),
        ({"tags": []}, "required", "tags"),
        ({"tags": None}, "required", "tags"),
        ({"tags": "investor"}, "invalid_type", "tags"),
        ({"tags": ["a", 7]}, "invalid_type", "tags.1"),
        ({"tags": [" "]}, "required", "tags.0"),
        ({"tags": ["x" * 51]}, "too_long", "tags.0"),
    ],
)
def test_bad_tags_are_refused(client: WireClient, john: Contact, body: Any, code: str, field: str) -> None:
    for method in ("POST", "DELETE"):
        response = client.request(method, f"{ADDRESS}/tags", json=body)
        assert response.status_code == 422
        assert [(fault["field"], fault["code"]) for fault in response.json()["error"]["errors"]] == [(field, code)]


def test_no_contact_gets_more_than_100_tags(client: WireClient, john: Contact) -> None:
    assert client.post(f"{ADDRESS}/tags", {"tags": [f"tag {number}" for number in range(98)]}).status_code == 200
    response = client.post(f"{ADDRESS}/tags", {"tags": ["one too many"]})
    assert response.status_code == 422
    assert response.json()["error"]["errors"][0]["code"] == "too_long"
    with tenant_scope(john.organization_id):
        assert not Tag.objects.filter(name="one too many").exists()


def test_case_14_bulk_gives_every_contact_the_same(
    client: WireClient, office: Member, john: Contact, jane: Contact
) -> None:
    body = printed("bulk_update.request")
    # The printed agent id is a placeholder; ids are computed (DESIGN section 4).
    body["updates"]["assignedTo"] = office.public_id
    response = client.patch("/v1/contacts/bulk", body)
    assert (response.status_code, response.json()) == (200, printed("bulk_update.response"))
    for identifier in body["contactIds"]:
        data = client.get(f"/v1/contacts/{identifier}").json()["data"]
        assert (data["assignedTo"], data["status"]) == (office.public_id, "ACTIVE")


def test_bulk_reports_every_id_in_the_order_sent(north: World, south: World, winnerr: Wire) -> None:
    ids = [
        north.contacts[1].winnerr_id,
        south.contact.winnerr_id,
        north.deleted.winnerr_id,
        "nonsense",
        north.contacts[0].winnerr_id,
        north.contacts[1].winnerr_id,
    ]
    body = winnerr(north.admin).patch("/v1/contacts/bulk", {"contactIds": ids, "updates": {"notes": "Seen"}}).json()
    assert (body["data"]["updated"], body["data"]["failed"]) == (2, 3)
    assert [(result["id"], result["success"]) for result in body["data"]["results"]] == [
        (identifier, identifier in (ids[0], ids[4])) for identifier in ids[:5]
    ]
    assert body["data"]["results"][1]["error"] == {
        "type": "not_found_error",
        "title": "Contact Not Found",
        "status": 404,
        "detail": f"Contact with ID '{ids[1]}' was not found",
    }
    with south.scope():
        assert Contact.objects.get(pk=south.contact.pk).notes == south.contact.notes
    with north.scope():
        operations = ContactChange.objects.filter(after__notes="Seen").values_list("operation", flat=True)
        assert len(operations) == 2
        assert len(set(operations)) == 1


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"updates": {}}, ("contactIds", "required")),
        ({"contactIds": [], "updates": {}}, ("contactIds", "required")),
        ({"contactIds": ["x"] * 501, "updates": {}}, ("contactIds", "too_long")),
        ({"contactIds": [7], "updates": {}}, ("contactIds.0", "invalid_type")),
        ({"contactIds": ["contact_123"]}, ("updates", "required")),
        ({"contactIds": ["contact_123"], "updates": []}, ("updates", "invalid_type")),
        ({"contactIds": ["contact_123"], "updates": {"status": "ODD"}}, ("updates.status", "invalid_value")),
        ({"contactIds": ["contact_123"], "updates": {"email": "a@example.com"}}, ("updates.email", "invalid_value")),
        ({"contactIds": ["contact_123"], "updates": {"assignedTo": "agent_1"}}, ("updates.assignedTo", "not_found")),
    ],
)
def test_a_bad_bulk_changes_nothing(client: WireClient, john: Contact, body: Any, fault: tuple[str, str]) -> None:
    response = client.patch("/v1/contacts/bulk", body)
    assert response.status_code == 422
    assert [(found["field"], found["code"]) for found in response.json()["error"]["errors"]] == [fault]
    assert client.get(ADDRESS).json()["data"]["updatedAt"] == "2024-01-15T10:30:00Z"


def test_metadata_comes_back_to_the_digit(client: WireClient, john: Contact) -> None:
    metadata = {"whole": 123456789012345678901234567890, "small": -7, "part": 1.5, "text": "012345678901234567890"}
    client.post(f"{ADDRESS}/activities", {"type": "NOTE"}).json()
    body = orjson.dumps({"type": "CALL"})[:-1] + b',"metadata":' + json.dumps(metadata).encode() + b"}"
    assert client.request("POST", f"{ADDRESS}/activities", body=body).status_code == 201
    for path in (f"{ADDRESS}?include=activities", f"{ADDRESS}/activities", "/v1/contacts?include=activities"):
        data = json.loads(client.get(path).content)["data"]
        contact = data if isinstance(data, dict) else data[0]
        activities = data if path.endswith("/activities") else contact["activities"]
        assert activities[0]["metadata"] == metadata


def test_bulk_changes_what_can_be_changed_and_says_why_the_rest_cannot(client: WireClient, office: Member) -> None:
    ranges = [PriceRange(min=1, max=100), PriceRange(min=1, max=900), None]
    drafts = [
        ContactDraft(
            full_name=f"Person {number}",
            email=f"p{number}@example.com",
            preferences=None if price is None else PreferencesDraft(price_range=price),
        )
        for number, price in enumerate(ranges)
    ]
    with tenant_scope(office.organization):
        contacts = [contact for chunk in create_contacts(drafts, actor=actor_of(office)) for contact in chunk]
    ids = [contact.winnerr_id for contact in contacts]
    body = {"contactIds": ids, "updates": {"notes": "Wants more", "preferences": {"priceRange": {"min": 500}}}}
    assert client.patch("/v1/contacts/bulk", body).json() == {
        "success": True,
        "data": {
            "updated": 2,
            "failed": 1,
            "results": [
                {
                    "id": ids[0],
                    "success": False,
                    "error": {
                        "type": "validation_error",
                        "title": "Validation Error",
                        "status": 422,
                        "detail": "Request validation failed",
                        "errors": [
                            {
                                "field": "updates.preferences.priceRange.max",
                                "code": "out_of_range",
                                "message": "Updates preferences price range max must be at least 500",
                            }
                        ],
                    },
                },
                {"id": ids[1], "success": True},
                {"id": ids[2], "success": True},
            ],
        },
    }
    notes = [client.get(f"/v1/contacts/{identifier}").json()["data"]["notes"] for identifier in ids]
    assert notes == [None, "Wants more", "Wants more"]


def test_bulk_of_100_takes_no_more_statements_than_bulk_of_2(client: WireClient, office: Member) -> None:
    drafts = [ContactDraft(full_name=f"Person {number}", email=f"p{number}@example.com") for number in range(100)]
    with tenant_scope(office.organization):
        contacts = [contact for chunk in create_contacts(drafts, actor=actor_of(office)) for contact in chunk]
    updates = {"status": "INACTIVE", "assignedTo": office.public_id}
    client.get("/v1/agents/me")
    counts = []
    for count in (2, 100):
        body = {"contactIds": [contact.winnerr_id for contact in contacts[-count:]], "updates": updates}
        with CaptureQueriesContext(connection) as queries:
            assert client.patch("/v1/contacts/bulk", body).json()["data"]["updated"] == count
        control = ("SAVEPOINT", "RELEASE", "SELECT set_config")
        counts.append(len([query for query in queries if not query["sql"].startswith(control)]))
    # SQLite takes only so many values in one statement.
    assert max(counts) <= 8


def test_a_narrowed_agent_cannot_reach_what_hangs_on_others_contacts(north: World, winnerr: Wire) -> None:
    with north.scope():
        north.organization.__class__.objects.update(agents_see_only_their_contacts=True)
    other = north.contacts[2]
    agent = winnerr(north.agent)
    answers = [
        agent.get(f"/v1/contacts/{other.winnerr_id}/activities"),
        agent.post(f"/v1/contacts/{other.winnerr_id}/activities", {"type": "NOTE"}),
        agent.post(f"/v1/contacts/{other.winnerr_id}/tags", {"tags": ["x"]}),
        agent.delete(f"/v1/contacts/{other.winnerr_id}/tags/x"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["error"]["detail"] for answer in answers} == {
        f"Contact with ID '{other.winnerr_id}' was not found"
    }
    counts = {tag["name"]: tag["count"] for tag in agent.get("/v1/contacts/tags").json()["data"]}
    assert counts["vip"] == 2


def test_a_scheduled_meeting_is_not_yet_a_contact(client: WireClient, john: Contact) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    client.post(f"{ADDRESS}/activities", {"type": "MEETING", "scheduledAt": later})
    assert client.get(ADDRESS).json()["data"]["lastContactedAt"] == "2024-01-15T14:20:00Z"


def test_numbers_in_metadata_are_kept_to_the_last_digit(client: WireClient, john: Contact) -> None:
    metadata = {"account": 10**30 - 1, "balance": -(2**64), "rate": 0.1}
    body = json.dumps({"type": "NOTE", "metadata": metadata})
    key = {"Idempotency-Key": "digits"}

    recorded = client.post(f"{ADDRESS}/activities", body=body, headers=key)
    again = client.post(f"{ADDRESS}/activities", body=body, headers=key)
    listed = client.get(f"{ADDRESS}/activities")

    assert recorded.status_code == 201
    assert recorded.json()["data"]["metadata"] == metadata
    assert again.content == recorded.content
    assert listed.json()["data"] == [recorded.json()["data"]]
    assert client.get(f"{ADDRESS}?include=activities").status_code == 200

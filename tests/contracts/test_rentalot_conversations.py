"""Conversations and their messages through Rentalot's wire (CONTRACTS 2.8, 2.9, R-C7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Member, Organization
from activities.drafts import CommunicationDraft
from activities.models import Communication, Conversation
from activities.services import record_communications
from config.wires.fields import seconds
from contacts.models import Contact
from contacts.services import delete_contact, restore_contact
from tests.contracts.described import Described
from tests.worlds import MOMENT, WireClient, World

ADDRESS = "/api/v1/conversations"
COUNTS = orjson.loads((Path(__file__).parent / "query_counts.json").read_bytes())
NOT_FOUND = {
    "type": "https://rentalot.ai/problems/not-found",
    "title": "Not Found",
    "status": 404,
    "detail": "Conversation not found",
}
Rentalot = Callable[[Member | None], WireClient]


@pytest.fixture
def client(north: World, rentalot: Rentalot) -> WireClient:
    """A program of the north's."""
    return rentalot(north.owner)


def say(world: World, contact: Contact, kind: str, *bodies: str, minutes: int = 0, **said: Any) -> Conversation:
    """Messages in one conversation, a minute apart and all after what the worlds begin with."""
    start = MOMENT + timedelta(days=1, minutes=minutes)
    drafts = [
        CommunicationDraft(
            kind=kind,
            body=body,
            occurred_at=start + timedelta(minutes=place),
            **{"direction": "inbound", **said},
        )
        for place, body in enumerate(bodies)
    ]
    with world.scope():
        for _ in record_communications([(contact.pk, draft) for draft in drafts], actor=world.actor()):
            pass
        return Conversation.objects.get(contact=contact, kind=kind)


def conversation_of(world: World, contact: Contact, kind: str = "email") -> Conversation:
    with world.scope():
        return Conversation.objects.get(contact=contact, kind=kind)


def document_of(conversation: Conversation, contact: Contact) -> dict[str, Any]:
    return {
        "id": str(conversation.uuid),
        "contactId": str(contact.uuid),
        "propertyId": None,
        "channel": conversation.kind,
        "status": "archived" if conversation.is_archived else "active",
        "startedAt": seconds(conversation.started_at),
        "lastMessageAt": seconds(conversation.last_message_at),
        "messageCount": conversation.message_count,
        "createdAt": seconds(conversation.created_at),
        "updatedAt": seconds(conversation.updated_at),
    }


def pagination(total: int, page: int = 1, limit: int = 20) -> dict[str, int]:
    return {"page": page, "limit": limit, "total": total, "totalPages": ceil(total / limit)}


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [document["id"] for document in response.json()["data"]]


def narrow_agents(world: World) -> None:
    with world.scope():
        Organization.objects.update(agents_see_only_their_contacts=True)


def test_the_list_has_whole_documents_with_the_newest_message_first(north: World, client: WireClient) -> None:
    older = say(north, north.contacts[2], "whatsapp", "Is it still free?", "Hello?")
    newer = say(north, north.contacts[3], "in_person", "At the fair.", minutes=10)
    jane, bob = (conversation_of(north, contact) for contact in north.contacts[:2])
    response = client.get(ADDRESS)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    # Jane's and Bob's have a message of the same moment: the later conversation comes first.
    expected = [
        document_of(newer, north.contacts[3]),
        document_of(older, north.contacts[2]),
        document_of(bob, north.contacts[1]),
        document_of(jane, north.contacts[0]),
    ]
    assert response.json() == {"data": expected, "pagination": pagination(4)}
    assert [list(document) for document in response.json()["data"]] == [list(expected[0])] * 4
    assert expected[1] | {"id": "", "contactId": "", "createdAt": "", "updatedAt": ""} == {
        "id": "",
        "contactId": "",
        "propertyId": None,
        "channel": "whatsapp",
        "status": "active",
        "startedAt": "2026-03-03T09:30:00Z",
        "lastMessageAt": "2026-03-03T09:31:00Z",
        "messageCount": 2,
        "createdAt": "",
        "updatedAt": "",
    }


@pytest.mark.parametrize("slash", ["", "/"])
def test_one_conversation_is_the_same_document(north: World, client: WireClient, slash: str) -> None:
    conversation = say(north, north.contacts[2], "sms", "Yes.")
    response = client.get(f"{ADDRESS}/{conversation.uuid}{slash}")
    assert response.status_code == 200
    assert response.json() == {"data": document_of(conversation, north.contacts[2])}


@pytest.mark.parametrize("slash", ["", "/"])
def test_messages_come_newest_first_as_whole_documents(north: World, client: WireClient, slash: str) -> None:
    contact = north.contact
    say(north, contact, "email", "Gladly. Ünïcode 🏡", subject="Re: The house", direction="outbound")
    conversation = say(north, contact, "email", "", subject="Only a subject", minutes=5)
    with north.scope():
        first, second, third = Communication.objects.filter(conversation=conversation).order_by("occurred_at")
    response = client.get(f"{ADDRESS}/{conversation.uuid}/messages{slash}")

    def message(row: Communication, direction: str, content: str, subject: str, sent_at: str) -> dict[str, Any]:
        return {
            "id": str(row.uuid),
            "conversationId": str(conversation.uuid),
            "direction": direction,
            "content": content,
            "channel": "email",
            "metadata": {"subject": subject},
            "sentAt": sent_at,
            "createdAt": seconds(row.created_at),
        }

    expected = [
        message(third, "inbound", "Only a subject", "Only a subject", "2026-03-03T09:35:00Z"),
        message(second, "outbound", "Gladly. Ünïcode 🏡", "Re: The house", "2026-03-03T09:30:00Z"),
        message(first, "inbound", f"Dear {north.canary}.", f"About {north.canary}", "2026-03-02T09:30:00Z"),
    ]
    assert response.json() == {"data": expected, "pagination": pagination(3)}
    assert list(response.json()["data"][0]) == list(expected[0])


def test_a_message_without_a_subject_has_no_metadata(north: World, client: WireClient) -> None:
    conversation = say(north, north.contacts[2], "telegram", "Привет")
    (document,) = client.get(f"{ADDRESS}/{conversation.uuid}/messages").json()["data"]
    assert (document["metadata"], document["channel"]) == ({}, "telegram")


@pytest.mark.parametrize("kind", ["email", "sms", "whatsapp", "telegram", "call", "in_person", "other"])
def test_every_medium_is_a_channel(north: World, client: WireClient, kind: str) -> None:
    conversation = say(north, north.contacts[2], kind, "Hello")
    messages = client.get(f"{ADDRESS}/{conversation.uuid}/messages").json()["data"]
    channels = {client.get(f"{ADDRESS}/{conversation.uuid}").json()["data"]["channel"], messages[0]["channel"]}
    assert channels == {kind}


@pytest.mark.parametrize("name", ["contactId", "contact_id"])
def test_a_list_can_be_of_one_contact_or_of_several(north: World, south: World, client: WireClient, name: str) -> None:
    third = say(north, north.contacts[2], "sms", "Hello", minutes=1)
    second = say(north, north.contacts[2], "call", "", subject="Called")
    jane = conversation_of(north, north.contact)
    those = [str(third.uuid), str(second.uuid)]
    first, other = str(north.contact.uuid), str(north.contacts[2].uuid)

    assert ids(client.get(ADDRESS, {name: other})) == those
    assert ids(client.get(ADDRESS, {name: [first, other]})) == [*those, str(jane.uuid)]
    assert ids(client.get(ADDRESS, {name: f"{first},{other},"})) == [*those, str(jane.uuid)]
    assert ids(client.get(ADDRESS, {name: f"nobody,{first}"})) == [str(jane.uuid)]
    assert ids(client.get(ADDRESS, {"contactId": first, "contact_id": other})) == [*those, str(jane.uuid)]
    assert ids(client.get(ADDRESS, {name: "", "limit": 100})) == ids(client.get(ADDRESS))


@pytest.mark.parametrize("name", ["contactId", "contact_id"])
def test_the_conversations_of_nobody_are_none(north: World, south: World, client: WireClient, name: str) -> None:
    stranger = str(south.contact.uuid)
    for nobody in ("nobody", str(uuid4()), stranger, "{" + stranger + "}"):
        response = client.get(ADDRESS, {name: nobody})
        assert (response.status_code, response.json()) == (200, {"data": [], "pagination": pagination(0)})


def test_a_list_can_be_of_active_or_archived_conversations(north: World, client: WireClient) -> None:
    jane, bob = (conversation_of(north, contact) for contact in north.contacts[:2])
    with north.scope():
        Conversation.objects.filter(pk=jane.pk).update(is_archived=True)
    response = client.get(ADDRESS, {"status": "archived"})
    jane.is_archived = True
    assert response.json() == {"data": [document_of(jane, north.contact)], "pagination": pagination(1)}
    assert ids(client.get(ADDRESS, {"status": "active"})) == [str(bob.uuid)]
    assert ids(client.get(ADDRESS, {"status": ["active", "archived"]})) == [str(bob.uuid), str(jane.uuid)]
    assert ids(client.get(ADDRESS, {"status": "archived,archived"})) == [str(jane.uuid)]
    assert ids(client.get(ADDRESS, {"status": "active", "contactId": str(north.contact.uuid)})) == []


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"status": "open"}, "status", "status must be one of: active, archived"),
        ({"status": "active,Archived"}, "status", "status must be one of: active, archived"),
        ({"contactId": "a\x00b"}, "contactId", "contactId must not contain NUL"),
        ({"page": "0"}, "page", "page must be at least 1"),
        ({"page": "two"}, "page", "page must be a whole number"),
        ({"limit": "0"}, "limit", "limit must be at least 1"),
        ({"limit": "1.5"}, "limit", "limit must be a whole number"),
    ],
)
def test_what_means_nothing_is_refused(client: WireClient, query: dict[str, str], field: str, message: str) -> None:
    response = client.get(ADDRESS, query)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "https://rentalot.ai/problems/validation-error",
        "title": "Validation Error",
        "status": 422,
        "detail": "Request validation failed",
        "errors": [{"field": field, "message": message}],
    }


@pytest.mark.parametrize("path", ["?page=0&limit=x&status=open", "/search?page=0&limit=x"])
def test_all_faults_of_a_query_are_named_at_once(client: WireClient, path: str) -> None:
    response = client.get(f"{ADDRESS}{path}")
    last = "query" if "search" in path else "status"
    assert [fault["field"] for fault in response.json()["errors"]] == ["page", "limit", last]


def test_pages_have_every_conversation_once(north: World, client: WireClient) -> None:
    for kind in ("sms", "call", "other"):
        for contact in north.contacts:
            say(north, contact, kind, "Hello")
    everything = ids(client.get(ADDRESS, {"limit": 200}))
    assert len(set(everything)) == 20
    walked = []
    for number in range(1, 8):
        response = client.get(ADDRESS, {"page": number, "limit": 3})
        assert response.json()["pagination"] == pagination(20, number, 3)
        walked += ids(response)
    assert walked == everything


def test_pages_have_every_message_once(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "sms", *(f"Message {number}" for number in range(6)))
    # Three more of moments that are taken already.
    conversation = say(north, north.contacts[2], "sms", "Again", "And", "Again")
    address = f"{ADDRESS}/{conversation.uuid}/messages"
    everything = ids(client.get(address))
    assert len(set(everything)) == 9
    walked = []
    for number in range(1, 4):
        response = client.get(address, {"page": number, "limit": 4})
        assert response.json()["pagination"] == pagination(9, number, 4)
        walked += ids(response)
    assert walked == everything


@pytest.mark.parametrize("number", [3, 10**17])
def test_beyond_the_last_page_there_is_nothing_and_the_total(north: World, client: WireClient, number: int) -> None:
    conversation = conversation_of(north, north.contact)
    for address, total in ((ADDRESS, 2), (f"{ADDRESS}/{conversation.uuid}/messages", 1)):
        response = client.get(address, {"page": number, "limit": 200})
        assert (response.status_code, response.json()) == (
            200,
            {"data": [], "pagination": pagination(total, number, 200)},
        )


@pytest.mark.parametrize(("plan", "largest"), [("starter", 50), ("pro", 100), ("unlimited", 200)])
def test_the_largest_page_is_the_plans(north: World, rentalot: Rentalot, plan: str, largest: int) -> None:
    conversation = conversation_of(north, north.contact)
    with north.scope():
        Organization.objects.update(plan=plan)
    client = rentalot(north.owner)
    for address in (ADDRESS, f"{ADDRESS}/{conversation.uuid}/messages"):
        assert client.get(address, {"limit": 1_000}).json()["pagination"]["limit"] == largest


def refused(north: World, south: World) -> list[str]:
    """Ids that nobody in the north may read, for one reason or another."""
    gone = say(north, north.contacts[4], "sms", "Goodbye")
    with north.scope():
        delete_contact(Contact.objects.get(pk=north.contacts[4].pk), actor=north.actor())
    taken = conversation_of(south, south.contact).uuid
    mine = str(conversation_of(north, north.contact).uuid)
    return [
        str(uuid4()),
        str(taken),
        str(gone.uuid),
        "nobody",
        "1",
        mine.replace("-", ""),
        "%00",
        "x" * 300,
    ]


@pytest.mark.parametrize("suffix", ["", "/", "/messages", "/messages/", "/messages?page=2"])
def test_what_may_not_be_read_never_existed(north: World, south: World, client: WireClient, suffix: str) -> None:
    answers = [client.get(f"{ADDRESS}/{identifier}{suffix}") for identifier in refused(north, south)]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == NOT_FOUND


def test_the_conversations_of_a_deleted_contact_come_back_with_it(north: World, client: WireClient) -> None:
    before = client.get(ADDRESS).json()
    with north.scope():
        contact = Contact.objects.get(pk=north.contact.pk)
        delete_contact(contact, actor=north.actor())
        assert Conversation.objects.filter(contact=contact).exists()
    hidden = client.get(ADDRESS).json()
    assert [document["contactId"] for document in hidden["data"]] == [str(north.contacts[1].uuid)]
    assert hidden["pagination"] == pagination(1)
    with north.scope():
        restore_contact(contact, actor=north.actor())
    assert client.get(ADDRESS).json() == before


def test_narrowed_agents_see_the_conversations_of_their_contacts_alone(north: World, rentalot: Rentalot) -> None:
    theirs = conversation_of(north, north.contact)
    other = say(north, north.contacts[2], "sms", "Hello")
    agent, admin = rentalot(north.agent), rentalot(north.admin)
    assert len(ids(agent.get(ADDRESS))) == 3
    narrow_agents(north)

    response = agent.get(ADDRESS)
    assert [document["contactId"] for document in response.json()["data"]] == [
        str(north.contacts[1].uuid),
        str(north.contacts[0].uuid),
    ]
    assert response.json()["pagination"] == pagination(2)
    assert agent.get(ADDRESS, {"page": 9}).json()["pagination"]["total"] == 2
    assert agent.get(ADDRESS, {"contactId": str(north.contacts[2].uuid)}).json()["pagination"]["total"] == 0
    assert agent.get(f"{ADDRESS}/{theirs.uuid}").status_code == 200
    for suffix in ("", "/messages"):
        answer = agent.get(f"{ADDRESS}/{other.uuid}{suffix}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        assert admin.get(f"{ADDRESS}/{other.uuid}{suffix}").status_code == 200


def test_nothing_of_the_stranger_is_in_any_answer(north: World, south: World, client: WireClient) -> None:
    conversation = conversation_of(north, north.contact)
    for path in ("", "?limit=200", f"/{conversation.uuid}", f"/{conversation.uuid}/messages", "/search?q=about"):
        response = client.get(f"{ADDRESS}{path}")
        assert response.status_code == 200
        assert south.canary not in response.content.decode()
        assert str(south.contact.uuid) not in response.content.decode()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_conversations_are_only_read(north: World, client: WireClient, method: str) -> None:
    conversation = conversation_of(north, north.contact)
    for path in ("", "/", "/search", f"/{conversation.uuid}", f"/{conversation.uuid}/messages"):
        response = client.request(method, f"{ADDRESS}{path}", json={})
        assert response.status_code == 405
        assert response["Content-Type"] == "application/problem+json"
        assert response["Allow"] == "GET, HEAD"
        assert response.json()["type"] == "https://rentalot.ai/problems/method-not-allowed"


def test_every_role_reads_and_a_program_without_a_key_does_not(north: World, rentalot: Rentalot) -> None:
    for member in north.members:
        assert rentalot(member).get(ADDRESS).status_code == 200
    for path in ("", "/search?q=x", f"/{uuid4()}", f"/{uuid4()}/messages"):
        response = rentalot(None).get(f"{ADDRESS}{path}")
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")


def test_the_total_of_messages_is_how_many_there_are(north: World, client: WireClient) -> None:
    conversation = say(north, north.contact, "email", *map(str, range(7)))
    with north.scope():
        stored = Communication.objects.filter(conversation=conversation).count()
    document = client.get(f"{ADDRESS}/{conversation.uuid}").json()["data"]
    messages = client.get(f"{ADDRESS}/{conversation.uuid}/messages", {"limit": 2}).json()
    assert (stored, document["messageCount"], messages["pagination"]["total"]) == (8, 8, 8)


def test_every_answer_is_described_to_the_key(north: World, client: WireClient) -> None:
    described = Described.at("/api/v1/openapi.json")
    say(north, north.contacts[2], "sms", "Dear")
    conversation = conversation_of(north, north.contact)
    for path, status in (
        (ADDRESS, 200),
        (f"{ADDRESS}?status=open", 422),
        (f"{ADDRESS}/{conversation.uuid}", 200),
        (f"{ADDRESS}/{uuid4()}", 404),
        (f"{ADDRESS}/{conversation.uuid}/messages", 200),
        (f"{ADDRESS}/{uuid4()}/messages", 404),
        (f"{ADDRESS}/search?query=dear", 200),
        (f"{ADDRESS}/search", 422),
    ):
        response = client.get(path)
        assert response.status_code == status
        described.assert_describes("GET", path, response)


def statements(client: WireClient, path: str) -> int:
    """Statements of a request; transaction control is not one."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code < 500
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not query["sql"].startswith(control) for query in queries)


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 15])
def test_the_committed_number_of_statements(north: World, client: WireClient, others: int) -> None:
    say(north, north.contact, "email", *("Dear" for _ in range(others)))
    for contact in north.contacts[:others]:
        say(north, contact, "sms", "Dear")
    conversation = conversation_of(north, north.contact)
    paths = {
        "GET /api/v1/conversations": "?limit=100",
        "GET /api/v1/conversations, filtered": f"?status=active&contactId={north.contact.uuid}",
        "GET /api/v1/conversations, beyond the last page": "?page=100",
        "GET /api/v1/conversations/{id}": f"/{conversation.uuid}",
        "GET /api/v1/conversations/{id}, unknown": f"/{uuid4()}",
        "GET /api/v1/conversations/{id}/messages": f"/{conversation.uuid}/messages?limit=100",
        "GET /api/v1/conversations/{id}/messages, beyond the last page": f"/{conversation.uuid}/messages?page=100",
        "GET /api/v1/conversations/search": "/search?query=dear&limit=50",
        "GET /api/v1/conversations/search, nothing found": "/search?query=nowhere",
    }
    # The first request of a credential writes down that it was used.
    client.get(ADDRESS)
    costs = {name: statements(client, f"{ADDRESS}{path}") for name, path in paths.items()}
    assert costs == COUNTS["rentalot:conversations"][connection.vendor]

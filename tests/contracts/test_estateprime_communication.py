"""What was said with contacts through EstatePrime's wire: written down, read, deleted (CONTRACTS 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import resolve

from accounts.models import Member, Organization
from accounts.roles import Role
from activities.drafts import CommunicationDraft
from activities.models import Communication, Conversation
from activities.querysets import TimelineKind, timeline
from activities.services import record_communication
from contacts.models import Contact, ContactChange
from contacts.services import delete_contact
from tests.contracts.described import Described
from tests.worlds import WireClient, World

ADDRESS = "/api/communication"
KEYS = [
    "id",
    "date_created",
    "communication_date",
    "user_id",
    "store_id",
    "type",
    "channel",
    "contact_id",
    "request_id",
    "comments",
    "tags",
    "listings",
]
GENERATED = ("id", "date_created")
NOT_FOUND = {"status": 404, "error_message": "Communication not found."}
Program = Callable[[Member | None], WireClient]


@pytest.fixture
def client(north: World, estateprime: Program) -> WireClient:
    """A program of the north's."""
    return estateprime(north.owner)


def call(world: World, **changes: Any) -> dict[str, Any]:
    """A call of the third contact's, as a program sends it."""
    return {
        "communication_date": "2026-03-05 17:45:00",
        "user_id": world.agent.number,
        "store_id": 4,
        "type": "incoming",
        "channel": 1,
        "contact_id": world.contacts[2].number,
        "request_id": 77,
        "comments": "Asked for a second viewing.",
        "tags": [9, 2],
        "listings": [5021, 17],
        **changes,
    }


def written(client: WireClient, body: dict[str, Any]) -> int:
    response = client.post(ADDRESS, body)
    assert (response.status_code, list(response.json())) == (200, ["status", "created_id"]), response.content
    number: int = response.json()["created_id"]
    return number


def read(client: WireClient, number: int) -> dict[str, Any]:
    response = client.get(f"{ADDRESS}/{number}")
    assert (response.status_code, list(response.json()), response.json()["status"]) == (200, ["status", "data"], 200)
    document: dict[str, Any] = response.json()["data"]
    return document


def refusal(response: Any) -> tuple[int, dict[str, Any]]:
    return response.status_code, response.json()


def refused(message: str) -> tuple[int, dict[str, Any]]:
    return 400, {"status": 400, "error_message": message}


def set_zone(world: World, name: str) -> None:
    with world.scope():
        Organization.objects.update(time_zone=name)


def test_what_is_written_down_is_read_back_whole(north: World, client: WireClient) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    number = written(client, call(north))
    document = read(client, number)

    assert list(document) == KEYS
    assert {key: document[key] for key in KEYS if key != "date_created"} == {
        **call(north, tags=[2, 9]),
        "id": number,
    }
    assert before <= datetime.fromisoformat(f"{document['date_created']}+00:00") <= datetime.now(UTC)
    assert client.get(f"{ADDRESS}/{number}/").json()["data"] == document


def test_the_required_six_are_enough(north: World, client: WireClient) -> None:
    asked = ("channel", "user_id", "contact_id", "store_id", "type", "communication_date")
    said = {key: call(north)[key] for key in asked}
    for left_out in ({}, {"request_id": None, "comments": None, "tags": None, "listings": None}, {"comments": " "}):
        document = read(client, written(client, {**said, **left_out}))
        assert document == {
            **said,
            **{key: document[key] for key in GENERATED},
            "request_id": None,
            "comments": None,
            "tags": [],
            "listings": [],
        }


def test_ids_may_come_as_their_digits_and_what_is_read_may_be_sent_again(north: World, client: WireClient) -> None:
    numbers = ("user_id", "store_id", "channel", "contact_id", "request_id")
    as_text = {key: str(value) for key, value in call(north).items() if key in numbers}
    first = read(client, written(client, call(north, **as_text, tags=["9", 2, "2"], listings=["5021", 17])))
    again = read(client, written(client, first))
    assert {key: first[key] for key in KEYS if key not in GENERATED} == call(north, tags=[2, 9])
    assert again == {**first, **{key: again[key] for key in GENERATED}}
    assert again["id"] > first["id"]


ASKED_FOR = ["channel", "user_id", "contact_id", "store_id", "type", "communication_date"]


def test_the_first_thing_that_is_missing_is_named(north: World, client: WireClient) -> None:
    body: dict[str, Any] = {}
    for key in ASKED_FOR:
        assert refusal(client.post(ADDRESS, body)) == refused(f"Missing {key}")
        assert refusal(client.post(ADDRESS, {**call(north), key: None})) == refused(f"Missing {key}")
        assert refusal(client.post(ADDRESS, {"comments": 7, **body, key: [], "tags": 7})) == refused(f"Invalid {key}")
        body[key] = call(north)[key]
    assert refusal(client.post(ADDRESS, {**body, "comments": 7})) == refused("Invalid comments")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channel", 8),
        ("channel", 0),
        ("channel", "phone"),
        ("user_id", 999),
        ("user_id", 1.5),
        ("user_id", True),
        ("contact_id", 10**9),
        ("contact_id", 2**63),
        ("contact_id", "-1"),
        ("store_id", "Main Street"),
        ("store_id", 0),
        ("type", "inbound"),
        ("type", 1),
        ("communication_date", "yesterday"),
        ("communication_date", "2026-03-05"),
        ("communication_date", "2026-13-05 10:00:00"),
        ("communication_date", "0001-01-01 00:00:00"),
        ("communication_date", "9999-12-31 23:59:59"),
        ("communication_date", 1772700000),
        ("request_id", "x"),
        ("comments", "x" * 10_001),
        ("tags", 3),
        ("tags", ["x"]),
        ("listings", [None]),
        ("listings", list(range(1, 102))),
    ],
)
def test_what_means_nothing_is_refused_by_name(north: World, client: WireClient, key: str, value: Any) -> None:
    assert refusal(client.post(ADDRESS, call(north, **{key: value}))) == refused(f"Invalid {key}")
    assert client.get(ADDRESS).json()["total_results"] == 2


def test_rows_of_the_stranger_and_deleted_contacts_are_unknown(
    north: World, south: World, client: WireClient, estateprime: Program
) -> None:
    with south.scope():
        Contact.objects.filter(pk=south.contact.pk).update(number=4_000_001)
        Member.objects.filter(pk=south.agent.pk).update(number=4_000_002)
    unknown = [("contact_id", 4_000_001), ("contact_id", north.deleted.number), ("user_id", 4_000_002)]
    for key, value in unknown:
        assert refusal(client.post(ADDRESS, call(north, **{key: value}))) == refused(f"Invalid {key}")
    assert estateprime(south.owner).get(ADDRESS).json()["total_results"] == 2


def test_a_message_is_the_same_on_all_three_wires(
    north: World, client: WireClient, winnerr: Program, rentalot: Program
) -> None:
    number = written(client, call(north, channel=6, type="outgoing"))
    with north.scope():
        row = Communication.objects.get(number=number)
        contact = Contact.objects.get(pk=row.contact_id)
        conversation = Conversation.objects.get(contact=contact)
        changes = list(ContactChange.objects.filter(contact=contact).order_by("-pk").values("after", "door")[:2])
        told = [entry.row for entry in timeline(contact) if entry.position.kind is TimelineKind.COMMUNICATION]
    beside = winnerr(north.owner).get(f"/v1/contacts/{contact.winnerr_id}", {"include": "communications"}).json()
    messages = rentalot(north.owner).get(f"/api/v1/conversations/{conversation.uuid}/messages").json()
    talk = rentalot(north.owner).get(f"/api/v1/conversations/{conversation.uuid}").json()["data"]

    assert beside["data"]["communications"] == [
        {"id": row.winnerr_id, "type": "WHATSAPP", "subject": None, "createdAt": "2026-03-05T17:45:00Z"}
    ]
    assert messages["data"] == [
        {
            "id": str(row.uuid),
            "conversationId": str(conversation.uuid),
            "direction": "outbound",
            "content": "Asked for a second viewing.",
            "channel": "whatsapp",
            "metadata": {},
            "sentAt": "2026-03-05T17:45:00Z",
            "createdAt": messages["data"][0]["createdAt"],
        }
    ]
    assert (talk["messageCount"], talk["lastMessageAt"]) == (1, "2026-03-05T17:45:00Z")
    assert contact.last_contacted_at == datetime(2026, 3, 5, 17, 45, tzinfo=UTC)
    assert told == [row]
    assert row.member_id == north.agent.pk
    fact = {"communication": {"id": str(row.uuid), "kind": "whatsapp", "direction": "outbound"}}
    assert {"after": fact, "door": "estateprime"} in changes


@pytest.mark.parametrize(
    ("kind", "channel"),
    [("call", 1), ("email", 2), ("sms", 3), ("in_person", 4), ("other", 5), ("whatsapp", 6), ("telegram", 7)],
)
def test_every_medium_is_a_channel_both_ways(north: World, client: WireClient, kind: str, channel: int) -> None:
    draft = CommunicationDraft(kind=kind, direction="outbound", subject="Only a subject", member=None)
    with north.scope():
        number = record_communication(north.contacts[2], draft, actor=north.actor()).number
        sent = written(client, call(north, channel=channel))
        assert Communication.objects.get(number=sent).kind == kind
    document = read(client, number)
    assert document == {
        "id": number,
        "date_created": document["date_created"],
        "communication_date": document["date_created"],
        "user_id": None,
        "store_id": None,
        "type": "outgoing",
        "channel": channel,
        "contact_id": north.contacts[2].number,
        "request_id": None,
        "comments": "Only a subject",
        "tags": [],
        "listings": [],
    }


def test_deleting_hides_it_on_all_three_wires(
    north: World, client: WireClient, winnerr: Program, rentalot: Program
) -> None:
    kept, gone = written(client, call(north)), written(client, call(north, communication_date="2026-03-06 08:00:00"))
    with north.scope():
        conversation = Conversation.objects.get(contact=north.contacts[2])
    response = client.delete(f"{ADDRESS}/{gone}")
    assert refusal(response) == (200, {"status": 200, "deleted_id": gone})

    for again in (client.get(f"{ADDRESS}/{gone}"), client.delete(f"{ADDRESS}/{gone}")):
        assert refusal(again) == (404, NOT_FOUND)
    assert [row["id"] for row in client.get(ADDRESS).json()["data"]][:1] == [kept]
    address = f"/v1/contacts/{north.contacts[2].winnerr_id}"
    beside = winnerr(north.owner).get(address, {"include": "communications"}).json()["data"]["communications"]
    assert len(beside) == 1
    talk = rentalot(north.owner).get(f"/api/v1/conversations/{conversation.uuid}").json()["data"]
    messages = rentalot(north.owner).get(f"/api/v1/conversations/{conversation.uuid}/messages").json()
    assert (talk["messageCount"], talk["lastMessageAt"]) == (1, "2026-03-05T17:45:00Z")
    assert (len(messages["data"]), messages["pagination"]["total"]) == (1, 1)
    hits = rentalot(north.owner).get("/api/v1/conversations/search", {"query": "second viewing"}).json()
    assert hits["pagination"]["total"] == 1

    client.delete(f"{ADDRESS}/{kept}")
    assert rentalot(north.owner).get(f"/api/v1/conversations/{conversation.uuid}").status_code == 404


def unreadable(north: World, south: World, client: WireClient) -> list[str]:
    """Ids that nobody in the north may read, for one reason or another."""
    with south.scope():
        Communication.objects.filter(contact=south.contact).update(number=4_000_001)
    gone = written(client, call(north))
    client.delete(f"{ADDRESS}/{gone}")
    hidden = written(client, call(north, contact_id=north.contacts[4].number))
    with north.scope():
        delete_contact(Contact.objects.get(pk=north.contacts[4].pk), actor=north.actor())
        known = Communication.objects.get(contact=north.contact)
    others = ["4000001", "999999", "0", "-1", "1.5", "x", "%00", "٣", str(2**63), "9" * 300]
    return [str(gone), str(hidden), f"0{known.number}", str(known.uuid), *others]


def test_what_may_not_be_read_never_existed(north: World, south: World, client: WireClient) -> None:
    answers = [
        client.request(method, f"{ADDRESS}/{identifier}")
        for identifier in unreadable(north, south, client)
        for method in ("GET", "DELETE")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer["Content-Type"] for answer in answers} == {"application/json"}
    assert {answer["Cache-Control"] for answer in answers} == {"no-store"}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == NOT_FOUND


def test_narrowed_agents_have_their_contacts_alone(north: World, client: WireClient, estateprime: Program) -> None:
    other, mine = written(client, call(north)), written(client, call(north, contact_id=north.contact.number))
    agent = estateprime(north.agent)
    assert agent.get(f"{ADDRESS}/{other}").status_code == 200
    with north.scope():
        Organization.objects.update(agents_see_only_their_contacts=True)

    assert read(agent, mine)["id"] == mine
    never = agent.get(f"{ADDRESS}/999999")
    for method in ("GET", "DELETE"):
        answer = agent.request(method, f"{ADDRESS}/{other}")
        assert (answer.status_code, answer.content) == (404, never.content)
    assert refusal(agent.post(ADDRESS, call(north))) == refused("Invalid contact_id")
    assert client.get(f"{ADDRESS}/{other}").status_code == 200
    assert agent.delete(f"{ADDRESS}/{mine}").json() == {"status": 200, "deleted_id": mine}


@pytest.mark.parametrize(
    ("zone", "sent", "stored"),
    [
        ("Europe/Athens", "2026-01-15 18:00:05", datetime(2026, 1, 15, 16, 0, 5, tzinfo=UTC)),
        ("Europe/Athens", "2026-07-15 18:00:05", datetime(2026, 7, 15, 15, 0, 5, tzinfo=UTC)),
        # Three o'clock comes twice that night; it is the first.
        ("Europe/Athens", "2026-10-25 03:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("America/New_York", "2026-11-01 01:30:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", "2026-01-15 00:00:00", datetime(2026, 1, 14, 18, 15, tzinfo=UTC)),
    ],
)
def test_times_are_on_the_organizations_clock(
    north: World, client: WireClient, zone: str, sent: str, stored: datetime
) -> None:
    set_zone(north, zone)
    document = read(client, written(client, call(north, communication_date=sent)))
    with north.scope():
        row = Communication.objects.get(number=document["id"])
    assert (row.occurred_at, document["communication_date"]) == (stored, sent)
    set_zone(north, "UTC")
    assert read(client, row.number) == {
        **document,
        "communication_date": stored.strftime("%Y-%m-%d %H:%M:%S"),
        "date_created": row.created_at.strftime("%Y-%m-%d %H:%M:%S"),
    }


def test_the_second_of_a_repeated_hour_is_printed_like_the_first(north: World, client: WireClient) -> None:
    set_zone(north, "Europe/Athens")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with north.scope():
        numbers = [
            record_communication(
                north.contact,
                CommunicationDraft(kind="call", direction="inbound", occurred_at=moment),
                actor=north.actor(),
            ).number
            for moment in (first, first + timedelta(hours=1))
        ]
    assert [read(client, number)["communication_date"] for number in numbers] == ["2026-10-25 03:30:00"] * 2


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        # Nobody's clock showed this: it had been put forward to four.
        ("2026-03-29 03:30:00", "2026-03-29 04:30:00"),
        ("2026-03-05T17:45:00Z", "2026-03-05 19:45:00"),
        ("2026-03-05T17:45:00.999+01:00", "2026-03-05 18:45:00"),
        (" 2026-03-05T17:45:00 ", "2026-03-05 17:45:00"),
    ],
)
def test_moments_in_other_spellings_are_understood(north: World, client: WireClient, sent: str, printed: str) -> None:
    set_zone(north, "Europe/Athens")
    assert read(client, written(client, call(north, communication_date=sent)))["communication_date"] == printed


def test_lookups_are_exact(client: WireClient) -> None:
    channels = [
        {"id": 1, "name": "Call", "type": "phone"},
        {"id": 2, "name": "Email", "type": "email"},
        {"id": 3, "name": "SMS", "type": "sms"},
        {"id": 4, "name": "In person", "type": None},
        {"id": 5, "name": "Other", "type": None},
        {"id": 6, "name": "WhatsApp", "type": None},
        {"id": 7, "name": "Telegram", "type": None},
    ]
    response = client.get(f"{ADDRESS}/channels")
    assert refusal(response) == (200, {"status": 200, "data": channels})
    assert [list(channel) for channel in response.json()["data"]] == [["id", "name", "type"]] * 7
    for name in ("tags", "custom-fields", "tags/"):
        assert refusal(client.get(f"{ADDRESS}/{name}")) == (200, {"status": 200, "data": []})


def test_a_repeated_post_with_a_key_is_written_down_once(north: World, client: WireClient) -> None:
    answers = [client.post(ADDRESS, call(north), headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert client.get(ADDRESS).json()["total_results"] == 3


READERS = {Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER}
WRITERS = READERS - {Role.VIEWER}
MATRIX: dict[str, dict[str, set[Any]]] = {
    "": {"get": READERS, "post": WRITERS},
    "/channels": {"get": READERS},
    "/tags": {"get": READERS},
    "/custom-fields": {"get": READERS},
    "/999999": {"get": READERS, "delete": WRITERS},
}


@pytest.mark.parametrize("path", MATRIX)
def test_roles_get_as_far_as_the_matrix_says(north: World, estateprime: Program, path: str) -> None:
    routed = resolve(f"{ADDRESS}{path}").func.actions  # type: ignore[attr-defined]  # what the router leaves on a view
    assert routed.keys() - {"head"} == MATRIX[path].keys()
    askers = {Role(member.role): estateprime(member) for member in north.members}
    for method in ("get", "post", "put", "patch", "delete"):
        body: Any = None if method == "get" else {}
        stranger = estateprime(None).request(method.upper(), f"{ADDRESS}{path}", json=body)
        assert refusal(stranger) == (401, {"status": 401, "error_message": "Unauthorized."})
        for role, program in askers.items():
            response = program.request(method.upper(), f"{ADDRESS}{path}", json=body)
            if method not in MATRIX[path]:
                assert refusal(response) == (405, {"status": 405, "error_message": "Method not allowed."})
                allowed = {"HEAD" if name == "get" else name.upper() for name in MATRIX[path]} | {"GET"}
                assert set(response["Allow"].split(", ")) == allowed
            elif role in MATRIX[path][method]:
                assert response.status_code in (200, 400, 404), (method, role)
            else:
                assert refusal(response) == (403, {"status": 403, "error_message": "Access denied."})


def test_who_may_not_write_learns_nothing_from_trying(north: World, estateprime: Program) -> None:
    viewer = estateprime(north.viewer)
    with north.scope():
        known = Communication.objects.get(contact=north.contact).number
    refusals = [
        viewer.post(ADDRESS, call(north)),
        viewer.post(ADDRESS, {}),
        viewer.post(ADDRESS, body=b"{"),
        viewer.delete(f"{ADDRESS}/{known}"),
        viewer.delete(f"{ADDRESS}/999999"),
    ]
    assert {answer.status_code for answer in refusals} == {403}
    assert len({answer.content for answer in refusals}) == 1


def test_every_answer_is_described_to_the_key(north: World, client: WireClient) -> None:
    described = Described.at("/api/openapi.json")
    number = written(client, call(north))
    asked: list[tuple[str, str, Any, int]] = [
        ("GET", ADDRESS, None, 200),
        ("GET", f"{ADDRESS}?type=sideways", None, 400),
        ("POST", ADDRESS, call(north), 200),
        ("POST", ADDRESS, {}, 400),
        ("GET", f"{ADDRESS}/{number}", None, 200),
        ("GET", f"{ADDRESS}/999999", None, 404),
        ("GET", f"{ADDRESS}/channels", None, 200),
        ("GET", f"{ADDRESS}/tags", None, 200),
        ("GET", f"{ADDRESS}/custom-fields", None, 200),
        ("DELETE", f"{ADDRESS}/{number}", None, 200),
        ("DELETE", f"{ADDRESS}/{number}", None, 404),
    ]
    for method, path, body, status in asked:
        response = client.request(method, path, json=body)
        assert response.status_code == status
        described.assert_describes(method, path, response)
    schemas = described.document["components"]["schemas"]
    assert (schemas["Communication"]["required"], schemas["CommunicationCreate"]["required"]) == (KEYS, ASKED_FOR)
    assert described.faults({"$ref": "#/components/schemas/CommunicationCreate"}, call(north)) == []


def test_every_example_of_communication_is_described() -> None:
    described = Described.at("/api/openapi.json")
    operations = [each for (_, path), each in described.operations().items() if path.startswith(ADDRESS)]
    assert {operation["tags"][0] for operation in operations} == {"Communication"}
    for operation in operations:
        parts = [operation.get("requestBody", {}), *map(described.resolved, operation["responses"].values())]
        for media in (media for part in parts for media in part.get("content", {}).values()):
            for example in media.get("examples", {}).values():
                assert described.faults(media["schema"], example["value"]) == [], operation["operationId"]

"""Lists of what was said, through EstatePrime's wire: pages, filters, and who sees what (CONTRACTS 3.2, 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Member, Organization
from activities.drafts import CommunicationDraft
from activities.models import Communication
from activities.services import record_communications
from contacts.models import Contact
from contacts.services import delete_contact, restore_contact
from tests.worlds import MOMENT, WireClient, World

ADDRESS = "/api/communication"
COUNTS = orjson.loads((Path(__file__).parent / "query_counts.json").read_bytes())
KINDS = ("call", "email", "sms", "in_person", "other", "whatsapp", "telegram")
DAY = datetime(2026, 3, 10, tzinfo=UTC)
Program = Callable[[Member | None], WireClient]


@pytest.fixture
def client(north: World, estateprime: Program) -> WireClient:
    """A program of the north's."""
    return estateprime(north.owner)


@pytest.fixture
def said(north: World, south: World) -> list[Communication]:
    """Everything ever said in the north, the newest number first: 113 rows, of which Jane and Bob had one before."""
    people = [north.agent.pk, north.admin.pk, None]
    drafts = [
        (
            north.contacts[number % 4].pk,
            CommunicationDraft(
                kind=KINDS[number % 7],
                direction=("inbound", "outbound")[number % 2],
                body=f"Message {number}",
                occurred_at=DAY + timedelta(hours=(number * 37) % 100, milliseconds=number),
                member=people[number % 3],
            ),
        )
        for number in range(111)
    ]
    with north.scope():
        for _ in record_communications(drafts, actor=north.actor()):
            pass
        # As if the half of them had been written down on other days.
        for row in Communication.objects.filter(number__gt=0).order_by("number")[::2]:
            written = DAY + timedelta(hours=row.number % 50)
            Communication.objects.filter(pk=row.pk).update(created_at=written)
        return list(Communication.objects.select_related("contact", "member").order_by("-number"))


def envelope(total: int, page: int = 1) -> dict[str, int]:
    return {
        "status": 200,
        "page": page,
        "total_pages": -(-total // 50),
        "results_per_page": 50,
        "total_results": total,
    }


def page_of(response: Any) -> tuple[dict[str, int], list[int]]:
    """What an answer says about its page, and the ids on it."""
    assert response.status_code == 200, response.content
    body = response.json()
    return {key: value for key, value in body.items() if key != "data"}, [row["id"] for row in body["data"]]


def ask(client: WireClient, asked: Any) -> Any:
    return client.request("GET", ADDRESS, json=asked)


def in_query(asked: dict[str, Any]) -> dict[str, str]:
    """The same in the query string."""
    query: dict[str, str] = {}
    for name, value in asked.items():
        pairs = {f"{name}[{key}]": bound for key, bound in value.items()} if isinstance(value, dict) else {name: value}
        query |= {key: str(bound) for key, bound in pairs.items() if bound is not None}
    return query


def test_the_list_has_whole_documents_the_newest_number_first(north: World, client: WireClient) -> None:
    with north.scope():
        rows = list(Communication.objects.order_by("-number"))
    expected: list[dict[str, Any]] = [
        {
            "id": row.number,
            "date_created": row.created_at.strftime("%Y-%m-%d %H:%M:%S"),
            "communication_date": "2026-03-02 09:30:00",
            "user_id": north.agent.number,
            "store_id": None,
            "type": "incoming",
            "channel": 2,
            "contact_id": contact.number,
            "request_id": None,
            "comments": f"Dear {north.canary}.",
            "tags": [],
            "listings": [],
        }
        for row, contact in zip(rows, (north.contacts[1], north.contacts[0]), strict=True)
    ]
    for response in (client.get(ADDRESS), client.get(f"{ADDRESS}/"), ask(client, {})):
        assert response.json() == {**envelope(2), "data": expected}
        assert list(response.json()) == [*envelope(2), "data"]
        assert [list(document) for document in response.json()["data"]] == [list(expected[0])] * 2
        assert response["Cache-Control"] == "no-store"


def test_pages_have_every_communication_once(client: WireClient, said: list[Communication]) -> None:
    walked = []
    for number in (1, 2, 3):
        by_body = page_of(ask(client, {"page": number}))
        assert by_body == page_of(client.get(ADDRESS, {"page": str(number)}))
        assert by_body[0] == envelope(113, number)
        walked += by_body[1]
    assert walked == [row.number for row in said]


@pytest.mark.parametrize("number", [4, 10**17])
def test_beyond_the_last_page_there_is_nothing_and_the_total(
    client: WireClient, said: list[Communication], number: int
) -> None:
    assert page_of(client.get(ADDRESS, {"page": str(number)})) == (envelope(113, number), [])
    assert page_of(ask(client, {"page": number, "channel": 7}))[0]["total_results"] == 15


def test_the_body_wins_key_by_key(client: WireClient, said: list[Communication]) -> None:
    query = {"type": "incoming", "page": "1", "date_created[min]": "2026-03-11", "date_created[max]": "2026-03-12"}
    body = {"page": 2, "date_created": {"min": None}, "channel": ""}
    both = client.request("GET", ADDRESS, query=query, json=body)
    alone = client.get(ADDRESS, {"type": "incoming", "page": "2", "date_created[max]": "2026-03-12"})
    assert both.json() == alone.json()


def between(begin: datetime, end: datetime, moment: datetime) -> bool:
    return begin <= moment.replace(microsecond=0) <= end


FIRST, LAST = DAY + timedelta(hours=20), DAY + timedelta(hours=41, minutes=30)
RANGE = {"min": "2026-03-10 20:00:00", "max": "2026-03-11 17:30:00"}
Filter = tuple[str, Callable[[World], Any], Callable[[World, Communication], bool]]
FILTERS: list[Filter] = [
    ("type", lambda world: "incoming", lambda world, row: row.direction == "inbound"),
    ("type", lambda world: "outgoing", lambda world, row: row.direction == "outbound"),
    ("channel", lambda world: 4, lambda world, row: row.kind == "in_person"),
    ("channel", lambda world: "7", lambda world, row: row.kind == "telegram"),
    ("contact_id", lambda world: world.contact.number, lambda world, row: row.contact == world.contact),
    ("contact_id", lambda world: world.contacts[5].number, lambda world, row: False),
    ("contact_id", lambda world: 987_654, lambda world, row: False),
    ("user_id", lambda world: world.agent.number, lambda world, row: row.member == world.agent),
    ("user_id", lambda world: str(world.admin.number), lambda world, row: row.member == world.admin),
    ("user_id", lambda world: 987_654, lambda world, row: False),
    ("communication_date", lambda world: RANGE, lambda world, row: between(FIRST, LAST, row.occurred_at)),
    ("date_created", lambda world: RANGE, lambda world, row: between(FIRST, LAST, row.created_at)),
    (
        "communication_date",
        lambda world: {"min": "2026-03-12", "max": "2026-03-12"},
        lambda world, row: row.occurred_at.day == 12,
    ),
    ("date_created", lambda world: {"min": "2026-03-11"}, lambda world, row: row.created_at >= DAY + timedelta(1)),
    ("date_created", lambda world: {"max": "2026-03-10"}, lambda world, row: row.created_at < DAY + timedelta(1)),
    ("date_created", lambda world: {"min": None, "max": ""}, lambda world, row: True),
]


@pytest.mark.parametrize("place", range(len(FILTERS)))
def test_each_filter_finds_what_it_says_by_body_and_by_query(
    north: World, client: WireClient, said: list[Communication], place: int
) -> None:
    name, value, holds = FILTERS[place]
    found = [row.number for row in said if holds(north, row)]
    asked = {name: value(north)}
    expected = (envelope(len(found)), found[:50])
    assert page_of(ask(client, asked)) == expected
    assert page_of(client.get(ADDRESS, in_query(asked))) == expected
    assert page_of(ask(client, {**asked, "page": 2}))[1] == found[50:100]


@pytest.mark.parametrize("place", range(len(FILTERS)))
def test_filters_narrow_together(north: World, client: WireClient, said: list[Communication], place: int) -> None:
    several = [FILTERS[place], FILTERS[(place + 5) % len(FILTERS)], FILTERS[1]]
    chosen = {name: (value(north), holds) for name, value, holds in several}
    found = [row.number for row in said if all(holds(north, row) for _, holds in chosen.values())]
    assert page_of(ask(client, {name: value for name, (value, _) in chosen.items()})) == (
        envelope(len(found)),
        found[:50],
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", 0),
        ("page", "two"),
        ("page", True),
        ("type", "inbound"),
        ("type", ["incoming"]),
        ("channel", 8),
        ("channel", "call"),
        ("contact_id", "x"),
        ("contact_id", 0),
        ("contact_id", 1.5),
        ("contact_id", {"min": 1}),
        ("user_id", -1),
        ("user_id", [1]),
        ("date_created", "2026-03-10"),
        ("date_created", {"min": "10/03/2026"}),
        ("date_created", {"max": 7}),
        ("communication_date", {"min": "2026-02-30"}),
        ("communication_date", {"max": "9999-12-32 23:59:59"}),
        ("communication_date", {"max": "2026-03-02T09:30:00Z"}),
        ("communication_date", [None]),
    ],
)
def test_what_means_nothing_is_refused_by_name(client: WireClient, name: str, value: Any) -> None:
    response = ask(client, {name: value})
    assert (response.status_code, response.json()) == (
        400,
        {"status": 400, "error_message": f"Invalid {name}"},
    )


def test_ranges_are_on_the_organizations_clock(north: World, client: WireClient) -> None:
    with north.scope():
        Organization.objects.update(time_zone="Europe/Athens")
        jane, bob = Communication.objects.order_by("number")
        # Twice half past three of the morning on which clocks went back.
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        Communication.objects.filter(pk=jane.pk).update(occurred_at=first, created_at=first)
        second = first + timedelta(hours=1)
        Communication.objects.filter(pk=bob.pk).update(occurred_at=second, created_at=second)
    for name in ("communication_date", "date_created"):
        until = page_of(ask(client, {name: {"min": "2026-10-25 03:30:00", "max": "2026-10-25 03:30:00"}}))[1]
        since = page_of(ask(client, {name: {"min": "2026-10-25 03:30:01", "max": "2026-10-25"}}))[1]
        assert (until, since) == ([jane.number], [bob.number])


def test_a_bound_includes_its_whole_second(north: World, client: WireClient) -> None:
    with north.scope():
        Communication.objects.filter(contact=north.contact).update(occurred_at=MOMENT + timedelta(microseconds=999_999))
    for bound in ("min", "max"):
        assert page_of(ask(client, {"communication_date": {bound: "2026-03-02 09:30:00"}}))[0] == envelope(2)


def test_a_range_may_end_with_the_calendar(client: WireClient) -> None:
    everything = page_of(ask(client, {}))
    for bounds in ({"max": "9999-12-31 23:59:59"}, {"min": "0001-01-01"}, {"min": "0001-01-01", "max": "9999-12-31"}):
        for name in ("communication_date", "date_created"):
            assert page_of(ask(client, {name: bounds})) == everything


def test_what_was_said_with_a_deleted_contact_comes_back_with_it(
    north: World, client: WireClient, said: list[Communication]
) -> None:
    before = client.get(ADDRESS).json()
    left = [row.number for row in said if row.contact != north.contact]
    with north.scope():
        contact = Contact.objects.get(pk=north.contact.pk)
        delete_contact(contact, actor=north.actor())
    assert page_of(client.get(ADDRESS)) == (envelope(len(left)), left[:50])
    assert page_of(ask(client, {"contact_id": contact.number})) == (envelope(0), [])
    assert page_of(ask(client, {"page": 9}))[0] == envelope(len(left), 9)
    with north.scope():
        restore_contact(contact, actor=north.actor())
    assert client.get(ADDRESS).json() == before


def test_what_was_deleted_is_on_no_page_and_in_no_total(client: WireClient, said: list[Communication]) -> None:
    for row in said[:40:4]:
        assert client.delete(f"{ADDRESS}/{row.number}").status_code == 200
    left = [row.number for place, row in enumerate(said) if place >= 40 or place % 4]
    assert page_of(client.get(ADDRESS)) == (envelope(103), left[:50])
    assert page_of(client.get(ADDRESS, {"page": "3"})) == (envelope(103, 3), left[100:])


def test_narrowed_agents_have_their_contacts_alone(
    north: World, client: WireClient, estateprime: Program, said: list[Communication]
) -> None:
    agent = estateprime(north.agent)
    assert page_of(agent.get(ADDRESS))[0] == envelope(113)
    with north.scope():
        Organization.objects.update(agents_see_only_their_contacts=True)
        # One of theirs with somebody else as well, and one that they only help with.
        north.contact.further_assignees.update(member=north.owner)
        Contact.objects.filter(pk=north.contacts[2].pk).update(assigned_to=north.owner)
    theirs = [row.number for row in said if row.contact in north.contacts[:2]]
    assert page_of(agent.get(ADDRESS)) == (envelope(len(theirs)), theirs[:50])
    assert page_of(agent.get(ADDRESS, {"page": "2"})) == (envelope(len(theirs), 2), theirs[50:])
    assert page_of(ask(agent, {"contact_id": north.contacts[2].number})) == (envelope(0), [])
    assert page_of(ask(agent, {"page": 9, "type": "outgoing", "contact_id": north.contact.number}))[0] == envelope(0, 9)
    assert page_of(client.get(ADDRESS))[0] == envelope(113)
    with north.scope():
        north.contact.further_assignees.update(member=north.agent)
        Contact.objects.filter(pk=north.contact.pk).update(assigned_to=north.owner)
    assert page_of(agent.get(ADDRESS)) == (envelope(len(theirs)), theirs[:50])


def test_nothing_of_the_stranger_is_in_any_answer(south: World, client: WireClient, said: list[Communication]) -> None:
    with south.scope():
        Contact.objects.filter(pk=south.contact.pk).update(number=4_000_001)
        Member.objects.filter(pk=south.agent.pk).update(number=4_000_002)
    for query in ({}, {"page": "3"}, {"contact_id": "4000001"}, {"user_id": "4000002"}):
        response = client.get(ADDRESS, query)
        assert response.status_code == 200
        assert south.canary not in response.content.decode()
    for name, value in (("contact_id", 4_000_001), ("user_id", 4_000_002)):
        assert page_of(ask(client, {name: value})) == (envelope(0), [])


def statements(client: WireClient, method: str, path: str, body: Any = None) -> int:
    """Statements of a request; transaction control is not one."""
    with CaptureQueriesContext(connection) as queries:
        assert client.request(method, f"{ADDRESS}{path}", json=body).status_code < 500
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not query["sql"].startswith(control) for query in queries)


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others", [0, 60])
def test_the_committed_number_of_statements(north: World, client: WireClient, others: int) -> None:
    message = CommunicationDraft(kind="sms", direction="inbound", body="Dear", occurred_at=DAY)
    with north.scope():
        for _ in record_communications([(north.contact.pk, message)] * others, actor=north.actor()):
            pass
        known = Communication.objects.get(contact=north.contacts[1]).number
    body = {
        "channel": 1,
        "user_id": north.agent.number,
        "contact_id": north.contacts[2].number,
        "store_id": 1,
        "type": "incoming",
        "communication_date": "2026-03-05 17:45:00",
    }
    every = {"type": "incoming", "channel": 3, "contact_id": 1, "user_id": 1, "date_created": {"min": "2026-01-01"}}
    requests: dict[str, tuple[str, str, Any]] = {
        "GET /api/communication": ("GET", "", None),
        "GET /api/communication, filtered": ("GET", "", every),
        "GET /api/communication, beyond the last page": ("GET", "?page=9", None),
        "GET /api/communication/{id}": ("GET", f"/{known}", None),
        "GET /api/communication/{id}, unknown": ("GET", "/999999", None),
        "GET /api/communication/channels": ("GET", "/channels", None),
        "POST /api/communication": ("POST", "", body),
        "POST /api/communication, in a conversation": (
            "POST",
            "",
            {**body, "communication_date": "2026-03-04 08:00:00"},
        ),
        "POST /api/communication, refused": ("POST", "", {}),
        "DELETE /api/communication/{id}": ("DELETE", f"/{known}", None),
        "DELETE /api/communication/{id}, unknown": ("DELETE", "/999999", None),
    }
    # The first request of a credential writes down that it was used.
    client.get(ADDRESS)
    costs = {name: statements(client, *request) for name, request in requests.items()}
    assert costs == COUNTS["estateprime:communication"][connection.vendor]

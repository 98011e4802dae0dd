"""Walking Winnerr's list: every contact once and in order, whatever is written in between."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Member, Organization
from accounts.tenancy import tenant_scope
from config.wires.keyset import MAXIMUM_CURSOR
from contacts.drafts import UNSET, ContactDraft
from contacts.models import Contact
from contacts.services import create_contact, create_contacts, delete_contact
from tests.worlds import WireClient, World, actor_of

SORTS = {
    "firstName": "first_name_norm",
    "lastName": "last_name_norm",
    "email": "email_norm",
    "type": "type",
    "status": "status",
    "source": "source",
    "leadScore": "lead_score",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "lastContactedAt": "last_contacted_order",
}


def walk(client: WireClient, between: Callable[[], None] = lambda: None, **query: Any) -> list[str]:
    """The ids of every page in turn; ``between`` runs after each."""
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        response = client.get("/v1/contacts", {**query, "cursor": cursor})
        assert response.status_code == 200, response.content
        body = response.json()
        found += [contact["id"] for contact in body["data"]]
        cursor = body["pagination"]["nextCursor"]
        assert cursor is None or len(cursor) <= MAXIMUM_CURSOR
        between()
    return found


def expected_order(contacts: list[Contact], sort: str) -> list[str]:
    """The ids sorted by Python: by code point, the last key's direction for equal rows."""
    keys = [part.partition(":")[::2] for part in sort.split(",")] or [("createdAt", "desc")]
    # Sorting by the least important key first, each time stably.
    ordered = sorted(contacts, key=lambda contact: contact.pk, reverse=keys[-1][1] == "desc")
    for name, direction in reversed(keys):
        ordered.sort(key=attrgetter(SORTS[name]), reverse=direction == "desc")
    return [contact.winnerr_id for contact in ordered]


@pytest.fixture
def crowd(office: Member) -> list[Contact]:
    """Contacts that share most of their sort values, with names that collations disagree about."""
    names = [
        "Ångström",
        "Angstrom",
        "angstrom",
        "Zoë",
        "zoe",
        "Östlund",
        "O'Brien",
        "obrien",
        "de la Cruz",
        "DE LA CRUZ",
    ]
    names += ["李", "Ωmega", "omega", "ß", "ss", "-dash", "_under", "10", "9", "\U0001f600", "\ufffd", "É", "e\u0301"]
    names += ["a b", "a-b", "ab", "a"]
    with tenant_scope(office.organization):
        start = office.organization.created_at - timedelta(days=30)
        drafts = [
            ContactDraft(
                first_name=name,
                last_name=names[number % 3],
                email="" if number % 5 == 0 else f"{chr(97 + number % 26)}{number}@example.com",
                source=("WEBSITE", "website", "Ärger", "", "z")[number % 5],
                type=("LEAD", "CLIENT", "VENDOR")[number % 3],
                status=("ACTIVE", "DO_NOT_CONTACT")[number % 2],
                created_at=start + timedelta(microseconds=number // 4),
                last_contacted_at=start if number % 3 else UNSET,
            )
            for number, name in enumerate(names)
        ]
        for _ in create_contacts(drafts, actor=actor_of(office)):
            pass
        return list(Contact.objects.active())


sort_orders = st.lists(
    st.tuples(st.sampled_from(sorted(SORTS)), st.sampled_from(["asc", "desc"])),
    min_size=1,
    max_size=4,
    unique_by=lambda k: k[0],
).map(lambda keys: ",".join(f"{name}:{direction}" for name, direction in keys))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sort=sort_orders, limit=st.integers(min_value=1, max_value=40))
def test_any_sort_and_limit_shows_every_contact_once_in_order(client, crowd, sort, limit):
    assert walk(client, sort=sort, limit=limit) == expected_order(crowd, sort)


def test_a_bare_name_ascends_and_repeated_names_count_once(client, crowd):
    assert walk(client, sort="firstName", limit=3) == expected_order(crowd, "firstName:asc")
    assert walk(client, sort="firstName,firstName:desc", limit=3) == expected_order(crowd, "firstName:asc")
    assert (
        walk(client, limit=4) == walk(client, sort="createdAt:desc", limit=5) == expected_order(crowd, "createdAt:desc")
    )
    assert walk(client, sort=" ", limit=5) == walk(client, limit=4)


@pytest.mark.parametrize(
    "sort",
    [
        "password",
        "organization_id",
        "id",
        "first_name",
        "createdAt:up",
        "createdAt:desc:asc",
        "createdAt:DESC",
        "createdAt desc",
        "createdAt:desc;drop table contacts_contact",
        ",",
        "createdAt,",
        "-createdAt",
        "__class__",
        "assignedTo__user__password",
        "tags",
        "notes",
        ",".join(["createdAt"] * 99 + ["nope"]),
    ],
)
def test_unknown_sorts_are_refused(client, sort):
    response = client.get("/v1/contacts", {"sort": sort})

    assert response.status_code == 422
    assert [(fault["field"], fault["code"]) for fault in response.json()["error"]["errors"]] == [
        ("sort", "invalid_value")
    ]


@pytest.mark.parametrize(
    "sort", ["createdAt:desc", "createdAt:asc", "lastName:asc,leadScore:desc", "lastContactedAt:desc"]
)
def test_rows_that_come_and_go_disturb_no_others(office, client, crowd, sort):
    """Every contact that is there from beginning to end is shown once, deleted ones at most once, new ones at most once."""
    doomed = crowd[1::4]
    stay = {contact.winnerr_id for contact in crowd} - {contact.winnerr_id for contact in doomed}
    pending = iter(doomed)
    number = 0

    def between() -> None:
        nonlocal number
        number += 1
        with tenant_scope(office.organization):
            actor = actor_of(office)
            create_contact(ContactDraft(first_name="New", last_name="a", email=f"new{number}@example.com"), actor=actor)
            if (contact := next(pending, None)) is not None:
                delete_contact(contact, actor=actor)
            if number > 100:
                raise AssertionError("the walk does not end")

    found = walk(client, between, sort=sort, limit=4)

    assert len(found) == len(set(found))
    assert stay <= set(found)
    assert [i for i in found if i in stay] == [i for i in expected_order(crowd, sort) if i in stay]


def test_the_row_a_cursor_stands_on_may_be_gone(office, client, crowd):
    order = expected_order(crowd, "createdAt:desc")
    cursor = client.get("/v1/contacts?limit=5").json()["pagination"]["nextCursor"]
    client.delete(f"/v1/contacts/{order[4]}")

    assert [c["id"] for c in client.get("/v1/contacts", {"limit": 5, "cursor": cursor}).json()["data"]] == order[5:10]


def assert_bad_cursor(response: Any) -> None:
    assert response.status_code == 422, response.content
    assert [(fault["field"], fault["code"]) for fault in response.json()["error"]["errors"]] == [
        ("cursor", "invalid_value")
    ]


def test_cursors_that_were_not_given_are_refused(client, crowd):
    cursor = client.get("/v1/contacts?limit=5").json()["pagination"]["nextCursor"]
    changed = [
        cursor[:index] + ("A" if letter != "A" else "B") + cursor[index + 1 :] for index, letter in enumerate(cursor)
    ]
    cut = [cursor[:length] for length in range(1, len(cursor))]
    forged = [base64.urlsafe_b64encode(text).decode() for text in (b'{"id":"124"}', b"[]", b"[1,2]", b"\x00" * 50)]
    others = [
        cursor + "A",
        cursor * 2,
        f".{cursor}",
        "eyJpZCI6IjEyNCJ9",
        "x" * 100_000,
        ".",
        "\u00e9",
        "\x00",
        "null",
        "0",
        "-1",
    ]
    tried = [*changed, *cut, *forged, *others]
    assert len(tried) > 100

    for text in tried:
        assert_bad_cursor(client.get("/v1/contacts", {"limit": 5, "cursor": text}))
    assert client.get("/v1/contacts", {"limit": 5, "cursor": cursor}).status_code == 200
    # The length of a page is no part of what is asked.
    assert client.get("/v1/contacts", {"limit": 7, "cursor": cursor}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "createdAt:asc"},
        {"sort": "createdAt:desc,leadScore"},
        {"type": "LEAD"},
        {"status": "ACTIVE"},
        {"leadScore[gte]": "1"},
        {"createdAt[lte]": "2030-01-01"},
        {"tags": "vip"},
        {"source": "WEBSITE"},
    ],
)
def test_a_cursor_of_another_query_is_refused(client, crowd, query):
    plain = client.get("/v1/contacts?limit=2").json()["pagination"]["nextCursor"]
    assert_bad_cursor(client.get("/v1/contacts", {**query, "cursor": plain}))
    own = client.get("/v1/contacts", {**query, "limit": 1}).json()["pagination"]["nextCursor"]
    if own:
        assert client.get("/v1/contacts", {**query, "cursor": own}).status_code == 200
        assert_bad_cursor(client.get("/v1/contacts", {"cursor": own}))


def test_a_cursor_of_another_organization_or_list_is_refused(
    client, crowd, north: World, south: World, winnerr: Callable[[Member | None], WireClient]
):
    programs = [client, winnerr(north.owner), winnerr(south.owner)]
    cursors = [program.get("/v1/contacts?limit=2").json()["pagination"]["nextCursor"] for program in programs]

    for program, own in zip(programs, cursors, strict=True):
        for cursor in cursors:
            response = program.get("/v1/contacts", {"cursor": cursor})
            if cursor == own:
                assert response.status_code == 200
            else:
                assert_bad_cursor(response)
    agents = programs[1].get("/v1/agents?limit=1").json()["pagination"]["nextCursor"]
    assert_bad_cursor(programs[1].get("/v1/contacts", {"cursor": agents}))


def test_sort_values_too_long_for_a_cursor_are_no_hindrance(office, client):
    # Text that does not compress: code points of four bytes, drawn at random.
    draw = random.Random(7)

    def text(length: int) -> str:
        return "".join(chr(draw.randrange(0x30000, 0x110000)) for _ in range(length))

    with tenant_scope(office.organization):
        for number in range(6):
            draft = ContactDraft(
                first_name=text(200), last_name=text(200), source=text(100), email=f"l{number}@example.com"
            )
            create_contact(draft, actor=actor_of(office))
        contacts = list(Contact.objects.active())
    for sort in ("firstName:asc,lastName:desc,source:asc", "source:desc,firstName:desc,lastName:asc,email:asc"):
        assert walk(client, sort=sort, limit=1) == expected_order(contacts, sort)
    cursor = client.get("/v1/contacts", {"sort": sort, "limit": 1}).json()["pagination"]["nextCursor"]
    # Only the row's own key is in it.
    assert len(cursor) < 100
    assert_bad_cursor(client.get("/v1/contacts", {"sort": "firstName,lastName,source", "limit": 1, "cursor": cursor}))


def test_the_total_counts_what_matches_and_nothing_else(office, client, crowd, south: World):
    def total(**query: Any) -> int:
        return client.get("/v1/contacts", {"limit": 1, **query}).json()["pagination"]["total"]

    assert total() == len(crowd)
    for kind in ("LEAD", "CLIENT", "VENDOR"):
        assert total(type=kind) == sum(contact.type == kind for contact in crowd)
    client.delete(f"/v1/contacts/{crowd[0].winnerr_id}")
    assert total() == len(crowd) - 1
    with south.scope():
        for number in range(20):
            create_contact(ContactDraft(first_name="X", email=f"grow{number}@example.com"), actor=south.actor())
    assert total() == len(crowd) - 1


def test_a_narrowed_agent_walks_only_their_own(north: World, winnerr: Callable[[Member | None], WireClient]):
    program = winnerr(north.agent)
    assert len(walk(program, limit=1)) == len(north.contacts)
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)

    assert sorted(walk(program, limit=1)) == sorted(contact.winnerr_id for contact in north.contacts[:2])

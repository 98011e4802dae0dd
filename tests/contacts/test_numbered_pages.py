"""Pages by number against a plain reading of all rows: joined, they are the same contacts in the same order, once each."""

# ruff: noqa: S608 - what is explained are statements of the project

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Member
from accounts.ordering import SortKey
from accounts.prepared import prepare
from accounts.roles import Role
from accounts.services import create_member, create_organization
from accounts.tenancy import tenant_scope
from contacts import stretches
from contacts.drafts import ContactDraft
from contacts.listing import NEAR, Listing, Selection, page_of, slots, total_of, total_order
from contacts.models import Contact, ContactRole, ContactStage
from contacts.services import create_contacts, delete_contacts
from tests.multiplying import count_anew, multiply
from tests.postgresql import Server
from tests.worlds import PASSWORD, World, actor_of

CHANNELS = ["", "whatsapp", "email", "Ünknown % channel"]
NAMES = ["Ann", "ann", "Émile", "O'Hara", "100%", "zed_"]
DAY = datetime(2025, 3, 1, tzinfo=UTC)
NEWEST_FIRST = total_order([SortKey("created_at", True)])
FILTERS = {"stages": "stage", "roles": "role", "channels": "channel_preference"}

Page = tuple[list[int], int]


def draft_of(number: int, chance: random.Random, members: list[Member]) -> ContactDraft:
    """A contact of which most share the moment of their creation with others; one day has most of them."""
    return ContactDraft(
        full_name=f"{chance.choice(NAMES)} {number % 4}",
        email=f"p{number}@example.com" if number % 5 else "",
        phone=f"(312) 555-01{number % 100:02}" if number % 3 else "",
        stage=chance.choice(ContactStage.values),
        role=chance.choice(ContactRole.values),
        channel_preference=chance.choice(CHANNELS),
        assigned_to=chance.choice([None, *(member.pk for member in members)]),
        further_assignees=tuple(chance.sample([member.pk for member in members], chance.randint(0, 1))),
        created_at=DAY - timedelta(days=chance.choice([0, 0, 0, 1, 2, 9]), seconds=chance.choice([0, 0, 1, 43_200])),
    )


@pytest.fixture
def crowd(db: None, south: World) -> tuple[Member, Member]:
    """An organization of 70 live and 8 deleted contacts: its owner, and an agent who sees their own alone."""
    owner = create_organization(
        name="Crowd", slug="crowd", owner_email="o@crowd.example", owner_password=PASSWORD, owner_first_name="O"
    )
    chance = random.Random(7)
    with tenant_scope(owner.organization):
        agent = create_member(
            email="a@crowd.example",
            password=PASSWORD,
            role=Role.AGENT,
            first_name="A",
            actor=actor_of(owner),
        )
        drafts = [draft_of(number, chance, [owner, agent]) for number in range(78)]
        made = [contact for chunk in create_contacts(drafts, actor=actor_of(owner)) for contact in chunk]
        delete_contacts([contact.pk for contact in made[::10]], actor=actor_of(owner))
        members = Member.objects.select_related("organization", "user")
        return members.get(pk=owner.pk), members.get(pk=agent.pk)


def page(selection: Selection, member: Member, *, first: int, limit: int) -> Page:
    """The primary keys of a page, and the total as the page says it, or as it is asked for where no row says it."""
    far = _page(selection, member, first=first, limit=limit, is_near=False)
    if first + limit <= NEAR:
        assert _page(selection, member, first=first, limit=limit, is_near=True) == far
    return far


def _page(selection: Selection, member: Member, *, first: int, limit: int, is_near: bool) -> Page:
    actor = replace(actor_of(member), sees_all_contacts=member.role == Role.OWNER)
    listing = Listing.of(selection, NEWEST_FIRST, limit, actor=actor, is_numbered=True, is_near=is_near)
    values = slots(selection, actor=actor, first=first)
    rows = prepare(page_of(listing).annotate(total=total_of(listing)).values_list("pk", "total")).rows(values)
    alone = prepare(Member.objects.annotate(total=total_of(listing)).values_list("total")[:1]).rows(values)
    assert {total for _, total in rows} <= {alone[0][0]}
    return [pk for pk, _ in rows], alone[0][0]


def expected(selection: Selection, member: Member) -> list[int]:
    """The same by reading everything: no index, no counter and no statement of a list takes part."""
    wanted: Mapping[str, Any] = {column: getattr(selection, name) for name, column in FILTERS.items()}
    found = [
        contact
        for contact in Contact.objects.prefetch_related("further_assignees")
        if contact.deleted_at is None
        and all(values is None or getattr(contact, column) in values for column, values in wanted.items())
        and (selection.search or "").strip().lower() in contact.full_name.lower()
        and (member.role == Role.OWNER or member.pk in _assignees(contact))
    ]
    return [contact.pk for contact in sorted(found, key=lambda each: (each.created_at, each.pk), reverse=True)]


def _assignees(contact: Contact) -> set[int | None]:
    return {contact.assigned_to_id, *(further.member_id for further in contact.further_assignees.all())}


def some(values: list[str]) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=3)


SELECTIONS = st.builds(
    Selection,
    stages=some(ContactStage.values),
    roles=some(ContactRole.values),
    channels=some([*CHANNELS, "nowhere"]),
    search=st.sampled_from([None, None, "", "  ", "ann", "émile", "o'hara", "%", "_", "nobody"]),
)


@pytest.mark.parametrize("merged", [0, 9, 1_000])
def test_pages_by_number_hold_every_contact_once_in_order(
    crowd: tuple[Member, Member], merged: int, monkeypatch: pytest.MonkeyPatch
):
    # A crowd is never so large that its later pages would be found the other way.
    monkeypatch.setattr(stretches, "MERGED", merged)

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(selection=SELECTIONS, limit=st.sampled_from([1, 7, 20, 100]), member=st.sampled_from(crowd))
    def check(selection: Selection, limit: int, member: Member) -> None:
        with tenant_scope(member.organization):
            wanted = expected(selection, member)
            # One page more than there are, and not every step of a walk in single ones.
            for first in range(0, min(len(wanted), 12 * limit) + 2 * limit, limit):
                found = page(selection, member, first=first, limit=limit)
                assert found == (wanted[first : first + limit], len(wanted))

    check()


@pytest.mark.parametrize("first", [35, 36, 62, 69, 70, 71, 10**9, 2**63, 10**30])
@pytest.mark.parametrize("limit", [1, 8, 100])
def test_a_page_begins_anywhere_and_past_the_end_too(crowd: tuple[Member, Member], first: int, limit: int):
    owner, _ = crowd
    with tenant_scope(owner.organization):
        wanted = expected(Selection(), owner)
        assert page(Selection(), owner, first=first, limit=limit) == (wanted[first : first + limit], 70)


def test_blank_search_text_is_the_same_statement_as_none(crowd: tuple[Member, Member]):
    actor = actor_of(crowd[0])
    shapes = {
        Listing.of(Selection(search=text), NEWEST_FIRST, 20, actor=actor, is_numbered=True)
        for text in (None, "", " \t", "\x00", "\N{COMBINING ACUTE ACCENT}")
    }
    assert len(shapes) == 1


def test_one_statement_serves_searches_of_any_length(crowd: tuple[Member, Member]):
    actor = actor_of(crowd[0])
    shapes = {
        Listing.of(Selection(search=text), NEWEST_FIRST, 20, actor=actor, is_numbered=True)
        for text in ("ann", "ann 2", "+1 (312) 555", "a b c d e f g h i j k l m n o p")
    }
    assert len(shapes) == 1


INDEXES = [
    (Selection(), ["contact_list", "created_at < place.until"]),
    (Selection(), ["contact_list", "created_at >= place.since"]),
    (Selection(stages=["renter"]), ["contact_by_stage_role", "dimension0.value", "dimension1.value"]),
    (Selection(roles=["vendor", "other"]), ["contact_by_stage_role", "dimension0.value", "dimension1.value"]),
    (Selection(channels=["sms"]), ["contact_by_channel_stage_role", "dimension2.value"]),
    (Selection(channels=["sms"], stages=["renter"]), ["contact_by_channel_stage_role", "dimension2.value"]),
]


def plan_of(selection: Selection, member: Member) -> str:
    """How PostgreSQL would read a page for the application role, had it a large table before it."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Any, text: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append((text, parameters))
        return execute(text, parameters, many, context)

    with connection.execute_wrapper(note):
        page(selection, member, first=40, limit=20)
    statement, parameters = next((text, given) for text, given in sent if "contacts_contact" in text)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_page_is_found_in_the_index_of_its_filter(crowd: tuple[Member, Member], postgresql_server: Server):
    owner, _ = crowd
    # What others left of statistics knows nothing of this organization.
    with tenant_scope(owner.organization):
        multiply(Contact.objects.values_list("pk", flat=True), 50)
    count_anew(postgresql_server)
    with tenant_scope(owner.organization):
        for selection, conditions in INDEXES:
            plan = plan_of(selection, owner)
            assert all(condition in plan for condition in conditions), plan
            assert "Seq Scan on contacts_contact" not in plan


@pytest.mark.postgresql
def test_the_text_of_a_search_reaches_the_trigram_index(north: World, postgresql_server: Server):
    """As the owner, as whom the function reads: the condition it puts together, explained."""
    with north.scope(), postgresql_server.session(postgresql_server.owner) as owner, owner.transaction():
        (condition,) = owner.execute(
            "SELECT contacts_search_condition(%s, %s)",
            [["zelda", "100%", "someone@example.com"], ["x@example.com"] * 9],
        ).fetchone() or ("",)
        # What everybody has is looked up in no index, and what it holds besides is compared all the same.
        assert condition == (
            "(search_text LIKE ALL (E'{%zelda%,\"%100\\\\\\\\%%\",%someone@example.com%}'::text[])"
            " AND search_text LIKE '%someone%' AND search_text LIKE '%zelda%' AND search_text LIKE '%100%')"
        )
        owner.execute("SET LOCAL enable_seqscan = off")
        plan = owner.execute(
            f"EXPLAIN (COSTS OFF) SELECT contact_id FROM contacts_searchable WHERE {condition}".encode()
        ).fetchall()
        assert "contacts_searchable_text" in str(plan)

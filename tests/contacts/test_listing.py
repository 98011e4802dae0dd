"""Lists against a plain reading of all rows: whatever is asked, the pages join to the same contacts in the same order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Member, Organization
from accounts.services import create_organization
from accounts.tenancy import tenant_scope
from contacts.drafts import UNSET, ContactDraft
from contacts.models import Contact, ContactStatus, ContactType
from contacts.normalise import fold
from contacts.services import create_contacts, delete_contacts
from tests.worlds import PASSWORD, WireClient, World, actor_of

TYPES = ContactType.values
STATUSES = ContactStatus.values
SOURCES = ["WEBSITE", "REFERRAL", "Open house", "", "Ωmega"]
TAGS = ["vip", "buyer", "seller", "two words", "ünïque"]
NAMES = ["Ann", "ann", "Bo", "Émile", "zed", ""]
DAY = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)

Row = dict[str, Any]


def draft_of(number: int, chance: random.Random, members: list[Member]) -> ContactDraft:
    """A contact that shares most of what it has with others, moments to the microsecond included."""
    return ContactDraft(
        first_name=chance.choice(NAMES),
        last_name=f"{chance.choice(NAMES)} {number % 3}",
        email=f"p{number}@example.com" if number % 5 else "",
        phone="+1-555-123-4567",
        type=chance.choice(TYPES),
        status=chance.choice(STATUSES),
        source=chance.choice(SOURCES),
        notes="x" if number % 2 else "",
        assigned_to=chance.choice([None, *(member.pk for member in members)]),
        tags=tuple(chance.sample(TAGS, chance.randint(0, 3))),
        created_at=DAY - timedelta(days=chance.randint(0, 5), seconds=chance.choice([0, 0, 1, 43_200])),
        last_contacted_at=chance.choice([DAY, DAY - timedelta(days=1), UNSET]),
    )


@pytest.fixture
def crowd(db: None, south: World) -> tuple[Member, list[Row]]:
    """An organization of 70 live and 8 deleted contacts, and what its live ones are."""
    owner = create_organization(
        name="Crowd", slug="crowd", owner_email="o@crowd.example", owner_password=PASSWORD, owner_first_name="O"
    )
    chance = random.Random(11)
    with tenant_scope(owner.organization):
        drafts = [draft_of(number, chance, [owner]) for number in range(78)]
        made = [contact for chunk in create_contacts(drafts, actor=actor_of(owner)) for contact in chunk]
        delete_contacts([contact.pk for contact in made[::10]], actor=actor_of(owner))
        return owner, [row_of(contact) for contact in Contact.objects.active().prefetch_related("tagged__tag")]


def row_of(contact: Contact) -> Row:
    never = datetime(1, 1, 1, tzinfo=UTC)
    return {
        "id": contact.winnerr_id,
        "key": contact.pk,
        "firstName": fold(contact.first_name),
        "lastName": fold(contact.last_name),
        "email": contact.email.lower(),
        "type": contact.type,
        "status": contact.status,
        "source": contact.source,
        "leadScore": contact.lead_score,
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "lastContactedAt": contact.last_contacted_at or never,
        "assignedTo": contact.assigned_to_id is not None,
        "tags": {tagged.tag.name for tagged in contact.tagged.all()},
    }


SORTABLE = ["firstName", "lastName", "email", "type", "status", "source", "leadScore", "createdAt", "updatedAt",
            "lastContactedAt"]  # fmt: skip
MOMENTS = st.builds(lambda hours: DAY - timedelta(hours=hours), st.integers(-12, 150))


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([value for value in values if value]), min_size=1, max_size=3)


SELECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "type": some(TYPES),
        "status": some(STATUSES),
        "source": some([*SOURCES, "nowhere"]),
        "tags": some([*TAGS, "no such tag"]),
        "assignedTo": st.sampled_from(["us", "nobody"]),
        "leadScore[gte]": st.integers(-5, 120),
        "leadScore[lte]": st.integers(-5, 120),
        "createdAt[gte]": MOMENTS,
        "createdAt[lte]": MOMENTS,
    },
)
SORTS = st.lists(st.tuples(st.sampled_from(SORTABLE), st.booleans()), max_size=3, unique_by=lambda key: key[0])


def meets(row: Row, selection: dict[str, Any]) -> bool:
    tests: dict[str, Callable[[Any], bool]] = {
        "type": lambda wanted: row["type"] in wanted,
        "status": lambda wanted: row["status"] in wanted,
        "source": lambda wanted: row["source"] in wanted,
        "tags": lambda wanted: bool(row["tags"] & set(wanted)),
        "assignedTo": lambda wanted: wanted == "us" and row["assignedTo"],
        "leadScore[gte]": lambda bound: row["leadScore"] >= bound,
        "leadScore[lte]": lambda bound: row["leadScore"] <= bound,
        "createdAt[gte]": lambda bound: row["createdAt"] >= bound,
        "createdAt[lte]": lambda bound: row["createdAt"] < bound + timedelta(seconds=1),
    }
    return all(tests[name](value) for name, value in selection.items())


def in_order(rows: list[Row], sort: list[tuple[str, bool]]) -> list[Row]:
    """Python's sort is stable, so the last key goes first. What the keys leave equal goes by age, then key."""
    keys = sort or [("createdAt", True)]
    down = keys[-1][1]
    for name, descending in reversed([*keys, ("createdAt", down), ("key", down)]):
        rows = sorted(rows, key=lambda row: row[name], reverse=descending)
    return rows


def query_of(selection: dict[str, Any], sort: list[tuple[str, bool]], owner: Member) -> dict[str, str]:
    def text(value: Any) -> str:
        if isinstance(value, list):
            return ",".join(value)
        return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)

    query = {name: text(value) for name, value in selection.items()}
    if "assignedTo" in query:
        query["assignedTo"] = owner.public_id if query["assignedTo"] == "us" else "agent_1"
    if sort:
        query["sort"] = ",".join(f"{name}:{'desc' if descending else 'asc'}" for name, descending in sort)
    return query


def pages(client: WireClient, query: dict[str, str], limit: int) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        response = client.get("/v1/contacts", {**query, "limit": limit, **({"cursor": cursor} if cursor else {})})
        assert response.status_code == 200, response.content
        yield response.json()
        cursor = response.json()["pagination"]["nextCursor"]
        if not cursor:
            return


def test_any_list_is_what_a_plain_reading_gives(crowd: tuple[Member, list[Row]], winnerr: Callable[..., WireClient]):
    owner, rows = crowd
    client = winnerr(owner)

    @settings(
        max_examples=120,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(selection=SELECTIONS, sort=SORTS, limit=st.sampled_from([1, 7, 33, 100]))
    def check(selection: dict[str, Any], sort: list[tuple[str, bool]], limit: int) -> None:
        expected = in_order([row for row in rows if meets(row, selection)], sort)
        # A long walk in single steps shows nothing that its beginning does not.
        walked = list(zip(range(12), pages(client, query_of(selection, sort, owner), limit), strict=False))
        found = [item["id"] for _, body in walked for item in body["data"]]
        assert found == [row["id"] for row in expected][: len(found)]
        assert len(found) == min(len(expected), 12 * limit)
        assert {body["pagination"]["total"] for _, body in walked} == {len(expected)}

    check()


def test_a_page_whose_rows_are_gone_still_says_the_total(north: World, winnerr: Callable[..., WireClient]):
    client = winnerr(north.owner)
    first = client.get("/v1/contacts", {"limit": 5}).json()
    with north.scope():
        last = Contact.objects.active().exclude(
            uuid__in=[item["id"].removeprefix("contact_") for item in first["data"]]
        )
        delete_contacts([contact.pk for contact in last], actor=north.actor())
    page = client.get("/v1/contacts", {"limit": 5, "cursor": first["pagination"]["nextCursor"]}).json()
    assert page == {
        "success": True,
        "data": [],
        "pagination": {"hasMore": False, "nextCursor": None, "total": 5, "limit": 5},
    }


def test_a_statement_made_for_one_organization_serves_another(north: World, south: World, winnerr: Any):
    """It is kept for the life of the process, so it must hold nothing of who asked first."""
    queries = ["", "?type=LEAD,CLIENT", "?tags=vip", "?leadScore[gte]=1&sort=lastName", "?include=deals,activities"]
    for query in queries:
        for world, stranger in ((north, south), (south, north)):
            body = winnerr(world.owner).get(f"/v1/contacts{query}").content.decode()
            assert world.canary in body
            assert stranger.canary not in body


def test_an_agent_limited_to_their_own_contacts_gets_and_counts_those(north: World, winnerr: Any):
    with north.scope():
        Organization.objects.update(agents_see_only_their_contacts=True)
        own = set(Contact.objects.active().assigned_to(north.agent.pk).values_list("uuid", flat=True))
    client = winnerr(north.agent)
    for query in ("", "?type=LEAD,CLIENT,VENDOR", "?tags=vip", "?sort=type", "?createdAt[gte]=2020-01-01"):
        body = client.get(f"/v1/contacts{query}").json()
        assert {item["id"] for item in body["data"]} <= {f"contact_{uuid}" for uuid in own}
        assert body["pagination"]["total"] == len(body["data"]) > 0


def test_names_that_fold_to_very_long_ones_are_stored_and_sorted(north: World, winnerr: Any):
    client = winnerr(north.owner)
    # One character that folds to eighteen: the whole would not fit an entry of an index.
    body = {
        "firstName": "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100,
        "lastName": "L",
        "email": "l@example.com",
    }
    made = client.post("/v1/contacts", body)
    assert made.status_code == 201
    assert made.json()["data"]["id"] in {
        item["id"] for item in client.get("/v1/contacts?sort=firstName:desc&limit=100").json()["data"]
    }

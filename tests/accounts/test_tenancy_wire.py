"""A stranger's ids through every route: answered like ids that never existed, byte for byte.

The routes come from the address table itself; one that is not declared here fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import connection
from django.urls import get_resolver

from accounts.models import Member
from accounts.tenancy import BaseTenantManager
from activities.models import Communication, Conversation, Deal
from contacts.models import Contact, TaggedContact
from tests.accounts.test_tenancy_strangers import Facts, facts_of, take_away_the_first_wall
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, RENTALOT, address_of, prefix_of, set_apart, views_below
from tests.worlds import WireClient, World

PROGRAM_ROUTES = ("v1/", "api/")
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST", "OPTIONS")
# The echoed id's length, and what counts the requests themselves.
MOVING_HEADERS = {"Content-Length", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
# A body every writing method would accept for a row of one's own.
BODY = {
    "firstName": "Stolen",
    "lastName": "Stolen",
    "name": "Stolen",
    "notes": "Stolen",
    "type": "LEAD",
    "tags": ["stolen"],
}
# The same on EstatePrime's wire, where tags are numbers.
NUMBERED_BODY = {"first_name": "Stolen", "last_name": "Stolen", "notes": "Stolen", "is_lead": True, "tags": [1]}


def _contact(world: World) -> tuple[UUID, int, int]:
    return world.contact.uuid, world.contact.number, world.contact.pk


def _deleted(world: World) -> tuple[UUID, int, int]:
    return world.deleted.uuid, world.deleted.number, world.deleted.pk


def _deal(world: World) -> tuple[UUID, int, int]:
    with world.scope():
        deal = Deal.objects.get(contact=world.contact)
    return deal.uuid, deal.pk, deal.pk


def _conversation(world: World) -> tuple[UUID, int, int]:
    with world.scope():
        conversation = Conversation.objects.get(contact=world.contact)
    return conversation.uuid, conversation.pk, conversation.pk


def _communication(world: World) -> tuple[UUID, int, int]:
    with world.scope():
        communication = Communication.objects.get(contact=world.contact)
    return communication.uuid, communication.number, communication.pk


IdsOf = Callable[[World], tuple[UUID, int, int]]
# Routes with an id: the prefix of Winnerr's ids, another prefix that is wrong there, and whose ids to try.
ROUTES_WITH_IDS: dict[str, tuple[str, str, tuple[IdsOf, ...]]] = {
    "v1/contacts/{identifier}": ("contact", "deal", (_contact, _deleted)),
    "v1/deals/{identifier}": ("deal", "contact", (_deal,)),
}
# What hangs on such a row: attacked the same way, and reached by other methods.
ROUTES_BELOW_IDS = {
    f"v1/contacts/{{identifier}}/{below}": ROUTES_WITH_IDS["v1/contacts/{identifier}"]
    for below in ("activities", "score", "tags", "tags/{name}")
}
# Rentalot's ids are bare, and its routes go by what they are about.
RENTALOT_IDS = {"contacts": ("", "contact", (_contact, _deleted)), "conversations": ("", "deal", (_conversation,))}
RENTALOT_ROUTES = {f"{RENTALOT}{route}" for route in views_below(RENTALOT)}
ROUTES_WITH_IDS |= {
    f"{RENTALOT}{resource}/{{identifier}}": ids
    for resource, ids in RENTALOT_IDS.items()
    if f"{RENTALOT}{resource}" in RENTALOT_ROUTES
}
ROUTES_BELOW_IDS |= {
    route: RENTALOT_IDS[route.removeprefix(RENTALOT).partition("/")[0]]
    for route in RENTALOT_ROUTES
    if "{identifier}/" in route
}
# EstatePrime's ids are numbers.
ESTATEPRIME_ROUTES = {f"{ESTATEPRIME}{route}" for route in views_below(ESTATEPRIME)}
ROUTES_WITH_IDS |= {
    f"{ESTATEPRIME}contacts/{{identifier}}": ("", "contact", (_contact, _deleted)),
    f"{ESTATEPRIME}communication/{{identifier}}": ("", "deal", (_communication,)),
}
# Routes without one: nothing to ask a stranger's row by; what lists show is tried below.
ROUTES_WITHOUT_IDS = {
    "v1/auth/token",
    "v1/auth/refresh",
    "v1/auth/revoke",
    "v1/agents",
    "v1/agents/me",
    "v1/contacts",
    "v1/contacts/bulk",
    "v1/contacts/tags",
    "v1/deals",
    # What describes the wire: nobody's rows at all.
    r"v1/openapi\.json",
    "v1/docs",
    r"api/v1/openapi\.json",
    "api/v1/docs",
    r"api/openapi\.json",
    "api/docs",
    *(route for route in ESTATEPRIME_ROUTES if "{identifier}" not in route),
    *(route for route in RENTALOT_ROUTES if "{identifier}" not in route),
}
LISTS = ("/v1/contacts", "/v1/contacts/tags", "/v1/deals", "/v1/agents", "/v1/agents/me")


def routes(resolver: Any, prefix: str = "") -> Iterator[str]:
    """Every route of the address table as a template."""
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from routes(entry, pattern)
        else:
            named = re.sub(
                r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", lambda match: f"{{{match[1] or match[2]}}}", pattern
            )
            yield named.replace("^", "").removesuffix("\\Z").removesuffix("$").removesuffix("/?").removesuffix("/")


def test_every_route_for_programs_is_attacked():
    found = {route for route in routes(get_resolver()) if route.startswith(PROGRAM_ROUTES)}
    assert found == ROUTES_WITH_IDS.keys() | ROUTES_BELOW_IDS.keys() | ROUTES_WITHOUT_IDS


def program_for(route: str, member: Member | None) -> WireClient:
    """A member's program of the wire a route belongs to."""
    return PROGRAMS[prefix_of(route)](member)


def id_forms(
    uuid: UUID, number: int, key: int, prefix: str, wrong_prefix: str, *, is_number: bool = False
) -> dict[str, str]:
    """The ways to write an id in an address (RELIABILITY 2A); without a prefix it is the bare UUID, or the number."""
    bare = str(uuid)
    stem = f"{prefix}_" if prefix else ""
    own = str(number) if is_number else f"{stem}{bare}"
    # What is a key of the stranger's may be a number of one's own.
    key = number if is_number else key
    return {
        "own": own,
        "bare UUID": bare,
        "upper case": own.upper(),
        "upper case UUID": f"{stem}{bare.upper()}",
        "no dashes": f"{stem}{uuid.hex}",
        "URN": f"urn:uuid:{bare}",
        "braces": f"{{{bare}}}",
        "number": str(number),
        "key": str(key),
        "signed": f"+{key}",
        "negative": f"-{key}",
        "leading zeros": f"00{key}",
        "decimal": f"{key}.0",
        "wrong prefix": f"{wrong_prefix}_{bare}",
        "prefix and key": f"{stem}{key}",
        "percent-encoded": "".join(f"%{byte:02X}" for byte in own.encode()),
        "percent-encoded dash": own.replace("-", "%2D"),
        "double-encoded": own.replace("-", "%252D"),
        "trailing slash": f"{own}/",
        "trailing dot": f"{own}.",
        "trailing dot JSON": f"{own}.json",
        "matrix parameter": f"{own};x=1",
        "trailing blank": f"{own}%20",
        "trailing NUL": f"{own}%00",
        "trailing line break": f"{own}%0A",
        "full-width digits": quote(str(key).translate({48 + digit: 0xFF10 + digit for digit in range(10)})),
        "Arabic digits": quote(str(key).translate({48 + digit: 0x0660 + digit for digit in range(10)})),
        "dot segment": f"./{own}",
        "quote": f"{own}'--",
        "wildcard": f"{own[:-1]}_",
        "like": f"{own[:-1]}%25",
    }


FORMS_FOR_EVERYBODY = ("own", "bare UUID", "upper case", "key")

# Ids that are nobody's, whatever the route.
NOBODYS = ("2147483648", "9223372036854775808", "18446744073709551616", "0", "-1", "null", "undefined", "*", "%2A")


def never_existing() -> tuple[UUID, int, int]:
    """Ids of the same shape that nobody has."""
    return uuid4(), 8_000_001, 8_000_002


def body_for(route: str) -> dict[str, Any]:
    """What a writing method would accept on a route."""
    return NUMBERED_BODY if prefix_of(route.lstrip("/")) == ESTATEPRIME else BODY


def answer(client: WireClient, method: str, route: str, identifier: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers, with the id the caller sent taken out of what is echoed."""
    response = client.request(
        method,
        route.format(identifier=identifier, name="vip"),
        json=body_for(route) if method in ("PUT", "PATCH", "POST") else None,
        headers={"X-Request-Id": "0123456789abcdef"},
    )
    body = response.content
    for spelling in {identifier, unquote(identifier), identifier.rstrip("/"), unquote(identifier).rstrip("/")}:
        body = body.replace(b"'%b'" % orjson.dumps(spelling)[1:-1], b"'<id>'")
    headers = {name: value for name, value in response.headers.items() if name not in MOVING_HEADERS}
    return response.status_code, body, headers


WALLS = ["both walls", pytest.param("row-level security alone", marks=pytest.mark.postgresql)]


@pytest.fixture(params=WALLS)
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, north: World, south: World) -> None:
    if request.param == "row-level security alone":
        take_away_the_first_wall(monkeypatch)


ASKERS: dict[str, Callable[[World], Member | None]] = {
    "owner": lambda world: world.owner,
    "admin": lambda world: world.admin,
    "agent": lambda world: world.agent,
    "viewer": lambda world: world.viewer,
    "nobody": lambda world: None,
}


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("route", ROUTES_WITH_IDS | ROUTES_BELOW_IDS)
def test_a_strangers_id_is_answered_like_one_that_never_existed(
    walls: None, north: World, south: World, asker: str, route: str
):
    client = program_for(route, ASKERS[asker](north))
    prefix, wrong_prefix, ids = (ROUTES_WITH_IDS | ROUTES_BELOW_IDS)[route]
    is_number = prefix_of(route) == ESTATEPRIME
    set_apart(south)
    before, leaks = facts_of(south), []
    missing = id_forms(*never_existing(), prefix, wrong_prefix, is_number=is_number)
    # What a role may do differs; how an id is read does not.
    names = list(missing) if asker == "owner" else FORMS_FOR_EVERYBODY
    foreign = [id_forms(*ids_of(south), prefix, wrong_prefix, is_number=is_number) for ids_of in ids]
    for method, name in product(METHODS, names):
        expected = answer(client, method, f"/{route}", missing[name])
        for forms in foreign:
            told = answer(client, method, f"/{route}", forms[name])
            if told != expected or told[0] < 400 or south.canary.encode() in told[1]:
                leaks.append((method, name, told, expected))
    assert leaks == []
    assert facts_of(south) == before


@pytest.mark.parametrize("route", ROUTES_WITH_IDS)
def test_the_same_addresses_lead_their_owner_to_the_row(north: World, south: World, route: str):
    """The control: these ids exist, and whoever they belong to is answered with the row."""
    prefix, wrong_prefix, (ids_of, *_) = ROUTES_WITH_IDS[route]
    own = id_forms(*ids_of(south), prefix, wrong_prefix, is_number=prefix_of(route) == ESTATEPRIME)["own"]
    client = program_for(route, south.owner)
    address = "/" + route.format(identifier=own)
    response = client.get(address)
    assert response.status_code == 200
    if not route.endswith("conversations/{identifier}"):
        assert south.canary.encode() in response.content
        may_change = not route.endswith("communication/{identifier}")
        assert client.patch(address, {"notes": "mine"}).status_code == (200 if may_change else 405)
        assert client.delete(address).status_code in (200, 204)


@pytest.mark.parametrize("route", [*ROUTES_WITH_IDS, "v1/contacts/{identifier}/activities"])
def test_nobodys_ids_are_all_answered_as_not_found(north: World, route: str):
    client = program_for(route, north.owner)
    answered = {answer(client, "GET", f"/{route}", identifier)[0] for identifier in NOBODYS}
    assert answered == {404}


@pytest.mark.parametrize("asker", ["owner", "admin", "agent", "viewer"])
def test_no_list_shows_anything_of_another_organization(walls: None, north: World, south: World, asker: str):
    member = ASKERS[asker](north)
    client = WireClient(member)
    for path in LISTS:
        response = client.get(path, {"limit": 100} if path != "/v1/agents/me" else None)
        assert response.status_code == 200
        assert south.canary.encode() not in response.content
        assert north.canary.encode() in response.content


@pytest.mark.parametrize("asker", ["owner", "admin", "agent", "viewer"])
@pytest.mark.parametrize("route", sorted(route for route in RENTALOT_ROUTES if "{identifier}" not in route))
def test_no_list_of_rentalots_shows_anything_of_another_organization(
    walls: None, north: World, south: World, asker: str, route: str
):
    route = route.removeprefix(RENTALOT)
    programs = {world.canary: PROGRAMS[RENTALOT](ASKERS[asker](world)) for world in (north, south)}
    told = {
        canary: program.get(address_of(RENTALOT, route, north), headers={"X-Request-Id": "0123456789abcdef"})
        for canary, program in programs.items()
    }

    assert {answer.status_code for answer in told.values()} == {200}
    assert all(answer.json()["data"] for answer in told.values())
    assert south.canary.encode() not in told[north.canary].content
    # What is alike in both organizations has ids of its own.
    ids = [set(ids_in(answer.json()["data"])) for answer in told.values()]
    assert ids[0].isdisjoint(ids[1])


def ids_in(documents: list[dict[str, Any]]) -> Iterator[str]:
    """Every id that the documents of a list tell."""
    for document in documents:
        yield from (value for name, value in document.items() if value and (name == "id" or name.endswith("Id")))


# Parameters of a list by the values of the other organization, and of nobody.
FOREIGN_FILTERS: dict[str, Callable[[World], tuple[str, str]]] = {
    "assignedTo": lambda they: (they.agent.public_id, f"agent_{uuid4()}"),
    "source": lambda they: (f"website {they.canary}", "website nowhere"),
    "tags": lambda they: (f"tag {they.canary}", "tag nowhere"),
}


@pytest.mark.parametrize("name", FOREIGN_FILTERS)
def test_a_filter_by_a_foreign_value_finds_what_a_value_of_nobodys_finds(
    walls: None, north: World, south: World, name: str
):
    client = WireClient(north.owner)
    foreign, nobodys = FOREIGN_FILTERS[name](south)
    told = client.get("/v1/contacts", {name: foreign})
    assert told.status_code == 200
    assert told.json()["data"] == []
    assert told.content == client.get("/v1/contacts", {name: nobodys}).content
    # The control: south finds its own by it.
    assert WireClient(south.owner).get("/v1/contacts", {name: foreign}).json()["data"] != []


RENTALOT_FILTERS: dict[str, Callable[[World], tuple[str, str]]] = {
    "channel": lambda they: (f"pigeon {they.canary}", "pigeon nowhere"),
    "search": lambda they: (they.canary, "nowhere"),
}


@pytest.mark.parametrize("name", RENTALOT_FILTERS)
def test_a_filter_of_rentalots_by_a_foreign_value_finds_nothing(walls: None, north: World, south: World, name: str):
    foreign, nobodys = RENTALOT_FILTERS[name](south)
    own = f"/{RENTALOT}contacts"
    programs = {world.canary: PROGRAMS[RENTALOT](world.owner) for world in (north, south)}
    channel = {"channelPreference": RENTALOT_FILTERS["channel"](south)[0]}
    assert programs[south.canary].patch(f"{own}/{south.contact.uuid}", channel).status_code == 200

    told = programs[north.canary].get(own, {name: foreign})

    assert told.json()["data"] == []
    assert told.content == programs[north.canary].get(own, {name: nobodys}).content
    # The control: south finds its own by it.
    assert programs[south.canary].get(own, {name: foreign}).json()["data"] != []


def test_a_page_marker_of_another_organization_is_refused(walls: None, north: World, south: World):
    query = {"limit": 2}
    marker = WireClient(south.owner).get("/v1/contacts", query).json()["pagination"]["nextCursor"]
    client = WireClient(north.owner)
    own = client.get("/v1/contacts", query).json()["pagination"]["nextCursor"]
    assert client.get("/v1/contacts", {**query, "cursor": own}).status_code == 200
    refused = client.get("/v1/contacts", {**query, "cursor": marker})
    assert 400 <= refused.status_code < 500
    assert refused.content == client.get("/v1/contacts", {**query, "cursor": own[:-4] + "AAAA"}).content


FOREIGN_BODIES: dict[str, Callable[[World], tuple[Any, Any]]] = {
    "assignedTo": lambda they: (they.agent.public_id, f"agent_{uuid4()}"),
}


@pytest.mark.parametrize("name", FOREIGN_BODIES)
def test_a_foreign_id_in_a_body_is_refused_like_one_that_never_existed(
    walls: None, north: World, south: World, name: str
):
    client = WireClient(north.owner)
    foreign, missing = FOREIGN_BODIES[name](south)
    own = f"/v1/contacts/{north.contact.winnerr_id}"
    north_before, south_before = facts_of(north), facts_of(south)
    for method, path in (("POST", "/v1/contacts"), ("PUT", own), ("PATCH", own)):
        told = client.request(method, path, json={"firstName": "A", "lastName": "B", name: foreign})
        expected = client.request(method, path, json={"firstName": "A", "lastName": "B", name: missing})
        assert told.status_code == expected.status_code == 422
        assert told.content.replace(foreign.encode(), b"<id>") == expected.content.replace(missing.encode(), b"<id>")
    assert without_credentials(facts_of(north)) == without_credentials(north_before)
    assert facts_of(south) == south_before


def without_credentials(facts: Facts) -> Facts:
    return {label: rows for label, rows in facts.items() if label != "accounts.Credential"}


def test_ids_a_client_chooses_are_not_taken(walls: None, north: World, south: World):
    theirs = south.contact
    body = {
        "firstName": "New",
        "lastName": "Contact",
        "id": theirs.winnerr_id,
        "uuid": str(theirs.uuid),
        "organizationId": south.organization.public_id,
        "organization": south.organization.pk,
    }
    before = facts_of(south)
    response = WireClient(north.owner).post("/v1/contacts", body)
    # Unknown keys are either ignored or refused, never obeyed.
    if response.status_code == 201:
        assert response.json()["data"]["id"] != theirs.winnerr_id
        assert response.json()["data"]["organizationId"] == north.organization.public_id
    else:
        assert response.status_code == 422
    assert facts_of(south) == before


def test_an_idempotency_key_of_another_organization_is_a_new_one(walls: None, north: World, south: World):
    body = {"firstName": "Once", "lastName": "Only", "email": "once@example.com"}
    headers = {"Idempotency-Key": "the-same-key-for-both"}
    first = WireClient(south.owner).post("/v1/contacts", body, headers=headers)
    second = WireClient(north.owner).post("/v1/contacts", body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in second.headers
    assert first.json()["data"]["id"] != second.json()["data"]["id"]
    assert second.json()["data"]["organizationId"] == north.organization.public_id


def test_an_address_taken_elsewhere_is_free_here(walls: None, north: World, south: World):
    body = {"firstName": "Only", "lastName": "Southern", "email": "only.south@example.com", "phone": "+1 555 123 9999"}
    assert WireClient(south.owner).post("/v1/contacts", body).status_code == 201
    assert WireClient(north.owner).post("/v1/contacts", body).status_code == 201
    refused = WireClient(north.owner).post("/v1/contacts", body)
    assert refused.status_code == 409
    with north.scope():
        own = Contact.objects.get(email_norm="only.south@example.com")
    assert own.winnerr_id in refused.headers["Link"]


@pytest.mark.sqlite
def test_a_row_forced_in_by_another_organization_is_not_shown_with_ones_own(north: World, south: World):
    """PostgreSQL's composite keys refuse such a row; SQLite takes it from whoever writes SQL by hand."""
    path = f"/v1/contacts/{north.contact.winnerr_id}"
    before = WireClient(north.owner).get(path).content
    with south.scope():
        tag = TaggedContact.objects.values_list("tag_id", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_taggedcontact"
            " (organization_id, content_object_id, tag_id, position, contact_created_at) VALUES (%s, %s, %s, 9, %s)",
            [south.organization.pk, north.contact.pk, tag, north.contact.created_at],
        )
        cursor.execute(
            "INSERT INTO contacts_contactphone (organization_id, contact_id, position, phone, phone_norm, label, note)"
            " VALUES (%s, %s, 0, '+1 555 666 7777', '', '', '')",
            [south.organization.pk, north.contact.pk],
        )
    assert WireClient(north.owner).get(path).content == before


@pytest.mark.postgresql
def test_with_both_walls_taken_away_the_wire_does_show_the_stranger(
    transactional_db: None, north: World, south: World, monkeypatch: pytest.MonkeyPatch, postgresql_server: Any
):
    """The control of the controls: nothing else stands between a stranger and the row."""
    client = WireClient(north.owner)
    take_away_the_first_wall(monkeypatch)
    assert BaseTenantManager.get_queryset.__qualname__ != "BaseTenantManager.get_queryset"
    connection.close()
    connection.settings_dict.update(postgresql_server.owner.settings())
    try:
        response = client.get(f"/v1/contacts/{south.contact.winnerr_id}")
    finally:
        connection.close()
        connection.settings_dict.update(postgresql_server.application.settings())
    assert south.canary.encode() in response.content

"""Numbers of the one organization say nothing of the other: neither those of lists, nor those EstatePrime's rows have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Member
from contacts.drafts import ContactDraft
from contacts.models import Contact, Source, Tag
from contacts.services import create_contacts
from tests.accounts.test_tenancy_strangers import facts_of, take_away_the_first_wall
from tests.accounts.test_tenancy_wire import ASKERS, ESTATEPRIME_ROUTES, WALLS, without_credentials
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, RENTALOT, set_apart
from tests.worlds import WireClient, World


@pytest.fixture(params=WALLS)
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, north: World, south: World) -> None:
    if request.param == "row-level security alone":
        take_away_the_first_wall(monkeypatch)


# EstatePrime's routes that tell what is the same everywhere.
ALIKE = {"users/usergroups", "communication/channels", "communication/tags", "communication/custom-fields"}


@pytest.mark.parametrize("asker", ["owner", "admin", "agent", "viewer"])
@pytest.mark.parametrize("route", sorted(route for route in ESTATEPRIME_ROUTES if "{identifier}" not in route))
def test_no_list_of_estateprimes_shows_anything_of_another_organization(
    walls: None, north: World, south: World, asker: str, route: str
):
    programs = [PROGRAMS[ESTATEPRIME](ASKERS[asker](world)) for world in (north, south)]
    before = programs[0].get(f"/{route}")
    set_apart(south)

    own, theirs = (program.get(f"/{route}") for program in programs)

    assert (own.status_code, theirs.status_code, own.content) == (200, 200, before.content)
    assert south.canary.encode() not in own.content
    if route.removeprefix(ESTATEPRIME) in ALIKE:
        assert own.content == theirs.content
    else:
        assert north.canary.encode() in own.content
        assert south.canary.encode() in theirs.content


def test_a_search_of_estateprimes_for_a_foreign_word_finds_nothing(walls: None, north: World, south: World):
    address = f"/{ESTATEPRIME}contacts"
    program = PROGRAMS[ESTATEPRIME](north.owner)
    told = program.get(address, {"search": south.canary})

    assert (told.status_code, told.json()["data"], told.json()["total_results"]) == (200, [], 0)
    assert told.content == program.get(address, {"search": "nowhere"}).content
    # The control: south finds its own by it.
    assert PROGRAMS[ESTATEPRIME](south.owner).get(address, {"search": south.canary}).json()["total_results"] == 6


def _last_number(world: World, kind: type[Member | Source | Tag]) -> int:
    with world.scope():
        return kind._default_manager.order_by("number").values_list("number", flat=True).last() or 0


NUMBERED_BODIES: dict[str, Callable[[World], Any]] = {
    "source_id": lambda they: _last_number(they, Source),
    "tags": lambda they: [_last_number(they, Tag)],
    "users": lambda they: [_last_number(they, Member)],
    "created_by": lambda they: _last_number(they, Member),
}


@pytest.mark.parametrize("name", NUMBERED_BODIES)
def test_a_foreign_number_in_a_body_is_refused_like_one_that_never_existed(
    walls: None, north: World, south: World, name: str
):
    set_apart(south)
    program = PROGRAMS[ESTATEPRIME](north.owner)
    foreign = NUMBERED_BODIES[name](south)
    missing: Any = [8_000_001] if isinstance(foreign, list) else 8_000_001
    north_before, south_before = facts_of(north), facts_of(south)
    tried = [("POST", "/api/contacts"), ("PATCH", f"/api/contacts/{north.contact.number}")]
    # Who made a contact is said once, and ignored afterwards.
    for method, path in tried[:1] if name == "created_by" else tried:
        told = program.request(method, path, json={"first_name": "A", name: foreign})
        expected = program.request(method, path, json={"first_name": "A", name: missing})
        assert (told.status_code, told.content) == (expected.status_code, expected.content)
        assert (told.status_code, told.json()["error_message"]) == (400, f"Invalid {name}")
    assert without_credentials(facts_of(north)) == without_credentials(north_before)
    assert facts_of(south) == south_before
    # The control: south may name its own.
    made = PROGRAMS[ESTATEPRIME](south.owner).post("/api/contacts", {"first_name": "A", name: foreign})
    assert made.status_code == 200


@pytest.mark.parametrize("query", [{}, {"search": "555"}, {"page": 2}, {"date_created[min]": "2020-01-01"}], ids=str)
def test_estateprimes_numbers_do_not_move_while_another_organization_grows(
    walls: None, north: World, south: World, query: dict[str, Any]
):
    program = PROGRAMS[ESTATEPRIME](north.owner)
    before = program.get("/api/contacts", query).content
    with south.scope():
        drafts = (ContactDraft(full_name=f"Crowd {number}", phone="+1 555 123 0000") for number in range(60))
        assert sum(len(chunk) for chunk in create_contacts(drafts, actor=south.actor())) == 60
    assert program.get("/api/contacts", query).content == before


def test_a_key_of_another_organization_on_estateprimes_wire_is_a_new_one(walls: None, north: World, south: World):
    body = {"first_name": "Once", "emails": [{"email_address": "once@example.com"}]}
    answers = [
        PROGRAMS[ESTATEPRIME](world.owner).post("/api/contacts", body, headers={"Idempotency-Key": "the-same"})
        for world in (south, north)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(answer.has_header("Idempotency-Replayed") for answer in answers)
    with north.scope():
        assert Contact.objects.get(email_norm="once@example.com").number == answers[1].json()["created_id"]


@pytest.mark.parametrize("query", [{}, {"status": "prospect"}, {"search": "555"}, {"limit": 1, "page": 2}], ids=str)
def test_rentalots_numbers_do_not_move_while_another_organization_grows(
    walls: None, north: World, south: World, query: dict[str, Any]
):
    client = PROGRAMS[RENTALOT](north.owner)
    before = client.get(f"/{RENTALOT}contacts", query).content
    with south.scope():
        drafts = (ContactDraft(full_name=f"Crowd {number}", phone="+1 555 123 0000") for number in range(20))
        assert sum(len(chunk) for chunk in create_contacts(drafts, actor=south.actor())) == 20
    assert client.get(f"/{RENTALOT}contacts", query).content == before


def test_numbers_do_not_move_while_another_organization_grows(walls: None, north: World, south: World):
    client = WireClient(north.owner)
    queries: list[dict[str, Any]] = [{}, {"type": "LEAD"}, {"tags": "vip"}, {"limit": 1}, {"sort": "-leadScore"}]
    before = [client.get("/v1/contacts", query).content for query in queries]
    with south.scope():
        drafts = (ContactDraft(full_name=f"Crowd {number}", tags=("vip",)) for number in range(200))
        assert sum(len(chunk) for chunk in create_contacts(drafts, actor=south.actor())) == 200
    assert [client.get("/v1/contacts", query).content for query in queries] == before

"""The decision table of RELIABILITY 1.1, row by row, on every POST of the Winnerr wire that writes (CONTRACTS 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import IdempotencyRecord, Member
from accounts.tenancy import tenant_scope
from activities.models import Activity, Deal
from contacts.models import Contact, ContactChange, Tag
from contacts.services import create_contact
from tests.contracts.conftest import john_draft, printed
from tests.contracts.routed import WINNERR, views_below
from tests.worlds import PASSWORD, WireClient, World, actor_of

JOHN = "/v1/contacts/contact_123"
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True)
class Route:
    """A POST: what it takes, another body it takes as well, one it refuses, and what it answers at first."""

    path: str
    body: dict[str, Any]
    other: dict[str, Any]
    refused: dict[str, Any]
    service: str
    status: int = 201
    replayed: tuple[str, ...] = ()


JANE = printed("create_contact.request")
ROUTES = {
    "contacts": Route(
        "/v1/contacts",
        JANE,
        JANE | {"email": "other@example.com"},
        JANE | {"email": "no"},
        "contacts.services.create_contact",
        replayed=("Location", "ETag"),
    ),
    "contacts/{identifier}/activities": Route(
        f"{JOHN}/activities", {"type": "NOTE"}, {"type": "TASK"}, {"type": ""}, "activities.services.record_activity"
    ),
    "contacts/{identifier}/tags": Route(
        f"{JOHN}/tags",
        {"tags": ["new"]},
        {"tags": ["newer"]},
        {"tags": []},
        "contacts.services.update_contact",
        status=200,
        replayed=("ETag",),
    ),
    "deals": Route(
        "/v1/deals",
        {"contactId": "contact_123", "title": "Flat"},
        {"contactId": "contact_123", "title": "House"},
        {"contactId": "contact_123", "title": ""},
        "activities.services.create_deal",
        replayed=("Location",),
    ),
}
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)


def post(client: WireClient, route: Route, key: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(route.path, route.body if body is None else body, headers={"Idempotency-Key": key})


def rows(office: Member) -> dict[str, int]:
    """How much there is of everything a POST can make, and how often contacts changed."""
    with tenant_scope(office.organization):
        models = (Contact, ContactChange, Activity, Deal, Tag, IdempotencyRecord)
        return {model.__name__: model.objects.count() for model in models} | {
            "versions": sum(Contact.objects.values_list("version", flat=True))
        }


def assert_refused(response: Any, status: int, detail: str) -> None:
    assert response.status_code == status, response.content
    error = {"type": "idempotency_error", "title": "Idempotency Error", "status": status, "detail": detail}
    assert response.json() == {"success": False, "error": error}
    assert not response.has_header(REPLAYED)


def assert_replayed(again: Any, first: Any, route: Route) -> None:
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again[REPLAYED] == "true"
    for name in ("Content-Type", "Content-Length", "Cache-Control", "Location", "ETag", "Link"):
        assert again.get(name) == first.get(name), name
    assert [name for name in ("Location", "ETag") if again.has_header(name)] == list(route.replayed)


def test_every_post_that_writes_is_here() -> None:
    posts = {
        name for name, view in views_below(WINNERR).items() if "post" in view.actions and not name.startswith("auth/")
    }
    assert posts == ROUTES.keys()


@EVERY_ROUTE
def test_without_a_key_every_request_is_one_of_its_own(
    office: Member, client: WireClient, john: Contact, route: Route
) -> None:
    answers = [client.post(route.path, body) for body in (route.body, route.other)]

    assert [(answer.status_code, answer.has_header(REPLAYED)) for answer in answers] == [(route.status, False)] * 2
    assert rows(office)["IdempotencyRecord"] == 0


@EVERY_ROUTE
@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "a, b", "a\x01b", "caf\u00e9", '"open', '"a" "b"'])
def test_a_malformed_key_is_refused_and_nothing_done(
    office: Member, client: WireClient, john: Contact, route: Route, key: str
) -> None:
    before = rows(office)

    assert_refused(
        post(client, route, key), 400, "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once"
    )

    assert rows(office) == before


@EVERY_ROUTE
def test_a_repeated_request_gets_the_first_answer_and_costs_nothing(
    office: Member, client: WireClient, john: Contact, route: Route
) -> None:
    first = post(client, route, "once")
    assert (first.status_code, first.has_header(REPLAYED)) == (route.status, False)
    before = rows(office)
    assert before["IdempotencyRecord"] == 1

    for spelling in ("once", '"once"', "  once "):
        with CaptureQueriesContext(connection) as statements:
            assert_replayed(post(client, route, spelling), first, route)
        written = [query["sql"] for query in statements if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert written == []

    assert rows(office) == before


@EVERY_ROUTE
def test_the_first_answer_comes_again_whatever_happened_since(
    office: Member, client: WireClient, john: Contact, route: Route
) -> None:
    first = post(client, route, "once")
    client.put(JOHN, {"notes": "changed since", "email": "moved@example.com"})
    client.post(f"{JOHN}/tags", {"tags": ["since"]})
    if first.has_header("Location"):
        client.put(first["Location"], {"notes": "changed since"})
    assert_replayed(post(client, route, "once"), first, route)

    for address in (first.get("Location"), JOHN):
        if address:
            client.delete(address)
    before = rows(office)
    assert_replayed(post(client, route, "once"), first, route)
    assert rows(office) == before


@EVERY_ROUTE
def test_a_key_belongs_to_one_body(office: Member, client: WireClient, john: Contact, route: Route) -> None:
    first = post(client, route, "once")
    before = rows(office)
    spaced = client.post(route.path, body=b" " + orjson.dumps(route.body), headers={"Idempotency-Key": "once"})

    for answer in (post(client, route, "once", route.other), post(client, route, '"once"', route.refused), spaced):
        assert_refused(answer, 422, "Idempotency-Key was used before with a different request")

    assert rows(office) == before
    assert_replayed(post(client, route, "once"), first, route)


@EVERY_ROUTE
def test_a_key_belongs_to_one_route(office: Member, client: WireClient, john: Contact, route: Route) -> None:
    first = post(client, route, "once")
    before = rows(office)

    for another in ROUTES.values():
        if another is not route:
            # With the body of its own, and with the first one's.
            for body in (another.body, route.body):
                answer = post(client, another, "once", body)
                assert_refused(answer, 422, "Idempotency-Key was used before with a different request")

    assert rows(office) == before
    assert_replayed(post(client, route, "once"), first, route)


def test_a_key_belongs_to_one_contact(office: Member, client: WireClient, john: Contact) -> None:
    with tenant_scope(office.organization):
        create_contact(john_draft(winnerr_key="contact_124", email="twin@example.com"), actor=actor_of(office))
    for below in ("activities", "tags"):
        route = ROUTES[f"contacts/{{identifier}}/{below}"]
        post(client, route, below)
        answer = client.post(route.path.replace("123", "124"), route.body, headers={"Idempotency-Key": below})
        assert_refused(answer, 422, "Idempotency-Key was used before with a different request")


@EVERY_ROUTE
def test_a_key_of_another_credential_is_unrelated(
    office: Member, client: WireClient, john: Contact, winnerr: Callable[[Member | None], WireClient], route: Route
) -> None:
    first = post(client, route, "once")
    another = winnerr(office)

    answer = post(another, route, "once", route.other)
    assert (answer.status_code, answer.has_header(REPLAYED)) == (route.status, False)
    assert answer.content != first.content
    assert_replayed(post(client, route, "once"), first, route)
    assert_replayed(post(another, route, "once", route.other), answer, route)
    assert rows(office)["IdempotencyRecord"] == 2


@EVERY_ROUTE
def test_a_key_of_another_organization_is_unrelated(
    client: WireClient,
    john: Contact,
    north: World,
    south: World,
    winnerr: Callable[[Member | None], WireClient],
    route: Route,
) -> None:
    post(client, route, "once")
    programs = {}
    for world in (north, south):
        path = route.path.replace("contact_123", world.contact.winnerr_id)
        sent = {name: world.contact.winnerr_id if name == "contactId" else value for name, value in route.body.items()}
        program = winnerr(world.owner)
        answer = program.post(path, sent, headers={"Idempotency-Key": "once"})
        assert (answer.status_code, answer.has_header(REPLAYED)) == (route.status, False)
        programs[world.canary] = answer.content
    assert len(set(programs.values())) == 2
    assert south.canary.encode() not in programs[north.canary]


@EVERY_ROUTE
def test_a_day_later_a_key_is_new(office: Member, client: WireClient, john: Contact, route: Route) -> None:
    first = post(client, route, "once")
    with tenant_scope(office.organization):
        IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert_replayed(post(client, route, "once"), first, route)
    with tenant_scope(office.organization):
        IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    # Another request under the key then, which the key would have refused before.
    answer = post(client, route, "once", route.other)
    assert (answer.status_code, answer.has_header(REPLAYED)) == (route.status, False)
    assert_replayed(post(client, route, "once", route.other), answer, route)


def test_a_condition_that_held_the_first_time_is_not_asked_again(client: WireClient, john: Contact) -> None:
    route = ROUTES["contacts/{identifier}/tags"]
    headers = {"Idempotency-Key": "once", "If-Match": '"1"'}
    first = client.post(route.path, route.body, headers=headers)
    assert (first.status_code, first["ETag"]) == (200, '"2"')

    assert_replayed(client.post(route.path, route.body, headers=headers), first, route)


OTHERS: list[tuple[str, str, Any, int]] = [
    ("GET", JOHN, None, 200),
    ("GET", "/v1/contacts", None, 200),
    ("PUT", JOHN, {"notes": "x"}, 200),
    ("PATCH", JOHN, {"notes": "y"}, 200),
    ("PATCH", "/v1/contacts/bulk", {"contactIds": ["contact_123"], "updates": {"notes": "z"}}, 200),
    ("DELETE", f"{JOHN}/tags", {"tags": ["luxury-market"]}, 200),
    ("DELETE", f"{JOHN}/tags/luxury-market", None, 200),
    ("DELETE", JOHN, None, 200),
    ("DELETE", JOHN, None, 404),
]


@pytest.mark.parametrize("key", ["once", "fresh", "", "a, b", "x" * 256, '"open'])
def test_other_methods_ignore_the_header_without_harm(
    office: Member, client: WireClient, john: Contact, key: str
) -> None:
    # A key that a POST used is none of theirs either.
    first = post(client, ROUTES["contacts"], "once")
    for method, path, body, status in OTHERS:
        response = client.request(method, path, json=body, headers={"Idempotency-Key": key})
        assert (response.status_code, response.has_header(REPLAYED)) == (status, False), (method, path)
    assert rows(office)["IdempotencyRecord"] == 1
    assert_replayed(post(client, ROUTES["contacts"], "once"), first, ROUTES["contacts"])


def test_tokens_are_not_kept_for_a_key(office: Member, winnerr: Callable[[Member | None], WireClient]) -> None:
    login = {"email": "owner@office.example", "password": PASSWORD}
    pairs = [winnerr(None).post("/v1/auth/token", login, headers={"Idempotency-Key": "once"}) for _ in range(2)]

    assert [(pair.status_code, pair.has_header(REPLAYED)) for pair in pairs] == [(200, False)] * 2
    assert pairs[0].content != pairs[1].content
    assert rows(office)["IdempotencyRecord"] == 0

"""Every role on every route of Rentalot's, read from the address table itself; and whose credentials are good there."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import Member, Organization, WireName
from accounts.roles import Role
from accounts.services import issue_key
from config.wires.base import PUBLIC
from tests.contracts.routed import PROGRAMS, RENTALOT, WINNERR, answers_by_role, askers, views_below
from tests.contracts.test_rentalot_replay import CONTACTS, printed
from tests.worlds import World, bearer_token, rentalot_key

pytestmark = pytest.mark.django_db

READERS = {Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER}
WRITERS = READERS - {Role.VIEWER}
# Who may write, by route and method. Every route may be read, by everybody who is somebody.
WRITES: dict[str, dict[str, set[Role]]] = {
    "contacts": {"post": WRITERS},
    "contacts/{identifier}": {"patch": WRITERS, "delete": WRITERS},
}
FORBIDDEN = {
    "type": "https://rentalot.ai/problems/forbidden",
    "title": "Forbidden",
    "status": 403,
    "detail": "You do not have permission to perform this action",
}
UNAUTHORIZED = printed("unauthorized.response")


def test_every_route_is_read_and_what_is_written_is_in_the_matrix() -> None:
    actual = {route: set(view.actions) - {"head"} for route, view in views_below(RENTALOT).items()}

    assert actual.keys() >= WRITES.keys()
    assert actual == {route: {"get", *WRITES.get(route, {})} for route in actual}


def test_no_action_is_open() -> None:
    grants = [view.cls.grants[action] for view in views_below(RENTALOT).values() for action in view.actions.values()]

    assert grants
    assert PUBLIC not in grants


@pytest.mark.parametrize("route", views_below(RENTALOT))
def test_roles_get_as_far_as_the_matrix_says(north: World, south: World, route: str) -> None:
    matrix = {"get": READERS} | WRITES.get(route, {})
    for method, role, response in answers_by_role(RENTALOT, route, north):
        if method not in matrix:
            assert response.status_code == (405 if role or method == "options" else 401), (method, role)
        elif role is None:
            assert (response.status_code, response.json()) == (401, UNAUTHORIZED), method
        elif role not in matrix[method]:
            assert (response.status_code, response.json()) == (403, FORBIDDEN), (method, role)
        else:
            # Allowed, and then judged by what was sent: a body without a field, or a contact that is gone by now.
            assert response.status_code in {200, 204, 404, 422}, (method, role)
        assert south.canary not in response.content.decode()


def test_who_may_not_write_learns_nothing_from_trying(north: World, south: World) -> None:
    program = PROGRAMS[RENTALOT](north.viewer)
    one = f"{CONTACTS}/{north.contact.uuid}"
    before = PROGRAMS[RENTALOT](north.owner).get(CONTACTS, {"limit": 100}).content
    refusals = [
        program.post(CONTACTS, {"name": "A", "email": "jane@example.com"}),
        program.post(CONTACTS, {"name": "A", "email": "free@example.com"}, headers={"Idempotency-Key": "once"}),
        program.post(CONTACTS, {}),
        program.post(CONTACTS, body=b"{"),
        program.post(CONTACTS, body=b"a=1", content_type="text/plain"),
        program.patch(one, {"email": "no"}),
        program.patch(one, {}, headers={"If-Match": '"99"'}),
        program.delete(one),
        *(
            program.request(method, f"{CONTACTS}/{identifier}", json={})
            for method in ("PATCH", "DELETE")
            for identifier in (south.contact.uuid, north.deleted.uuid, "nobody")
        ),
    ]

    assert {answer.status_code for answer in refusals} == {403}
    assert len({answer.content for answer in refusals}) == 1
    assert refusals[0].json() == FORBIDDEN
    assert not any(answer.has_header("Link") for answer in refusals)
    assert PROGRAMS[RENTALOT](north.owner).get(CONTACTS, {"limit": 100}).content == before


def test_a_lowered_role_counts_from_the_next_request(north: World, south: World) -> None:
    program = PROGRAMS[RENTALOT](north.agent)
    one = f"{CONTACTS}/{north.contact.uuid}"
    assert program.patch(one, {"language": "de"}).status_code == 200
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role=Role.VIEWER)

    refused = program.patch(one, {"language": "fr"})

    assert (refused.status_code, refused.json()) == (403, FORBIDDEN)
    assert program.get(one).json()["data"]["language"] == "de"


def test_the_deactivated_are_out_at_once(north: World, south: World) -> None:
    program = PROGRAMS[RENTALOT](north.agent)
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(is_active=False)

    refused = program.get(CONTACTS)

    assert (refused.status_code, refused.json()) == (401, UNAUTHORIZED)


def test_a_narrowed_agent_reaches_only_their_own(north: World, south: World) -> None:
    agent, owner = PROGRAMS[RENTALOT](north.agent), PROGRAMS[RENTALOT](north.owner)
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)
    theirs, others = (f"{CONTACTS}/{contact.uuid}" for contact in north.contacts[1:3])
    missing = agent.get(f"{CONTACTS}/nobody")

    assert agent.get(theirs).status_code == 200
    for answer in (agent.get(others), agent.patch(others, {"language": "de"}), agent.delete(others)):
        assert (answer.status_code, answer.content) == (404, missing.content)
    sent = {"name": "A", "email": "d@example.com"}
    refused, told = agent.post(CONTACTS, sent), owner.post(CONTACTS, sent)
    existing = str(north.contacts[3].uuid)
    assert (refused.status_code, told.status_code) == (409, 409)
    assert told.json() == refused.json() | {"existingId": existing}
    assert (refused.get("Link"), told["Link"]) == (None, f'<{CONTACTS}/{existing}>; rel="duplicate"')
    made = agent.post(CONTACTS, {"name": "New", "email": "new@example.com"})
    assert (made.status_code, agent.get(made["Location"]).content) == (201, made.content)


def credentials(world: World) -> dict[str, dict[str, str]]:
    """What the owner presents on each wire, by prefix."""
    with world.scope():
        pair = issue_key(world.owner, wire=WireName.ESTATEPRIME, name="Pair", actor=Actor.command("tests"))
    basic = base64.b64encode(f"{pair.public_key}:{pair.secret_key}".encode()).decode()
    return {
        WINNERR: {"Authorization": f"Bearer {bearer_token(world.owner)}"},
        RENTALOT: {"Authorization": f"Bearer {rentalot_key(world.owner)}"},
        "api/": {"Authorization": f"Basic {basic}"},
    }


def test_a_credential_is_good_on_its_own_wire_alone(north: World, south: World) -> None:
    nobody = PROGRAMS[RENTALOT](None)
    presented = credentials(north)
    expected: dict[str, Any] = {prefix: nobody.get(f"/{prefix}contacts").json() for prefix in (WINNERR, RENTALOT)}
    assert expected[RENTALOT] == UNAUTHORIZED
    for prefix in (WINNERR, RENTALOT):
        for of, headers in presented.items():
            response = nobody.get(f"/{prefix}contacts", headers=headers)
            if of == prefix:
                assert response.status_code == 200
            else:
                assert (response.status_code, response.json()) == (401, expected[prefix]), (prefix, of)
                assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "spelling", ["bearer {key}", "BEARER  {key} ", "Bearer {key}\t"], ids=["lower case", "blanks", "tab"]
)
def test_a_key_may_be_spelt_with_blanks_around_it(north: World, south: World, spelling: str) -> None:
    value = spelling.format(key=rentalot_key(north.viewer))

    assert PROGRAMS[RENTALOT](None).get(CONTACTS, headers={"Authorization": value}).status_code == 200


@pytest.mark.parametrize(
    "spelling",
    [
        "{key}",
        "Basic {key}",
        "Token {key}",
        "Bearer",
        "Bearer ",
        "Bearer {key}x",
        "Bearer {key} {key}",
        "Bearer\u00a0x",
    ],
)
def test_anything_else_is_no_key(north: World, south: World, spelling: str) -> None:
    value = spelling.format(key=rentalot_key(north.viewer))
    for method, path in (("GET", CONTACTS), ("POST", CONTACTS), ("DELETE", f"{CONTACTS}/{north.contact.uuid}")):
        refused = PROGRAMS[RENTALOT](None).request(method, path, headers={"Authorization": value})
        assert (refused.status_code, refused.json()) == (401, UNAUTHORIZED)


def test_a_key_in_the_address_is_no_key(north: World, south: World) -> None:
    key = rentalot_key(north.owner)
    for name in ("key", "api_key", "apiKey", "token", "Authorization"):
        assert PROGRAMS[RENTALOT](None).get(CONTACTS, {name: key}).json() == UNAUTHORIZED


def test_every_role_reads_the_same_and_nobody_nothing(north: World, south: World) -> None:
    answers = {role: program.get(CONTACTS) for role, program in askers(RENTALOT, north).items()}

    assert answers.pop(None).json() == UNAUTHORIZED
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len({answer.content for answer in answers.values()}) == 1

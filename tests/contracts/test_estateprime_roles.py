"""Every role on every route of EstatePrime's, read from the address table itself; and whose credentials are good there."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest

from accounts.models import Member, Organization
from accounts.roles import Role
from config.wires.base import PUBLIC
from tests.contracts.routed import (
    ESTATEPRIME,
    PROGRAMS,
    RENTALOT,
    WINNERR,
    address_of,
    answers_by_role,
    askers,
    views_below,
)
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.contracts.test_rentalot_roles import credentials
from tests.worlds import World, estateprime_pair

pytestmark = pytest.mark.django_db

READERS = {Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER}
WRITERS = READERS - {Role.VIEWER}
# Who may write, by route and method. Every route may be read, by everybody who is somebody.
WRITES: dict[str, dict[str, set[Role]]] = {
    "contacts": {"post": WRITERS},
    "contacts/{identifier}": {"patch": WRITERS, "delete": WRITERS},
    "communication": {"post": WRITERS},
    "communication/{identifier}": {"delete": WRITERS},
}
FORBIDDEN = {"status": 403, "error_message": "Access denied."}
UNAUTHORIZED = {"status": 401, "error_message": "Unauthorized."}
NOT_FOUND = {"status": 404, "error_message": "Contact not found."}
NOT_ALLOWED = {"status": 405, "error_message": "Method not allowed."}


def test_every_route_is_read_and_what_is_written_is_in_the_matrix() -> None:
    actual = {route: set(view.actions) - {"head"} for route, view in views_below(ESTATEPRIME).items()}

    assert actual.keys() >= WRITES.keys()
    assert actual == {route: {"get", *WRITES.get(route, {})} for route in actual}


def test_no_action_is_open() -> None:
    grants = [view.cls.grants[action] for view in views_below(ESTATEPRIME).values() for action in view.actions.values()]

    assert grants
    assert PUBLIC not in grants


@pytest.mark.parametrize("route", views_below(ESTATEPRIME))
def test_roles_get_as_far_as_the_matrix_says(north: World, south: World, route: str) -> None:
    matrix = {"get": READERS} | WRITES.get(route, {})
    for method, role, response in answers_by_role(ESTATEPRIME, route, north):
        body = response.json()
        if method not in matrix:
            refusal = NOT_ALLOWED if role or method == "options" else UNAUTHORIZED
            assert (response.status_code, body) == (refusal["status"], refusal), (method, role)
        elif role is None:
            assert (response.status_code, body) == (401, UNAUTHORIZED), method
            assert response["WWW-Authenticate"] == 'Basic realm="EstatePrime"'
        elif role not in matrix[method]:
            assert (response.status_code, body) == (403, FORBIDDEN), (method, role)
        else:
            # Allowed, and then judged by what was sent: a body without a name, or a row that is gone by now.
            assert response.status_code in {200, 400, 404}, (method, role)
        assert body["status"] == response.status_code
        assert south.canary not in response.content.decode()


def test_who_may_not_write_learns_nothing_from_trying(north: World, south: World) -> None:
    program, owner = PROGRAMS[ESTATEPRIME](north.viewer), PROGRAMS[ESTATEPRIME](north.owner)
    one = f"{CONTACTS}/{north.contact.number}"
    taken: dict[str, Any] = {"first_name": "A", "emails": [{"email_address": "jane@example.com"}]}
    before = owner.get(CONTACTS).content
    refusals = [
        program.post(CONTACTS, taken),
        program.post(CONTACTS, {"first_name": "A"}, headers={"Idempotency-Key": "once"}),
        program.post(CONTACTS, {}),
        program.post(CONTACTS, body=b"{"),
        program.post(CONTACTS, body=b"a=1", content_type="text/plain"),
        program.patch(one, {"emails": "no"}),
        program.patch(one, {}, headers={"If-Match": '"99"'}),
        program.delete(one),
        *(
            program.request(method, f"{CONTACTS}/{identifier}", json={})
            for method in ("PATCH", "DELETE")
            for identifier in (8_000_001, north.deleted.number, "nobody")
        ),
    ]

    assert {answer.status_code for answer in refusals} == {403}
    assert len({answer.content for answer in refusals}) == 1
    assert refusals[0].json() == FORBIDDEN
    assert not any(answer.has_header("Link") for answer in refusals)
    assert owner.get(CONTACTS).content == before


def test_a_lowered_role_counts_from_the_next_request(north: World, south: World) -> None:
    program = PROGRAMS[ESTATEPRIME](north.agent)
    one = f"{CONTACTS}/{north.contact.number}"
    assert program.patch(one, {"notes": "first"}).status_code == 200
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role=Role.VIEWER)

    refused = program.patch(one, {"notes": "second"})

    assert (refused.status_code, refused.json()) == (403, FORBIDDEN)
    assert program.get(one).json()["data"]["notes"] == "first"


def test_the_deactivated_are_out_at_once(north: World, south: World) -> None:
    program = PROGRAMS[ESTATEPRIME](north.agent)
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(is_active=False)

    refused = program.get(CONTACTS)

    assert (refused.status_code, refused.json()) == (401, UNAUTHORIZED)


def test_a_narrowed_agent_reaches_only_their_own(north: World, south: World) -> None:
    agent, owner = PROGRAMS[ESTATEPRIME](north.agent), PROGRAMS[ESTATEPRIME](north.owner)
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)
    theirs, others = (f"{CONTACTS}/{contact.number}" for contact in north.contacts[1:3])

    assert agent.get(theirs).status_code == 200
    for answer in (agent.get(others), agent.patch(others, {"notes": "x"}), agent.delete(others)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    sent: dict[str, Any] = {"first_name": "A", "emails": [{"email_address": "d@example.com"}]}
    refused, told = agent.post(CONTACTS, sent), owner.post(CONTACTS, sent)
    expected = {"status": 400, "error_message": "Email address d@example.com is already in use"}
    assert (refused.status_code, refused.json(), told.status_code, told.json()) == (400, expected, 400, expected)
    existing = f"{CONTACTS}/{north.contacts[3].number}"
    assert (refused.get("Link"), told["Link"]) == (None, f'<{existing}>; rel="duplicate"')
    made = agent.post(CONTACTS, {"first_name": "New"}).json()["created_id"]
    assert agent.get(f"{CONTACTS}/{made}").json()["data"]["users"] == [north.agent.number]


def test_a_credential_is_good_on_its_own_wire_alone(north: World, south: World) -> None:
    nobody = PROGRAMS[ESTATEPRIME](None)
    presented = credentials(north)
    assert presented.keys() == {WINNERR, RENTALOT, ESTATEPRIME}
    for of, headers in presented.items():
        response = nobody.get(CONTACTS, headers=headers)
        if of == ESTATEPRIME:
            assert response.status_code == 200
        else:
            assert (response.status_code, response.json()) == (401, UNAUTHORIZED), of
            assert response["WWW-Authenticate"] == 'Basic realm="EstatePrime"'
    for prefix in (WINNERR, RENTALOT):
        assert nobody.get(f"/{prefix}contacts", headers=presented[ESTATEPRIME]).status_code == 401


@pytest.mark.parametrize(
    "spelling",
    ["basic {pair}", "BASIC {pair}", "Basic  {pair} ", "Basic {pair}\t"],
    ids=["lower", "upper", "blanks", "tab"],
)
def test_a_pair_may_be_spelt_with_blanks_around_it(north: World, south: World, spelling: str) -> None:
    value = spelling.format(pair=estateprime_pair(north.viewer))

    assert PROGRAMS[ESTATEPRIME](None).get(CONTACTS, headers={"Authorization": value}).status_code == 200


@pytest.mark.parametrize(
    "spelling",
    [
        *("{pair}", "Bearer {pair}", "Basic", "Basic ", "Basic {pair}x", "Basic {pair} {pair}", "Basic {plain}"),
        *("Basic {public}", "Basic {swapped}", "Basic \u00e9", f"Basic {'A' * 4_000}", "Basic {pair}!"),
    ],
)
def test_anything_else_is_no_pair(north: World, south: World, spelling: str) -> None:
    pair = estateprime_pair(north.owner)
    plain = b64decode(pair).decode()
    public, _, secret = plain.partition(":")
    value = spelling.format(
        pair=pair,
        plain=plain,
        public=b64encode(f"{public}:".encode()).decode(),
        swapped=b64encode(f"{secret}:{public}".encode()).decode(),
    )
    for method, path in (("GET", CONTACTS), ("POST", CONTACTS), ("DELETE", f"{CONTACTS}/{north.contact.number}")):
        refused = PROGRAMS[ESTATEPRIME](None).request(method, path, headers={"Authorization": value})
        assert (refused.status_code, refused.json()) == (401, UNAUTHORIZED)


def test_a_pair_has_one_spelling_in_base64(north: World, south: World) -> None:
    pair = estateprime_pair(north.owner)
    for spelling in (
        *(f"{pair}=", f"{pair}==", f"{pair}====", f"={pair}", pair[:-1], f"{pair[:-1]}="),
        *(
            f"{pair[:8]} {pair[8:]}",
            f"{pair[:8]}\t{pair[8:]}",
            f"{pair[:8]}={pair[8:]}",
            f"{pair}\u00a0",
            f"{pair}AA==",
        ),
        *(f"{pair[:8]}-{pair[8:]}", f"{pair[:8]}_{pair[8:]}", "=", "====", "A", "AA", "AA=", "AAA", "Og==", "/w=="),
    ):
        refused = PROGRAMS[ESTATEPRIME](None).get(CONTACTS, headers={"Authorization": f"Basic {spelling}"})
        assert (refused.status_code, refused.json()) == (401, UNAUTHORIZED), spelling
        assert refused["WWW-Authenticate"] == 'Basic realm="EstatePrime"'
    assert PROGRAMS[ESTATEPRIME](None).get(CONTACTS, headers={"Authorization": f"Basic {pair}"}).status_code == 200


def test_a_pair_in_the_address_is_no_pair(north: World, south: World) -> None:
    pair = estateprime_pair(north.owner)
    for name in ("key", "api_key", "token", "Authorization"):
        assert PROGRAMS[ESTATEPRIME](None).get(CONTACTS, {name: pair}).json() == UNAUTHORIZED


@pytest.mark.parametrize(
    "route", ["contacts", "contacts/{identifier}", "communication", "users", "contacts/custom-fields"]
)
def test_every_role_reads_the_same_and_nobody_nothing(north: World, south: World, route: str) -> None:
    address = address_of(ESTATEPRIME, route, north)
    answers = {role: program.get(address) for role, program in askers(ESTATEPRIME, north).items()}

    assert answers.pop(None).json() == UNAUTHORIZED
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len({answer.content for answer in answers.values()}) == 1

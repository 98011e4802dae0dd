"""Rentalot's document says what the wire does, to the key and the header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from accounts import rates
from accounts.models import Member
from accounts.plans import Plan
from accounts.rates import MemoryCounter
from tests.contracts.conftest import in_progress
from tests.contracts.described import Described
from tests.contracts.metered import Clock, put_on
from tests.contracts.routed import PROGRAMS, RENTALOT, address_of, views_below
from tests.contracts.test_rentalot_replay import CONTACTS, JANE, printed
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

Ask = Callable[..., Any]
READABLE = sorted(route for route, view in views_below(RENTALOT).items() if "get" in view.actions)


@pytest.fixture(scope="module")
def described() -> Described:
    return Described.at("/api/v1/openapi.json")


@pytest.fixture
def ask(described: Described, north: World, south: World) -> Ask:
    """Requests of north's owner, or another program, whose answers are described."""
    owner = PROGRAMS[RENTALOT](north.owner)

    def ask(method: str, address: str, sent: Any = None, *, program: WireClient | None = None, **options: Any) -> Any:
        response = (program or owner).request(method, address, json=sent, **options)
        described.assert_describes(method, address, response)
        return response

    return ask


def test_every_operation_takes_a_key(described: Described) -> None:
    assert {str(operation["security"]) for operation in described.operations().values()} == {str([{"key": []}])}


def test_parameters_have_their_documented_names_and_no_other_spelling(described: Described) -> None:
    assert described.parameters("get", CONTACTS) == ["page", "limit", "status", "role", "channel", "search"]
    assert described.parameters("post", CONTACTS) == ["Idempotency-Key"]
    assert described.parameters("get", f"{CONTACTS}/{{id}}") == ["id", "If-None-Match"]
    assert described.parameters("patch", f"{CONTACTS}/{{id}}") == ["id", "If-Match"]
    assert described.parameters("delete", f"{CONTACTS}/{{id}}") == ["id", "If-Match"]


def test_the_contact_has_the_printed_keys_in_the_printed_order(described: Described) -> None:
    schemas = described.document["components"]["schemas"]
    contact, create, change = (schemas[name] for name in ("Contact", "ContactCreate", "ContactChange"))

    assert contact["required"] == list(contact["properties"]) == list(JANE)
    assert create["required"] == ["name"]
    assert "required" not in change
    assert list(create["properties"]) == list(change["properties"])
    assert contact["properties"].keys() - create["properties"].keys() == {"id", "appliedAt", "createdAt", "updatedAt"}
    assert create["properties"].keys() - contact["properties"].keys() == {"notes"}
    assert {name: shape.get("maxLength") for name, shape in create["properties"].items()} == {
        "name": 200,
        "email": 200,
        "phone": 30,
        "status": None,
        "role": None,
        "channelPreference": 50,
        "source": 100,
        "referralSource": 200,
        "language": 10,
        "notes": 5_000,
    }


def test_what_the_contract_prints_is_described(described: Described) -> None:
    def faults(name: str, value: Any) -> list[str]:
        return described.faults({"$ref": f"#/components/schemas/{name}"}, value)

    assert faults("ContactListResponse", printed("list_contacts.response")) == []
    assert faults("ContactResponse", {"data": JANE}) == []
    assert faults("ContactCreate", printed("create_contact.request")) == []
    assert faults("ContactChange", printed("update_contact.request")) == []
    assert faults("Problem", printed("unauthorized.response")) == []


def test_what_the_document_asks_of_a_new_contact_is_what_the_wire_asks(described: Described, ask: Ask) -> None:
    bodies: list[dict[str, Any]] = [
        {"name": "A"},
        {"email": "a@example.com"},
        {"name": "A", "email": None},
        {"name": "A", "email": None, "phone": None},
        {"name": "A", "email": "", "phone": ""},
        {"name": "A", "email": "a1@example.com"},
        {"name": "A", "phone": "555-0100"},
        {"name": "A", "email": "", "phone": "555-0100"},
        {"name": "A", "email": "a2@example.com", "phone": None},
        {"name": "A", "phone": "555-0100", "status": "", "role": None, "language": ""},
        {"name": "A", "phone": "555-0100", "status": "PROSPECT"},
        {"name": " ", "phone": "555-0100"},
        {"name": "A", "phone": "12"},
        {"name": "A", "phone": 5550100},
    ]
    said = [not described.faults({"$ref": "#/components/schemas/ContactCreate"}, body) for body in bodies]

    assert said == [ask("POST", CONTACTS, body).status_code == 201 for body in bodies]


def test_answers_about_contacts_are_described(ask: Ask, north: World) -> None:
    body = printed("create_contact.request") | {"email": "new@example.com"}
    once = {"Idempotency-Key": "one"}
    created = ask("POST", CONTACTS, body, headers=once)
    one = created["Location"]
    assert created.has_header("ETag")
    assert ask("POST", CONTACTS, body, headers=once)["Idempotency-Replayed"] == "true"
    taken = ask("POST", CONTACTS, body)
    assert (taken.json()["existingId"], taken.has_header("Link")) == (created.json()["data"]["id"], True)

    statuses = [
        ask("GET", CONTACTS).status_code,
        ask("GET", f"{CONTACTS}?page=10000000000000000000000000000000&limit=1").status_code,
        ask("GET", f"{CONTACTS}?limit=none&status=x").status_code,
        ask("GET", one).status_code,
        ask("GET", one, headers={"If-None-Match": created["ETag"]}).status_code,
        ask("PATCH", one, printed("update_contact.request")).status_code,
        ask("PATCH", one, {"status": "applicant", "email": None}).status_code,
        ask("PATCH", one, {"name": "x"}, headers={"If-Match": '"99"'}).status_code,
        ask("PATCH", one, {"email": "jane@example.com"}).status_code,
        ask("PATCH", one, {"email": "x"}).status_code,
        ask("PATCH", one, []).status_code,
        ask("PATCH", one, body=b"a=1", content_type="text/plain").status_code,
        ask("PATCH", one, body=b" " * (1024 * 1024 + 1)).status_code,
        ask("POST", CONTACTS, {"email": "x"}).status_code,
        ask("POST", CONTACTS, body=b"{").status_code,
        ask("POST", CONTACTS, body, content_type="text/plain").status_code,
        ask("POST", CONTACTS, body, headers={"Idempotency-Key": ""}).status_code,
        ask("POST", CONTACTS, {"name": "B"}, headers=once).status_code,
        ask("DELETE", one, headers={"If-Match": '"1"'}).status_code,
        ask("DELETE", one).status_code,
        ask("GET", one).status_code,
        ask("PATCH", one, {}).status_code,
        ask("DELETE", one).status_code,
    ]

    assert statuses == (
        [200, 200, 422, 200, 304, 200, 200, 412, 409, 422, 400, 415, 413]
        + [422, 400, 415, 400, 422, 412, 204, 404, 404, 404]
    )


@pytest.mark.parametrize("route", READABLE)
def test_every_answer_to_reading_is_described(
    described: Described, ask: Ask, north: World, south: World, route: str
) -> None:
    address = address_of(RENTALOT, route, north)
    found = ask("GET", address, program=PROGRAMS[RENTALOT](north.viewer))
    nobody = ask("GET", address, program=PROGRAMS[RENTALOT](None))

    assert (found.status_code, nobody.status_code) == (200, 401)
    assert found.json()["data"]
    if "limit" in described.parameters("get", address.partition("?")[0]):
        assert ask("GET", f"{address}{'&' if '?' in address else '?'}limit=0").status_code == 422
    if "{identifier}" in route:
        assert ask("GET", address_of(RENTALOT, route, south)).status_code == 404


def test_a_viewers_refusals_are_described(ask: Ask, north: World) -> None:
    viewer = PROGRAMS[RENTALOT](north.viewer)
    one = f"{CONTACTS}/{north.contact.uuid}"
    tried = (("POST", CONTACTS), ("PATCH", one), ("DELETE", one))

    assert {ask(method, address, {}, program=viewer).status_code for method, address in tried} == {403}


def test_what_no_operation_says_is_a_problem_all_the_same(described: Described, north: World, south: World) -> None:
    owner = PROGRAMS[RENTALOT](north.owner)
    for response, status in ((owner.put(CONTACTS, {}), 405), (owner.get("/api/v1/nowhere"), 404)):
        assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
        assert described.faults({"$ref": "#/components/schemas/Problem"}, response.json()) == []


def test_too_many_requests_are_described(
    ask: Ask, north: World, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(lambda: 1_800_000_020.0))
    settings.RATE_LIMIT_PER_MINUTE = 1
    assert ask("GET", CONTACTS).status_code == 200

    assert ask("GET", CONTACTS).status_code == 429


def test_what_a_plan_allows_and_refuses_is_described(ask: Ask, agency: Member, clock: Clock) -> None:
    program = PROGRAMS[RENTALOT](agency)
    body = {"name": "A", "phone": "555-0100"}
    made = [ask("POST", CONTACTS, body, program=program) for _ in range(16)]
    assert [answer.status_code for answer in made] == [201] * 15 + [429]
    one = made[0]["Location"]
    writes = (("POST", CONTACTS), ("PATCH", one), ("DELETE", one))

    put_on(agency, Plan.STARTER)
    assert [ask(method, path, {}, program=program).status_code for method, path in writes] == [403] * 3
    assert ask("GET", one, program=program).status_code == 200
    put_on(agency, Plan.FREE_TRIAL)
    for method, path in (*writes, ("GET", CONTACTS), ("GET", one), ("GET", "/api/v1/conversations")):
        assert ask(method, path, {}, program=program).status_code == 403


@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_failures_of_ours_are_described(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: Any, error: type[Exception], status: int
) -> None:
    caplog.set_level("CRITICAL")

    def broken(*arguments: Any, **facts: Any) -> None:
        raise error

    monkeypatch.setattr("contacts.services.create_contact", broken)

    assert ask("POST", CONTACTS, {"name": "A", "phone": "555-0100"}).status_code == status


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_request_in_progress_is_described(described: Described, north: World, south: World) -> None:
    program = PROGRAMS[RENTALOT](north.owner)
    with in_progress(north.owner, "once"):
        waiting = program.post(CONTACTS, {"name": "A", "phone": "555-0100"}, headers={"Idempotency-Key": "once"})

    described.assert_describes("POST", CONTACTS, waiting)
    assert (waiting.status_code, waiting["Retry-After"]) == (409, "1")

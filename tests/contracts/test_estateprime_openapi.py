"""EstatePrime's document says what the wire does, to the key and the header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from accounts import rates
from accounts.rates import MemoryCounter
from tests.contracts.conftest import in_progress
from tests.contracts.described import Described
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, address_of, set_apart, views_below
from tests.contracts.test_estateprime_communication import call
from tests.contracts.test_estateprime_replay import CONTACTS, JOHN
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

COMMUNICATION = "/api/communication"
Ask = Callable[..., Any]
READABLE = sorted(route for route, view in views_below(ESTATEPRIME).items() if "get" in view.actions)
ANN: dict[str, Any] = {"first_name": "Ann", "emails": [{"email_address": "ann@example.org"}]}


@pytest.fixture(scope="module")
def described() -> Described:
    return Described.at("/api/openapi.json")


@pytest.fixture
def ask(described: Described, north: World, south: World) -> Ask:
    """Requests of north's owner, or another program, whose answers are described."""
    owner = PROGRAMS[ESTATEPRIME](north.owner)

    def ask(method: str, address: str, sent: Any = None, *, program: WireClient | None = None, **options: Any) -> Any:
        response = (program or owner).request(method, address, json=sent, **options)
        described.assert_describes(method, address, response)
        return response

    return ask


def test_every_operation_takes_a_pair(described: Described) -> None:
    assert {str(operation["security"]) for operation in described.operations().values()} == {str([{"pair": []}])}
    assert described.document["components"]["securitySchemes"]["pair"]["scheme"] == "basic"


def test_parameters_have_their_documented_names_and_no_other_spelling(described: Described) -> None:
    created = ["date_created[min]", "date_created[max]"]
    said = ["communication_date[min]", "communication_date[max]"]

    assert described.parameters("get", CONTACTS) == ["page", *created, "search"]
    assert described.parameters("post", CONTACTS) == ["Idempotency-Key"]
    assert described.parameters("get", f"{CONTACTS}/{{id}}") == ["id", "If-None-Match"]
    assert described.parameters("patch", f"{CONTACTS}/{{id}}") == ["id", "If-Match"]
    assert described.parameters("delete", f"{CONTACTS}/{{id}}") == ["id", "If-Match"]
    assert described.parameters("get", COMMUNICATION) == [
        *("page", "type", "channel", "contact_id", "user_id"),
        *created,
        *said,
    ]
    assert described.parameters("get", "/api/users") == ["page"]


def test_refusals_are_described_as_this_wire_says_them(described: Described) -> None:
    for operation in described.operations().values():
        for response in operation["responses"].values():
            assert "every fault" not in response.get("description", "")
            assert "limit" not in str(response.get("content", {}))
    wrong = described.document["paths"][CONTACTS]["get"]["responses"]["400"]
    assert "the first fault is named." in wrong["description"]
    examples = wrong["content"]["application/json"]["examples"]
    assert examples["QueryValidation"] == {"value": {"status": 400, "error_message": "Invalid page"}}


def test_the_contact_has_the_printed_keys_in_the_printed_order(described: Described) -> None:
    schemas = described.document["components"]["schemas"]
    contact, create, change = (schemas[name] for name in ("Contact", "ContactCreate", "ContactChange"))
    read_only = {"id", "date_created", "date_updated", "date_converted_to_client"}

    assert contact["required"] == list(contact["properties"]) == list(JOHN)
    assert contact["properties"].keys() - create["properties"].keys() == read_only
    assert create["properties"].keys() - change["properties"].keys() == {"created_by"}
    assert not ({"required"} & create.keys() | {"required", "anyOf"} & change.keys())
    assert {name: shape.get("maxLength") for name, shape in create["properties"].items() if "maxLength" in shape} == {
        "first_name": 100,
        "last_name": 100,
        "company_name": 200,
        "notes": 10_000,
    }
    assert {name: shape["maxItems"] for name, shape in create["properties"].items() if "maxItems" in shape} == {
        "phones": 50,
        "emails": 50,
        "contact_details": 50,
        "tags": 100,
        "users": 50,
    }


def test_what_the_contract_prints_is_described(described: Described) -> None:
    def faults(name: str, value: Any) -> list[str]:
        return described.faults({"$ref": f"#/components/schemas/{name}"}, value)

    writable = {key: value for key, value in JOHN.items() if key not in ("id",) and not key.startswith("date_")}
    assert faults("ContactResponse", {"status": 200, "data": JOHN}) == []
    assert faults("ContactCreate", writable) == []
    assert faults("ContactCreated", {"status": 200, "created_id": 789}) == []
    assert faults("ContactDeleted", {"status": 200, "deleted_id": 789}) == []
    assert faults("Error", {"status": 404, "error_message": "Contact not found."}) == []
    assert faults("ContactListResponse", {"status": 200, "data": [JOHN]}) != []


def test_what_the_document_asks_of_a_new_contact_is_what_the_wire_asks(described: Described, ask: Ask) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"first_name": "A"},
        {"last_name": "B"},
        {"first_name": "", "last_name": "B"},
        {"first_name": None, "last_name": None},
        {"first_name": " "},
        {"company_name": "C"},
        {"is_company": False, "company_name": "C"},
        {"is_company": True},
        {"is_company": True, "company_name": " "},
        {"is_company": True, "company_name": "C"},
        {"is_company": True, "last_name": "B"},
        {"first_name": 1},
        {"first_name": "A", "is_lead": None},
        {"first_name": "A", "is_company": "true"},
        {"first_name": "A", "phones": None, "emails": None, "tags": None, "users": None, "custom_fields": None},
        {"first_name": "A", "phones": [{"type": "home"}]},
        {"first_name": "A", "phones": [{"number": "1"}] * 51},
        {"first_name": "A", "phones": [{"number": "1", "type": None, "notes": None}]},
        {"first_name": "A", "emails": [{"email_address": "nobody"}]},
        {"first_name": "A", "source_id": "1", "created_by": None, "users": ["1", 2]},
        {"first_name": "A", "source_id": 1.5},
        {"first_name": "A", "users": 1},
        {"first_name": "A", "custom_fields": {"1": 2}},
        {"first_name": "A", "custom_fields": [{"custom_field_id": "1", "value": 2}]},
        {"first_name": "A", "custom_fields": [{"value": 2}]},
        {"first_name": "A", "contact_details": [{}]},
        {"first_name": "A", "contact_details": [{"email": "nobody"}]},
        {"first_name": "n" * 101},
    ]
    said = [not described.faults({"$ref": "#/components/schemas/ContactCreate"}, body) for body in bodies]

    assert said == [ask("POST", CONTACTS, body).status_code == 200 for body in bodies]


def test_answers_about_contacts_are_described(ask: Ask, north: World) -> None:
    once = {"Idempotency-Key": "one"}
    created = ask("POST", CONTACTS, ANN, headers=once)
    one = f"{CONTACTS}/{created.json()['created_id']}"
    assert ask("POST", CONTACTS, ANN, headers=once)["Idempotency-Replayed"] == "true"
    assert ask("POST", CONTACTS, ANN)["Link"] == f'<{one}>; rel="duplicate"'
    version = ask("GET", one)["ETag"]

    statuses = [
        ask("GET", CONTACTS).status_code,
        ask("GET", f"{CONTACTS}?page=10000000000000000000000000000000").status_code,
        ask("GET", f"{CONTACTS}?page=none").status_code,
        ask("GET", CONTACTS, {"page": 1, "date_created": {"min": None, "max": "2025-01-01"}}).status_code,
        ask("GET", CONTACTS, {"date_created": "2025-01-01"}).status_code,
        ask("GET", CONTACTS, body=b"{").status_code,
        ask("GET", CONTACTS, body=b"a=1", content_type="text/plain").status_code,
        ask("GET", CONTACTS, body=b" " * (1024 * 1024 + 1)).status_code,
        ask("GET", one, headers={"If-None-Match": version}).status_code,
        ask("PATCH", one, {"is_lead": True, "notes": "x"}).status_code,
        ask("PATCH", one, {"is_lead": False}).status_code,
        ask("PATCH", one, {"first_name": "x"}, headers={"If-Match": '"99"'}).status_code,
        ask("PATCH", one, {"emails": [{"email_address": "jane@example.com"}]}).status_code,
        ask("PATCH", one, {"phones": "x"}).status_code,
        ask("PATCH", one, []).status_code,
        ask("PATCH", one, body=b"a=1", content_type="text/plain").status_code,
        ask("PATCH", one, body=b" " * (1024 * 1024 + 1)).status_code,
        ask("POST", CONTACTS, {}).status_code,
        ask("POST", CONTACTS, body=b"{").status_code,
        ask("POST", CONTACTS, ANN, content_type="text/plain").status_code,
        ask("POST", CONTACTS, ANN, headers={"Idempotency-Key": ""}).status_code,
        ask("POST", CONTACTS, {"first_name": "B"}, headers=once).status_code,
        ask("DELETE", one, headers={"If-Match": '"99"'}).status_code,
        ask("DELETE", one).status_code,
        ask("GET", one).status_code,
        ask("PATCH", one, {}).status_code,
        ask("DELETE", one).status_code,
    ]

    assert statuses == (
        [200, 200, 400, 200, 400, 400, 415, 413, 304, 200, 200, 412, 400, 400, 400, 415, 413]
        + [400, 400, 415, 400, 400, 412, 200, 404, 404, 404]
    )


def test_answers_about_communication_are_described(ask: Ask, north: World) -> None:
    once = {"Idempotency-Key": "one"}
    created = ask("POST", COMMUNICATION, call(north), headers=once)
    one = f"{COMMUNICATION}/{created.json()['created_id']}"
    assert ask("POST", COMMUNICATION, call(north), headers=once)["Idempotency-Replayed"] == "true"

    statuses = [
        ask("GET", COMMUNICATION).status_code,
        ask("GET", COMMUNICATION, {"channel": 99}).status_code,
        ask("GET", COMMUNICATION, body=b"a=1", content_type="text/plain").status_code,
        ask("GET", one).status_code,
        ask("POST", COMMUNICATION, {}).status_code,
        ask("DELETE", one).status_code,
        ask("GET", one).status_code,
        ask("DELETE", one).status_code,
    ]

    assert statuses == [200, 400, 415, 200, 400, 200, 404, 404]


@pytest.mark.parametrize("route", READABLE)
def test_every_answer_to_reading_is_described(
    described: Described, ask: Ask, north: World, south: World, route: str
) -> None:
    set_apart(south)
    address = address_of(ESTATEPRIME, route, north)
    found = ask("GET", address, program=PROGRAMS[ESTATEPRIME](north.viewer))
    nobody = ask("GET", address, program=PROGRAMS[ESTATEPRIME](None))

    assert (found.status_code, nobody.status_code) == (200, 401)
    assert found.json()["data"] or route in ("communication/tags", "communication/custom-fields")
    if "page" in described.parameters("get", address):
        assert ask("GET", f"{address}?page=0").status_code == 400
    if "{identifier}" in route:
        assert ask("GET", address_of(ESTATEPRIME, route, south)).status_code == 404


def test_a_viewers_refusals_are_described(ask: Ask, north: World) -> None:
    viewer = PROGRAMS[ESTATEPRIME](north.viewer)
    one, said = (
        address_of(ESTATEPRIME, route, north) for route in ("contacts/{identifier}", "communication/{identifier}")
    )
    tried = (("POST", CONTACTS), ("PATCH", one), ("DELETE", one), ("POST", COMMUNICATION), ("DELETE", said))

    assert {ask(method, address, {}, program=viewer).status_code for method, address in tried} == {403}


def test_what_no_operation_says_is_an_error_all_the_same(described: Described, north: World, south: World) -> None:
    owner = PROGRAMS[ESTATEPRIME](north.owner)
    for response, status in ((owner.put(CONTACTS, {}), 405), (owner.get("/api/listings"), 404)):
        assert (response.status_code, response["Content-Type"]) == (status, "application/json")
        assert described.faults({"$ref": "#/components/schemas/Error"}, response.json()) == []


def test_too_many_requests_are_described(
    ask: Ask, north: World, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(lambda: 1_800_000_020.0))
    settings.RATE_LIMIT_PER_MINUTE = 1
    assert ask("GET", CONTACTS).status_code == 200

    assert ask("GET", CONTACTS).status_code == 429


@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_failures_of_ours_are_described(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: Any, error: type[Exception], status: int
) -> None:
    caplog.set_level("CRITICAL")

    def broken(*arguments: Any, **facts: Any) -> None:
        raise error

    monkeypatch.setattr("contacts.services.create_contact", broken)

    assert ask("POST", CONTACTS, ANN).status_code == status


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_request_in_progress_is_described(described: Described, north: World, south: World) -> None:
    program = PROGRAMS[ESTATEPRIME](north.owner)
    with in_progress(north.owner, "once"):
        waiting = program.post(CONTACTS, ANN, headers={"Idempotency-Key": "once"})

    described.assert_describes("POST", CONTACTS, waiting)
    assert (waiting.status_code, waiting["Retry-After"]) == (400, "1")
    sentence = "A request with this Idempotency-Key is still being worked on."
    assert waiting.json() == {"status": 400, "error_message": sentence}

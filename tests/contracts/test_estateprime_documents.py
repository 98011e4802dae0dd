"""What an EstatePrime program may write into a contact, and what it reads back (CONTRACTS 3.3, 3.4, 3.8, 3.9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.contracts.ada import DEFAULTS, GENERATED, KEYS, ada, changed, made, read, refusal, refused
from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    """A program of north's owner."""
    return PROGRAMS[ESTATEPRIME](north.owner)


@pytest.fixture
def address(client: WireClient, north: World) -> str:
    """Where Ada is."""
    return made(client, ada(north))


def phones(count: int) -> list[dict[str, str]]:
    return [{"number": str(number)} for number in range(count)]


def test_everything_said_is_read_back(client: WireClient, address: str, north: World) -> None:
    document = read(client, address)

    generated = {key: document[key] for key in ("id", "date_created", "date_updated")}
    assert document == ada(north) | generated | {"date_converted_to_client": None}
    assert generated["date_created"] == generated["date_updated"]
    assert address == f"{CONTACTS}/{generated['id']}"
    assert str(datetime.fromisoformat(generated["date_created"])) == generated["date_created"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"first_name": "A"}, {"first_name": "A"}),
        ({"last_name": "B", "first_name": None}, {"last_name": "B"}),
        ({"is_company": True, "company_name": "C"}, {"is_company": True, "company_name": "C"}),
        ({"first_name": " A\t", "notes": " n "}, {"first_name": "A", "notes": "n"}),
        (
            {
                "first_name": "A",
                **dict.fromkeys(["phones", "emails", "custom_fields", "contact_details", "tags", "users"]),
            },
            {"first_name": "A"},
        ),
        ({"first_name": "A", "source_id": None, "company_name": "", "notes": None}, {"first_name": "A"}),
        ({"first_name": "A", "created_by": None}, {"first_name": "A"}),
    ],
    ids=str,
)
def test_what_is_not_said_of_a_new_contact(
    client: WireClient, north: World, body: dict[str, Any], said: dict[str, Any]
) -> None:
    document = read(client, made(client, body))

    generated = {key: document[key] for key in GENERATED}
    assert document == DEFAULTS | said | generated
    assert generated["created_by"] == north.owner.number


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, "first_name"),
        ({"first_name": "", "last_name": " "}, "first_name"),
        ({"first_name": None, "notes": "n", "company_name": "C"}, "first_name"),
        ({"is_company": False, "company_name": "C"}, "first_name"),
        ({"is_company": True}, "company_name"),
        ({"is_company": True, "company_name": " "}, "company_name"),
    ],
    ids=str,
)
def test_what_is_missing_of_a_new_contact(client: WireClient, body: dict[str, Any], missing: str) -> None:
    total = client.get(CONTACTS).json()["total_results"]

    assert refusal(client.post(CONTACTS, body)) == refused(f"Missing {missing}")

    assert client.get(CONTACTS).json()["total_results"] == total


@pytest.mark.parametrize("name", ["is_lead", "is_company"])
def test_a_flag_of_a_new_contact_is_never_null(client: WireClient, name: str) -> None:
    total = client.get(CONTACTS).json()["total_results"]
    assert refusal(client.post(CONTACTS, {"first_name": "A", name: None})) == refused(f"Invalid {name}")
    assert client.get(CONTACTS).json()["total_results"] == total


NO_TYPES: list[Any] = [7, True, [], "t" * 51]
NO_NOTES: list[Any] = [7, {}, "n" * 501]
REFUSED: list[tuple[str, list[Any]]] = [
    ("first_name", [7, ["A"], {}, True, "n" * 101]),
    ("last_name", [7, False, "n" * 101]),
    ("source_id", ["x", "", 0, -1, "-1", "1.0", 1.5, 1e30, True, [1], {}, 99, "99", 2**63, "1" * 30, "١"]),
    ("is_lead", ["true", 1, 0, "", [], {}]),
    ("is_company", ["true", 1, 0, "", [], {}]),
    ("company_name", [7, True, ["C"], "c" * 201]),
    ("phones", ["1", 1, {}, {"number": "1"}, [1], [None], [["1"]], [{}], [{"type": "home"}], phones(51)]),
    ("phones", [[{"number": value}] for value in (7, None, "", " ", ["1"], "1" * 41)]),
    ("phones", [[{"number": "1", "type": value}] for value in NO_TYPES]),
    ("phones", [[{"number": "1", "notes": value}] for value in NO_NOTES]),
    ("phones", [[{"number": "1"}, {"number": 2}]]),
    ("emails", ["a@example.com", {}, [1], ["a@example.com"], [{}], [{"type": "work"}]]),
    ("emails", [[{"email_address": value}] for value in (7, None, "", "nobody", "a@", "a b@example.com", ["a"])]),
    ("emails", [[{"email_address": f"{'a' * 250}@example.com"}], [{"email": "nobody"}], [{"email": None}]]),
    (
        "emails",
        [[{"email_address": "a@example.com", "type": "t" * 51}], [{"email_address": "a@example.com", "notes": 1}]],
    ),
    ("emails", [[{"email_address": f"a{number}@example.com"} for number in range(51)]]),
    ("notes", [7, ["n"], "n" * 10_001]),
    (
        "custom_fields",
        ["x", 1, [1], [{}], [{"value": 1}], [{"custom_field_id": None}], {"x": 1}, [{"custom_field_id": 0}]],
    ),
    ("contact_details", ["x", {}, [1], ["x"], [{"first_name": 1}], [{"first_name": "n" * 101}], [{"last_name": []}]]),
    ("contact_details", [[{"mobile": 7}], [{"mobile": "1" * 41}], [{"email": "nobody"}], [{"notes": "n" * 2_001}]]),
    ("contact_details", [[{"first_name": "A"}] * 51]),
    ("tags", ["vip", 1, {}, ["vip"], [True], [0], [99], [1, 99], [None], [1.5], [[1]], ["1x"], [1] * 101]),
    ("users", ["x", 1, {}, ["x"], [True], [0], [99], [1, 99], [None], [[1]], [1] * 51]),
]


@pytest.mark.parametrize(("key", "values"), REFUSED)
def test_what_is_refused_is_named_and_nothing_is_written(
    client: WireClient, address: str, key: str, values: list[Any]
) -> None:
    before = client.get(address).content
    total = client.get(CONTACTS).json()["total_results"]
    for value in values:
        assert refusal(client.patch(address, {key: value})) == refused(f"Invalid {key}"), value
        assert refusal(client.post(CONTACTS, {"first_name": "A", key: value})) == refused(f"Invalid {key}"), value

    assert client.get(address).content == before
    assert client.get(CONTACTS).json()["total_results"] == total


@pytest.mark.parametrize("value", ["x", "", 0, True, [1], 99, 2**63])
def test_who_made_a_contact_is_somebody(client: WireClient, value: Any) -> None:
    assert refusal(client.post(CONTACTS, {"first_name": "A", "created_by": value})) == refused("Invalid created_by")


def test_only_the_first_problem_is_told_in_the_order_of_the_document(client: WireClient, address: str) -> None:
    body: dict[str, Any] = {key: 7 for key in reversed(KEYS) if key != "created_by"}
    for key in [key for key in KEYS if key not in GENERATED and key != "date_converted_to_client"]:
        if key in ("source_id",):
            body[key] = 99
        assert refusal(client.patch(address, body)) == refused(f"Invalid {key}")
        assert refusal(client.post(CONTACTS, body)) == refused(f"Invalid {key}")
        del body[key]


def test_as_long_as_it_may_be_is_stored(client: WireClient) -> None:
    body: dict[str, Any] = {
        "first_name": "f" * 100,
        "last_name": "l" * 100,
        "company_name": "c" * 200,
        "phones": [{"type": "t" * 50, "number": "1" * 40, "notes": "n" * 500}] * 50,
        "emails": [
            {"type": "t" * 50, "email_address": f"a{number}@example.com", "notes": "n" * 500} for number in range(50)
        ],
        "notes": "n" * 10_000,
        "contact_details": [
            {
                "first_name": "f" * 100,
                "last_name": "l" * 100,
                "mobile": "1" * 40,
                "email": "a@b.example",
                "notes": "n" * 2_000,
            }
        ]
        * 50,
    }

    document = read(client, made(client, body))

    assert {key: document[key] for key in body} == body


def test_ids_may_be_their_digits_and_none_counts_twice(client: WireClient, north: World) -> None:
    members = [north.agent.number, north.owner.number]
    body: dict[str, Any] = {
        "first_name": "A",
        "source_id": "1",
        "tags": ["2", 1.0, 2, "1"],
        "users": [str(members[0]), members[1], members[0]],
        "created_by": str(north.viewer.number),
        "custom_fields": [{"custom_field_id": 1.0, "value": "2"}],
    }
    document = read(client, made(client, body))

    assert {key: document[key] for key in body} == {
        "first_name": "A",
        "source_id": 1,
        # Ascending, whatever order they were sent in.
        "tags": [1, 2],
        "users": members,
        "created_by": north.viewer.number,
        "custom_fields": [{"custom_field_id": 1, "value": 2}],
    }


def test_what_the_live_service_calls_email_is_taken(client: WireClient) -> None:
    sent = [{"email": "a@example.net"}, {"type": "work", "email": "b@example.net", "email_address": "c@example.net"}]
    document = read(client, made(client, {"first_name": "A", "emails": sent}))

    assert document["emails"] == [
        {"type": "", "email_address": "a@example.net", "notes": ""},
        {"type": "work", "email_address": "c@example.net", "notes": ""},
    ]


def test_unknown_and_read_only_keys_are_ignored(client: WireClient, address: str, north: World, south: World) -> None:
    before = read(client, address)
    ignored: dict[str, Any] = {
        "id": south.contact.number,
        "date_created": "2001-01-01 00:00:00",
        "date_updated": 7,
        "date_converted_to_client": "2001-01-01 00:00:00",
        "organization": south.organization.pk,
        "uuid": str(south.contact.uuid),
        "number": 7,
        "deleted_at": "2001-01-01",
        "lead_score": 99,
        "nickname": {"a": [1]},
        "phones[]": 1,
    }

    assert changed(client, address, ignored | {"created_by": "nobody"}) == before
    new = read(client, made(client, {"first_name": "A", **ignored}))
    assert new == DEFAULTS | {"first_name": "A"} | {key: new[key] for key in GENERATED}
    assert new["id"] != ignored["id"]
    assert not new["date_created"].startswith("2001")
    entry = {"number": "1", "type": "t", "notes": "n", "id": 4, "label": "x"}
    assert changed(client, address, {"phones": [entry]})["phones"] == [{"type": "t", "number": "1", "notes": "n"}]

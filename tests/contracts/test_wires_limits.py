"""What one wire made longer than another one takes: read everywhere, and refused where it is too long, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from accounts.models import Member
from contacts.models import Contact
from tests.contracts.book import ADDRESSES
from tests.contracts.test_wires_together import addresses_of, names_on, refusal, stored
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

Program = Callable[[Member | None], WireClient]

EMAIL: Final = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 50}.example"
MESSAGES: Final = {
    "firstName": "First name must be at most 100 characters",
    "source": "Source must be at most 50 characters",
    "name": "name must be at most 200 characters",
    "email": "email must be at most 200 characters",
    "phone": "phone must be at most 30 characters",
    "letters": "phone must be 3 to 30 characters of +0-9 ()-./x",
}
# Through which wire, what is made of whom, which other one refuses it under which key, and in which words.
TOO_LONG: Final[list[tuple[str, dict[str, Any], str, str, str]]] = [
    ("rentalot", {"name": "W" * 150, "phone": "555"}, "winnerr", "firstName", "firstName"),
    ("rentalot", {"name": "Ann Lee", "phone": "555", "source": "s" * 100}, "winnerr", "source", "source"),
    (
        "winnerr",
        {"firstName": "F" * 100, "lastName": "L" * 100, "email": "f@long.example"},
        "rentalot",
        "name",
        "name",
    ),
    ("winnerr", {"firstName": "Ann", "lastName": "Lee", "email": EMAIL}, "rentalot", "email", "email"),
    ("estateprime", {"first_name": "Ann", "phones": [{"number": "1" * 40}]}, "rentalot", "phone", "phone"),
    ("estateprime", {"first_name": "Ann", "phones": [{"number": "ask at the desk"}]}, "rentalot", "phone", "letters"),
    ("estateprime", {"first_name": "F" * 100, "last_name": "L" * 100}, "rentalot", "name", "name"),
    ("estateprime", {"first_name": "Ann", "emails": [{"email_address": EMAIL}]}, "rentalot", "email", "email"),
]


@pytest.fixture
def programs(north: World, south: World, winnerr: Program, rentalot: Program, estateprime: Program) -> Any:
    """The owner's, one for each wire."""
    return {
        "winnerr": winnerr(north.owner),
        "rentalot": rentalot(north.owner),
        "estateprime": estateprime(north.owner),
    }


def made(north: World, programs: dict[str, WireClient], wire: str, body: dict[str, Any]) -> Contact:
    answer = programs[wire].post(ADDRESSES[wire], body)
    assert answer.status_code in (200, 201), answer.content
    with north.scope():
        return Contact.objects.order_by("-number")[0]


def documents_of(programs: dict[str, WireClient], contact: Contact) -> dict[str, Any]:
    """What each wire shows of it, alone and in its list."""
    found = {}
    for wire, address in addresses_of(contact).items():
        alone = programs[wire].get(address)
        assert alone.status_code == 200, wire
        found[wire] = alone.json()["data"]
        listed = programs[wire].get(ADDRESSES[wire]).json()["data"]
        # Winnerr's single contact has what its list leaves out.
        assert any(found[wire].items() >= document.items() for document in listed), wire
    return found


def faulty(wire: str, key: str, message: str) -> Any:
    """The whole refusal of one key, in Winnerr's words or Rentalot's."""
    words = ("Validation Error", "Request validation failed")
    body = refusal(
        wire, 422, winnerr=("validation_error", *words), rentalot=("validation-error", *words), estateprime=""
    )
    if wire == "winnerr":
        body["error"]["errors"] = [{"field": key, "code": "too_long", "message": message}]
    else:
        body["errors"] = [{"field": key, "message": message}]
    return body


@pytest.mark.parametrize(("maker", "body", "other", "key", "words"), TOO_LONG)
def test_what_is_too_long_for_another_wire_is_read_there_and_refused_when_sent_back(
    north: World, programs: dict[str, WireClient], maker: str, body: dict[str, Any], other: str, key: str, words: str
) -> None:
    contact = made(north, programs, maker, body)
    before = documents_of(programs, contact)

    method = "PUT" if other == "winnerr" else "PATCH"
    address = addresses_of(contact)[other]
    answer = programs[other].request(method, address, json={key: before[other][key]})

    assert (answer.status_code, answer.json()) == (422, faulty(other, key, MESSAGES[words]))
    assert documents_of(programs, contact) == before
    # What is short enough is written beside it, and what is too long stays.
    assert programs[other].request(method, address, json={"phone": "555 0100"}).status_code == 200
    after = documents_of(programs, contact)[other]
    assert after == before[other] | {"phone": "555 0100", "updatedAt": after["updatedAt"]}


def test_what_is_too_long_for_estateprime_says_nothing_when_sent_back_and_is_refused_as_news(
    north: World, programs: dict[str, WireClient]
) -> None:
    contact = made(north, programs, "rentalot", {"name": "W" * 150, "phone": "555"})
    before, address = documents_of(programs, contact), addresses_of(contact)["estateprime"]
    shown = before["estateprime"]
    assert (shown["first_name"], shown["last_name"]) == ("W" * 150, "")

    assert programs["estateprime"].patch(address, shown).json() == {"status": 200, "data": shown}
    expected = {"status": 400, "error_message": "Invalid first_name"}
    for answer in (
        programs["estateprime"].patch(address, {"first_name": "V" * 150, "notes": "new"}),
        programs["estateprime"].post(ADDRESSES["estateprime"], shown),
    ):
        assert (answer.status_code, answer.json()) == (400, expected)
    assert documents_of(programs, contact) == before
    assert stored(north, pk=contact.pk).version == 1


def test_a_company_has_the_longest_name_it_may_have_on_every_wire(
    north: World, programs: dict[str, WireClient]
) -> None:
    contact = made(north, programs, "estateprime", {"is_company": True, "company_name": "C" * 200})
    assert names_on(programs, addresses_of(contact))["rentalot"] == ("C" * 200,)

    renamed = programs["rentalot"].patch(addresses_of(contact)["rentalot"], {"name": "D" * 200})

    assert renamed.status_code == 200
    assert names_on(programs, addresses_of(contact))["estateprime"] == ("", "", True, "D" * 200)

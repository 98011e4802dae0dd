"""Spellings under which Rentalot's programs ask for the same: telephones, names, ids and parameters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Member
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("+44 7911 777333", "07911 777333"),
        ("+44 7911 777333", "0044 7911 777333"),
        ("+44 7911 777333", "+44 (0)7911 777333"),
        ("+49 30 99887766", "030/998-877-66"),
        ("07911 654321", "7911 654321"),
        ("0044 20 7946 0958", "02079460958"),
        ("+1 (555) 867-5310", "001 555 867 5310"),
        ("(555) 867-5310", "+1.555.867.5310"),
    ],
)
def test_a_telephone_is_found_as_it_is_dialled_from_anywhere(
    north: World, rentalot: Callable[[Member | None], WireClient], stored: str, asked: str
) -> None:
    client = rentalot(north.owner)
    made = client.post("/api/v1/contacts", {"name": "Dialled", "phone": stored}).json()["data"]

    found = client.get("/api/v1/contacts", {"search": asked}).json()["data"]

    assert made in found


@pytest.mark.parametrize("asked", ["o'grady", "O’GRADY", "jean‐luc", "jean-luc o‘grady"])
def test_a_name_is_found_with_any_apostrophe_and_dash(
    north: World, rentalot: Callable[[Member | None], WireClient], asked: str
) -> None:
    client = rentalot(north.owner)
    made = client.post("/api/v1/contacts", {"name": "Jean-Luc O’Grady", "phone": "555-0100"}).json()["data"]

    assert client.get("/api/v1/contacts", {"search": asked}).json()["data"] == [made]


@pytest.mark.parametrize("asked", ["\u200b", "\u202e", "\u0301", "\u00ad\u200b"])
def test_a_search_of_nothing_that_can_be_seen_finds_nobody(
    north: World, rentalot: Callable[[Member | None], WireClient], asked: str
) -> None:
    response = rentalot(north.owner).get("/api/v1/contacts", {"search": asked})

    pagination = {"page": 1, "limit": 20, "total": 0, "totalPages": 0}
    assert (response.status_code, response.json()) == (200, {"data": [], "pagination": pagination})


def test_an_id_is_the_same_in_either_case(north: World, rentalot: Callable[[Member | None], WireClient]) -> None:
    client = rentalot(north.owner)
    contact = north.contact

    assert client.get(f"/api/v1/contacts/{str(contact.uuid).upper()}").json()["data"]["id"] == str(contact.uuid)
    listed = client.get("/api/v1/conversations", {"contactId": str(contact.uuid).upper()}).json()
    assert {row["contactId"] for row in listed["data"]} == {str(contact.uuid)}


def test_a_name_with_brackets_is_the_same_parameter(
    north: World, rentalot: Callable[[Member | None], WireClient]
) -> None:
    client = rentalot(north.owner)

    listed = client.get("/api/v1/contacts?status[]=applicant&status[]=renter")

    assert listed.json() == client.get("/api/v1/contacts?status=applicant,renter").json()
    assert listed.json()["pagination"]["total"] == 1

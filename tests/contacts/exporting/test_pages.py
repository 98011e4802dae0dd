"""``manage.py export_contacts`` in a wire's own documents: what a program gets that asks for all pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Member
from contacts.api.rentalot.exporting import RentalotWriter
from contacts.api.winnerr.exporting import WinnerrWriter
from tests.exports import exported
from tests.worlds import WireClient, World

Program = Callable[[Member | None], WireClient]


def pages(world: World, format_name: str, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exported(world, format_name, *options).data.splitlines()]


def test_rentalots_pages_are_those_of_its_list(
    north: World, south: World, rentalot: Program, monkeypatch: pytest.MonkeyPatch
):
    program = rentalot(north.owner)
    assert pages(north, "rentalot") == [program.get("/api/v1/contacts", {"limit": 200}).json()]
    monkeypatch.setattr(RentalotWriter, "slice_size", 4)
    asked = [program.get("/api/v1/contacts", {"limit": 4, "page": page}).json() for page in (1, 2)]
    assert pages(north, "rentalot") == asked


def test_estateprimes_pages_are_those_of_its_list(north: World, south: World, estateprime: Program):
    assert pages(north, "estateprime") == [estateprime(north.owner).get("/api/contacts").json()]


def test_winnerrs_pages_are_those_of_its_list_with_cursors_that_lead_nowhere_else(
    north: World, south: World, winnerr: Program, monkeypatch: pytest.MonkeyPatch
):
    program = winnerr(north.owner)
    assert pages(north, "winnerr") == [program.get("/v1/contacts", {"limit": 100}).json()]
    monkeypatch.setattr(WinnerrWriter, "slice_size", 4)
    first, last = pages(north, "winnerr")
    asked = program.get("/v1/contacts", {"limit": 4}).json()
    cursor = first["pagination"].pop("nextCursor")
    following = asked["pagination"].pop("nextCursor")
    assert first == asked
    assert last == program.get("/v1/contacts", {"limit": 4, "cursor": following}).json()
    assert program.get("/v1/contacts", {"limit": 4, "cursor": cursor}).status_code == 422


@pytest.mark.parametrize("format_name", ["winnerr", "rentalot", "estateprime"])
def test_a_list_with_nobody_on_it_has_a_page_too(north: World, format_name: str):
    (page,) = pages(north, format_name, "--type", "VENDOR")
    assert page["data"] == []

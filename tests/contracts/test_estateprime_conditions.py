"""Writers on EstatePrime's wire who have seen one version: the first changes it, the others are told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from accounts.models import Member
from contacts.models import ContactChange
from tests.contracts.book import version_in
from tests.contracts.conftest import at_once
from tests.worlds import WireClient, World

WRITERS = 8


@pytest.mark.django_db(transaction=True)
def test_of_eight_writers_with_one_version_one_wins(
    north: World, south: World, estateprime: Callable[[Member | None], WireClient]
) -> None:
    program = estateprime(north.owner)
    contact = north.contacts[1]
    address = f"/api/contacts/{contact.number}"

    def write(attempt: int, number: int, version: str) -> Any:
        # Lists, which are rows of their own, and a column.
        body = {"notes": f"{attempt} by {number}", "phones": [{"number": f"555 {attempt}{number}"}]}
        return program.patch(address, body, headers={"If-Match": version})

    for attempt in range(3):
        seen = program.get(address)
        answers = at_once([partial(write, attempt, number, seen["ETag"]) for number in range(WRITERS)])

        (won,) = [number for number, answer in enumerate(answers) if answer.status_code == 200]
        expected = seen.json()["data"] | {
            "notes": f"{attempt} by {won}",
            "phones": [{"type": "", "number": f"555 {attempt}{won}", "notes": ""}],
        }
        after = program.get(address)
        expected["date_updated"] = after.json()["data"]["date_updated"]
        assert after.json() == answers[won].json() == {"status": 200, "data": expected}
        assert after["ETag"] == answers[won]["ETag"]
        assert int(version_in(after["ETag"])) == int(version_in(seen["ETag"])) + 1
        refused = {"status": 412, "error_message": "The resource has changed."}
        others = [answer for number, answer in enumerate(answers) if number != won]
        assert [(answer.status_code, answer.json()) for answer in others] == [(412, refused)] * (WRITERS - 1)
    with north.scope():
        assert ContactChange.objects.filter(contact=contact, door="estateprime").count() == 3

"""EstatePrime's answers as they were recorded, to the letter: a change of one is a change somebody's program sees.

``RECORD_SNAPSHOTS=1`` in the environment writes the files anew; what differs is then for the reviewer to read.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from accounts import rates
from accounts.models import Member
from accounts.rates import MemoryCounter
from accounts.tenancy import tenant_scope
from activities.models import Communication
from contacts.models import Contact
from tests.contracts.recorded import FAILURES, break_by, post_of_unknown_length
from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS, JOHN, PAYLOADS, made_john, printed_office
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

RECORDED: Final[Path] = PAYLOADS / "recorded"
IS_RECORDING: Final = "RECORD_SNAPSHOTS" in os.environ
ADDRESS: Final = f"{CONTACTS}/1489"
COMMUNICATION: Final = "/api/communication"
# What new rows are given is the database's business.
NEW: Final = 789
MOMENT: Final = "2025-01-15 18:00:05"
HEADERS: Final = (
    *("Content-Type", "Content-Length", "Cache-Control", "Location", "ETag", "Link", "Allow", "Retry-After"),
    *("WWW-Authenticate", "Idempotency-Replayed"),
)
TWINS: Final[dict[str, Any]] = {
    "first_name": "Ann",
    "last_name": "Lee",
    "emails": [{"type": "work", "email_address": "ann@example.org"}],
    "vat_number": "Never told.",
}
CALL: Final[dict[str, Any]] = {
    "communication_date": "2025-01-15 17:45:00",
    "user_id": 10,
    "store_id": 1,
    "type": "incoming",
    "channel": 1,
    "contact_id": 1489,
    "comments": "Asked for a second viewing.",
    "listings": [5021],
}

Asked = Callable[[WireClient], Any]


@pytest.fixture
def owner(south: World) -> Member:
    """Of an organization with John as he is printed, a company of which nothing but its name is known, and a call."""
    owner = printed_office()
    client = PROGRAMS[ESTATEPRIME](owner)
    company = client.post(CONTACTS, {"is_company": True, "company_name": "Bare Ltd"}).json()["created_id"]
    moment = datetime(2025, 1, 15, 18, 0, 5, tzinfo=UTC)
    with tenant_scope(owner.organization):
        Contact.objects.filter(number=company).update(number=12, created_at=moment, updated_at=moment)
    made_john(owner, client, 1489)
    said = client.post(COMMUNICATION, CALL).json()["created_id"]
    with tenant_scope(owner.organization):
        Communication.objects.filter(number=said).update(number=311, created_at=moment)
    return owner


@pytest.fixture
def client(owner: Member) -> WireClient:
    return PROGRAMS[ESTATEPRIME](owner)


def document_of(response: Any) -> dict[str, Any]:
    """What a program sees, without what names and counts the request."""
    body: Any = response.json() if response.content else None
    return {
        "status": response.status_code,
        "headers": {name: response[name] for name in HEADERS if response.has_header(name)},
        "body": body,
    }


def text_of(response: Any) -> str:
    """The same as it is recorded: what was made just now gets an id that stays, and what was written a moment."""
    document = document_of(response)
    body = document["body"]
    if response.status_code == 200 and "created_id" in body:
        document["headers"]["Content-Length"] = str(
            len(response.content) - len(str(body["created_id"])) + len(str(NEW))
        )
        body["created_id"] = NEW
    if response.request["REQUEST_METHOD"] == "PATCH" and response.status_code == 200:
        for key in ("date_updated", "date_converted_to_client"):
            body["data"][key] = body["data"][key] and MOMENT
        document["headers"]["ETag"] = re.sub(r"\.\w{16}", ".", document["headers"]["ETag"])
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def assert_recorded(name: str, response: Any) -> None:
    text = text_of(response)
    path = RECORDED / f"{name}.json"
    if IS_RECORDING:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


ANSWERS: Final[dict[str, Asked]] = {
    "list": lambda client: client.get(CONTACTS),
    "list_by_body": lambda client: client.request(
        "GET", CONTACTS, json={"page": 1, "date_created": {"min": "2025-01-15", "max": None}, "search": "DOE john"}
    ),
    "list_by_query": lambda client: client.get(
        CONTACTS, {"page": "1", "date_created[min]": "2025-01-15", "search": "bare"}
    ),
    "list_beyond_the_end": lambda client: client.get(CONTACTS, {"page": 3}),
    "get": lambda client: client.get(ADDRESS),
    "get_bare": lambda client: client.get(f"{CONTACTS}/12"),
    "get_not_modified": lambda client: client.get(ADDRESS, headers={"If-None-Match": '"1"'}),
    "create": lambda client: client.post(CONTACTS, JOHN | {"emails": [{"email": "new@example.com"}]}),
    "create_bare": lambda client: client.post(CONTACTS, TWINS),
    "update": lambda client: client.patch(ADDRESS, {"is_lead": True, "notes": "Looks again.", "tags": [2]}),
    "update_nothing": lambda client: client.patch(f"{CONTACTS}/12", {}),
    "delete": lambda client: client.delete(ADDRESS),
    "sources": lambda client: client.get(f"{CONTACTS}/sources"),
    "tags": lambda client: client.get(f"{CONTACTS}/tags"),
    "custom_fields": lambda client: client.get(f"{CONTACTS}/custom-fields"),
    "users": lambda client: client.get("/api/users"),
    "usergroups": lambda client: client.get("/api/users/usergroups"),
    "communication_list": lambda client: client.get(COMMUNICATION),
    "communication_get": lambda client: client.get(f"{COMMUNICATION}/311"),
    "communication_create": lambda client: client.post(COMMUNICATION, CALL),
    "communication_delete": lambda client: client.delete(f"{COMMUNICATION}/311"),
    "communication_channels": lambda client: client.get(f"{COMMUNICATION}/channels"),
    "communication_tags": lambda client: client.get(f"{COMMUNICATION}/tags"),
    "communication_custom_fields": lambda client: client.get(f"{COMMUNICATION}/custom-fields"),
}

PROBLEMS: Final[dict[str, Asked]] = {
    "missing": lambda client: client.post(CONTACTS, {}),
    "missing_company_name": lambda client: client.post(CONTACTS, {"is_company": True}),
    "missing_channel": lambda client: client.post(COMMUNICATION, {}),
    "invalid": lambda client: client.post(CONTACTS, TWINS | {"phones": [{}], "notes": 7}),
    "invalid_reference": lambda client: client.post(CONTACTS, TWINS | {"source_id": 9}),
    "invalid_custom_field": lambda client: client.patch(ADDRESS, {"custom_fields": {"3": 9}}),
    "invalid_page": lambda client: client.get(CONTACTS, {"page": 0}),
    "invalid_range": lambda client: client.request("GET", CONTACTS, json={"date_created": {"min": "x"}}),
    "unauthorized": lambda client: client.get(CONTACTS, headers={"Authorization": "Basic bm86bm8="}),
    "not_found": lambda client: client.get(f"{CONTACTS}/{NEW}"),
    "communication_not_found": lambda client: client.get(f"{COMMUNICATION}/{NEW}"),
    "no_route": lambda client: client.get("/api/listings"),
    "method_not_allowed": lambda client: client.put(ADDRESS, {}),
    "taken": lambda client: client.post(CONTACTS, TWINS | {"emails": [{"email_address": "JOHN.doe@example.com"}]}),
    "precondition_failed": lambda client: client.patch(ADDRESS, {}, headers={"If-Match": '"7"'}),
    "malformed": lambda client: client.post(CONTACTS, body=b'{"first_name":'),
    "no_object": lambda client: client.post(CONTACTS, []),
    "payload_too_large": lambda client: client.post(CONTACTS, body=b" " * (1024 * 1024 + 1)),
    "unsupported_media_type": lambda client: client.post(CONTACTS, body=b"a=1", content_type="text/plain"),
    "invalid_idempotency_key": lambda client: client.post(CONTACTS, TWINS, headers={"Idempotency-Key": ""}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_as_they_were_recorded(client: WireClient, name: str) -> None:
    assert_recorded(name, ANSWERS[name](client))


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_are_as_they_were_recorded(client: WireClient, name: str) -> None:
    assert_recorded(f"problem_{name}", PROBLEMS[name](client))


@pytest.mark.parametrize("name", FAILURES)
def test_failures_are_as_they_were_recorded(
    client: WireClient, monkeypatch: pytest.MonkeyPatch, caplog: Any, name: str
) -> None:
    caplog.set_level("CRITICAL")
    break_by(name, monkeypatch)

    assert_recorded(f"problem_{name}", client.post(CONTACTS, TWINS, headers={"Idempotency-Key": "once"}))


def test_a_repeated_request_is_as_it_was_recorded(client: WireClient) -> None:
    for name in ("create_once", "create_replayed"):
        assert_recorded(name, client.post(CONTACTS, TWINS, headers={"Idempotency-Key": "once"}))
    reused = client.post(CONTACTS, TWINS | {"last_name": "B"}, headers={"Idempotency-Key": "once"})
    assert_recorded("problem_idempotency_key_reused", reused)


def test_a_viewers_refusal_is_as_it_was_recorded(north: World, south: World) -> None:
    assert_recorded("problem_forbidden", PROGRAMS[ESTATEPRIME](north.viewer).post(CONTACTS, TWINS))


def test_too_many_requests_are_as_they_were_recorded(
    client: WireClient, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(lambda: 1_800_000_020.0))
    settings.RATE_LIMIT_PER_MINUTE = 1
    client.get(CONTACTS)

    assert_recorded("problem_rate_limited", client.get(CONTACTS))


def test_a_body_of_unknown_length_is_as_it_was_recorded(client: WireClient) -> None:
    assert_recorded("problem_length_required", post_of_unknown_length(client, CONTACTS))


def test_every_file_is_compared_with_something() -> None:
    alone = {"create_once", "create_replayed"}
    problems = {*PROBLEMS, *FAILURES, "idempotency_key_reused", "forbidden", "rate_limited", "length_required"}

    assert {path.stem for path in RECORDED.glob("*.json")} == {
        *ANSWERS,
        *alone,
        *(f"problem_{name}" for name in problems),
    }

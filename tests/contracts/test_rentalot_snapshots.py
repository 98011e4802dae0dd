"""Rentalot's answers as they were recorded, to the letter: a change of one is a change somebody's program sees.

``RECORD_SNAPSHOTS=1`` in the environment writes the files anew; what differs is then for the reviewer to read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from accounts import rates
from accounts.models import Member
from accounts.rates import MemoryCounter
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.services import create_contact
from tests.contracts.recorded import FAILURES, break_by, post_of_unknown_length
from tests.contracts.routed import PROGRAMS, RENTALOT
from tests.contracts.test_rentalot_replay import ADDRESS, CONTACTS, JANE, PAYLOADS, printed
from tests.worlds import WireClient, World, actor_of

pytestmark = pytest.mark.django_db

RECORDED: Final[Path] = PAYLOADS / "recorded"
IS_RECORDING: Final = "RECORD_SNAPSHOTS" in os.environ
OTHER: Final = UUID("650e8400-e29b-41d4-a716-446655440001")
NEW: Final = "750e8400-e29b-41d4-a716-446655440002"
MOMENT: Final = "2026-02-10T14:30:00Z"
HEADERS: Final = (
    *("Content-Type", "Content-Length", "Cache-Control", "Location", "ETag", "Link", "Allow", "Retry-After"),
    *("WWW-Authenticate", "Idempotency-Replayed", "X-RateLimit-Resource"),
)
TWINS: Final = {"name": "Ann Lee", "email": "ann@example.org", "phone": "+1 (555) 010-0000", "notes": "Never told."}

Asked = Callable[[WireClient], Any]


@pytest.fixture
def owner(office: Member) -> Member:
    """Of an organization with Jane as she is printed, and somebody older of whom nothing but a phone is known."""
    jane = ContactDraft(
        full_name="Jane Smith",
        email="jane@example.com",
        phone="+15551234567",
        channel_preference="whatsapp",
        source="telegram",
        notes="Never on the wire.",
    )
    caller = ContactDraft(phone="+15550100000", stage="applicant")
    _store(office, UUID(JANE["id"]), jane, datetime(2026, 2, 10, 14, 30, tzinfo=UTC))
    _store(office, OTHER, caller, datetime(2026, 2, 9, 8, tzinfo=UTC))
    return office


def _store(owner: Member, uuid: UUID, draft: ContactDraft, moment: datetime) -> None:
    with tenant_scope(owner.organization):
        contact = create_contact(draft, actor=actor_of(owner))
        applied = {"applied_at": moment} if contact.applied_at else {}
        Contact.objects.filter(pk=contact.pk).update(uuid=uuid, created_at=moment, updated_at=moment, **applied)


@pytest.fixture
def client(owner: Member) -> WireClient:
    return PROGRAMS[RENTALOT](owner)


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
    text = json.dumps(document_of(response), indent=2, ensure_ascii=False) + "\n"
    if response.request["REQUEST_METHOD"] not in ("POST", "PATCH") or response.status_code >= 300:
        return text
    document = response.json()["data"]
    if response.status_code == 201:
        text = text.replace(document["id"], NEW)
    return text.replace(document["updatedAt"], MOMENT)


def assert_recorded(name: str, response: Any) -> None:
    text = text_of(response)
    path = RECORDED / f"{name}.json"
    if IS_RECORDING:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


ANSWERS: Final[dict[str, Asked]] = {
    "list": lambda client: client.get(CONTACTS),
    "list_second_page": lambda client: client.get(CONTACTS, {"limit": 1, "page": 2}),
    "list_searched": lambda client: client.get(CONTACTS, {"search": "JANE smith", "status": "prospect"}),
    "list_beyond_the_end": lambda client: client.get(CONTACTS, {"page": 3}),
    "get": lambda client: client.get(ADDRESS),
    "get_bare": lambda client: client.get(f"{CONTACTS}/{OTHER}"),
    "get_not_modified": lambda client: client.get(ADDRESS, headers={"If-None-Match": '"1"'}),
    "create": lambda client: client.post(CONTACTS, printed("create_contact.request") | {"email": "new@example.com"}),
    "create_bare": lambda client: client.post(CONTACTS, TWINS),
    "update": lambda client: client.patch(ADDRESS, printed("update_contact.request")),
    "update_nothing": lambda client: client.patch(ADDRESS, {}),
    "delete": lambda client: client.delete(ADDRESS),
}

PROBLEMS: Final[dict[str, Asked]] = {
    "validation_of_a_body": lambda client: client.post(CONTACTS, {"email": "no", "phone": "no", "status": "no"}),
    "validation_of_nothing": lambda client: client.post(CONTACTS, {}),
    "validation_of_a_query": lambda client: client.get(CONTACTS, {"status": "x", "role": "y", "search": "s" * 201}),
    "validation_of_a_page": lambda client: client.get(CONTACTS, {"page": 0}),
    "unauthorized": lambda client: client.get(CONTACTS, headers={"Authorization": "Bearer ra_nobodys"}),
    "not_found": lambda client: client.get(f"{CONTACTS}/{NEW}"),
    "no_route": lambda client: client.get("/api/v1/nowhere"),
    "method_not_allowed": lambda client: client.put(ADDRESS, {}),
    "conflict": lambda client: client.post(CONTACTS, TWINS | {"email": "JANE@example.com"}),
    "precondition_failed": lambda client: client.patch(ADDRESS, {}, headers={"If-Match": '"7"'}),
    "malformed": lambda client: client.post(CONTACTS, body=b'{"name":'),
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
    reused = client.post(CONTACTS, TWINS | {"name": "B"}, headers={"Idempotency-Key": "once"})
    assert_recorded("problem_idempotency_key_reused", reused)


def test_a_viewers_refusal_is_as_it_was_recorded(north: World, south: World) -> None:
    assert_recorded("problem_forbidden", PROGRAMS[RENTALOT](north.viewer).post(CONTACTS, TWINS))


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

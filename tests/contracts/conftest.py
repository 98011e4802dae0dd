"""Worlds and bodies that the vendors' documentation prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import orjson
import pytest
from django.db import connection
from pytest_django import Settings

from accounts import quotas, rates
from accounts.models import Credential, Member
from accounts.rates import MemoryCounter
from accounts.services import create_organization, idempotency
from accounts.tenancy import Scope, tenant_scope
from contacts.drafts import ContactDraft, PreferencesDraft, PriceRange
from contacts.models import Contact
from contacts.services import create_contact, create_contacts
from tests.contracts.metered import Clock
from tests.worlds import PASSWORD, WireClient, World, actor_of

PAYLOADS = Path(__file__).parent.parent / "payloads" / "winnerr"


def printed(name: str) -> Any:
    """A body as Winnerr's documentation prints it."""
    return orjson.loads((PAYLOADS / f"{name}.json").read_bytes())


def john_draft(**changes: Any) -> ContactDraft:
    """The contact the documentation prints in full, under the short id of its examples."""
    john = printed("contact")
    preferences = john["preferences"]
    return replace(
        ContactDraft(
            winnerr_key="contact_123",
            first_name=john["firstName"],
            last_name=john["lastName"],
            email=john["email"],
            phone=john["phone"],
            secondary_phone=john["secondaryPhone"],
            street=john["address"]["street"],
            city=john["address"]["city"],
            state=john["address"]["state"],
            zip_code=john["address"]["zipCode"],
            country=john["address"]["country"],
            source=john["source"],
            tags=tuple(john["tags"]),
            notes=john["notes"],
            preferences=PreferencesDraft(
                communication_method=preferences["communicationMethod"],
                property_types=tuple(preferences["propertyTypes"]),
                price_range=PriceRange(**preferences["priceRange"]),
                locations=tuple(preferences["locations"]),
            ),
            created_at=datetime.fromisoformat(john["createdAt"]),
            last_contacted_at=datetime.fromisoformat(john["lastContactedAt"]),
        ),
        **changes,
    )


@pytest.fixture
def office(south: World) -> Member:
    """The owner of an organization without a single contact; the stranger beside it has some."""
    return create_organization(
        name="Office",
        slug="office",
        owner_email="owner@office.example",
        owner_password=PASSWORD,
        owner_first_name="Olive",
    )


@pytest.fixture
def client(office: Member, winnerr: Callable[[Member | None], WireClient]) -> WireClient:
    """A program of the office."""
    return winnerr(office)


@pytest.fixture
def john(office: Member) -> Contact:
    """``contact_123`` as the documentation prints him, assigned to the office's owner."""
    with tenant_scope(office.organization):
        return create_contact(john_draft(assigned_to=office.pk), actor=actor_of(office))


@pytest.fixture
def older_contacts(office: Member, john: Contact) -> list[Contact]:
    """149 contacts that are all older than ``contact_123``."""
    drafts = [
        ContactDraft(
            first_name=f"First {number:03}",
            last_name=f"Last {number % 7}",
            email=f"contact{number}@example.com",
            created_at=john.created_at - timedelta(minutes=1 + number // 2),
            source=("WEBSITE", "REFERRAL", "")[number % 3],
            type=("LEAD", "CLIENT", "VENDOR")[number % 3],
            status=("ACTIVE", "INACTIVE")[number % 2],
            notes="x" if number % 4 else "",
        )
        for number in range(149)
    ]
    with tenant_scope(office.organization):
        return [contact for chunk in create_contacts(drafts, actor=actor_of(office)) for contact in chunk]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Every counter by a clock that stands, 100 a minute for what no plan limits."""
    settings.RATE_LIMIT_PER_MINUTE = 100
    standing = Clock()
    monkeypatch.setattr(quotas, "clock", standing)
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(standing))
    monkeypatch.setattr(rates, "STRANGERS", MemoryCounter(standing))
    return standing


@pytest.fixture
def agency(south: World) -> Member:
    """The owner of an organization without contacts on the plan Pro; the stranger beside it has some."""
    return create_organization(
        name="Agency",
        slug="agency",
        plan="pro",
        owner_email="owner@agency.example",
        owner_password=PASSWORD,
        owner_first_name="Ada",
    )


def at_once(requests: list[Callable[[], Any]]) -> list[Any]:
    """The answers to requests that begin together, each in a thread with a database connection of its own."""
    start = Barrier(len(requests))

    def ask(request: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return request()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(ask, requests))


@contextmanager
def in_progress(member: Member, key: str) -> Iterator[None]:
    """A request under this ``Idempotency-Key`` of the member's program is still being answered in here."""
    with tenant_scope(member.organization):
        credential_id = Credential.objects.get(name="Test program").pk
    claimed, answered = Event(), Event()

    def first() -> None:
        try:
            with tenant_scope(member.organization):
                idempotency.replay_or_claim(credential_id, key, "0" * 64)
                claimed.set()
                assert answered.wait(timeout=20)
        finally:
            connection.close()

    running = Thread(target=first)
    running.start()
    try:
        assert claimed.wait(timeout=20)
        yield
    finally:
        answered.set()
        running.join()


def failing_commit(error: Exception) -> Any:
    """``Scope.close`` as it is when the database breaks at the last moment."""
    close = Scope.close

    def closing(scope: Scope, cause: BaseException | None = None) -> None:
        if cause is None and scope.organization_id is not None:
            close(scope, error)
            raise error
        close(scope, cause)

    return closing

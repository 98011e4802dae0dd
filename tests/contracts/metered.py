"""An organization on one of Rentalot's plans, by a clock that stands: what it is sold, told and has used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import Member, RequestMeter, WriteMeter
from accounts.plans import LIMITS, Plan
from accounts.services import change_plan
from accounts.tenancy import tenant_scope
from contacts.models import Contact
from tests.worlds import WireClient

CONTACTS = "/api/v1/contacts"
NOBODYS = f"{CONTACTS}/01a2016f-a2e0-7e4a-a1ac-a2f3ee0b6fc8"
# 20.5 seconds into a minute of the clock, on 15 January 2027, 08:00 in UTC.
MOMENT = 1_800_000_020.5
NOW = 1_800_000_020
CLOCKS_MINUTE = 1_800_000_060
MIDNIGHT = 1_800_057_600
FEBRUARY = 1_801_440_000
Program = Callable[[Member | None], WireClient]
PROBLEMS = "https://rentalot.ai/problems/"


class Clock:
    """A clock that stands until it is told to move."""

    moment = MOMENT

    def __call__(self) -> float:
        return self.moment


def put_on(member: Member, plan: str) -> None:
    with tenant_scope(member.organization):
        change_plan(plan, actor=Actor.command("tests"))


def sell(monkeypatch: pytest.MonkeyPatch, plan: Plan, **changes: Any) -> None:
    """Let a plan allow something else."""
    facts = {name: getattr(LIMITS[plan], name) for name in LIMITS[plan].__dataclass_fields__}
    monkeypatch.setattr("accounts.plans.LIMITS", {**LIMITS, plan: type(LIMITS[plan])(**facts | changes)})


def jane(number: int = 0) -> dict[str, str]:
    return {"name": "Jane Smith", "email": f"jane{number}@example.com"}


def told(response: Any) -> tuple[str, ...]:
    return tuple(response.get(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset", "Resource"))


def refusal(response: Any) -> tuple[int, str, str | None]:
    """Status, sentence and how long to wait, of an answer that is a problem in every detail."""
    body = response.json()
    kind, title = {429: ("rate-limited", "Too Many Requests"), 403: ("forbidden", "Forbidden")}[response.status_code]
    detail = body["detail"]
    assert body == {"type": f"{PROBLEMS}{kind}", "title": title, "status": response.status_code, "detail": detail}
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, detail, response.get("Retry-After")


def used(member: Member) -> dict[str, int]:
    """What is on the meters, whatever window it belongs to."""
    with tenant_scope(member.organization):
        requests = RequestMeter.objects.values_list("minute_taken", flat=True).first() or 0
        writes = WriteMeter.objects.values_list("month_taken", flat=True).first() or 0
    return {"requests": requests, "writes": writes}


def stored(member: Member) -> int:
    with tenant_scope(member.organization):
        return Contact.objects.active().count()


# Requests with the status each is answered with, when they are asked in this order.
ANSWERS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", CONTACTS, {}),
    (200, "HEAD", CONTACTS, {}),
    (201, "POST", CONTACTS, {"json": jane()}),
    (400, "POST", CONTACTS, {"body": b"{"}),
    (400, "POST", CONTACTS, {"json": jane(1), "headers": {"Idempotency-Key": ""}}),
    (404, "GET", NOBODYS, {}),
    (404, "DELETE", NOBODYS, {}),
    (405, "DELETE", CONTACTS, {}),
    (409, "POST", CONTACTS, {"json": jane()}),
    (415, "POST", CONTACTS, {"body": b"a=1", "content_type": "text/plain"}),
]

"""Telegram's updates, made up by the number, where a test needs many of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.tenancy import tenant_scope
from activities.models import InboundChannel, Receipt, ReceiptState
from activities.services.applying import apply_due_receipts
from tests.inbound import SECRET, deliver
from tests.worlds import World

SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)


def update(
    number: int, *, sender: int | None = None, text: str = "", after: float = 0, **message: Any
) -> dict[str, Any]:
    """A private message: the ``number``-th update of a bot. ``sender`` is the number too unless somebody else wrote it."""
    who = 5_550_000_000_000 + (number if sender is None else sender)
    person = {"id": who, "is_bot": False, "first_name": "Robin", "last_name": f"Example {who}"}
    content = {
        "message_id": number,
        "from": person,
        "chat": {"id": who, "type": "private"},
        "date": seconds(after or number),
        "text": text or f"Message {number}",
    }
    return {"update_id": 820_000_000 + number, "message": content | message}


def edit(number: int, of: dict[str, Any], text: str, *, after: float = 0) -> dict[str, Any]:
    """The ``number``-th update of a bot: the message of another one says something else now."""
    changed = of["message"] | {"edit_date": seconds(after or number), "text": text}
    return {"update_id": 820_000_000 + number, "edited_message": changed}


def seconds(after: float) -> int:
    return int((FIRST + timedelta(seconds=after)).timestamp())


def send(channel: InboundChannel, body: dict[str, Any]) -> int:
    """The status of the answer to one call."""
    return deliver(channel, body, SIGNED).status_code


def drain(*worlds: World) -> None:
    """Apply what there is, without waiting for anything that was put off; what speaks of nothing stays."""
    for _ in range(3):
        for world in worlds:
            make_due(world)
        while apply_due_receipts():
            pass


def make_due(world: World) -> None:
    """However long it was put off for: that has passed."""
    with tenant_scope(world.organization):
        Receipt.objects.filter(state=ReceiptState.PENDING).update(due_at=timezone.now())

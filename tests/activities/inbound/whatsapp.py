"""Meta inside a test: calls of the Cloud API, and how it signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from activities.models import InboundChannel, Receipt, ReceiptState
from tests.inbound import SECRET, channel_of, deliver, payload, work
from tests.worlds import World

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

NUMBER = "900555000111222"
SENT_AT = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def whatsapp(world: World, *, address: str = NUMBER, **options: Any) -> InboundChannel:
    """A channel for the number of the recorded calls."""
    return channel_of(world, "whatsapp", address=address, **options)


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed(channel: InboundChannel, body: bytes | dict[str, Any], secret: str = SECRET) -> Response:
    """One call of Meta's."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return deliver(channel, content, {"X-Hub-Signature-256": signature(content, secret)})


def recorded(name: str) -> bytes:
    return payload(f"whatsapp/{name}.json")


def receive(channel: InboundChannel, *names: str) -> None:
    """Recorded calls, one after the other, and what becomes of them."""
    for name in names:
        answer = signed(channel, recorded(name))
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    work()


def text_call(
    *messages: dict[str, Any], number: str = NUMBER, contacts: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A call with messages to a number."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100900", "phone_number_id": number},
        "contacts": contacts or [],
        "messages": list(messages),
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "700555000333444", "changes": [{"field": "messages", "value": value}]}],
    }


def text_message(name: str, body: str, *, sender: str = "15550100142", seconds: int = 0) -> dict[str, Any]:
    """A text, so many seconds after the recorded ones."""
    sent_at = str(int(SENT_AT.timestamp()) + seconds)
    return {"from": sender, "id": f"wamid.{name}", "timestamp": sent_at, "type": "text", "text": {"body": body}}


def let_time_pass(world: World) -> None:
    """Until what was put off is due, and is tried again."""
    with world.scope():
        Receipt.objects.filter(state=ReceiptState.PENDING).update(due_at=timezone.now() - timedelta(minutes=1))
    work()

"""A provider inside a test: what it sends to a channel, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.test import Client

from accounts.actor import Actor
from activities.models import Communication, InboundChannel, Receipt
from activities.services.channels import create_channel
from contacts.models import Contact
from tests.jobs import work
from tests.worlds import World

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

PAYLOADS = Path(__file__).parent / "payloads" / "inbound"
SECRET = "sesame-opens-this-one"


def channel_of(world: World, kind: str, *, secret: str = SECRET, **options: Any) -> InboundChannel:
    """A new channel of an organization."""
    with world.scope():
        return create_channel(kind=kind, name=f"{kind} line", secret=secret, actor=Actor.command("tests"), **options)


def payload(name: str) -> bytes:
    """A recorded body, by its path below ``tests/payloads/inbound``."""
    return (PAYLOADS / name).read_bytes()


def deliver(
    channel: InboundChannel,
    body: bytes | dict[str, Any],
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response:
    """One call of the provider; errors come back as answers, as it sees them."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(raise_request_exception=False)
    return client.generic("POST", channel.path, content, content_type=content_type, headers=headers or {})


def receipts_of(world: World, channel: InboundChannel) -> list[tuple[str, str, str]]:
    """Key, state and reason of what a channel has received, in the order of arrival."""
    with world.scope():
        rows = Receipt.objects.filter(channel=channel).order_by("id")
        return list(rows.values_list("key", "state", "reason"))


def messages_of(world: World, channel: InboundChannel) -> list[Communication]:
    """The communications a channel's receipts led to, in the order of arrival; each must name the channel it came by."""
    with world.scope():
        rows = Receipt.objects.filter(channel=channel, communication__isnull=False).order_by("id")
        messages = [row.communication for row in rows.select_related("communication") if row.communication]
    for message in messages:
        assert message.metadata.pop("channel") == channel.public_id
        # Only whoever applies a later edit asks for it.
        message.metadata.pop("editNumber", None)
    return messages


def contacts_from(world: World, source: str) -> list[Contact]:
    """Live contacts with a source, the oldest first."""
    with world.scope():
        return list(Contact.objects.active().filter(source=source).order_by("id"))


__all__ = ["channel_of", "contacts_from", "deliver", "messages_of", "payload", "receipts_of", "work"]

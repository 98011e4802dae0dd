"""Channels as operators name them."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.identifiers import parse_public_id
from activities.channels import channel_with_uuid
from activities.models import InboundChannel


def any_channel_with_id(identifier: str) -> InboundChannel:
    """The channel with this id, whose organization fills the scope, which is empty. Raises ``CommandError``."""
    uuid = parse_public_id("channel", identifier)
    channel = channel_with_uuid(uuid) if uuid else None
    if channel is None:
        raise CommandError(f"There is no channel with the id {identifier!r}.")
    return channel


def channel_with_id(identifier: str) -> InboundChannel:
    """The channel of the organization in scope with this id. Raises ``CommandError``."""
    uuid = parse_public_id("channel", identifier)
    channel = InboundChannel.objects.filter(uuid=uuid).first() if uuid else None
    if channel is None:
        raise CommandError(f"The organization has no channel with the id {identifier!r}.")
    return channel

"""Payloads of receipts, read once more."""

from __future__ import annotations

from activities.arrivals import Arrival
from activities.inbound.urls import CHANNELS
from activities.models import InboundChannel


def read_again(channel: InboundChannel, payload: bytes) -> Arrival | None:
    """What a channel's payload says to this release; None for one that nobody understands, or that is not the channel's."""
    for channel_type in CHANNELS:
        if channel_type.kind == channel.kind:
            return channel_type.read_again(payload, channel)
    return None

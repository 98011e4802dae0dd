"""Payloads of receipts, read once more."""

from __future__ import annotations

from activities.arrivals import Arrival
from activities.inbound.urls import CHANNELS


def read_again(kind: str, payload: bytes) -> Arrival | None:
    """What a payload of a kind of channel says to this release; None for one that nobody understands, or of no kind here."""
    for channel_type in CHANNELS:
        if channel_type.kind == kind:
            return channel_type.read_again(payload)
    return None

"""Who was worked with: contacts that something happened with since a moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from accounts.among import among
from activities.models import Activity, Communication, Deal

_KINDS: Final = (
    (Activity, "an activity was logged"),
    (Communication, "a message was exchanged"),
    (Deal, "a deal was made"),
)


def touched_since(contact_ids: Collection[int], since: datetime) -> dict[int, str]:
    """What happened with those of the contacts with which anything did, in words, by primary key. Three statements."""
    found: dict[int, str] = {}
    for model, what in _KINDS:
        rows = model._default_manager.filter(among("contact_id", contact_ids), created_at__gte=since)
        for contact_id, moment in rows.order_by("created_at").values_list("contact_id", "created_at"):
            found[contact_id] = f"{what} on {moment:%Y-%m-%d %H:%M} UTC"
    return found

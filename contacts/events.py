"""What happened to contacts, published in bulk form for other apps to hear. Sent by services inside their transaction."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal

from accounts.actor import Actor


@dataclass(frozen=True, kw_only=True)
class ContactsChanged:
    """One operation on a set of contacts: ids, never objects, so that a million of them fit through."""

    operation: UUID
    contact_ids: frozenset[int]
    actor: Actor
    fields: frozenset[str] = frozenset()


contacts_created = Signal()
contacts_updated = Signal()
contacts_deleted = Signal()
contacts_restored = Signal()

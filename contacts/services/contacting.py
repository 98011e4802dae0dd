"""When a contact was last spoken to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from accounts.actor import Actor
from accounts.identifiers import uuid7
from accounts.roles import Right
from contacts.events import ContactsChanged, contacts_updated
from contacts.models import ChangeVerb, Contact
from contacts.services.changes import Change, record

LAST_CONTACTED = "last_contacted_at"
# A statement has one branch per row; longer ones cost more than a second statement.
_BATCH = 500


def touch_last_contacted(moments: Mapping[int, datetime], *, actor: Actor, operation: UUID | None = None) -> list[int]:
    """Move ``last_contacted_at`` of contacts, given by primary key, forward to these moments; returns those that moved.

    Never backward and never into the future; contacts that are deleted or not the actor's to see stay as they are. The
    version moves, ``updated_at`` does not (DESIGN section 4, decision 9). The lead score stays too: a write rescores
    only when it is asked to (CONTRACTS W-C5), and nobody asks by speaking to somebody. ``operation`` is the one this is
    part of. Raises ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    with transaction.atomic():
        changes = list(_forward_moves(moments, actor, now))
        moved = [change.contact_id for change in changes]
        for start in range(0, len(moved), _BATCH):
            _store({pk: moments[pk] for pk in moved[start : start + _BATCH]})
        if changes:
            operation = operation or uuid7()
            record(operation, ChangeVerb.UPDATED, changes, actor=actor, now=now)
            event = ContactsChanged(
                operation=operation, contact_ids=frozenset(moved), actor=actor, fields=frozenset({LAST_CONTACTED})
            )
            contacts_updated.send(Contact, event=event)
    return moved


def _forward_moves(moments: Mapping[int, datetime], actor: Actor, now: datetime) -> Iterator[Change]:
    """The moves that are due, their rows locked in the order of their keys."""
    due = [contact_id for contact_id, moment in moments.items() if moment <= now]
    rows = Contact.objects.active().visible_to(actor).filter(pk__in=due).order_by("pk")
    locked = rows.select_for_update(of=("self",), no_key=True).values_list("pk", LAST_CONTACTED)
    for contact_id, stored in locked:
        moment = moments[contact_id]
        if stored is None or stored < moment:
            yield Change(
                contact_id=contact_id,
                before={LAST_CONTACTED: stored.isoformat() if stored else None},
                after={LAST_CONTACTED: moment.isoformat()},
            )


def _store(moments: Mapping[int, datetime]) -> None:
    moment_of_row = Case(*(When(pk=contact_id, then=Value(moment)) for contact_id, moment in moments.items()))
    Contact.objects.active().filter(pk__in=list(moments)).update(
        last_contacted_at=moment_of_row, version=F("version") + 1
    )

"""Bringing lead scores in step after the weights or the formula changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.identifiers import uuid7
from accounts.roles import Right
from contacts.events import ContactsChanged, contacts_updated
from contacts.models import ChangeVerb, Contact
from contacts.services.changes import Change, record
from contacts.services.children import read_children
from contacts.services.confirming import confirmations
from contacts.services.scoring_facts import current_weights, score_of

BATCH = 1_000


@dataclass(frozen=True)
class Rescored:
    """One batch: how many contacts were looked at, how many got another score, and the last primary key, None at the end."""

    rescored: int
    changed: int
    last_id: int | None


def rescore_contacts(*, after: int = 0, limit: int = BATCH, actor: Actor) -> Rescored:
    """Compute the lead scores of the next ``limit`` live contacts, in the order of their primary keys, greater than ``after``.

    Where a score changes the version moves and a ``ContactChange`` is written; ``updated_at`` stays (DESIGN section 4,
    decision 9). Where it stays though facts changed, that is recorded and nothing else. Rows are locked, so a write in
    between is never overwritten with what was true before it. Raises ``Forbidden``.
    """
    actor.require(Right.BULK_UPDATE_CONTACTS)
    with transaction.atomic():
        rows = Contact.objects.active().visible_to(actor).filter(pk__gt=after).order_by("pk").defer("search_text")
        contacts = list(rows.select_for_update(of=("self",), no_key=True)[:limit])
        changed = _score_anew(contacts, actor)
    return Rescored(len(contacts), changed, contacts[-1].pk if contacts else None)


def rescore(contact_ids: Collection[int], *, actor: Actor) -> int:
    """The same for the live contacts with these primary keys, when what counts of them has moved; returns how many changed."""
    actor.require(Right.WRITE_CONTACTS)
    with transaction.atomic():
        rows = Contact.objects.active().visible_to(actor).filter(pk__in=contact_ids).order_by("pk").defer("search_text")
        return _score_anew(list(rows.select_for_update(of=("self",), no_key=True)), actor)


def _score_anew(contacts: list[Contact], actor: Actor) -> int:
    changes = _changes(contacts)
    moved = {change.contact_id for change in changes}
    same = confirmations([contact for contact in contacts if contact.pk not in moved])
    operation = uuid7()
    record(operation, ChangeVerb.UPDATED, [*changes, *same], actor=actor, now=timezone.now())
    if changes:
        _store(changes)
        event = ContactsChanged(
            operation=operation, contact_ids=frozenset(moved), actor=actor, fields=frozenset({"lead_score"})
        )
        contacts_updated.send(Contact, event=event)
    return len(moved)


def _changes(contacts: list[Contact]) -> list[Change]:
    weights = current_weights()
    children = read_children([contact.pk for contact in contacts], {"further_phones"})
    changes = []
    for contact in contacts:
        has_secondary_phone = bool(children[contact.pk].phones())
        total = score_of(contact, weights, has_secondary_phone=has_secondary_phone).total
        if total != contact.lead_score:
            before, after = {"lead_score": contact.lead_score}, {"lead_score": total}
            changes.append(Change(contact_id=contact.pk, before=before, after=after))
    return changes


def _store(changes: list[Change]) -> None:
    """One statement per score."""
    ids_by_score: dict[int, list[int]] = defaultdict(list)
    for change in changes:
        ids_by_score[change.after["lead_score"]].append(change.contact_id)
    for score, ids in ids_by_score.items():
        Contact.objects.active().filter(pk__in=ids).update(lead_score=score, version=F("version") + 1)

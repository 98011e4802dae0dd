"""Business with contacts: beginning it, changing it, giving it up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Invalid
from accounts.identifiers import uuid7
from accounts.roles import Right
from activities.drafts import DealDraft
from activities.exceptions import DealNotFound
from activities.models import Deal
from activities.querysets import DEAL, live_deals
from activities.rules import apply_deal, deal_faults
from activities.services.subjects import check_members, lock_contacts, said_or
from contacts.drafts import Unset
from contacts.models import ChangeVerb, Contact
from contacts.services.changes import Change, record

CHUNK = 1_000
# What a change shows of a deal, under the key ``DEAL`` beside its id.
_RECORDED = (
    "title",
    "description",
    "type",
    "stage",
    "status",
    "amount",
    "probability",
    "source",
    "notes",
    "tags",
    "assigned_to_id",
    "commission",
    "property_details",
    "team_members",
    "timeline",
    "documents",
    "tasks",
)


def create_deal(contact: Contact, draft: DealDraft, *, actor: Actor) -> Deal:
    """Begin one deal with a contact.

    Raises ``Invalid`` with every fault at once, ``ContactNotFound``, ``Forbidden``.
    """
    for chunk in create_deals([(contact.pk, draft)], actor=actor):
        return chunk[0]
    raise AssertionError("one draft makes one chunk")


def create_deals(drafts: Iterable[tuple[int, DealDraft]], *, actor: Actor) -> Iterator[list[Deal]]:
    """Begin deals, each with the primary key of its contact, in chunks of up to 1,000.

    Each chunk is committed as a whole or, on the first refusal, not at all. Raises what ``create_deal`` raises, for the
    first draft at fault; chunks yielded before it are kept.
    """
    actor.require(Right.WRITE_CONTACTS)
    remaining = iter(drafts)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            deals = _create_chunk(chunk, actor)
        yield deals


def update_deal(deal: Deal, draft: DealDraft, *, actor: Actor) -> Deal:
    """Change one deal and return it fresh; a draft that says nothing new writes nothing.

    Raises ``Invalid``, ``Forbidden``, and ``DealNotFound`` when it is deleted or of a contact that is not the actor's
    to see.
    """
    actor.require(Right.WRITE_CONTACTS)
    if found := deal_faults(draft, is_new=False):
        raise Invalid(found)
    with transaction.atomic():
        fresh = _lock(deal, actor)
        check_members([_members_named(draft)])
        before = _facts(fresh)
        apply_deal(draft, fresh)
        after = _facts(fresh)
        if after != before:
            _store(fresh, before, after, actor)
    return fresh


def delete_deal(deal: Deal, *, actor: Actor) -> None:
    """Take a deal away; its row stays. Raises ``DealNotFound`` the second time, ``Forbidden``."""
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    with transaction.atomic():
        fresh = _lock(deal, actor)
        Deal.objects.filter(pk=fresh.pk).update(deleted_at=now, updated_at=now, version=F("version") + 1)
        gone = Change(contact_id=fresh.contact_id, before={DEAL: _facts(fresh)}, after={DEAL: None})
        record(uuid7(), ChangeVerb.UPDATED, [gone], actor=actor, now=now)


def _create_chunk(drafts: Sequence[tuple[int, DealDraft]], actor: Actor) -> list[Deal]:
    for _, draft in drafts:
        if found := deal_faults(draft, is_new=True):
            raise Invalid(found)
    lock_contacts([contact_id for contact_id, _ in drafts], actor)
    check_members(_members_named(draft) for _, draft in drafts)
    now = timezone.now()
    deals = [_new_deal(contact_id, draft, now) for contact_id, draft in drafts]
    Deal.objects.bulk_create(deals)
    begun = (Change(contact_id=deal.contact_id, before={}, after={DEAL: _facts(deal)}) for deal in deals)
    record(uuid7(), ChangeVerb.UPDATED, begun, actor=actor, now=now)
    return deals


def _new_deal(contact_id: int, draft: DealDraft, now: datetime) -> Deal:
    created_at = said_or(draft.created_at, now)
    deal = Deal(
        contact_id=contact_id, winnerr_key=draft.winnerr_key or None, created_at=created_at, updated_at=created_at
    )
    apply_deal(draft, deal)
    return deal


def _members_named(draft: DealDraft) -> dict[str, int | Unset | None]:
    team = {f"team_members.{index}": person.member_id for index, person in enumerate(draft.team_members or ())}
    return {"assigned_to": draft.assigned_to, **team}


def _lock(deal: Deal, actor: Actor) -> Deal:
    fresh = live_deals(actor).filter(pk=deal.pk).select_for_update(of=("self",)).first()
    if fresh is None:
        raise DealNotFound(str(deal.pk))
    return fresh


def _facts(deal: Deal) -> dict[str, Any]:
    """What a change shows of a deal, as JSON."""
    facts = {name: getattr(deal, name) for name in _RECORDED}
    amount = None if deal.amount is None else str(deal.amount)
    return {"id": str(deal.uuid), **facts, "amount": amount}


def _store(deal: Deal, before: dict[str, Any], after: dict[str, Any], actor: Actor) -> None:
    now = timezone.now()
    changed = [name for name in _RECORDED if after[name] != before[name]]
    # Never before it changed last, whatever the clock says.
    deal.updated_at = max(now, deal.updated_at)
    deal.version += 1
    deal.save(update_fields=[*changed, "closing_date", "version", "updated_at"])
    shown = ("id", *changed)
    change = Change(
        contact_id=deal.contact_id,
        before={DEAL: {name: before[name] for name in shown}},
        after={DEAL: {name: after[name] for name in shown}},
    )
    record(uuid7(), ChangeVerb.UPDATED, [change], actor=actor, now=now)

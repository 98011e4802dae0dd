"""Writing down what people did with contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Invalid
from accounts.identifiers import uuid7
from accounts.roles import Right
from activities.drafts import ActivityDraft
from activities.models import Activity
from activities.rules import activity_faults, contacted_at
from activities.services.subjects import check_members, lock_contacts, newest, said_or
from contacts.models import ChangeVerb, Contact
from contacts.services import touch_last_contacted
from contacts.services.changes import Change, record

CHUNK = 1_000


def record_activity(contact: Contact, draft: ActivityDraft, *, actor: Actor) -> Activity:
    """Write down one activity, and that the contact was spoken to when it says so (CONTRACTS W-S18).

    Raises ``Invalid`` with every fault at once, ``ContactNotFound``, ``Forbidden``.
    """
    for chunk in record_activities([(contact.pk, draft)], actor=actor):
        return chunk[0]
    raise AssertionError("one draft makes one chunk")


def record_activities(drafts: Iterable[tuple[int, ActivityDraft]], *, actor: Actor) -> Iterator[list[Activity]]:
    """Write down activities, each with the primary key of its contact, in chunks of up to 1,000.

    Each chunk is committed as a whole or, on the first refusal, not at all. Raises what ``record_activity`` raises, for
    the first draft at fault; chunks yielded before it are kept.
    """
    actor.require(Right.WRITE_CONTACTS)
    remaining = iter(drafts)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            activities = _record_chunk(chunk, actor)
        yield activities


def _record_chunk(drafts: Sequence[tuple[int, ActivityDraft]], actor: Actor) -> list[Activity]:
    for _, draft in drafts:
        if found := activity_faults(draft):
            raise Invalid(found)
    lock_contacts([contact_id for contact_id, _ in drafts], actor)
    check_members({"member": draft.member} for _, draft in drafts)
    now = timezone.now()
    activities = [_new_activity(contact_id, draft, actor, now) for contact_id, draft in drafts]
    Activity.objects.bulk_create(activities)
    operation = uuid7()
    record(operation, ChangeVerb.UPDATED, map(_change, activities), actor=actor, now=now)
    moments = (
        (contact_id, contacted_at(draft, activity.created_at, now))
        for (contact_id, draft), activity in zip(drafts, activities, strict=True)
    )
    touch_last_contacted(newest(moments), actor=actor, operation=operation)
    return activities


def _new_activity(contact_id: int, draft: ActivityDraft, actor: Actor, now: datetime) -> Activity:
    return Activity(
        contact_id=contact_id,
        member_id=said_or(draft.member, actor.member_id),
        communication_id=draft.communication,
        type=draft.type,
        description=draft.description,
        metadata=dict(draft.metadata),
        scheduled_at=draft.scheduled_at,
        created_at=said_or(draft.created_at, now),
        winnerr_key=draft.winnerr_key or None,
    )


def _change(activity: Activity) -> Change:
    """Who wrote it down, and through which door; the rest is in the activity, which follows edits of its message alone."""
    written = {"id": str(activity.uuid), "type": activity.type}
    return Change(contact_id=activity.contact_id, before={}, after={"activity": written})

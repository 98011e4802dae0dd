"""Writing down what was said, message by message, in conversations that add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Invalid
from accounts.identifiers import uuid7
from accounts.roles import Right
from activities.drafts import CommunicationDraft
from activities.models import Communication, Conversation
from activities.rules import communication_faults
from activities.search import search_text
from activities.services.subjects import check_members, lock_contacts, newest, said_or
from contacts.models import ChangeVerb, Contact
from contacts.services import touch_last_contacted
from contacts.services.changes import Change, record

CHUNK = 1_000
# A contact and a medium.
_Thread: TypeAlias = tuple[int, str]


def record_communication(contact: Contact, draft: CommunicationDraft, *, actor: Actor) -> Communication:
    """Write down one message, call or meeting in the contact's conversation of its kind, made when there is none.

    The contact was spoken to at that moment, whichever side spoke. Raises ``Invalid`` with every fault at once,
    ``ContactNotFound``, ``Forbidden``.
    """
    for chunk in record_communications([(contact.pk, draft)], actor=actor):
        return chunk[0]
    raise AssertionError("one draft makes one chunk")


def record_communications(
    drafts: Iterable[tuple[int, CommunicationDraft]], *, actor: Actor
) -> Iterator[list[Communication]]:
    """Write down communications, each with the primary key of its contact, in chunks of up to 1,000.

    Each chunk is committed as a whole or, on the first refusal, not at all. Raises what ``record_communication``
    raises, for the first draft at fault; chunks yielded before it are kept.
    """
    actor.require(Right.WRITE_CONTACTS)
    remaining = iter(drafts)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            communications = _record_chunk(chunk, actor)
        yield communications


def _record_chunk(drafts: Sequence[tuple[int, CommunicationDraft]], actor: Actor) -> list[Communication]:
    for _, draft in drafts:
        if found := communication_faults(draft):
            raise Invalid(found)
    lock_contacts([contact_id for contact_id, _ in drafts], actor)
    check_members({"member": draft.member} for _, draft in drafts)
    now = timezone.now()
    moments: dict[_Thread, list[datetime]] = {}
    for contact_id, draft in drafts:
        moments.setdefault((contact_id, draft.kind), []).append(said_or(draft.occurred_at, now))
    conversations = _conversations(moments, now)
    communications = [
        _new_communication(conversations[contact_id, draft.kind], draft, number, actor, now)
        for (contact_id, draft), number in zip(drafts, _next_numbers(len(drafts)), strict=True)
    ]
    Communication.objects.bulk_create(communications)
    operation = uuid7()
    record(operation, ChangeVerb.UPDATED, map(_change, communications), actor=actor, now=now)
    spoken = newest((item.contact_id, item.occurred_at) for item in communications)
    touch_last_contacted(spoken, actor=actor, operation=operation)
    return communications


def _new_communication(
    conversation: Conversation, draft: CommunicationDraft, number: int, actor: Actor, now: datetime
) -> Communication:
    return Communication(
        number=number,
        contact_id=conversation.contact_id,
        conversation=conversation,
        member_id=said_or(draft.member, actor.member_id),
        kind=draft.kind,
        direction=draft.direction,
        subject=draft.subject,
        body=draft.body,
        search_text=search_text(draft.subject, draft.body),
        occurred_at=said_or(draft.occurred_at, now),
        provider_message_id=draft.provider_message_id,
        winnerr_key=draft.winnerr_key or None,
        created_at=now,
    )


def _change(communication: Communication) -> Change:
    """Who wrote it down, and through which door; the rest is in the communication, which stays as it is."""
    written = {"id": str(communication.uuid), "kind": communication.kind, "direction": communication.direction}
    return Change(contact_id=communication.contact_id, before={}, after={"communication": written})


def _conversations(moments: Mapping[_Thread, Sequence[datetime]], now: datetime) -> dict[_Thread, Conversation]:
    """The conversation of each contact and kind, counting the new messages already.

    Whoever writes to a conversation holds its contact's row, so that no other can make or change one in between; the
    constraint ``conversation_once_per_kind`` decides all the same.
    """
    rows = Conversation.objects.filter(contact_id__in={contact_id for contact_id, _ in moments})
    existing = {(row.contact_id, row.kind): row for row in rows}
    for thread, said in moments.items():
        if thread in existing:
            _add_messages(existing[thread], said, now)
    changed = [existing[thread] for thread in moments if thread in existing]
    Conversation.objects.bulk_update(
        changed, ["message_count", "started_at", "last_message_at", "is_archived", "updated_at"], batch_size=200
    )
    begun = [_new_conversation(thread, said) for thread, said in moments.items() if thread not in existing]
    return existing | {(row.contact_id, row.kind): row for row in Conversation.objects.bulk_create(begun)}


def _new_conversation(thread: _Thread, said: Sequence[datetime]) -> Conversation:
    contact_id, kind = thread
    return Conversation(
        contact_id=contact_id,
        kind=kind,
        started_at=min(said),
        last_message_at=max(said),
        message_count=len(said),
    )


def _add_messages(conversation: Conversation, said: Sequence[datetime], now: datetime) -> None:
    conversation.message_count += len(said)
    conversation.started_at = min(conversation.started_at, *said)
    conversation.last_message_at = max(conversation.last_message_at, *said)
    # A conversation that goes on is not over.
    conversation.is_archived = False
    conversation.updated_at = now


def _next_numbers(count: int) -> list[int]:
    """Numbers nobody had before: from a sequence on PostgreSQL, after the greatest under SQLite's write lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('activities_communication_number') FROM generate_series(1, %s)", [count])
            return [number for (number,) in cursor.fetchall()]
    last = Communication.objects.aggregate(last=Max("number"))["last"] or 0
    return list(range(last + 1, last + 1 + count))

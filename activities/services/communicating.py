"""Writing down what was said, message by message, in conversations that add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

from django.db import connection, transaction
from django.db.models import Count, Max, Min
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Invalid
from accounts.identifiers import uuid7
from accounts.roles import Right
from activities.drafts import CommunicationDraft
from activities.exceptions import CommunicationNotFound
from activities.models import Communication, Conversation
from activities.querysets import COMMUNICATION, live_communications
from activities.rules import communication_faults
from activities.search import search_text
from activities.services.subjects import check_members, lock_contacts, newest, said_or
from contacts.exceptions import ContactNotFound
from contacts.models import ChangeVerb, Contact
from contacts.services import touch_last_contacted
from contacts.services.changes import Change, record

CHUNK = 1_000
# What a message changes of its conversation.
_GROWING: Final = ("message_count", "started_at", "last_message_at", "is_archived", "is_hidden", "updated_at")
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


def delete_communication(communication: Communication, *, actor: Actor) -> None:
    """Take a communication away; its row stays. Its conversation is as if it had never been in it, and hidden when empty.

    When the contact was last spoken to stays: other things may have said so too. Raises ``CommunicationNotFound``, also
    the second time, and ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    with transaction.atomic():
        hold_communication(communication, actor)
        Communication.objects.filter(pk=communication.pk).update(deleted_at=now)
        _count_again(communication.conversation_id, now)
        gone = Change(
            contact_id=communication.contact_id,
            before={COMMUNICATION: facts_of(communication)},
            after={COMMUNICATION: None},
        )
        record(uuid7(), ChangeVerb.UPDATED, [gone], actor=actor, now=now)


def hold_communication(communication: Communication, actor: Actor) -> None:
    """Hold its contact's row, as whoever changes a conversation does. Raises ``CommunicationNotFound`` when it is gone."""
    try:
        lock_contacts([communication.contact_id], actor)
    except ContactNotFound as error:
        raise CommunicationNotFound(str(communication.pk)) from error
    if not live_communications(actor).filter(pk=communication.pk).exists():
        raise CommunicationNotFound(str(communication.pk))


def _count_again(conversation_id: int, now: datetime) -> None:
    left = Communication.objects.filter(conversation_id=conversation_id, deleted_at=None).aggregate(
        count=Count("pk"), first=Min("occurred_at"), last=Max("occurred_at")
    )
    conversation = Conversation.objects.filter(pk=conversation_id)
    if left["count"]:
        conversation.update(
            message_count=left["count"], started_at=left["first"], last_message_at=left["last"], updated_at=now
        )
    else:
        # Nobody sees it until somebody says something again; its moments mean nothing meanwhile.
        conversation.update(message_count=0, is_hidden=True, updated_at=now)


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
        metadata=dict(draft.metadata),
        extra=dict(draft.extra),
        winnerr_key=draft.winnerr_key or None,
        created_at=now,
    )


def _change(communication: Communication) -> Change:
    """Who wrote it down, and through which door; the rest is in the communication, which stays as it is."""
    return Change(contact_id=communication.contact_id, before={}, after={COMMUNICATION: facts_of(communication)})


def facts_of(communication: Communication) -> dict[str, str]:
    """What a change says about a communication; the rest is in its row."""
    return {"id": str(communication.uuid), "kind": communication.kind, "direction": communication.direction}


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
    Conversation.objects.bulk_update(changed, _GROWING, batch_size=200)
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
    # Of one whose messages were all taken away, the moments are theirs.
    before = [conversation.started_at, conversation.last_message_at] if conversation.message_count else []
    conversation.message_count += len(said)
    conversation.started_at = min([*before, *said])
    conversation.last_message_at = max([*before, *said])
    # A conversation that goes on is not over, and its contact is not deleted.
    conversation.is_archived = False
    conversation.is_hidden = False
    conversation.updated_at = now


def _next_numbers(count: int) -> list[int]:
    """Numbers nobody had before: from a sequence on PostgreSQL, after the greatest under SQLite's write lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('activities_communication_number') FROM generate_series(1, %s)", [count])
            return [number for (number,) in cursor.fetchall()]
    last = Communication.objects.aggregate(last=Max("number"))["last"] or 0
    return list(range(last + 1, last + 1 + count))

"""Writing down what was said, in conversations that add up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.exceptions import FieldError, Forbidden, Invalid
from activities.drafts import CommunicationDraft
from activities.models import Communication, Conversation
from activities.services import record_communication, record_communications
from contacts.exceptions import ContactNotFound
from contacts.models import Contact, ContactChange
from tests.worlds import World

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MESSAGE = CommunicationDraft(
    kind="whatsapp", direction="inbound", body="Is it still free?", occurred_at=NOON, provider_message_id="wamid.1"
)


def conversation_of(contact: Contact, kind: str = "whatsapp") -> dict[str, Any]:
    columns = ("message_count", "started_at", "last_message_at", "is_archived")
    return Conversation.objects.filter(contact=contact, kind=kind).values(*columns).get()


def test_a_message_is_kept_whole_and_opens_its_conversation(north: World) -> None:
    with north.scope():
        contact = north.contacts[2]
        message = record_communication(contact, MESSAGE, actor=north.actor(north.agent))
        stored = Communication.objects.filter(pk=message.pk).values(
            "contact_id",
            "member_id",
            "kind",
            "direction",
            "subject",
            "body",
            "occurred_at",
            "provider_message_id",
            "conversation__kind",
        )
        assert stored.get() == {
            "contact_id": contact.pk,
            "member_id": north.agent.pk,
            "kind": "whatsapp",
            "direction": "inbound",
            "subject": "",
            "body": "Is it still free?",
            "occurred_at": NOON,
            "provider_message_id": "wamid.1",
            "conversation__kind": "whatsapp",
        }
        assert conversation_of(contact) == {
            "message_count": 1,
            "started_at": NOON,
            "last_message_at": NOON,
            "is_archived": False,
        }


def test_a_conversation_counts_and_spans_its_messages_in_whatever_order_they_come(north: World) -> None:
    with north.scope():
        contact = north.contacts[2]
        for hours in (0, 5, -3, 1):
            moment = NOON + timedelta(hours=hours)
            record_communication(contact, replace(MESSAGE, occurred_at=moment), actor=north.actor())
        Conversation.objects.update(is_archived=True)
        record_communication(contact, MESSAGE, actor=north.actor())
        assert conversation_of(contact) == {
            "message_count": 5,
            "started_at": NOON - timedelta(hours=3),
            "last_message_at": NOON + timedelta(hours=5),
            "is_archived": False,
        }


def test_each_contact_has_one_conversation_per_medium(north: World) -> None:
    with north.scope():
        drafts = [
            (contact.pk, replace(MESSAGE, kind=kind))
            for contact in north.contacts[2:4]
            for kind in ("sms", "call", "sms")
        ]
        ((*messages,),) = record_communications(drafts, actor=north.actor())
        rows = Conversation.objects.filter(contact__in=north.contacts[2:4])
        counts = {(row.contact_id, row.kind): row.message_count for row in rows}
        third, fourth = north.contacts[2].pk, north.contacts[3].pk
        assert counts == {(third, "sms"): 2, (third, "call"): 1, (fourth, "sms"): 2, (fourth, "call"): 1}
        assert len({message.number for message in messages}) == 6


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_whoever_speaks_the_contact_was_spoken_to(north: World, direction: str) -> None:
    with north.scope():
        before = Contact.objects.get(pk=north.contacts[2].pk)
        record_communication(before, replace(MESSAGE, direction=direction), actor=north.actor())
        after = Contact.objects.get(pk=before.pk)
        assert (after.last_contacted_at, after.version) == (NOON, before.version + 1)
        assert (after.updated_at, after.lead_score) == (before.updated_at, before.lead_score)


def test_every_message_leaves_a_change(north: World) -> None:
    with north.scope():
        message = record_communication(north.contacts[2], MESSAGE, actor=north.actor())
        written = {"id": str(message.uuid), "kind": "whatsapp", "direction": "inbound"}
        afters = ContactChange.objects.filter(contact=north.contacts[2]).values_list("after", flat=True)
        assert {"communication": written} in list(afters)


def test_what_cannot_be_kept_is_refused_with_every_fault(north: World) -> None:
    draft = CommunicationDraft(kind="pigeon", direction="sideways", subject="x" * 501, body="\x00")
    with north.scope(), pytest.raises(Invalid) as refused:
        record_communication(north.contact, draft, actor=north.actor())
    assert [(error.field, error.code) for error in refused.value.errors] == [
        ("kind", "invalid_value"),
        ("direction", "invalid_value"),
        ("subject", "too_long"),
        ("body", "invalid_value"),
    ]


def test_gone_and_foreign_contacts_foreign_members_and_viewers_are_refused(north: World, south: World) -> None:
    with north.scope():
        for contact in (north.deleted, south.contact):
            with pytest.raises(ContactNotFound):
                record_communication(contact, MESSAGE, actor=north.actor())
        with pytest.raises(Invalid) as refused:
            record_communication(north.contact, replace(MESSAGE, member=south.agent.pk), actor=north.actor())
        assert refused.value.errors == (FieldError("member", "not_found"),)
        with pytest.raises(Forbidden):
            record_communication(north.contact, MESSAGE, actor=north.actor(north.viewer))
    with south.scope():
        assert not Communication.objects.filter(kind="whatsapp").exists()


@pytest.mark.django_db(transaction=True)
def test_messages_that_arrive_at_once_are_all_counted_in_one_conversation(north: World, south: World) -> None:
    contact, together = north.contacts[2], Barrier(8)

    def receive(index: int) -> int:
        together.wait()
        try:
            with north.scope() as scope:
                scope.begin(write=True)
                draft = replace(MESSAGE, occurred_at=NOON + timedelta(minutes=index))
                return record_communication(contact, draft, actor=north.actor()).number
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(receive, range(8)))
    assert len(set(numbers)) == 8
    with north.scope():
        assert conversation_of(contact) == {
            "message_count": 8,
            "started_at": NOON,
            "last_message_at": NOON + timedelta(minutes=7),
            "is_archived": False,
        }
        assert Communication.objects.filter(contact=contact, conversation__kind="whatsapp").count() == 8
        assert Contact.objects.get(pk=contact.pk).last_contacted_at == NOON + timedelta(minutes=7)

"""Taking away what was said: conversations that still add up, and a history that stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.exceptions import Forbidden
from activities.drafts import CommunicationDraft
from activities.exceptions import CommunicationNotFound
from activities.models import Communication, Conversation
from activities.querysets import TimelineKind, newest_communications, timeline
from activities.search import search_communications
from activities.services import delete_communication, record_communication
from contacts.models import Contact, ContactChange
from contacts.services import delete_contact, restore_contact
from tests.worlds import World

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MESSAGE = CommunicationDraft(kind="whatsapp", direction="inbound", body="Is it still free?", occurred_at=NOON)


def say(world: World, *hours: int) -> list[Communication]:
    """Messages of the third contact in one conversation, so many hours after noon."""
    contact = world.contacts[2]
    return [
        record_communication(contact, replace(MESSAGE, occurred_at=NOON + timedelta(hours=hour)), actor=world.actor())
        for hour in hours
    ]


def conversation_of(world: World) -> dict[str, Any]:
    columns = ("message_count", "started_at", "last_message_at", "is_hidden")
    return Conversation.objects.filter(contact=world.contacts[2]).values(*columns).get()


def spanning(count: int, first: int, last: int) -> dict[str, Any]:
    moments = [NOON + timedelta(hours=hours) for hours in (first, last)]
    return {"message_count": count, "started_at": moments[0], "last_message_at": moments[1], "is_hidden": False}


def test_a_conversation_counts_and_spans_what_is_left(north: World) -> None:
    with north.scope():
        first, middle, last = say(north, -3, 1, 5)
        delete_communication(middle, actor=north.actor())
        assert conversation_of(north) == spanning(2, -3, 5)
        delete_communication(last, actor=north.actor())
        assert conversation_of(north) == spanning(1, -3, -3)
        say(north, 2)
        delete_communication(first, actor=north.actor())
        assert conversation_of(north) == spanning(1, 2, 2)


def test_a_conversation_without_a_message_is_hidden_until_somebody_speaks_again(north: World) -> None:
    with north.scope():
        (message,) = say(north, -8)
        delete_communication(message, actor=north.actor())
        hidden = conversation_of(north)
        assert (hidden["message_count"], hidden["is_hidden"]) == (0, True)
        again = say(north, 1, 3)
        assert conversation_of(north) == spanning(2, 1, 3)
        assert {row.conversation_id for row in again} == {message.conversation_id}


def test_it_is_gone_from_the_timeline_from_what_stands_beside_a_contact_and_from_the_search(north: World) -> None:
    with north.scope():
        kept, gone = say(north, 0, 1)
        delete_communication(gone, actor=north.actor())
        contact = Contact.objects.annotate(said=newest_communications()).get(pk=north.contacts[2].pk)
        told = [entry.row for entry in timeline(contact) if entry.position.kind is TimelineKind.COMMUNICATION]
        hits = search_communications("still free", actor=north.actor(), first=0, limit=10)
        assert told == [kept]
        assert len(contact.said) == 1
        assert (hits.ids, hits.total) == ((kept.pk,), 1)


def test_its_row_and_a_change_of_who_took_it_away_stay(north: World) -> None:
    with north.scope():
        (message,) = say(north, 0)
        before = Contact.objects.get(pk=north.contacts[2].pk)
        delete_communication(message, actor=north.actor(north.agent))
        stored = Communication.objects.get(pk=message.pk)
        change = ContactChange.objects.filter(contact=before).latest("pk")
        assert stored.body == "Is it still free?"
        assert stored.deleted_at is not None
        assert (change.verb, change.member_id, change.created_at) == ("updated", north.agent.pk, stored.deleted_at)
        assert (change.before, change.after) == (
            {"communication": {"id": str(message.uuid), "kind": "whatsapp", "direction": "inbound"}},
            {"communication": None},
        )
        # Other things may have said so too.
        assert Contact.objects.get(pk=before.pk).last_contacted_at == before.last_contacted_at


def test_what_is_gone_foreign_or_not_the_actors_is_refused(north: World, south: World) -> None:
    with south.scope():
        foreign = Communication.objects.get(contact=south.contact)
    with north.scope():
        gone, kept = say(north, 0, 1)
        delete_communication(gone, actor=north.actor())
        narrowed = replace(north.actor(north.agent), sees_all_contacts=False)
        for communication, actor in ((gone, north.actor()), (foreign, north.actor()), (kept, narrowed)):
            with pytest.raises(CommunicationNotFound):
                delete_communication(communication, actor=actor)
        with pytest.raises(Forbidden):
            delete_communication(kept, actor=north.actor(north.viewer))
        delete_contact(Contact.objects.get(pk=kept.contact_id), actor=north.actor())
        with pytest.raises(CommunicationNotFound):
            delete_communication(kept, actor=north.actor())
    with south.scope():
        assert Communication.objects.get(pk=foreign.pk).deleted_at is None


def test_a_restored_contact_brings_back_what_was_not_taken_away_before(north: World) -> None:
    with north.scope():
        contact = Contact.objects.get(pk=north.contacts[2].pk)
        kept, gone = say(north, 0, 1)
        call = record_communication(contact, replace(MESSAGE, kind="call"), actor=north.actor())
        delete_communication(gone, actor=north.actor())
        delete_communication(call, actor=north.actor())
        delete_contact(contact, actor=north.actor())
        assert search_communications("free", actor=north.actor(), first=0, limit=10).total == 0
        restore_contact(contact, actor=north.actor())
        shown = Conversation.objects.filter(contact=contact, is_hidden=False)
        assert [(row.kind, row.message_count) for row in shown] == [("whatsapp", 1)]
        assert search_communications("free", actor=north.actor(), first=0, limit=10).ids == (kept.pk,)


def test_what_was_said_with_contacts_deleted_before_is_hidden(north: World) -> None:
    with north.scope():
        Contact.objects.filter(pk=north.contact.pk).update(deleted_at=NOON)
        migration = import_module("activities.migrations.0006_deleted_communications")
        migration.hide_communications(apps, SimpleNamespace(connection=connection))
        shown = Communication.objects.filter(is_hidden=False)
        assert list(shown.values_list("contact", flat=True)) == [north.contacts[1].pk]


@pytest.mark.django_db(transaction=True)
def test_messages_that_come_and_go_at_once_are_all_counted(north: World) -> None:
    with north.scope():
        going, together = say(north, *range(4)), Barrier(8)

    def come_or_go(index: int) -> None:
        together.wait()
        try:
            with north.scope() as scope:
                scope.begin(write=True)
                if index < 4:
                    delete_communication(going[index], actor=north.actor())
                else:
                    say(north, index)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(come_or_go, range(8)))
    with north.scope():
        assert conversation_of(north) == spanning(4, 4, 7)

"""The timeline of a contact, and the newest of each kind for many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from activities.drafts import ActivityDraft, CommunicationDraft, DealDraft
from activities.models import Activity
from activities.querysets import (
    TimelineEntry,
    TimelineKind,
    newest_activities,
    newest_communications,
    newest_deals,
    timeline,
)
from activities.services import (
    create_deal,
    delete_deal,
    record_activities,
    record_activity,
    record_communication,
    update_deal,
)
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange
from contacts.services import create_contact, update_contact
from tests.worlds import World

DAY = datetime(2026, 5, 1, tzinfo=UTC)


def kinds(entries: list[TimelineEntry]) -> list[str]:
    return [entry.position.kind.value for entry in entries]


def busy_contact(world: World) -> Contact:
    """A contact with many things at the very same moment."""
    contact, actor = world.contacts[2], world.actor()
    for hours in (0, 0, 1):
        moment = DAY + timedelta(hours=hours)
        record_activity(contact, ActivityDraft(type="NOTE", created_at=moment), actor=actor)
        record_communication(
            contact, CommunicationDraft(kind="sms", direction="inbound", occurred_at=moment), actor=actor
        )
        create_deal(contact, DealDraft(title="Home", created_at=moment), actor=actor)
    return contact


def test_the_timeline_is_one_story_newest_first(north: World) -> None:
    with north.scope():
        contact = busy_contact(north)
        entries = timeline(contact)
        assert kinds(entries) == ["change", *["deal", "communication", "activity"], *["deal"] * 2,
                                  *["communication"] * 2, *["activity"] * 2]  # fmt: skip
        positions = [entry.position for entry in entries]
        assert positions == sorted(positions, reverse=True)
        assert all(entry.row.contact_id == contact.pk for entry in entries)


def test_the_timeline_shows_changes_of_the_contact_and_what_became_of_its_deals(north: World) -> None:
    with north.scope():
        contact = busy_contact(north)
        deal = create_deal(contact, DealDraft(title="Barn"), actor=north.actor())
        update_deal(deal, DealDraft(stage="LOST"), actor=north.actor())
        delete_deal(deal, actor=north.actor())
        update_contact(contact, ContactDraft(notes="New words"), actor=north.actor())
        changes = [entry.row for entry in timeline(contact) if isinstance(entry.row, ContactChange)]
        assert [row.after for row in changes[:3]] == [
            {"notes": "New words"},
            {"deal": None},
            {"deal": {"id": str(deal.uuid), "stage": "LOST"}},
        ]
        assert [row.verb for row in changes[3:]] == ["created"]
        assert kinds(timeline(contact)).count("deal") == 3


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_the_timeline_join_without_gap_or_overlap(north: World, size: int) -> None:
    with north.scope():
        contact = busy_contact(north)
        whole = timeline(contact)
        pages = timeline(contact, limit=size)
        while page := timeline(contact, before=pages[-1].position, limit=size):
            pages += page
        assert pages == whole


def test_a_longer_timeline_costs_no_more_statements(
    north: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with north.scope():
        contact = busy_contact(north)
        for _ in range(3):
            list(record_activities([(contact.pk, ActivityDraft(type="NOTE"))] * 10, actor=north.actor()))
            with django_assert_num_queries(4):
                for entry in timeline(contact):
                    str(getattr(entry.row, "member", ""))


def test_the_newest_of_many_contacts_come_in_one_statement(
    north: World, south: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with north.scope():
        contact = busy_contact(north)
        draft = ActivityDraft(type="NOTE", created_at=DAY, metadata={"nested": [1, "two", None]})
        drafts = [(contact.pk, replace(draft, created_at=DAY + timedelta(days=day))) for day in range(30)]
        list(record_activities(drafts, actor=north.actor()))
        ids = [contact.pk, north.contacts[3].pk, south.contact.pk]
        contacts = Contact.objects.filter(pk__in=ids).annotate(
            activities_beside=newest_activities(),
            communications_beside=newest_communications(),
            deals_beside=newest_deals(),
        )
        with django_assert_num_queries(1):
            found = {row[0]: row[1:] for row in contacts.values_list("pk", *contacts.query.annotations)}
        assert found.keys() == {ids[0], ids[1]}
        expected = Activity.objects.filter(contact=contact).order_by("-created_at", "-id")[:25]
        activities, communications, deals = found[ids[0]]
        assert [UUID(uuid) for _, uuid, *_ in activities] == [activity.uuid for activity in expected]
        assert [len(communications), len(deals)] == [3, 3]
        assert [len(rows) for rows in found[ids[1]]] == [0, 0, 0]


def test_a_contact_known_before_it_came_here_shows_no_creation(north: World, south: World):
    with north.scope():
        old = create_contact(
            ContactDraft(full_name="Old Friend", created_at=timezone.now() - timedelta(days=90)), actor=north.actor()
        )
        new = create_contact(ContactDraft(full_name="New Friend"), actor=north.actor())
        assert timeline(old) == []
        assert [entry.position.kind for entry in timeline(new)] == [TimelineKind.CHANGE]

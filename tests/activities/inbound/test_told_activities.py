"""An activity that tells of a message that came in, and of nothing else, says what the message says, as long as it does."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from activities.drafts import ActivityDraft, DealDraft
from activities.models import Activity, Communication, InboundChannel
from activities.querysets import newest_activities, shown_activities, timeline
from activities.services import create_deal, delete_communication, record_activities, record_activity
from contacts.models import Contact
from tests.dashboard import browser_of
from tests.inbound import channel_of, contacts_from
from tests.updates import drain, edit, send, update
from tests.worlds import WireClient, World, estateprime_pair

FIRST_WORDS = "Is the lighthouse still free?"
LATER_WORDS = "Is the windmill still free?"


def told(world: World, *words: str) -> Contact:
    """A new contact who wrote these messages, and of whom a note tells as well."""
    channel = channel_of(world, "telegram")
    for number, text in enumerate(words, start=1):
        send(channel, update(number, sender=1, text=text))
    drain(world)
    (contact,) = contacts_from(world, "telegram")
    with world.scope():
        record_activity(contact, ActivityDraft(type="NOTE", description="Likes heights"), actor=world.actor())
        create_deal(contact, DealDraft(winnerr_key="deal_told", title="Lighthouse"), actor=world.actor())
    return contact


def winnerr(world: World) -> WireClient:
    return WireClient(world.owner)


def shown(world: World, contact: Contact) -> dict[str, list[str]]:
    """The descriptions of a contact's activities, newest first, wherever Winnerr's programs find them."""
    client, address = winnerr(world), f"/v1/contacts/{contact.winnerr_id}"
    include = {"include": "activities"}
    listed = client.get("/v1/contacts", include).json()["data"]
    return {
        "list": descriptions(client.get(f"{address}/activities").json()["data"]),
        "single contact": descriptions(client.get(address, include).json()["data"]["activities"]),
        "contacts": descriptions(next(each["activities"] for each in listed if each["id"] == contact.winnerr_id)),
        "deal": descriptions(client.get("/v1/deals/deal_told", include).json()["data"]["activities"]),
    }


def descriptions(activities: list[dict[str, Any]]) -> list[str]:
    return [activity["description"] for activity in activities]


def everywhere(*words: str) -> dict[str, list[str]]:
    return {place: list(words) for place in ("list", "single contact", "contacts", "deal")}


def first_page(world: World) -> str:
    return browser_of(world.owner).get(reverse("admin:index")).content.decode()


def contact_page(world: World, contact: Contact) -> str:
    return browser_of(world.owner).get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()


def message_of(contact: Contact, words: str) -> Communication:
    return Communication.objects.get(contact=contact, body=words)


def test_it_goes_with_its_message(north: World, south: World) -> None:
    ours, theirs = told(north, FIRST_WORDS, "Hello?"), told(south, FIRST_WORDS)
    assert shown(north, ours) == everywhere("Likes heights", "Hello?", FIRST_WORDS)
    assert FIRST_WORDS in first_page(north)
    with north.scope():
        delete_communication(message_of(ours, FIRST_WORDS), actor=north.actor())
        # What was written down stays.
        assert Activity.objects.filter(contact=ours, description=FIRST_WORDS).count() == 1
        assert not any(FIRST_WORDS in str(entry.row) for entry in timeline(ours))
    assert shown(north, ours) == everywhere("Likes heights", "Hello?")
    assert FIRST_WORDS not in first_page(north)
    assert FIRST_WORDS not in contact_page(north, ours)
    assert shown(south, theirs) == everywhere("Likes heights", FIRST_WORDS)
    assert FIRST_WORDS in first_page(south)


def test_it_goes_with_a_message_that_is_deleted_on_another_wire(north: World) -> None:
    contact = told(north, FIRST_WORDS)
    with north.scope():
        number = message_of(contact, FIRST_WORDS).number
    pair = WireClient(north.owner, estateprime_pair, scheme="Basic")
    assert pair.delete(f"/api/communication/{number}").status_code == 200
    assert shown(north, contact) == everywhere("Likes heights")


def test_pages_count_what_is_shown(north: World) -> None:
    contact = told(north, *(f"Message {number}" for number in range(4)))
    with north.scope():
        delete_communication(message_of(contact, "Message 2"), actor=north.actor())
    client, address = winnerr(north), f"/v1/contacts/{contact.winnerr_id}/activities"
    first = client.get(address, {"limit": 2}).json()
    second = client.get(address, {"limit": 2, "cursor": first["pagination"]["nextCursor"]}).json()
    assert first["pagination"]["total"] == 4
    found = descriptions(first["data"] + second["data"])
    assert found == ["Likes heights", "Message 3", "Message 1", "Message 0"]


def test_it_follows_the_edits_of_its_message(north: World, south: World) -> None:
    ours, theirs = told(north, FIRST_WORDS, "Hello?"), told(south, FIRST_WORDS)
    with north.scope():
        channel = InboundChannel.objects.get(receipts__communication=message_of(ours, FIRST_WORDS))
    for number, text in ((8, LATER_WORDS), (7, "Is the barn still free?")):
        send(channel, edit(number, update(1, text=FIRST_WORDS), text))
        drain(north)
    assert shown(north, ours) == everywhere("Likes heights", "Hello?", LATER_WORDS)
    assert LATER_WORDS in first_page(north)
    assert shown(south, theirs) == everywhere("Likes heights", FIRST_WORDS)


@pytest.mark.postgresql
def test_what_is_shown_of_a_contact_is_found_through_its_index(north: World) -> None:
    contact = told(north, FIRST_WORDS)
    notes = [(each.pk, ActivityDraft(type="NOTE")) for each in north.contacts for _ in range(300)]
    with north.scope(), connection.cursor() as cursor:
        list(record_activities(notes, actor=north.actor()))
        # Tables as small as these it would read as a whole.
        cursor.execute("SET LOCAL enable_seqscan = off")
        of_contact = shown_activities().filter(contact=contact).order_by("-created_at", "-id")[:25]
        of_team = shown_activities().order_by("-created_at", "-id")[:8]
        beside = Contact.objects.filter(pk=contact.pk).annotate(beside=newest_activities())
        assert "activity_of_contact" in of_contact.explain()
        assert "activity_newest_first" in of_team.explain()
        assert "activity_of_contact" in beside.explain()

"""What WhatsApp tells of messages it brought before and of people who wrote before: edits, revocations, statuses, new names."""

from __future__ import annotations

import itertools

import pytest

from activities.drafts import CommunicationDraft
from activities.models import Communication, Conversation, SenderIdentity
from activities.services import record_communication
from activities.services.settling import MOST_WAITS
from contacts.models import Contact, MergeSuggestion
from tests.activities.inbound.whatsapp import (
    SENT_AT,
    let_time_pass,
    receive,
    signed,
    text_call,
    text_message,
    whatsapp,
)
from tests.inbound import contacts_from, messages_of, receipts_of, work
from tests.worlds import World

ORIGINAL = "Καλημέρα! Is the flat on Mill Lane still free? 🏡"
CORRECTED = "Is the flat on Mill Street still free?"
OUTBOUND = "wamid.HBgLOUTOFTHETEAM0001AA=="
UNKNOWN = "speaks of a message that is not here"


def said_by_the_team(world: World, name: str = OUTBOUND) -> Communication:
    """A message of the team's that WhatsApp reports on."""
    draft = CommunicationDraft(
        kind="whatsapp", direction="outbound", body="The flat is free", occurred_at=SENT_AT, provider_message_id=name
    )
    with world.scope():
        return record_communication(world.contacts[1], draft, actor=world.actor())


def delivery_of(world: World, message: Communication) -> str:
    with world.scope():
        return Communication.objects.get(pk=message.pk).delivery


@pytest.mark.parametrize("order", [("message_text", "edit"), ("edit", "message_text")])
def test_an_edit_changes_what_the_message_says_and_keeps_what_it_said(order: tuple[str, str], north: World):
    channel = whatsapp(north)
    for name in order:
        receive(channel, name)
    let_time_pass(north)
    (message, again) = messages_of(north, channel)
    assert (message.pk, message.body) == (again.pk, CORRECTED)
    assert message.metadata == {"editedAt": "2026-03-02T09:12:00+00:00", "originalText": ORIGINAL}
    assert {state for _, state, _ in receipts_of(north, channel)} == {"applied"}


@pytest.mark.parametrize("order", list(itertools.permutations(("message_text", "edit", "revoke"))))
def test_a_revoked_message_is_gone_in_whichever_order_this_is_told(order: tuple[str, ...], north: World):
    channel = whatsapp(north)
    for name in order:
        receive(channel, name)
    let_time_pass(north)
    let_time_pass(north)
    (contact,) = contacts_from(north, "whatsapp")
    with north.scope():
        assert not Communication.objects.filter(contact=contact, deleted_at=None).exists()
        conversation = Conversation.objects.get(contact=contact)
    assert (conversation.message_count, conversation.is_hidden) == (0, True)
    assert {state for _, state, _ in receipts_of(north, channel)} <= {"applied", "ignored"}


def test_a_status_never_goes_back(north: World, south: World):
    channel, message, other = whatsapp(north), said_by_the_team(north), said_by_the_team(south)
    seen = []
    for name in ("status_read", "status_sent", "status_delivered", "status_failed", "status_played"):
        receive(channel, name)
        seen.append(delivery_of(north, message))
    assert seen == ["read", "read", "read", "read", "played"]
    assert delivery_of(south, other) == ""
    keys = [key for key, _, _ in receipts_of(north, channel)]
    assert keys[:2] == [f"status:{OUTBOUND}:read", f"status:{OUTBOUND}:sent"]


def test_a_status_before_its_message_waits_for_it_and_makes_no_contact(north: World):
    channel = whatsapp(north)
    with north.scope():
        before = Contact.objects.count()
    receive(channel, "status_delivered", "status_sent")
    assert [row[1:] for row in receipts_of(north, channel)] == [("pending", UNKNOWN)] * 2
    message = said_by_the_team(north)
    let_time_pass(north)
    assert delivery_of(north, message) == "delivered"
    with north.scope():
        assert Contact.objects.count() == before


def test_a_status_and_an_edit_of_what_was_never_here_are_laid_aside_in_the_end(north: World):
    channel = whatsapp(north)
    receive(channel, "status_sent", "edit")
    for _ in range(MOST_WAITS):
        let_time_pass(north)
    assert [row[1:] for row in receipts_of(north, channel)] == [("ignored", UNKNOWN)] * 2


def names_of(world: World, contact: Contact) -> set[str]:
    with world.scope():
        return set(SenderIdentity.objects.filter(contact=contact).values_list("value", flat=True))


def test_who_changes_the_number_stays_the_same_contact(north: World):
    channel = whatsapp(north)
    receive(channel, "message_text")
    receive(channel, "system_number_changed")
    signed(channel, text_call(text_message("new", "It is still me", sender="15550100177", seconds=9_000)))
    work()
    (contact,) = contacts_from(north, "whatsapp")
    assert names_of(north, contact) == {"+15550100142", "+15550100177"}
    # What the contact has is for people to change.
    assert contact.phone == "+15550100142"
    assert [row.contact_id for row in messages_of(north, channel)] == [contact.pk] * 2


def test_who_gets_another_user_id_stays_the_same_contact(north: World):
    channel = whatsapp(north)
    receive(channel, "message_user_id_only")
    receive(channel, "system_user_id_changed")
    (contact,) = contacts_from(north, "whatsapp")
    assert names_of(north, contact) == {
        "GR.13491208655302741918",
        "GR.ENT.11815799212886844830",
        "GR.20016408655302740001",
        "GR.ENT.22215799212886840002",
    }


def test_a_new_number_that_wrote_already_is_suggested_to_be_the_same_person(north: World):
    channel = whatsapp(north)
    receive(channel, "message_text")
    signed(channel, text_call(text_message("early", "It is me", sender="15550100177")))
    work()
    receive(channel, "system_number_changed")
    first, second = contacts_from(north, "whatsapp")
    with north.scope():
        (suggestion,) = MergeSuggestion.objects.filter(first_id=first.pk)
        assert (suggestion.second_id, suggestion.reason) == (second.pk, "same_sender")
    assert names_of(north, second) == {"+15550100177"}

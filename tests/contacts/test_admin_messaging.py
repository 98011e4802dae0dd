"""A contact's page on messages: whether they are wanted, who sends them, what they say, and who may be the same person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from activities.drafts import CommunicationDraft
from activities.models import Communication, Delivery, InboundChannel
from activities.services import record_communication
from activities.services.amending import edit_communication, report_delivery
from activities.services.inbox import actor_of
from contacts.consent import may_be_contacted
from contacts.drafts import ContactDraft
from contacts.models import Consent, Contact, Medium, MergeReason, MergeSuggestion
from contacts.services import create_contact, delete_contact, update_contact
from contacts.services.consenting import Statement, record_consents
from contacts.services.suggesting import suggest_merges
from tests.dashboard import CONTACTS, browser_of, text_of
from tests.inbound import channel_of, contacts_from, deliver, work
from tests.worlds import World

SECRET = {"X-Telegram-Bot-Api-Secret-Token": "sesame-opens-this-one"}
SAID_AT = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


@pytest.fixture
def agent(north: World) -> Client:
    return browser_of(north.agent)


def page_of(contact: Contact, page: str = "change") -> str:
    return f"{CONTACTS}{contact.pk}/{page}/"


def consents_of(world: World, contact: Contact) -> list[tuple[Any, ...]]:
    with world.scope():
        rows = Consent.objects.filter(contact=contact).order_by("id")
        return list(rows.values_list("medium", "is_given", "words", "actor_label", "communication"))


def say(channel: InboundChannel, number: int, text: str, **more: Any) -> None:
    """A message of one person, through Telegram, taken in."""
    person = {"id": 5551000111333, "is_bot": False, "first_name": "Perpetua", "last_name": "Quill"}
    chat = {"id": person["id"], "type": "private"}
    date = int(SAID_AT.timestamp()) + number
    message = {"message_id": number, "from": person, "chat": chat, "date": date, "text": text, **more}
    name = "edited_message" if "edit_date" in more else "message"
    update = {"update_id": 900 + number + (50 if name == "edited_message" else 0), name: message}
    assert deliver(channel, update, SECRET).status_code == 200
    work()


def test_nothing_said_is_open_for_every_medium(north: World, agent: Client):
    words = text_of(agent.get(page_of(north.contact)))
    for medium in Medium.labels:
        assert f"{medium} : may be written to Nothing was said Record objection" in words


def test_a_stop_word_is_shown_with_its_words_and_message(north: World, agent: Client):
    channel = channel_of(north, "telegram")
    say(channel, 1, "Hello")
    say(channel, 2, "Stop!")
    (contact,) = contacts_from(north, "telegram")
    page = agent.get(page_of(contact))
    words = text_of(page)
    assert "Telegram : may not be written to Objection of" in words
    assert "“Stop!”, by way of telegram line, in this message Record consent" in words
    assert "E-mail : may be written to Nothing was said" in words
    with north.scope():
        message = Communication.objects.get(contact=contact, body="Stop!")
    assert f'href="#message-{message.uuid}"'.encode() in page.content
    assert f'id="message-{message.uuid}"'.encode() in page.content


def test_a_statement_whose_message_is_long_past_quotes_it(north: World, agent: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("contacts.admin.contacts.NEWEST_ENTRIES", 1)
    channel = channel_of(north, "telegram")
    say(channel, 1, "STOP")
    say(channel, 2, "What about the house?")
    (contact,) = contacts_from(north, "telegram")
    words = text_of(agent.get(page_of(contact)))
    assert "in this message" not in words
    assert "The message STOP" in words


def test_an_objection_and_a_consent_are_taken_down_by_hand(north: World, agent: Client):
    said = {"statement": "sms:objection", "words": "  on the phone:\n no more "}
    answer = agent.post(page_of(north.contact, "consent"), said, follow=True)
    words = text_of(answer)
    assert "Recorded: objection to SMS." in words
    assert f"“on the phone: no more”, by way of {north.agent.full_name} Record consent" in words
    with north.scope():
        assert not may_be_contacted(north.contact, "sms")
        assert may_be_contacted(north.contact, "email")
    agent.post(page_of(north.contact, "consent"), {"statement": "sms:consent"})
    with north.scope():
        assert may_be_contacted(north.contact, "sms")
    assert consents_of(north, north.contact) == [
        ("sms", False, "on the phone: no more", north.agent.full_name, None),
        ("sms", True, "", north.agent.full_name, None),
    ]


@pytest.mark.parametrize("statement", ["", "sms", "sms:perhaps", "pigeon:consent", "sms:consent:more", "\x00:consent"])
def test_a_statement_that_makes_no_sense_is_not_taken_down(north: World, agent: Client, statement: str):
    answer = agent.post(page_of(north.contact, "consent"), {"statement": statement, "words": "\x00" * 10}, follow=True)
    assert "Choose a way to write" in text_of(answer)
    assert consents_of(north, north.contact) == []


def test_words_are_stored_as_far_as_they_fit(north: World, agent: Client):
    agent.post(page_of(north.contact, "consent"), {"statement": "sms:consent", "words": "\x00 é" * 500})
    ((_, _, words, _, _),) = consents_of(north, north.contact)
    assert words == ("é " * 100)[:200]


def test_do_not_contact_closes_everything(north: World, agent: Client):
    agent.post(page_of(north.contact, "consent"), {"statement": "sms:consent"})
    with north.scope():
        update_contact(north.contact, ContactDraft(status="DO_NOT_CONTACT"), actor=north.actor())
    words = text_of(agent.get(page_of(north.contact)))
    assert "Do not contact: nothing may be sent, by no medium." in words
    assert words.count(": may not be written to") == len(Medium)
    assert ": may be written to" not in words


def test_the_list_leaves_out_whom_nobody_may_write_to(north: World, agent: Client):
    with north.scope():
        loud, quiet, closed = (
            create_contact(ContactDraft(full_name=name), actor=north.actor()) for name in ("Loud", "Quiet", "Closed")
        )
        update_contact(closed, ContactDraft(status="DO_NOT_CONTACT"), actor=north.actor())
        said = Statement(contact_id=quiet.pk, medium="sms", is_given=False, words="stop", stated_at=SAID_AT)
        record_consents([said], actor=north.actor())

    def listed(query: str) -> set[str]:
        shown = agent.get(f"{CONTACTS}?{query}").context["cl"].result_list
        return {contact.full_name for contact in shown} & {"Loud", "Quiet", "Closed"}

    assert listed("contactable=sms") == {"Loud"}
    assert listed("contactable=email") == {"Loud", "Quiet"}
    # It fails closed: what there is not lets nobody through.
    assert listed("contactable=pigeon") == set()
    assert listed("") == {"Loud", "Quiet", "Closed"}
    with north.scope():
        assert [may_be_contacted(each, "sms") for each in (loud, quiet, closed)] == [True, False, False]


def test_a_deleted_contact_is_closed_and_nothing_can_be_recorded(north: World, agent: Client):
    words = text_of(agent.get(page_of(north.deleted)))
    assert ": may be written to" not in words
    assert "Record" not in words
    assert agent.post(page_of(north.deleted, "consent"), {"statement": "sms:consent"}).status_code == 403


def test_a_message_shows_what_came_with_it_what_it_said_before_and_how_far_it_got(north: World, agent: Client):
    with north.scope():
        system = actor_of(channel_of(north, "whatsapp"))
        attachments = [
            {"kind": "document", "name": "plan <b>.pdf"},
            {"kind": "video_note", "id": "x"},
            {},
            "no object",
        ]
        draft = CommunicationDraft(
            kind="whatsapp", direction="inbound", body="at <i>five</i>", metadata={"attachments": attachments}
        )
        message = record_communication(north.contact, draft, actor=system)
        edit_communication(message, "at six", edited_at=SAID_AT, actor=system)
        sent = record_communication(
            north.contact, CommunicationDraft(kind="whatsapp", direction="outbound", body="Fine"), actor=north.actor()
        )
        report_delivery(sent, Delivery.FAILED, actor=system)
    page = agent.get(page_of(north.contact))
    words = text_of(page)
    assert "WhatsApp, inbound at six Edited; before: at <i>five</i>" in words
    assert "Attached: plan <b>.pdf, Video note, attachment" in words.replace("Attachment", "attachment")
    assert "WhatsApp, outbound Fine Failed" in words
    assert b"<i>five" not in page.content
    assert b"<b>.pdf" not in page.content
    assert "whatsapp line Inbound message" in text_of(agent.get(page_of(north.contact, "history")))


def test_history_tells_what_came_in_by_its_channel(north: World, agent: Client):
    channel = channel_of(north, "telegram")
    say(channel, 1, "at five")
    say(channel, 1, "at six", edit_date=int(SAID_AT.timestamp()) + 60)
    (contact,) = contacts_from(north, "telegram")
    words = text_of(agent.get(page_of(contact, "history")))
    for line in ("Telegram edited by its sender: at six", "Telegram received: at six", "Created"):
        assert f"{line} telegram line Inbound message" in words
    assert "Score worked out again, the same" not in text_of(agent.get(page_of(contact)))


def test_the_names_of_a_sender_are_shown(north: World, agent: Client):
    channel = channel_of(north, "telegram")
    say(channel, 1, "Hello")
    (contact,) = contacts_from(north, "telegram")
    words = text_of(agent.get(page_of(contact)))
    assert "Known as Telegram user 5551000111333 (Perpetua Quill) First on telegram line," in words
    assert "Known as" not in text_of(agent.get(page_of(north.contact)))


def test_a_possible_duplicate_is_led_to_and_dismissed_for_good(north: World, agent: Client):
    bob, carol = north.contacts[1], north.contacts[2]
    for contact, other in ((bob, carol), (carol, bob)):
        page = agent.get(page_of(contact))
        assert f"Possible duplicates {other} Same telephone Dismiss" in text_of(page)
        assert f'href="{page_of(other)}"'.encode() in page.content
    with north.scope():
        suggestion = MergeSuggestion.objects.get()
    dismiss = f"{CONTACTS}{bob.pk}/dismiss/{suggestion.pk}/"
    assert "Dismissed." in text_of(agent.post(dismiss, follow=True))
    assert agent.post(dismiss).status_code == 404
    with north.scope():
        suggest_merges([(carol.pk, bob.pk)], MergeReason.SAME_SENDER, actor=north.actor())
        suggestion = MergeSuggestion.objects.get()
    assert suggestion.dismissed_by_id == north.agent.pk
    assert "Possible duplicates" not in text_of(agent.get(page_of(carol)))


def test_a_duplicate_that_is_deleted_or_hidden_is_not_named(north: World):
    bob, carol = north.contacts[1], north.contacts[2]
    with north.scope():
        north.organization.agents_see_only_their_contacts = True
        north.organization.save()
        Contact.objects.filter(pk=bob.pk).update(assigned_to_id=north.agent.pk)
        Contact.objects.filter(pk=carol.pk).update(assigned_to_id=north.owner.pk)
        suggestion = MergeSuggestion.objects.get()
    narrowed, owner = browser_of(north.agent), browser_of(north.owner)
    assert "Possible duplicates" not in text_of(narrowed.get(page_of(bob)))
    assert narrowed.post(f"{CONTACTS}{bob.pk}/dismiss/{suggestion.pk}/").status_code == 404
    assert narrowed.post(page_of(carol, "consent"), {"statement": "sms:consent"}).status_code == 404
    assert "Possible duplicates" in text_of(owner.get(page_of(bob)))
    with north.scope():
        delete_contact(Contact.objects.get(pk=carol.pk), actor=north.actor())
    assert "Possible duplicates" not in text_of(owner.get(page_of(bob)))


def test_the_stranger_s_suggestions_and_contacts_cannot_be_reached(north: World, south: World, agent: Client):
    with south.scope():
        foreign = MergeSuggestion.objects.get()
    assert agent.post(f"{CONTACTS}{north.contacts[1].pk}/dismiss/{foreign.pk}/").status_code == 404
    assert agent.post(page_of(south.contact, "consent"), {"statement": "sms:consent"}).status_code == 404
    assert consents_of(south, south.contact) == []
    with south.scope():
        assert MergeSuggestion.objects.get().dismissed_at is None

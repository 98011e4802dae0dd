"""WhatsApp: messages as Meta's Cloud API posts them, and what they become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.arrivals import InboundEvent
from activities.inbound.whatsapp import WhatsAppChannel
from activities.models import Activity, Conversation, Receipt, SenderIdentity
from contacts.consent import may_be_contacted
from contacts.drafts import ContactDraft
from contacts.models import Consent, ContactChange, MergeSuggestion
from contacts.services import create_contacts
from tests.activities.inbound.whatsapp import SENT_AT, receive, recorded, signed, text_call, text_message, whatsapp
from tests.inbound import contacts_from, messages_of, receipts_of, work
from tests.worlds import World

BSUID = "GR.13491208655302741918"
PARENT = "GR.ENT.11815799212886844830"


def identities_of(world: World, contact_id: int) -> set[tuple[str, str]]:
    with world.scope():
        return set(SenderIdentity.objects.filter(contact_id=contact_id).values_list("kind", "value"))


def test_a_message_makes_its_sender_a_contact(north: World, south: World):
    channel = whatsapp(north)
    receive(channel, "message_text")
    (contact,) = contacts_from(north, "whatsapp")
    (message,) = messages_of(north, channel)
    facts = (contact.full_name, contact.email, contact.phone, contact.language, contact.type, contact.last_contacted_at)
    assert facts == ("Nina Brightwater", "", "+15550100142", "en", "LEAD", SENT_AT)
    assert (message.kind, message.direction, message.occurred_at) == ("whatsapp", "inbound", SENT_AT)
    assert (message.body, message.metadata) == ("Καλημέρα! Is the flat on Mill Lane still free? 🏡", {})
    assert message.provider_message_id == "wamid.HBgLMTU1NTAxMDAxNDIVAgASGBQzQTU1NTAw0001AA=="
    assert receipts_of(north, channel) == [(f"message:{message.provider_message_id}", "applied", "")]
    assert contacts_from(south, "whatsapp") == []
    assert identities_of(north, contact.pk) == {("phone", "+15550100142")}
    with north.scope():
        assert Conversation.objects.get(contact=contact).message_count == 1
        (activity,) = Activity.objects.filter(contact=contact)
        assert (activity.type, activity.communication_id) == ("WHATSAPP_RECEIVED", message.pk)
        assert {change.door for change in ContactChange.objects.filter(contact=contact)} == {"inbound"}


def file(kind: str, number: int, mime_type: str, digest: str, **more: str) -> dict[str, Any]:
    described = {"kind": kind, "id": f"80055500077700{number}", "type": mime_type}
    return {"attachments": [{**described, "sha256": f"{digest}Hn1vWm0m8wq1l2dPq8yq7oV4pQ1cEw3o8bq5Y8=", **more}]}


ANSWERED = "wamid.HBgLOUTOFTHETEAM000{}AA=="
READINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "message_text_escaped": ("Grüße! Está libre 🏠 — naïve café?", {}),
    "message_image": (
        "This is the view I meant",
        {
            "attachments": [
                {
                    "kind": "image",
                    "id": "800555000777001",
                    "type": "image/jpeg",
                    "sha256": "mN5kq0Hn1vWm0m8wq1l2dPq8yq7oV4pQ1cEw3o8bq5Y=",
                }
            ]
        },
    ),
    "message_video": ("[Video]", file("video", 2, "video/mp4", "Zk1r0")),
    "message_audio": ("[Audio]", file("audio", 3, "audio/mpeg", "Ak1r0")),
    "message_voice": ("[Voice message]", file("audio", 4, "audio/ogg; codecs=opus", "Vk1r0")),
    "message_document": (
        "[Document: Payslips 2025.pdf]",
        file("document", 5, "application/pdf", "Dk1r0", name="Payslips 2025.pdf"),
    ),
    "message_sticker": ("[Sticker]", file("sticker", 6, "image/webp", "Sk1r0")),
    "message_location": (
        "[Location: Corner Bakery, 5 Example Square, Athens, 37.975, 23.735]",
        {
            "location": {
                "latitude": 37.975,
                "longitude": 23.735,
                "name": "Corner Bakery",
                "address": "5 Example Square, Athens",
            }
        },
    ),
    "message_contacts": (
        "[Contact: Pat Ferrow +1 555-010-0199 pat@example.com]",
        {"contacts": [{"name": "Pat Ferrow", "phones": ["+1 555-010-0199"], "emails": ["pat@example.com"]}]},
    ),
    "message_reaction": ("[Reaction: 👍]", {"replyTo": ANSWERED.format(1)}),
    "message_reaction_taken_back": ("[Reaction taken back]", {"replyTo": ANSWERED.format(1)}),
    "message_button": (
        "Yes, that suits me",
        {"button": {"payload": "viewing-confirmed"}, "replyTo": ANSWERED.format(2)},
    ),
    "message_interactive_button": ("I want to rent", {"chosen": {"id": "rent"}, "replyTo": ANSWERED.format(3)}),
    "message_interactive_list": (
        "Three rooms",
        {"chosen": {"id": "rooms-3", "description": "Up to 90 square metres"}},
    ),
    "message_interactive_form": (
        "[Form: flow]\nbudget: 1400\nrooms: 3\nareas: Harbour, Mill Lane\npets: False",
        {"form": {"budget": "1400", "rooms": "3", "areas": "Harbour, Mill Lane", "pets": "False"}},
    ),
    "message_order": (
        "The two parking places please\n[Order]\n2 x parking-12",
        {
            "order": {
                "catalog": "600555000111",
                "items": [{"product": "parking-12", "quantity": "2", "price": "90.5", "currency": "EUR"}],
            }
        },
    ),
    "message_unsupported": (
        "[WhatsApp does not hand over this message]",
        {"errors": [{"code": "131051", "title": "Message type unknown"}]},
    ),
    "message_reply": (
        "That one, yes",
        {
            "replyTo": ANSWERED.format(4),
            "isForwarded": True,
            "product": {"catalog": "600555000111", "product": "flat-7"},
        },
    ),
    "message_referral": (
        "Hello, I saw your advertisement",
        {
            "referral": {
                "sourceUrl": "https://example.com/advertisement",
                "sourceType": "ad",
                "sourceId": "120555000",
                "headline": "Flats by the harbour",
                "body": "Three rooms, from June",
                "mediaType": "image",
                "clickId": "Aff-n8ZTODiE79d22KtAwQKj9e",
            }
        },
    ),
}


def test_every_kind_of_message_reads_as_a_person_would_say_it(north: World):
    channel = whatsapp(north)
    receive(channel, *READINGS)
    messages = messages_of(north, channel)
    read = {name: (row.body, row.metadata) for name, row in zip(READINGS, messages, strict=True)}
    assert read == READINGS
    (contact,) = contacts_from(north, "whatsapp")
    assert {row.contact_id for row in messages} == {contact.pk}


KEPT_OUT = {
    "message_group": ("ignored", "not a private conversation"),
    "message_request_welcome": ("ignored", "opened the conversation and said nothing"),
    "message_unknown_type": ("quarantined", "an unknown type of message"),
    "message_no_sender": ("quarantined", "no sender"),
    "system_new_device": ("ignored", "has WhatsApp on another device"),
    "system_unknown": ("quarantined", "an unknown type of system message"),
    "system_number_changed": ("ignored", "names somebody who never wrote"),
    "status_unknown": ("ignored", "a status of an unknown kind"),
    "change_of_template": ("ignored", "a change that is no message: message_template_status_update"),
    "change_of_actions": ("ignored", "a change that is no message: user_actions"),
    "change_of_errors": ("ignored", "a change that is no message: errors"),
    "echo_of_the_application": ("ignored", "a change that is no message: smb_message_echoes"),
}


def test_what_makes_no_message_is_kept_with_its_reason(north: World):
    channel = whatsapp(north)
    receive(channel, *KEPT_OUT)
    outcomes = {
        name: (state, reason) for name, (_, state, reason) in zip(KEPT_OUT, receipts_of(north, channel), strict=True)
    }
    assert outcomes == KEPT_OUT
    assert contacts_from(north, "whatsapp") == []


def test_a_receipt_holds_one_message_with_its_number_and_its_sender_alone(north: World):
    channel = whatsapp(north)
    people = [{"profile": {"name": f"Guest {n}"}, "wa_id": f"1555010020{n}"} for n in (1, 2)]
    texts = [text_message(f"alone{n}", f"Words of {n}", sender=f"1555010020{n}") for n in (1, 2)]
    assert signed(channel, text_call(*texts, contacts=people)).status_code == 200
    with north.scope():
        kept = [json.loads(bytes(row.payload)) for row in Receipt.objects.filter(channel=channel).order_by("id")]
    alone = [text_call(text, contacts=[person]) for text, person in zip(texts, people, strict=True)]
    assert kept == alone


def test_who_hides_the_number_and_shows_it_later_is_one_contact(north: World):
    channel = whatsapp(north)
    receive(channel, "message_user_id_only")
    (contact,) = contacts_from(north, "whatsapp")
    assert (contact.full_name, contact.phone) == ("Nina Brightwater", "")
    assert identities_of(north, contact.pk) == {("whatsapp", BSUID), ("whatsapp_parent", PARENT)}
    receive(channel, "message_user_id_and_phone")
    receive(channel, "message_text")
    (contact,) = contacts_from(north, "whatsapp")
    assert contact.phone == "+15550100142"
    assert identities_of(north, contact.pk) == {
        ("whatsapp", BSUID),
        ("whatsapp_parent", PARENT),
        ("phone", "+15550100142"),
    }
    assert {message.contact_id for message in messages_of(north, channel)} == {contact.pk}
    assert [message.metadata.get("username") for message in messages_of(north, channel)] == ["ninab", "ninab", None]


def test_a_user_id_in_the_place_of_the_number_is_no_telephone(north: World):
    channel = whatsapp(north)
    receive(channel, "message_user_id_in_from")
    (contact,) = contacts_from(north, "whatsapp")
    assert (contact.full_name, contact.phone) == ("@ninab", "")
    assert identities_of(north, contact.pk) == {("whatsapp", BSUID)}
    receive(channel, "message_user_id_only")
    assert contacts_from(north, "whatsapp") == [contact]


@pytest.mark.parametrize("odd", ["not-an-id", "15550100142x", "GR.", "ελ.1"])
def test_a_user_id_of_any_shape_identifies_its_sender(odd: str, north: World):
    channel = whatsapp(north)
    message = {**text_message("odd", "Hello"), "from": "", "from_user_id": odd}
    signed(channel, text_call(message))
    work()
    (contact,) = contacts_from(north, "whatsapp")
    assert (contact.full_name, identities_of(north, contact.pk)) == ("WhatsApp user", {("whatsapp", odd)})


def test_a_message_goes_to_the_contact_who_has_its_telephone_and_changes_nothing_there(north: World, south: World):
    drafts = [ContactDraft(full_name="Known Already", phone="+1 (555) 010-0142", source="website")]
    with north.scope():
        ((known,),) = create_contacts(drafts, actor=north.actor())
    with south.scope():
        ((stranger,),) = create_contacts(drafts, actor=south.actor())
    channel = whatsapp(north)
    receive(channel, "message_text")
    (message,) = messages_of(north, channel)
    assert message.contact_id == known.pk
    with north.scope():
        known.refresh_from_db()
        assert (known.full_name, known.phone, known.source) == ("Known Already", "+1 (555) 010-0142", "website")
    with south.scope():
        assert not Conversation.objects.filter(contact=stranger, kind="whatsapp").exists()


def test_a_telephone_of_two_contacts_makes_a_third_and_suggests_to_merge(north: World):
    drafts = [ContactDraft(full_name=name, phone="+1 555 010 0142") for name in ("One Owner", "Two Owner")]
    with north.scope():
        ((first, second),) = create_contacts(drafts, actor=north.actor())
    channel = whatsapp(north)
    receive(channel, "message_text")
    (contact,) = contacts_from(north, "whatsapp")
    with north.scope():
        suggested = MergeSuggestion.objects.filter(second_id=contact.pk).order_by("first_id")
        assert [(row.first_id, row.reason) for row in suggested] == [
            (first.pk, "same_phone"),
            (second.pk, "same_phone"),
        ]


@pytest.mark.parametrize(
    ("word", "is_given"), [("STOP", False), ("Abmelden!", False), ("διακοπή", False), ("start", True)]
)
def test_a_word_that_stops_messages_closes_whatsapp_for_its_sender(word: str, is_given: bool, north: World):
    channel = whatsapp(north)
    signed(channel, text_call(text_message("stop", word)))
    work()
    (contact,) = contacts_from(north, "whatsapp")
    (message,) = messages_of(north, channel)
    with north.scope():
        (consent,) = Consent.objects.filter(contact=contact)
        assert (consent.medium, consent.is_given, consent.words) == ("whatsapp", is_given, word)
        assert (consent.stated_at, consent.communication) == (SENT_AT, message.uuid)
        assert may_be_contacted(contact, "whatsapp") is is_given
        assert may_be_contacted(contact, "email")


def test_a_later_word_opens_whatsapp_again_in_whichever_order_the_two_arrive(north: World):
    channel = whatsapp(north)
    stop, start = text_message("stop", "stop"), text_message("start", "START", seconds=60)
    signed(channel, text_call(start))
    work()
    signed(channel, text_call(stop))
    work()
    (contact,) = contacts_from(north, "whatsapp")
    with north.scope():
        assert may_be_contacted(contact, "whatsapp")


def test_what_was_kept_reads_again_as_it_did(north: World):
    channel = whatsapp(north)
    for name in (*READINGS, *KEPT_OUT, "edit", "revoke", "status_read"):
        signed(channel, recorded(name))
    with north.scope():
        receipts = list(Receipt.objects.filter(channel=channel))
    kept = {row.key: (row.reason, row.event) for row in receipts}
    again = [WhatsAppChannel.read_again(bytes(row.payload), channel) for row in receipts]
    assert {each.key: (each.reason, stored(each.event)) for each in again if each} == kept


def stored(event: InboundEvent | None) -> dict[str, Any] | None:
    return json.loads(json.dumps(event.as_json())) if event else None

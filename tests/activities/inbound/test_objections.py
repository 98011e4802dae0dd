"""Whoever objects to messages has done so for their telephone, mailbox or user, whatever contact that belongs to."""

from __future__ import annotations

import pytest

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender
from activities.models import Communication, InboundChannel
from activities.services.receiving import keep
from contacts.consent import may_be_contacted
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft
from contacts.models import Consent, Contact
from contacts.services import create_contact, delete_contact
from tests.inbound import channel_of
from tests.updates import drain, send, update
from tests.worlds import World

LONDON = "+442079460958"
PHONE = Identity("phone", LONDON)
MAILBOX = Identity("email", "robin@example.com")


def known(world: World, name: str, **draft: object) -> Contact:
    with world.scope():
        return create_contact(ContactDraft(full_name=name, **draft), actor=world.actor())  # type: ignore[arg-type]  # any of its fields


def say(world: World, channel: InboundChannel, number: int, text: str, identity: Identity) -> Communication:
    """One message, taken in."""
    address = {"phone": identity.value} if identity.kind == "phone" else {"email": identity.value}
    who = Sender(
        identities=(identity,), name="Robin Example", **(address if identity.kind in ("phone", "email") else {})
    )
    event = InboundEvent(type=EventType.MESSAGE, message_id=f"m{number}", sender=who, text=text)
    with world.scope():
        keep(channel, [Arrival(key=f"m:{number}", payload=b"raw", event=event)])
    drain(world)
    with world.scope():
        return Communication.objects.select_related("contact").get(provider_message_id=f"m{number}")


def closed(world: World, medium: str, *contacts: Contact) -> list[bool]:
    with world.scope():
        return [not may_be_contacted(contact, medium) for contact in contacts]


def stated(world: World, contact: Contact) -> list[tuple[object, ...]]:
    with world.scope():
        rows = Consent.objects.filter(contact=contact).order_by("id")
        return list(rows.values_list("medium", "is_given", "words", "actor_label", "communication", "stated_at"))


@pytest.mark.parametrize("medium", ["sms", "whatsapp"])
def test_an_objection_closes_every_contact_with_the_telephone(north: World, south: World, medium: str):
    first, second = known(north, "One", phone=LONDON), known(north, "Two", phone="0044 20 7946 0958")
    third = known(north, "Three", further_phones=(PhoneDraft(phone="44 (0)20 7946 0958"),))
    # Of London, or of another town where that is dialled.
    fourth = known(north, "Four", phone="020 7946 0958")
    other, theirs = known(north, "Other", phone="+442079460959"), known(south, "Theirs", phone=LONDON)
    channel = channel_of(north, medium)
    said = say(north, channel, 1, "STOP", PHONE)
    made = said.contact
    assert made.pk not in {first.pk, second.pk, third.pk, fourth.pk}
    assert closed(north, medium, made, first, second, third, fourth, other) == [True] * 5 + [False]
    assert closed(north, "email", made, first, second) == [False] * 3
    assert closed(south, medium, theirs) == [False]
    statement = (medium, False, "STOP", f"{medium} line", said.uuid, said.occurred_at)
    assert [stated(north, each) for each in (made, first, second, third, fourth)] == [[statement]] * 5
    # Taken back by whoever has the telephone; of the one who only may have it, nobody knows.
    say(north, channel, 2, "START", PHONE)
    assert closed(north, medium, made, first, second, third, fourth) == [False] * 4 + [True]


def test_mail_closes_every_contact_with_the_mailbox(north: World):
    first = known(north, "One", email="Robin@Example.com")
    second = known(north, "Two", further_emails=(EmailDraft(email="robin@example.com"),))
    said = say(north, channel_of(north, "email"), 1, "unsubscribe", MAILBOX)
    assert said.contact_id == first.pk
    assert closed(north, "email", first, second) == [True, True]
    assert closed(north, "sms", first, second) == [False, False]


@pytest.mark.parametrize(
    ("medium", "identity", "draft"),
    [
        ("sms", PHONE, {"phone": "+44 20 7946 0958"}),
        ("whatsapp", PHONE, {"phone": "+44 20 7946 0958"}),
        ("email", MAILBOX, {"email": "robin@example.com"}),
    ],
)
def test_whoever_is_deleted_and_entered_again_still_objects(
    north: World, south: World, medium: str, identity: Identity, draft: dict[str, object]
):
    gone = known(north, "Gone", **draft)
    channel = channel_of(north, medium)
    assert say(north, channel, 1, "STOP", identity).contact_id == gone.pk
    with north.scope():
        delete_contact(gone, actor=north.actor())
    again, theirs = known(north, "Again", **draft), known(south, "Theirs", **draft)
    assert (closed(north, medium, again), closed(south, medium, theirs)) == ([True], [False])
    assert say(north, channel, 2, "Who is this?", identity).contact_id == again.pk
    assert closed(north, medium, again) == [True]
    say(north, channel, 3, "START", identity)
    # Mail opens nothing.
    assert closed(north, medium, again) == [medium == "email"]


def test_a_number_that_is_no_longer_on_its_contact_still_objects(north: World):
    contact = known(north, "Robin", phone=LONDON)
    say(north, channel_of(north, "sms"), 1, "STOP", PHONE)
    with north.scope():
        Contact.objects.filter(pk=contact.pk).update(phone="", phone_norm="")
    assert closed(north, "sms", contact, known(north, "Later", phone=LONDON)) == [True, True]


def test_a_users_objection_goes_with_them_to_their_new_contact(north: World, south: World):
    bots = [(world, channel_of(world, "telegram")) for world in (north, south)]
    for world, bot in bots:
        send(bot, update(1, sender=1, text="STOP" if world is north else "Hello"))
    drain(north, south)
    for world, bot in bots:
        with world.scope():
            delete_contact(Contact.objects.active().get(source="telegram"), actor=world.actor())
        send(bot, update(2, sender=1, text="Hello again"))
    drain(north, south)
    with north.scope():
        fresh = Contact.objects.active().get(source="telegram")
        message = Communication.objects.get(body="STOP")
    with south.scope():
        theirs = Contact.objects.active().get(source="telegram")
    assert (closed(north, "telegram", fresh), closed(south, "telegram", theirs)) == ([True], [False])
    assert stated(north, fresh) == [("telegram", False, "STOP", "telegram line", message.uuid, message.occurred_at)]
    send(bots[0][1], update(3, sender=1, text="START"))
    drain(north)
    assert closed(north, "telegram", fresh) == [False]

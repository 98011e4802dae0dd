"""Whose message it is: somebody we know, or somebody new."""

from __future__ import annotations

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender
from activities.models import Communication, InboundChannel, SenderIdentity
from activities.services.receiving import keep
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft
from contacts.models import Contact, MergeSuggestion
from contacts.services import create_contact, delete_contact
from tests.inbound import channel_of, contacts_from, receipts_of
from tests.updates import drain, send, update
from tests.worlds import World

PHONE = "+1 312 555 0142"
SAME_PHONE = Identity("phone", "+13125550142")
MAILBOX = Identity("email", "robin@example.com")


def say(world: World, channel: InboundChannel, number: int, *identities: Identity, **sender: str) -> Communication:
    """One message of a sender with these names, taken in."""
    who = Sender(identities=identities, name="Robin Example", **sender)
    event = InboundEvent(type=EventType.MESSAGE, message_id=f"m{number}", sender=who, text="Hello")
    with world.scope():
        keep(channel, [Arrival(key=f"m:{number}", payload=b"raw", event=event)])
    drain(world)
    with world.scope():
        return Communication.objects.select_related("contact").get(provider_message_id=f"m{number}")


def known(world: World, name: str, **draft: object) -> Contact:
    with world.scope():
        return create_contact(ContactDraft(full_name=name, **draft), actor=world.actor())  # type: ignore[arg-type]  # any of its fields


def suggestions(world: World, contact: Contact) -> set[tuple[int, str]]:
    """The other contacts that may be the same person, and why."""
    with world.scope():
        rows = MergeSuggestion.objects.filter(second=contact).values_list("first_id", "reason")
        return set(rows)


def names(world: World, contact: Contact) -> set[tuple[str, str]]:
    with world.scope():
        return set(SenderIdentity.objects.filter(contact=contact).values_list("kind", "value"))


def test_a_primary_address_leads_to_its_contact_and_changes_nothing_of_it(north: World, south: World):
    ours = known(north, "Robin Ours", email="Robin@Example.com", phone="+1 312 555 0199")
    known(south, "Robin Theirs", email="robin@example.com")
    said = say(north, channel_of(north, "email"), 1, MAILBOX, email="robin@example.com", phone=PHONE)
    assert said.contact_id == ours.pk
    facts = (said.contact.full_name, said.contact.email, said.contact.phone)
    assert facts == ("Robin Ours", "Robin@Example.com", "+1 312 555 0199")
    assert contacts_from(north, "email") == contacts_from(south, "email") == []


def test_the_one_contact_with_the_telephone_or_a_further_address_is_it(north: World):
    by_phone = known(north, "By phone", phone="(312) 555-0142")
    assert say(north, channel_of(north, "sms"), 1, SAME_PHONE, phone=PHONE).contact_id == by_phone.pk
    by_address = known(north, "By address", further_emails=(EmailDraft(email="robin@example.com"),))
    assert say(north, channel_of(north, "email"), 2, MAILBOX, email="robin@example.com").contact_id == by_address.pk
    further = known(north, "By further phone", further_phones=(PhoneDraft(phone="+1 312 555 0177"),))
    assert say(north, channel_of(north, "sms"), 3, Identity("phone", "+13125550177")).contact_id == further.pk


def test_of_several_with_the_telephone_none_is_it_and_all_are_pointed_at(north: World):
    first, second = known(north, "One", phone=PHONE), known(north, "Two", phone="+1-312-555-0142")
    channel = channel_of(north, "sms")
    said = say(north, channel, 1, SAME_PHONE, phone=PHONE)
    assert said.contact_id not in (first.pk, second.pk)
    assert said.contact.phone == PHONE
    assert suggestions(north, said.contact) == {(first.pk, "same_phone"), (second.pk, "same_phone")}
    # The sender is known from now on.
    assert say(north, channel, 2, SAME_PHONE, phone=PHONE).contact_id == said.contact_id
    assert len(contacts_from(north, "sms")) == 1


def test_of_several_with_the_address_none_is_it_and_the_new_one_does_not_take_it(north: World):
    shared = (EmailDraft(email="robin@example.com"),)
    first, second = known(north, "One", further_emails=shared), known(north, "Two", further_emails=shared)
    said = say(north, channel_of(north, "email"), 1, MAILBOX, email="robin@example.com")
    assert (said.contact.email, said.contact.source) == ("", "email")
    assert suggestions(north, said.contact) == {(first.pk, "same_email"), (second.pk, "same_email")}


def test_a_sender_whose_contact_was_deleted_becomes_a_new_one_and_the_name_moves(north: World):
    channel = channel_of(north, "telegram")
    send(channel, update(1, sender=1))
    drain(north)
    (gone,) = contacts_from(north, "telegram")
    with north.scope():
        delete_contact(gone, actor=north.actor())
    for number in (2, 3):
        send(channel, update(number, sender=1))
        drain(north)
    (new,) = contacts_from(north, "telegram")
    assert new.pk != gone.pk
    assert (names(north, gone), names(north, new)) == (set(), {("telegram", "5550000000001")})
    with north.scope():
        said = Communication.objects.filter(kind="telegram", contact=new).values_list("body", flat=True)
        assert sorted(said) == ["Message 2", "Message 3"]


def test_two_known_names_in_one_message_point_at_each_other(north: World):
    channel = channel_of(north, "whatsapp")
    by_user = say(north, channel, 1, Identity("whatsapp", "US.1"))
    by_phone = say(north, channel, 2, SAME_PHONE, phone=PHONE)
    both = say(north, channel, 3, Identity("whatsapp", "US.1"), SAME_PHONE, Identity("whatsapp_parent", "US.ENT.1"))
    assert both.contact_id == by_user.contact_id != by_phone.contact_id
    assert suggestions(north, by_phone.contact) == {(by_user.contact_id, "same_sender")}
    assert names(north, by_user.contact) == {("whatsapp", "US.1"), ("whatsapp_parent", "US.ENT.1")}


def test_further_names_of_a_known_sender_are_kept_and_of_a_stranger_are_not(north: World):
    channel = channel_of(north, "whatsapp")
    said = say(north, channel, 1, SAME_PHONE, phone=PHONE)
    for key, identities in (
        ("i:1", (SAME_PHONE, Identity("whatsapp", "US.1"))),
        ("i:2", (Identity("whatsapp", "US.2"),)),
    ):
        event = InboundEvent(type=EventType.IDENTITY, sender=Sender(identities=identities))
        with north.scope():
            keep(channel, [Arrival(key=key, payload=b"raw", event=event)])
        drain(north)
    assert receipts_of(north, channel)[1:] == [
        ("i:1", "applied", ""),
        ("i:2", "ignored", "names somebody who never wrote"),
    ]
    assert names(north, said.contact) == {("phone", SAME_PHONE.value), ("whatsapp", "US.1")}


def test_a_shared_telephone_is_kept_whatever_else_came_with_it(north: World):
    channel = channel_of(north, "telegram")
    card = {"phone_number": "13125550142", "first_name": "Robin", "user_id": 5_550_000_000_001}
    send(channel, update(1, sender=1, text="", contact=card))
    send(channel, update(2, sender=1, text="That is my number"))
    drain(north)
    (contact,) = contacts_from(north, "telegram")
    assert (contact.phone, contact.phone_norm) == ("+13125550142", "+13125550142")


def test_a_flood_of_strangers_waits_in_quarantine_and_those_we_know_do_not(north: World, south: World):
    channel = channel_of(north, "telegram", most_new_contacts=3)
    other = channel_of(south, "telegram", most_new_contacts=3)
    for number in range(1, 8):
        send(channel, update(number))
    drain(north)
    send(channel, update(10, sender=1))
    send(other, update(1))
    drain(north, south)
    assert len(contacts_from(north, "telegram")) == 3
    with north.scope():
        settled = dict(channel.receipts.values_list("key", "state"))
    expected = {f"update:{820_000_000 + number}": "applied" for number in (1, 2, 3, 10)}
    assert settled == expected | {f"update:{820_000_000 + number}": "quarantined" for number in (4, 5, 6, 7)}
    assert len(contacts_from(south, "telegram")) == 1


def test_a_domain_that_writes_from_many_mailboxes_is_held_back_alone(north: World):
    channel = channel_of(north, "email")
    addresses = [f"n{number}@loop.example.com" for number in range(103)] + ["robin@example.com"]
    arrivals = []
    for address in addresses:
        who = Sender(identities=(Identity("email", address),), name="Program", email=address)
        event = InboundEvent(type=EventType.MESSAGE, message_id=f"<{address}>", sender=who, text="Hello")
        arrivals.append(Arrival(key=f"m:{address}", payload=b"raw", event=event))
    with north.scope():
        keep(channel, arrivals)
    drain(north)
    with north.scope():
        held = channel.receipts.filter(state="quarantined")
        assert set(held.values_list("reason", flat=True)) == {
            "too many new contacts from loop.example.com within an hour"
        }
        assert held.count() == 3
        assert Contact.objects.filter(email="robin@example.com").exists()

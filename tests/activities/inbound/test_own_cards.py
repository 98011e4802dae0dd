"""A Telegram user who shares their own card has a telephone from then on, by which they are known."""

from __future__ import annotations

import pytest
from django.db.models import Q
from django.utils import timezone

from activities.models import Communication, InboundChannel, SenderIdentity
from contacts.drafts import ContactDraft
from contacts.models import Contact, MergeSuggestion
from contacts.services import create_contact
from tests.inbound import channel_of, contacts_from, messages_of, work
from tests.sms import post, recorded
from tests.updates import FIRST, drain, send, update
from tests.worlds import World

PHONE = "+442079460958"
USER = 5_550_000_000_001


def known(world: World, name: str, phone: str) -> Contact:
    with world.scope():
        return create_contact(ContactDraft(full_name=name, phone=phone), actor=world.actor())


def share_card(world: World, channel: InboundChannel, number: int = 1, owner: int = USER, after: float = 0) -> Contact:
    """The contact to whom the first user's message went, a card with the telephone."""
    card = {"phone_number": PHONE.removeprefix("+"), "first_name": "Robin", "user_id": owner}
    send(channel, update(number, sender=1, text="", contact=card, after=after))
    drain(world)
    return contact_of(world, channel)


def write_sms(world: World) -> Contact:
    channel = channel_of(world, "sms")
    assert post(channel, recorded("message_text", From=PHONE, To="+15555550100")).status_code == 200
    work()
    return contact_of(world, channel)


def contact_of(world: World, channel: InboundChannel) -> Contact:
    message = messages_of(world, channel)[-1]
    with world.scope():
        return Contact.objects.get(pk=message.contact_id)


def names(world: World, contact: Contact) -> list[tuple[str, str]]:
    with world.scope():
        return sorted(SenderIdentity.objects.filter(contact=contact).values_list("kind", "value"))


def suggested(world: World, contact: Contact) -> set[tuple[int, str]]:
    """The others that may be the same person, and why."""
    with world.scope():
        about = MergeSuggestion.objects.filter(Q(first=contact) | Q(second=contact))
        return {(row.second_id if row.first_id == contact.pk else row.first_id, str(row.reason)) for row in about}


@pytest.mark.parametrize(
    "written", ["+44 20 7946 0958", "0044 20 7946 0958", "011 44 20 7946 0958", "44 (0)20 7946 0958"]
)
def test_a_stranger_who_begins_with_their_card_is_the_contact_with_that_telephone(
    north: World, south: World, written: str
):
    known(south, "Robin Theirs", written)
    ours = known(north, "Robin Ours", written)
    attached = share_card(north, channel_of(north, "telegram"))
    assert (attached.pk, attached.full_name, attached.phone) == (ours.pk, "Robin Ours", written)
    assert names(north, ours) == [("phone", PHONE), ("telegram", str(USER))]
    assert write_sms(north).pk == ours.pk
    assert contacts_from(north, "telegram") == contacts_from(north, "sms") == contacts_from(south, "telegram") == []
    with south.scope():
        assert not Communication.objects.filter(contact__full_name="Robin Theirs").exists()


def test_a_known_user_whose_card_names_anothers_telephone_is_suggested_and_gets_their_sms(north: World):
    ours = known(north, "Robin Ours", "020 7946 0958")
    same = known(north, "Robin Same", PHONE)
    channel = channel_of(north, "telegram")
    send(channel, update(9, sender=1))
    drain(north)
    user = share_card(north, channel)
    assert user.pk not in (ours.pk, same.pk)
    assert suggested(north, user) == {(same.pk, "same_phone"), (ours.pk, "same_phone")}
    with north.scope():
        user.refresh_from_db()
    assert user.phone == PHONE
    assert write_sms(north).pk == user.pk
    assert contacts_from(north, "sms") == []


@pytest.mark.parametrize("apart", [True, False])
def test_a_card_with_the_telephone_of_another_sender_points_at_them(north: World, apart: bool):
    """Whether they come one after the other or in one batch."""
    texts, bot = channel_of(north, "sms"), channel_of(north, "telegram")
    post(texts, recorded("message_text", From=PHONE, To="+15555550100"))
    send(bot, update(9, sender=1))
    if apart:
        drain(north)
    # Whoever shares it before the SMS is known when that comes.
    user = share_card(north, bot, number=10, after=(timezone.now() - FIRST).total_seconds() + 60)
    (by_phone,) = contacts_from(north, "sms")
    assert suggested(north, user) == {(by_phone.pk, "same_sender")}
    assert (names(north, user), names(north, by_phone)) == ([("telegram", str(USER))], [("phone", PHONE)])


def test_a_telephone_is_never_overwritten_and_anothers_card_counts_for_nothing(north: World):
    channel = channel_of(north, "telegram")
    user = share_card(north, channel, owner=USER + 1)
    assert (user.phone, names(north, user), suggested(north, user)) == ("", [("telegram", str(USER))], set())
    with north.scope():
        Contact.objects.filter(pk=user.pk).update(phone="+1 202 555 0143", phone_norm="+12025550143")
    user = share_card(north, channel, number=2)
    assert user.phone == "+1 202 555 0143"
    assert write_sms(north).pk == user.pk

"""Everything at once: one contact per person, one message per message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender
from activities.models import Communication, InboundChannel, Receipt, SenderIdentity
from activities.services.applying import apply_due_receipts
from activities.services.receiving import keep
from contacts.drafts import ContactDraft
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact
from contacts.services import create_contact, delete_contact
from tests.contracts.conftest import at_once
from tests.inbound import channel_of, messages_of, receipts_of
from tests.updates import drain, send, update
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_MESSAGES = 32
ROUNDS = 4


def senders_of(world: World, source: str) -> tuple[int, int]:
    """Contacts and identities that messages have made."""
    with world.scope():
        identities = SenderIdentity.objects.filter(made_contact=True)
        return Contact.objects.active().filter(source=source).count(), identities.count()


@pytest.mark.parametrize("lines", [1, 2], ids=["one channel", "two channels"])
def test_many_first_messages_of_one_sender_make_one_contact(north: World, south: World, lines: int):
    channels = [channel_of(north, "telegram") for _ in range(lines)]
    calls = [
        partial(send, channels[number % lines], update(number, sender=1)) for number in range(1, FIRST_MESSAGES + 1)
    ]
    answers = at_once([*calls, apply_due_receipts, apply_due_receipts])
    assert answers[:FIRST_MESSAGES] == [200] * FIRST_MESSAGES
    drain(north, south)
    assert senders_of(north, "telegram") == (1, 1)
    assert senders_of(south, "telegram") == (0, 0)
    said = [message.body for channel in channels for message in messages_of(north, channel)]
    assert sorted(said) == sorted(f"Message {number}" for number in range(1, FIRST_MESSAGES + 1))


def test_workers_at_once_apply_each_message_once(north: World, south: World):
    lines = [(world, channel_of(world, "telegram")) for world in (north, south)]
    for _, channel in lines:
        for number in range(1, 41):
            send(channel, update(number, sender=number % 7))
    at_once([work_until_done] * 4)
    drain(north, south)
    for world, channel in lines:
        assert Counter(state for _, state, _ in receipts_of(world, channel)) == {"applied": 40}
        assert len({message.pk for message in messages_of(world, channel)}) == 40
        assert senders_of(world, "telegram") == (7, 7)


def work_until_done() -> None:
    while apply_due_receipts():
        pass


def test_identical_deliveries_at_once_are_one_receipt(north: World):
    channel = channel_of(north, "telegram")
    assert at_once([partial(send, channel, update(1))] * 12) == [200] * 12
    drain(north)
    assert receipts_of(north, channel) == [("update:820000001", "applied", "")]
    assert len(messages_of(north, channel)) == 1
    assert conflicts(north, channel) == 0


def test_every_other_content_under_one_name_is_counted_also_at_once(north: World):
    channel = channel_of(north, "telegram")
    assert at_once([partial(send, channel, update(1, text=f"Text {number}")) for number in range(8)]) == [200] * 8
    assert conflicts(north, channel) == 7


def conflicts(world: World, channel: InboundChannel) -> int:
    with world.scope():
        return Receipt.objects.get(channel=channel).conflicts


def mail(channel: InboundChannel, number: int, address: str) -> None:
    """A message of a mailbox, as far as it has been read."""
    sender = Sender(identities=(Identity("email", address),), name="Robin Example", email=address)
    event = InboundEvent(type=EventType.MESSAGE, message_id=f"<{number}@mail.example.com>", sender=sender, text="Hello")
    keep(channel, [Arrival(key=f"message:{number}", payload=b"raw", event=event)])


def attempted(world: World, work: Callable[[], Any]) -> Any:
    """What somebody gets who does this in the dashboard or through a wire, refusals included."""
    try:
        with world.scope():
            return work()
    except (DuplicateContact, ContactNotFound) as error:
        return error


def test_an_address_that_is_taken_while_its_message_comes_in_has_one_contact(north: World):
    channel = channel_of(north, "email")
    for number in range(ROUNDS):
        address = f"robin{number}@example.com"
        draft = ContactDraft(full_name="Robin", email=address)
        with north.scope():
            mail(channel, number, address)
        at_once([partial(attempted, north, partial(create_contact, draft, actor=north.actor())), work_until_done])
        drain(north)
        with north.scope():
            (contact,) = Contact.objects.active().filter(email_norm=address)
            (message,) = Communication.objects.filter(provider_message_id=f"<{number}@mail.example.com>")
        assert message.contact_id == contact.pk


def test_a_message_never_lands_on_a_contact_that_was_deleted_before(north: World):
    channel = channel_of(north, "telegram")
    for number in range(1, ROUNDS + 1):
        send(channel, update(10 * number, sender=number))
        drain(north)
        with north.scope():
            contact = Contact.objects.active().get(source="telegram")
        send(channel, update(10 * number + 1, sender=number))
        at_once([partial(attempted, north, partial(delete_contact, contact, actor=north.actor())), work_until_done])
        drain(north)
        with north.scope():
            assert Contact.objects.filter(pk=contact.pk, deleted_at=None).count() == 0
            found = Communication.objects.filter(body=f"Message {10 * number + 1}").values_list(
                "contact_id", "contact__deleted_at"
            )
            ((owner, deleted_at),) = found
            # Written down before it was deleted, or for somebody new.
            assert (owner == contact.pk) is (deleted_at is not None)
            live = Contact.objects.active().filter(source="telegram")
            for other in live:
                delete_contact(other, actor=north.actor())

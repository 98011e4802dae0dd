"""Telegram: updates as its Bot API posts them."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.models import Activity, Conversation, SenderIdentity
from contacts.models import ContactChange
from tests.inbound import SECRET, channel_of, contacts_from, deliver, messages_of, payload, receipts_of, work
from tests.worlds import World

SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
SENT_AT = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_a_message_makes_its_sender_a_contact(north: World, south: World):
    channel = channel_of(north, "telegram")
    answer = deliver(channel, payload("telegram/message_text.json"), SIGNED)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    work()
    (contact,) = contacts_from(north, "telegram")
    (message,) = messages_of(north, channel)
    facts = (contact.full_name, contact.email, contact.phone, contact.language, contact.type, contact.last_contacted_at)
    assert facts == ("Odalys Brightwater", "", "", "es", "LEAD", SENT_AT)
    assert (message.kind, message.direction, message.occurred_at) == ("telegram", "inbound", SENT_AT)
    assert message.body == "Hola, ¿sigue libre el piso de la calle Mayor? 🏠"
    assert receipts_of(north, channel) == [("update:820114001", "applied", "")]
    assert contacts_from(south, "telegram") == []
    with north.scope():
        assert Conversation.objects.get(contact=contact).message_count == 1
        (activity,) = Activity.objects.filter(contact=contact)
        assert (activity.type, activity.communication_id) == ("TELEGRAM_RECEIVED", message.pk)
        assert {change.door for change in ContactChange.objects.filter(contact=contact)} == {"inbound"}
        (identity,) = SenderIdentity.objects.filter(contact=contact)
        assert (identity.kind, identity.value, identity.made_contact) == ("telegram", "5551000111222", True)

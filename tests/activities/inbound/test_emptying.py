"""Receipts that are settled for a month say nothing any more, and are still known."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.services import purge_expired
from activities.models import Receipt, ReceiptState
from tests.inbound import SECRET, channel_of, deliver, messages_of, payload, receipts_of, work
from tests.worlds import World

SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


def test_an_old_receipt_loses_what_it_says_and_keeps_its_key(north: World, south: World):
    channel = channel_of(north, "telegram")
    for name in ("message_text", "group_message", "message_photo"):
        deliver(channel, payload(f"telegram/{name}.json"), SIGNED)
    work()
    with north.scope():
        old = Receipt.objects.filter(channel=channel).exclude(key="update:820114003")
        old.update(settled_at=timezone.now() - timedelta(days=31))
        Receipt.objects.create(
            channel=channel, key="odd", payload=b"?", digest="", sent_at=timezone.now(), state=ReceiptState.QUARANTINED
        )
        assert purge_expired()["receipt_payloads"] == 2
        assert purge_expired()["receipt_payloads"] == 0
        rows = Receipt.objects.filter(channel=channel).order_by("id")
        assert [(row.key, bool(row.payload), row.event is not None) for row in rows] == [
            ("update:820114001", False, False),
            ("update:820114011", False, False),
            ("update:820114003", True, True),
            ("odd", True, False),
        ]
    # The same again is still the same.
    deliver(channel, payload("telegram/message_text.json"), SIGNED)
    work()
    assert len(messages_of(north, channel)) == 2
    assert [state for _, state, _ in receipts_of(north, channel)] == ["applied", "ignored", "applied", "quarantined"]

"""What providers handed over, in the dashboard: shown as text, and tried again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.inbound.telegram import TelegramChannel
from activities.models import InboundChannel, Receipt, ReceiptState
from tests.dashboard import browser_of, text_of
from tests.inbound import SECRET, channel_of, contacts_from, deliver, messages_of, payload, receipts_of, work
from tests.worlds import World

RECEIPTS = "/admin/activities/receipt/"
SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
UPDATE = payload("telegram/message_text.json")
KEY = "update:820114001"


@pytest.fixture
def admin(north: World) -> Client:
    return browser_of(north.admin)


def as_before_an_upgrade(monkeypatch: pytest.MonkeyPatch, channel: InboundChannel, body: bytes) -> None:
    """Deliver to a release that understands nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(TelegramChannel, "read_again", classmethod(lambda cls, payload, channel: None))
        assert deliver(channel, body, SIGNED).status_code == 200


def only_receipt(world: World, channel: InboundChannel) -> Receipt:
    with world.scope():
        return Receipt.objects.get(channel=channel)


def test_a_receipt_tells_what_came_what_was_read_and_whom_it_led_to(north: World, admin: Client):
    channel = channel_of(north, "telegram")
    deliver(channel, UPDATE, SIGNED)
    work()
    (contact,) = contacts_from(north, "telegram")
    words = text_of(admin.get(RECEIPTS))
    assert f"Applied Message {KEY} telegram line (Telegram) Odalys Brightwater" in words
    page = admin.get(f"{RECEIPTS}{only_receipt(north, channel).pk}/change/")
    assert f"/admin/contacts/contact/{contact.pk}/change/".encode() in page.content
    words = text_of(page)
    assert '"type": "message"' in words
    assert '"update_id": 820114001' in words
    assert "¿sigue libre el piso" in words
    assert "Try again" not in words


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (b'{"a": "</pre><img src=x onerror=alert(1)>"}', "&lt;/pre&gt;&lt;img src=x onerror=alert(1)&gt;"),
        (b'{"odd": "\\ud800 \\u0000"}', "\N{REPLACEMENT CHARACTER} \\u0000"),
        (b"\xff\xfe\x00plain", "plain"),
        (b"[" * 100_000, "[[["),
    ],
)
def test_whatever_was_sent_is_shown_as_text(north: World, admin: Client, body: bytes, shown: str):
    channel = channel_of(north, "telegram")
    deliver(channel, body, SIGNED)
    page = admin.get(f"{RECEIPTS}{only_receipt(north, channel).pk}/change/")
    assert page.status_code == 200
    content = page.content.decode()
    assert shown in content
    assert "<script>alert" not in content
    assert "<img src=x" not in content


def test_a_large_payload_is_cut_and_says_so(north: World, admin: Client):
    channel = channel_of(north, "telegram")
    deliver(channel, json.dumps({"text": "long " * 100_000}).encode(), SIGNED)
    page = admin.get(f"{RECEIPTS}{only_receipt(north, channel).pk}/change/")
    assert len(page.content) < 100_000
    assert "Only its beginning: all of it are 488.3 KB." in text_of(page)


def test_receipts_are_filtered_by_state_channel_and_kind(north: World, admin: Client):
    telegram, sms = channel_of(north, "telegram"), channel_of(north, "sms")
    deliver(telegram, UPDATE, SIGNED)
    deliver(telegram, b"no update", SIGNED)
    with north.scope():
        Receipt.objects.create(channel=sms, key="SM1", digest="0" * 64, sent_at=timezone.now())

    def found(query: str) -> list[str]:
        return [receipt.reason or receipt.key for receipt in admin.get(f"{RECEIPTS}?{query}").context["cl"].result_list]

    assert found("state=quarantined") == ["not an update"]
    assert found("state=pending") == ["SM1", KEY]
    assert found(f"channel={telegram.pk}") == ["not an update", KEY]
    assert found("kind=sms") == ["SM1"]
    assert found(f"kind=sms&channel={telegram.pk}") == []
    assert found(f"state=quarantined&channel={sms.pk}") == []
    assert len(found("state=nonsense&kind=nonsense")) == 4
    assert found("channel=nonsense") == []


def test_a_later_release_reads_what_was_quarantined(north: World, admin: Client, monkeypatch: pytest.MonkeyPatch):
    channel = channel_of(north, "telegram")
    as_before_an_upgrade(monkeypatch, channel, UPDATE)
    receipt = only_receipt(north, channel)
    assert (receipt.state, receipt.key[:7]) == ("quarantined", "sha256:")
    answer = admin.post(f"{RECEIPTS}{receipt.pk}/retry/", follow=True)
    assert "1 receipt back in the queue" in text_of(answer)
    again = only_receipt(north, channel)
    assert (again.key, again.state, again.attempts, again.reason, again.settled_at) == (KEY, "pending", 0, "", None)
    work()
    assert receipts_of(north, channel) == [(KEY, "applied", "")]
    # Its provider sends it once more: it has the key under which it would have come.
    deliver(channel, UPDATE, SIGNED)
    work()
    assert [message.body[:4] for message in messages_of(north, channel)] == ["Hola"]


def test_what_came_again_under_its_own_key_is_not_doubled(north: World, admin: Client, monkeypatch: pytest.MonkeyPatch):
    channel = channel_of(north, "telegram")
    as_before_an_upgrade(monkeypatch, channel, UPDATE)
    first = only_receipt(north, channel)
    deliver(channel, UPDATE, SIGNED)
    work()
    answer = admin.post(f"{RECEIPTS}{first.pk}/retry/", follow=True)
    assert "1 receipt came a second time meanwhile." in text_of(answer)
    work()
    assert receipts_of(north, channel) == [
        (first.key, "ignored", "came a second time under its own key"),
        (KEY, "applied", ""),
    ]
    assert len(messages_of(north, channel)) == 1


def test_what_nobody_understands_stays_where_it_is(north: World, admin: Client):
    channel = channel_of(north, "telegram")
    deliver(channel, b"no update", SIGNED)
    before = only_receipt(north, channel)
    answer = admin.post(f"{RECEIPTS}{before.pk}/retry/", follow=True)
    assert "1 receipt still not understood." in text_of(answer)
    after = only_receipt(north, channel)
    assert (after.state, after.reason, after.settled_at) == ("quarantined", "not an update", before.settled_at)


def test_several_are_tried_again_and_only_those_that_came_to_nothing(north: World, admin: Client):
    channel = channel_of(north, "telegram", most_new_contacts=0)
    deliver(channel, UPDATE, SIGNED)
    deliver(channel, b"no update", SIGNED)
    work()
    assert [state for _, state, _ in receipts_of(north, channel)] == ["quarantined", "quarantined"]
    with north.scope():
        InboundChannel.objects.filter(pk=channel.pk).update(most_new_contacts=5)
        chosen = list(Receipt.objects.filter(channel=channel).values_list("pk", flat=True))
    for expected in (
        ["1 receipt back in the queue, to be applied in a moment.", "1 receipt still not understood."],
        ["1 receipt applied before, and left alone.", "1 receipt still not understood."],
    ):
        answer = admin.post(RECEIPTS, {"action": "try_again", "_selected_action": chosen}, follow=True)
        assert [sentence for sentence in expected if sentence in text_of(answer)] == expected
        work()
    assert len(messages_of(north, channel)) == 1


def test_a_receipt_can_be_neither_written_nor_deleted(north: World, admin: Client):
    channel = channel_of(north, "telegram")
    deliver(channel, b"no update", SIGNED)
    receipt = only_receipt(north, channel)
    assert admin.get(f"{RECEIPTS}add/").status_code == 403
    assert admin.post(f"{RECEIPTS}{receipt.pk}/change/", {"state": "applied"}).status_code == 403
    assert admin.post(f"{RECEIPTS}{receipt.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.get(f"{RECEIPTS}{receipt.pk}/retry/").status_code == 405
    assert only_receipt(north, channel).state == "quarantined"


def waiting_since(world: World, wait: timedelta) -> None:
    channel = channel_of(world, "telegram")
    moment = timezone.now() - wait
    with world.scope():
        facts: dict[str, Any] = {"key": KEY, "digest": "0" * 64, "sent_at": moment, "received_at": moment}
        Receipt.objects.create(channel=channel, due_at=moment, state=ReceiptState.PENDING, **facts)


def test_the_first_page_warns_when_nothing_has_moved_for_minutes(north: World, admin: Client):
    assert "No message and no job is waiting." in text_of(admin.get("/admin/"))
    waiting_since(north, timedelta(seconds=30))
    assert "no worker runs" not in text_of(admin.get("/admin/"))
    waiting_since(north, timedelta(minutes=7, seconds=10))
    words = text_of(admin.get("/admin/"))
    assert "Messages and jobs have been waiting for 7 minutes: no worker runs" in words
    assert "no worker runs" not in text_of(browser_of(north.agent).get("/admin/"))


def test_the_first_page_leads_to_the_quarantine(north: World, admin: Client):
    deliver(channel_of(north, "telegram"), b"no update", SIGNED)
    page = admin.get("/admin/")
    assert "1 in the quarantine" in text_of(page)
    assert f"{RECEIPTS}?state=quarantined".encode() in page.content

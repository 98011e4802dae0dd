"""Channels in the dashboard: made, changed, switched off, given new secrets; and never shown to whom they are no business of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.sealing import unseal
from activities.models import InboundChannel, Receipt, ReceiptState
from tests.dashboard import browser_of, fields_of, text_of
from tests.inbound import SECRET, channel_of, deliver, payload
from tests.worlds import World

CHANNELS = "/admin/activities/inboundchannel/"
SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
NEW = {
    "kind": "telegram",
    "name": "Harbour bot",
    "secret": SECRET,
    "verify_token": "",
    "address": "@harbour",
    "account": "",
    "most_new_contacts": "50",
}


@pytest.fixture
def admin(north: World) -> Client:
    return browser_of(north.admin)


def page_of(channel: InboundChannel, page: str = "change") -> str:
    return f"{CHANNELS}{channel.pk}/{page}/"


def fresh(world: World, channel: InboundChannel) -> InboundChannel:
    with world.scope():
        return InboundChannel.objects.get(pk=channel.pk)


def facts_of(channel: InboundChannel) -> tuple[Any, ...]:
    return (
        *(channel.kind, channel.name, channel.address, channel.account),
        *(channel.is_active, channel.most_new_contacts),
    )


def test_a_new_channel_is_open_and_its_page_says_what_to_enter(north: World, admin: Client):
    answer = admin.post(f"{CHANNELS}add/", NEW, follow=True)
    with north.scope():
        channel = InboundChannel.objects.get(name="Harbour bot")
    assert facts_of(channel) == ("telegram", "Harbour bot", "@harbour", "", True, 50)
    words = text_of(answer)
    assert f"{settings.PUBLIC_BASE_URL}{channel.path}" in words
    assert "setWebhook" in words
    assert channel.public_id in words
    assert deliver(channel, payload("telegram/message_text.json"), SIGNED).status_code == 200


@pytest.mark.parametrize(
    ("kind", "words"),
    [("whatsapp", "App Dashboard"), ("telegram", "setWebhook"), ("sms", "Twilio Console"), ("email", "mail provider")],
)
def test_each_kind_says_where_its_address_is_entered(north: World, admin: Client, kind: str, words: str):
    channel = channel_of(north, kind)
    assert words in text_of(admin.get(page_of(channel)))


def test_a_channel_that_lacks_something_is_not_made(north: World, admin: Client):
    answer = admin.post(f"{CHANNELS}add/", {**NEW, "name": " ", "secret": "  "})
    assert answer.status_code == 200
    assert "This field is required." in text_of(answer)
    with north.scope():
        assert not InboundChannel.objects.filter(address="@harbour").exists()


def test_no_page_ever_shows_a_secret(north: World, admin: Client):
    channel = channel_of(north, "whatsapp", verify_token="verify-with-this")
    refused = admin.post(f"{CHANNELS}add/", {**NEW, "name": ""})
    wrong = admin.post(page_of(channel, "rotate"), {"secret": "another-secret", "overlap": "no number"})
    pages = [refused, wrong, *map(admin.get, (CHANNELS, page_of(channel), page_of(channel, "rotate")))]
    sealed = fresh(north, channel)
    hidden = (SECRET, "another-secret", "verify-with-this", sealed.sealed_secret, sealed.sealed_verify_token)
    for page in pages:
        assert page.status_code == 200
        assert not [text for text in hidden if text.encode() in page.content]


def test_a_channel_is_changed_and_keeps_its_kind_and_secrets(north: World, admin: Client):
    channel = channel_of(north, "whatsapp", verify_token="verify-with-this", address="111")
    form = fields_of(admin.get(page_of(channel)), "inboundchannel_form")
    typed = {**form, "name": "Office", "address": "222", "most_new_contacts": "7", "kind": "sms", "secret": "mine"}
    assert admin.post(page_of(channel), typed).status_code == 302
    stored = fresh(north, channel)
    assert facts_of(stored) == ("whatsapp", "Office", "222", "", True, 7)
    assert (unseal(stored.sealed_secret), unseal(stored.sealed_verify_token)) == (SECRET, "verify-with-this")
    admin.post(page_of(channel), {**typed, "verify_token": "verify-with-that"})
    assert unseal(fresh(north, channel).sealed_verify_token) == "verify-with-that"


def test_a_channel_that_is_switched_off_answers_nothing_and_keeps_what_it_has(north: World, admin: Client):
    channel = channel_of(north, "telegram")
    deliver(channel, payload("telegram/message_text.json"), SIGNED)
    form = fields_of(admin.get(page_of(channel)), "inboundchannel_form")
    del form["is_active"]
    admin.post(page_of(channel), form)
    assert deliver(channel, payload("telegram/message_text.json"), SIGNED).status_code == 404
    assert "The channel is off" in text_of(admin.get(page_of(channel)))
    with north.scope():
        assert Receipt.objects.filter(channel=channel).count() == 1
    assert admin.post(page_of(channel, "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("overlap", "old_secret_answers"), [("24", 200), ("0", 403)])
def test_a_rotated_secret_is_good_beside_the_old_one_for_as_long_as_was_said(
    north: World, admin: Client, overlap: str, old_secret_answers: int
):
    channel = channel_of(north, "telegram")
    answer = admin.post(page_of(channel, "rotate"), {"secret": "a-new-secret", "overlap": overlap}, follow=True)
    assert "The new secret is good from now on" in text_of(answer)
    new = deliver(channel, payload("telegram/message_text.json"), {"X-Telegram-Bot-Api-Secret-Token": "a-new-secret"})
    old = deliver(channel, payload("telegram/message_text.json"), SIGNED)
    assert (new.status_code, old.status_code) == (200, old_secret_answers)


def test_a_secret_that_says_nothing_is_refused_beside_its_field(north: World, admin: Client):
    channel = channel_of(north, "telegram")
    answer = admin.post(page_of(channel, "rotate"), {"secret": "   ", "overlap": "24"})
    assert answer.status_code == 200
    assert "This field is required." in text_of(answer)
    assert unseal(fresh(north, channel).sealed_secret) == SECRET


def test_the_list_says_how_each_channel_stands(north: World, admin: Client):
    busy, quiet = channel_of(north, "telegram"), channel_of(north, "sms")
    deliver(busy, payload("telegram/message_text.json"), SIGNED)
    deliver(busy, b"no update", SIGNED)
    rows = {row.pk: row.traffic for row in admin.get(CHANNELS).context["cl"].result_list}
    assert (rows[busy.pk].waiting, rows[busy.pk].quarantined, rows[busy.pk].is_older) == ((1, False), (1, False), False)
    assert rows[busy.pk].last_received_at is not None
    assert (rows[quiet.pk].waiting, rows[quiet.pk].quarantined) == ((0, False), (0, False))
    assert rows[quiet.pk].last_received_at is None
    listed = admin.get(f"/admin/activities/receipt/?state=quarantined&channel={busy.pk}").context["cl"].result_list
    assert [receipt.reason for receipt in listed] == ["not an update"]


def test_a_channel_silent_for_long_says_before_when(north: World, admin: Client, monkeypatch: pytest.MonkeyPatch):
    # One of them is the organization's own, of today.
    monkeypatch.setattr("activities.traffic.MOST_COUNTED", 3)
    silent, busy = channel_of(north, "sms"), channel_of(north, "telegram")
    now = timezone.now()
    with north.scope():
        Receipt.objects.bulk_create(
            Receipt(
                channel=channel,
                key=f"update:{number}",
                digest="0" * 64,
                sent_at=now,
                received_at=now - timedelta(days=number),
                state=ReceiptState.IGNORED,
            )
            for channel, number in ((silent, 9), (busy, 2), (busy, 1))
        )
    rows = {row.pk: row.traffic for row in admin.get(CHANNELS).context["cl"].result_list}
    assert (rows[silent.pk].last_received_at, rows[silent.pk].is_older) == (now - timedelta(days=2), True)
    assert (rows[busy.pk].last_received_at, rows[busy.pk].is_older) == (now - timedelta(days=1), False)
    assert "Before" in text_of(admin.get(CHANNELS))


def test_a_count_that_was_not_finished_says_so(north: World, admin: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("activities.traffic.MOST_COUNTED", 2)
    busy, other = channel_of(north, "telegram"), channel_of(north, "telegram")
    for body in (b"one", b"two", b"three"):
        deliver(busy, body, SIGNED)
    rows = {row.pk: row.traffic for row in admin.get(CHANNELS).context["cl"].result_list}
    assert (rows[busy.pk].quarantined, rows[busy.pk].waiting) == ((2, True), (0, False))
    assert rows[other.pk].quarantined == (0, True)
    assert " 2+ " in text_of(admin.get(page_of(busy)))


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_who_may_not_look_after_channels_sees_none_of_it(north: World, role: str):
    channel = channel_of(north, "telegram")
    deliver(channel, payload("telegram/message_text.json"), SIGNED)
    with north.scope():
        receipt = Receipt.objects.get(channel=channel)
    browser = browser_of(getattr(north, role))
    first = text_of(browser.get("/admin/"))
    assert not [word for word in ("Channels", "Receipts", "Quarantine", "waiting") if word in first]
    receipts = "/admin/activities/receipt/"
    pages = [
        *(CHANNELS, f"{CHANNELS}add/", page_of(channel), page_of(channel, "rotate")),
        *(receipts, f"{receipts}{receipt.pk}/change/"),
    ]
    assert {browser.get(page).status_code for page in pages} == {403}
    posts = {
        f"{CHANNELS}add/": NEW,
        page_of(channel): {"name": "Mine"},
        page_of(channel, "rotate"): {"secret": "mine", "overlap": "0"},
        f"{receipts}{receipt.pk}/retry/": {},
        receipts: {"action": "try_again", "_selected_action": [receipt.pk]},
    }
    assert {browser.post(page, data).status_code for page, data in posts.items()} == {403}
    assert unseal(fresh(north, channel).sealed_secret) == SECRET


def test_the_stranger_s_channels_and_receipts_cannot_be_reached(north: World, south: World, admin: Client):
    channel = channel_of(south, "telegram")
    deliver(channel, b"no update", SIGNED)
    with south.scope():
        receipt = Receipt.objects.get(channel=channel)
    assert admin.get(page_of(channel, "rotate")).status_code == 404
    assert admin.post(page_of(channel, "rotate"), {"secret": "mine", "overlap": "0"}).status_code == 404
    assert admin.post(f"/admin/activities/receipt/{receipt.pk}/retry/").status_code == 404
    listed = admin.get(f"/admin/activities/receipt/?channel={channel.pk}").context["cl"].result_list
    assert list(listed) == []
    assert unseal(fresh(south, channel).sealed_secret) == SECRET

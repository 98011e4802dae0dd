"""``manage.py replay_receipts``: what came to nothing once more, and nothing twice."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from activities.inbound.telegram import TelegramChannel
from activities.management.commands import replay_receipts
from activities.models import InboundChannel, Receipt
from tests.inbound import SECRET, channel_of, deliver, messages_of, payload, receipts_of, work
from tests.worlds import World

SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
NOTHING = {
    "found": 0,
    "requeued": 0,
    "still_unread": 0,
    "ignored": 0,
    "repeated": 0,
    "skipped_applied": 0,
    "skipped_waiting": 0,
    "dry_run": False,
}


def replay(world: World, *options: str) -> dict[str, Any]:
    printed = StringIO()
    call_command("replay_receipts", "--organization", world.organization.slug, *options, stdout=printed)
    answer: dict[str, Any] = json.loads(printed.getvalue())
    return answer


def update(number: int, **more: Any) -> bytes:
    document = json.loads(payload("telegram/message_text.json"))
    document["message"] |= {"message_id": number, **more}
    return json.dumps({**document, "update_id": number}).encode()


def deliver_to_an_old_release(monkeypatch: pytest.MonkeyPatch, channel: InboundChannel, *bodies: bytes) -> None:
    """To one that understands nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(TelegramChannel, "read_again", classmethod(lambda cls, payload, channel: None))
        for body in bodies:
            assert deliver(channel, body, SIGNED).status_code == 200


def test_the_quarantine_is_replayed_in_batches(north: World, south: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(replay_receipts, "BATCH", 2)
    channel, foreign = channel_of(north, "telegram"), channel_of(south, "telegram")
    group = update(5, chat={"id": -1, "type": "group"})
    deliver_to_an_old_release(monkeypatch, channel, *map(update, (1, 2, 3, 4)), group, b"no update")
    deliver_to_an_old_release(monkeypatch, foreign, update(1))
    deliver(channel, update(4), SIGNED)
    told = {"found": 6, "requeued": 3, "still_unread": 1, "ignored": 1, "repeated": 1}
    before = receipts_of(north, channel)
    assert replay(north, "--dry-run") == NOTHING | told | {"dry_run": True}
    assert receipts_of(north, channel) == before
    assert replay(north) == NOTHING | told
    work()
    assert len(messages_of(north, channel)) == 4
    assert replay(north) == NOTHING | {"found": 1, "still_unread": 1}
    assert [state for _, state, _ in receipts_of(south, foreign)] == ["quarantined"]


def test_what_was_applied_is_counted_and_left_alone(north: World):
    channel = channel_of(north, "telegram")
    deliver(channel, update(1), SIGNED)
    assert replay(north, "--state", "pending") == NOTHING | {"found": 1, "skipped_waiting": 1}
    work()
    assert replay(north, "--state", "applied") == NOTHING | {"found": 1, "skipped_applied": 1}
    work()
    assert len(messages_of(north, channel)) == 1


def test_what_was_ignored_is_read_anew(north: World):
    channel = channel_of(north, "telegram")
    deliver(channel, update(1, chat={"id": -1, "type": "group"}), SIGNED)
    answer = replay(north, "--state", "ignored", "--channel", channel.public_id)
    assert answer == NOTHING | {"found": 1, "ignored": 1}
    assert receipts_of(north, channel) == [("update:1", "ignored", "not a private chat")]


def test_a_channel_and_a_time_narrow_it_down(north: World):
    one, other = channel_of(north, "telegram"), channel_of(north, "telegram")
    for channel in (one, other):
        deliver(channel, b"no update", SIGNED)
    with north.scope():
        Receipt.objects.filter(channel=one).update(received_at=timezone.now() - timedelta(days=3))
    assert replay(north)["found"] == 2
    assert replay(north, "--channel", one.public_id)["found"] == 1
    yesterday = timezone.now() - timedelta(days=1)
    for since in (yesterday.isoformat(), f"{yesterday:%Y-%m-%d}", f"{yesterday:%Y-%m-%dT%H:%M}"):
        assert replay(north, "--since", since)["found"] == 1
    assert replay(north, "--channel", one.public_id, "--since", yesterday.isoformat())["found"] == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--channel", "channel_of_nobody"], "has no channel with the id"),
        (["--since", "2026-02-30"], "is no moment"),
        (["--since", "lately"], "is no moment"),
        (["--state", "lost"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_refused(north: World, options: list[str], sentence: str):
    with pytest.raises(CommandError, match=sentence):
        replay(north, *options)


def test_another_organization_s_channel_is_not_known(north: World, south: World):
    with pytest.raises(CommandError, match="has no channel with the id"):
        replay(north, "--channel", channel_of(south, "telegram").public_id)

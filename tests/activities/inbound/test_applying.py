"""What becomes of receipts: in their order, tried again when they fail, and never one at the cost of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import inf
from typing import Any

import pytest
from django.utils import timezone

from activities.arrivals import Arrival, EventType, InboundEvent
from activities.drafts import CommunicationDraft
from activities.models import Communication, InboundChannel, Receipt, ReceiptState
from activities.services import applying, inbox, record_communication
from activities.services.applying import apply_batch, apply_due_receipts
from activities.services.receiving import keep
from activities.services.settling import LOST, MOST_ATTEMPTS, MOST_WAITS
from tests.inbound import channel_of, contacts_from, messages_of, receipts_of
from tests.updates import drain, edit, make_due, send, update
from tests.worlds import World


class PowerCut(BaseException):
    """The process ends here: nothing catches it."""


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, words: str, error: BaseException) -> Iterator[list[int]]:
    """Whatever says these words cannot be taken in. Gives how many messages each transaction was about."""
    sizes: list[int] = []

    def fail(events: Any) -> Any:
        sizes.append(len(events))
        if any(words in event.text for _, event in events):
            raise type(error)(*error.args)
        return inbox.take_in(events)

    with monkeypatch.context() as patch:
        patch.setattr(applying, "take_in", fail)
        yield sizes


@pytest.fixture(autouse=True)
def _slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried one by one has all the time it needs."""
    monkeypatch.setattr(applying, "SECONDS_ALONE", inf)


@pytest.fixture(params=["its first batch", "a later batch"])
def process(request: pytest.FixtureRequest, north: World, south: World) -> Callable[[], None]:
    """Makes this process one that has just begun, or one that has applied batches of both organizations before."""

    def begin() -> None:
        applying._lived_through.clear()
        if request.param == "a later batch":
            applying._lived_through.update([north.organization.pk, south.organization.pk])

    begin()
    return begin


def receipt(world: World, channel: InboundChannel, number: int) -> Receipt:
    with world.scope():
        return Receipt.objects.get(channel=channel, key=f"update:{820_000_000 + number}")


# Order.


def test_a_batch_is_applied_in_the_order_in_which_it_was_sent(north: World):
    channel = channel_of(north, "telegram")
    # The last two within one second.
    for number, after in ((3, 50), (1, 10), (12, 60), (2, 5), (9, 60)):
        send(channel, update(number, sender=1, after=after))
    drain(north)
    with north.scope():
        said = Communication.objects.filter(kind="telegram", contact__source="telegram").order_by("id")
        assert [message.body for message in said] == [f"Message {number}" for number in (2, 1, 3, 9, 12)]
        (contact,) = contacts_from(north, "telegram")
        assert contact.last_contacted_at == said[4].occurred_at


def test_nothing_is_said_in_the_future(north: World):
    channel = channel_of(north, "telegram")
    send(channel, update(1, date=int((timezone.now() + timedelta(days=400)).timestamp())))
    drain(north)
    (message,) = messages_of(north, channel)
    assert message.occurred_at <= timezone.now()


def test_edits_of_one_second_follow_the_providers_numbers(north: World):
    channel = channel_of(north, "telegram")
    message = update(1)
    for body in (edit(4, message, "Last", after=9), message, edit(3, message, "First", after=9)):
        send(channel, body)
        drain(north)
    said, *_ = messages_of(north, channel)
    assert (said.body, said.metadata["originalText"]) == ("Last", "Message 1")
    assert receipts_of(north, channel)[2][1:] == ("ignored", "the message was edited later than this")


def test_an_edit_finds_the_message_of_its_own_channel(north: World):
    # Two bots to whom one person writes: both count from one.
    first, second = channel_of(north, "telegram"), channel_of(north, "telegram")
    for channel in (first, second):
        send(channel, update(1, text=f"To {channel.token}"))
    drain(north)
    send(first, edit(2, update(1), "Edited"))
    drain(north)
    assert [message.body for message in messages_of(north, first)] == ["Edited", "Edited"]
    assert [message.body for message in messages_of(north, second)] == [f"To {second.token}"]


def test_an_edit_that_comes_first_waits_for_its_message(north: World, process: Callable[[], None]):
    channel = channel_of(north, "telegram")
    message = update(1)
    send(channel, edit(2, message, "Edited"))
    for _ in range(MOST_ATTEMPTS + 2):
        make_due(north)
        process()
        apply_due_receipts()
    waiting = receipt(north, channel, 2)
    assert (waiting.state, waiting.reason) == ("pending", "speaks of a message that is not here")
    send(channel, message)
    drain(north)
    assert [message.body for message in messages_of(north, channel)] == ["Edited", "Edited"]


def test_what_waits_in_vain_is_given_up_after_days(north: World):
    channel = channel_of(north, "telegram")
    send(channel, edit(2, update(1), "Edited"))
    applying._lived_through.add(north.organization.pk)
    put_off = timedelta()
    for _ in range(MOST_WAITS - 1):
        make_due(north)
        begun = timezone.now()
        apply_due_receipts()
        put_off += receipt(north, channel, 2).due_at - begun
    assert timedelta(days=3) < put_off < timedelta(days=4)
    make_due(north)
    apply_due_receipts()
    assert receipts_of(north, channel) == [("update:820000002", "ignored", "speaks of a message that is not here")]


def test_reports_of_delivery_come_in_any_order_and_never_go_back(north: World, south: World):
    channel = channel_of(north, "whatsapp")
    sent = CommunicationDraft(kind="whatsapp", direction="outbound", body="Hello", provider_message_id="wamid.1")
    reports = ["read", "sent", "delivered"]
    with north.scope():
        keep(channel, [status(f"{name}:1", "wamid.1", name) for name in reports])
    apply_due_receipts()
    with north.scope():
        record_communication(north.contacts[2], sent, actor=north.actor())
    with south.scope():
        record_communication(south.contacts[2], sent, actor=south.actor())
    drain(north, south)
    assert [state for _, state, _ in receipts_of(north, channel)] == ["applied"] * 3
    for world, delivery in ((north, "read"), (south, "")):
        with world.scope():
            assert Communication.objects.get(provider_message_id="wamid.1").delivery == delivery


def status(key: str, message_id: str, name: str) -> Arrival:
    return Arrival(
        key=key, payload=key.encode(), event=InboundEvent(type=EventType.STATUS, message_id=message_id, status=name)
    )


# Failure.


def test_one_that_fails_is_put_off_and_holds_up_no_other(
    north: World, south: World, process: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    channel, other = channel_of(north, "telegram"), channel_of(south, "telegram")
    for number in range(1, 6):
        send(channel, update(number))
    send(other, update(3))
    begun = timezone.now()
    with failing(monkeypatch, "Message 3", ValueError(north.canary)):
        assert apply_due_receipts() == 6
    states = [state for _, state, _ in receipts_of(north, channel)]
    assert states == ["applied", "applied", "pending", "applied", "applied"]
    failed = receipt(north, channel, 3)
    assert (failed.attempts, failed.reason) == (1, "failed: ValueError")
    assert timedelta(seconds=2) <= failed.due_at - begun
    # The stranger's says the same words.
    assert receipts_of(south, other) == [("update:820000003", "pending", "failed: ValueError")]
    drain(north, south)
    assert {state for _, state, _ in receipts_of(north, channel)} == {"applied"}


def test_one_that_always_fails_waits_longer_each_time_and_ends_in_quarantine(
    north: World, monkeypatch: pytest.MonkeyPatch
):
    channel = channel_of(north, "telegram")
    send(channel, update(1))
    delays = []
    with failing(monkeypatch, "Message 1", ValueError()):
        for _ in range(MOST_ATTEMPTS):
            make_due(north)
            begun = timezone.now()
            apply_due_receipts()
            delays.append(receipt(north, channel, 1).due_at - begun)
    assert receipts_of(north, channel) == [("update:820000001", "quarantined", "failed: ValueError")]
    assert receipt(north, channel, 1).attempts == MOST_ATTEMPTS
    for attempt, delay in enumerate(delays[:-1], start=1):
        assert delay >= timedelta(seconds=2**attempt)
    assert contacts_from(north, "telegram") == []


def test_one_that_failed_is_no_part_of_a_batch_again(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = channel_of(north, "telegram")
    send(channel, update(1))
    with failing(monkeypatch, "Message 1", ValueError()) as sizes:
        apply_due_receipts()
        make_due(north)
        for number in (2, 3):
            send(channel, update(number))
        apply_due_receipts()
    assert sizes[-2:] == [2, 1]
    assert [state for _, state, _ in receipts_of(north, channel)] == ["pending", "applied", "applied"]


def test_one_that_ends_every_process_is_quarantined_and_the_others_are_applied(
    north: World, south: World, monkeypatch: pytest.MonkeyPatch
):
    channel, other = channel_of(north, "telegram"), channel_of(south, "telegram")
    for number in range(1, 5):
        send(channel, update(number))
    send(other, update(9))
    deaths = 0
    with failing(monkeypatch, "Message 2", PowerCut()):
        # Each process begins anew and has the whole queue before it.
        for _ in range(3 * MOST_ATTEMPTS):
            applying._lived_through.clear()
            make_due(north)
            try:
                apply_due_receipts()
            except PowerCut:
                deaths += 1
    assert deaths == MOST_ATTEMPTS
    assert receipts_of(north, channel) == [
        ("update:820000001", "applied", ""),
        ("update:820000002", "quarantined", LOST),
        ("update:820000003", "applied", ""),
        ("update:820000004", "applied", ""),
    ]
    assert receipts_of(south, other) == [("update:820000009", "applied", "")]
    assert len(contacts_from(north, "telegram")) == 3


def test_a_process_that_ends_in_a_later_batch_leaves_it_as_it_was(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = channel_of(north, "telegram")
    apply_batch(north.organization.pk)
    send(channel, update(1))
    before = receipt(north, channel, 1)
    with failing(monkeypatch, "Message 1", PowerCut()), pytest.raises(PowerCut):
        apply_due_receipts()
    after = receipt(north, channel, 1)
    assert (after.state, after.attempts, after.due_at) == (ReceiptState.PENDING, 0, before.due_at)
    assert contacts_from(north, "telegram") == []


# Fairness.


def test_a_long_queue_of_one_organization_holds_up_no_other(north: World, south: World):
    channel, other = channel_of(north, "telegram"), channel_of(south, "telegram")
    fill(north, channel, 5 * applying.BATCH)
    send(other, update(1))
    assert apply_due_receipts() == applying.BATCH + 1
    assert receipts_of(south, other) == [("update:820000001", "applied", "")]


def test_a_worker_that_is_told_to_stop_ends_between_two_batches(north: World, south: World):
    channel, other = channel_of(north, "telegram"), channel_of(south, "telegram")
    send(channel, update(1))
    send(other, update(2))
    asked = iter([False, True])
    assert apply_due_receipts(lambda: next(asked)) == 1
    states = [receipts_of(north, channel)[0][1], receipts_of(south, other)[0][1]]
    assert sorted(states) == ["applied", "pending"]
    assert apply_due_receipts(lambda: True) == 0


def test_failing_receipts_have_their_turn_and_no_more(north: World, south: World, monkeypatch: pytest.MonkeyPatch):
    channel, other = channel_of(north, "telegram"), channel_of(south, "telegram")
    for number in range(1, 6):
        send(channel, update(number))
    send(other, update(77, text="Hello"))
    monkeypatch.setattr(applying, "SECONDS_ALONE", 0)
    with failing(monkeypatch, "Message", ValueError()):
        apply_due_receipts()
    assert [reason for _, _, reason in receipts_of(north, channel)].count("failed: ValueError") == 1
    assert receipts_of(south, other) == [("update:820000077", "applied", "")]
    for _ in range(5):
        drain(north)
    assert {state for _, state, _ in receipts_of(north, channel)} == {"applied"}


def fill(world: World, channel: InboundChannel, count: int) -> None:
    """Receipts as they are kept, without a call for each."""
    sent_at = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
    with world.scope():
        event = InboundEvent(type=EventType.STATUS, message_id="nobody's", status="sent")
        keep(channel, [Arrival(key=f"s:{n}", payload=b"", event=event, sent_at=sent_at) for n in range(count)])

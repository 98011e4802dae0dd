"""Trying receipts again that came to nothing: back into the queue, where the worker finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final, TypeAlias

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Right
from activities.arrivals import Arrival
from activities.models import InboundChannel, Receipt, ReceiptState
from activities.services.receiving import LONGEST_REASON, key_of

# How a kind of channel reads the payload of one receipt (``activities.inbound.rereading``).
Reader: TypeAlias = Callable[[InboundChannel, bytes], Arrival | None]

CAME_TWICE: Final = "came a second time under its own key"
_COLUMNS: Final = ("key", "event", "sent_at", "state", "attempts", "due_at", "reason", "settled_at")


class Fate(StrEnum):
    """What became of a receipt that was to be tried again."""

    # It is due now.
    REQUEUED = "requeued"
    # Nobody understands it, still.
    UNREAD = "unread"
    # It is understood now, and is not for us.
    IGNORED = "ignored"
    # It is understood now, and came a second time meanwhile.
    REPEATED = "repeated"
    # It has become a message already: once more would double it.
    APPLIED = "applied"
    # It is in the queue already.
    WAITING = "waiting"


_LEFT_ALONE: Final = {ReceiptState.APPLIED: Fate.APPLIED, ReceiptState.PENDING: Fate.WAITING}


def requeue_receipts(
    receipt_ids: Iterable[int], *, read: Reader, actor: Actor, is_rehearsal: bool = False
) -> Counter[Fate]:
    """Try receipts again, by their primary keys, and count what became of them; a rehearsal only counts.

    One without an event is read again first, and keeps the place it has when that gives nothing. One that was applied
    stays as it is: nothing is ever stored twice. Raises ``Forbidden``.
    """
    actor.require(Right.MANAGE_CREDENTIALS)
    with transaction.atomic():
        # A worker takes none of those that are changed here: they are not waiting until this is committed.
        rows = Receipt.objects.filter(pk__in=list(receipt_ids)).order_by("pk")
        locked = rows.select_for_update(of=("self",)).select_related("channel").defer("payload")
        return Counter(_requeue(receipt, read, is_rehearsal=is_rehearsal) for receipt in locked)


def _requeue(receipt: Receipt, read: Reader, *, is_rehearsal: bool) -> Fate:
    if fate := _LEFT_ALONE.get(ReceiptState(receipt.state)):
        return fate
    if receipt.event is None:
        arrival = read(receipt.channel, bytes(receipt.payload))
        if arrival is None or not (arrival.event or arrival.is_ignored):
            return Fate.UNREAD
        fate = _understand(receipt, arrival)
    else:
        fate = Fate.REQUEUED
    _place(receipt, fate)
    return fate if is_rehearsal else _store(receipt, fate)


def _understand(receipt: Receipt, arrival: Arrival) -> Fate:
    """Take over what was read. The receipt gets the key it would have now, under which its provider would repeat it."""
    receipt.reason = arrival.reason[:LONGEST_REASON]
    receipt.sent_at = arrival.sent_at or receipt.sent_at
    key = key_of(arrival)
    if key != receipt.key and _has(receipt, key):
        receipt.reason = CAME_TWICE
        return Fate.REPEATED
    receipt.key = key
    if arrival.is_ignored or arrival.event is None:
        return Fate.IGNORED
    receipt.event = arrival.event.as_json()
    return Fate.REQUEUED


def _has(receipt: Receipt, key: str) -> bool:
    return Receipt.objects.filter(channel_id=receipt.channel_id, key=key).exists()


def _place(receipt: Receipt, fate: Fate) -> None:
    """Into the queue, at once and with all attempts; or out of the way."""
    now = timezone.now()
    if fate is Fate.REQUEUED:
        receipt.state, receipt.attempts, receipt.due_at = ReceiptState.PENDING, 0, now
        receipt.reason, receipt.settled_at = "", None
    else:
        receipt.state, receipt.settled_at = ReceiptState.IGNORED, now


def _store(receipt: Receipt, fate: Fate) -> Fate:
    try:
        with transaction.atomic():
            receipt.save(update_fields=_COLUMNS)
    except IntegrityError:
        # Its provider repeated it just now, and that one has the key.
        receipt.refresh_from_db(fields=["key", "event"])
        receipt.reason = CAME_TWICE
        _place(receipt, Fate.REPEATED)
        receipt.save(update_fields=_COLUMNS)
        return Fate.REPEATED
    return fate

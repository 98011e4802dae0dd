"""Keeping what providers hand over, before anything is done with it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import BigIntegerField, CharField, F
from django.utils import timezone

from accounts.prepared import OneOf, PreparedQuery, Slot, kept, moment_of, prepare
from activities.arrivals import Arrival, storable
from activities.models import InboundChannel, Receipt, ReceiptState

logger = logging.getLogger("latchkey.inbound")

LONGEST_KEY = 255
LONGEST_REASON = 200


@dataclass(frozen=True)
class Kept:
    """How many arrivals are new, and how many were here before."""

    new: int
    repeated: int


def keep(channel: InboundChannel, arrivals: Sequence[Arrival], *, is_retold: bool = False) -> Kept:
    """Store each arrival as a receipt, once: one whose key the channel has already changes nothing.

    Whoever comes again with the same key and another content is counted as a conflict and not believed; not so with
    ``is_retold``, for what a provider tells in a form of its own when it is asked for what it told before. The caller
    answers the provider when its unit of work has committed.
    """
    receipts: dict[str, Receipt] = {}
    for arrival in arrivals:
        receipt = _receipt(channel, arrival)
        receipts.setdefault(receipt.key, receipt)
    with transaction.atomic():
        # Before it is asked what is there: of two that come at the same time, the second waits here and then sees the first.
        Receipt.objects.bulk_create(receipts.values(), ignore_conflicts=True)
        stored = _stored(channel, receipts)
        if not is_retold:
            _count_conflicts(channel, [key for key, (digest, _) in stored.items() if digest != receipts[key].digest])
    new = sum(stored[key] == (receipt.digest, receipt.received_at) for key, receipt in receipts.items())
    return Kept(new=new, repeated=len(arrivals) - new)


def _receipt(channel: InboundChannel, arrival: Arrival) -> Receipt:
    now = timezone.now()
    state = _state_of(arrival)
    return Receipt(
        channel_id=channel.pk,
        key=key_of(arrival),
        payload=arrival.payload,
        digest=hashlib.sha256(arrival.payload).hexdigest(),
        event=arrival.event.as_json() if arrival.event else None,
        sent_at=arrival.sent_at or now,
        received_at=now,
        due_at=now,
        state=state,
        reason=arrival.reason[:LONGEST_REASON],
        settled_at=None if state == ReceiptState.PENDING else now,
    )


def _state_of(arrival: Arrival) -> ReceiptState:
    if arrival.is_ignored:
        return ReceiptState.IGNORED
    return ReceiptState.PENDING if arrival.event else ReceiptState.QUARANTINED


def key_of(arrival: Arrival) -> str:
    """The key itself where it fits, else its digest behind as much of it as fits."""
    key = storable(arrival.key)
    if len(key) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: LONGEST_KEY - len(digest) - 1]}#{digest}"


def _stored(channel: InboundChannel, keys: Collection[str]) -> dict[str, tuple[str, datetime]]:
    rows = _of_keys().rows({"channel": channel.pk, "keys": keys})
    return {key: (digest, moment_of(received_at)) for key, digest, received_at in rows}


@kept
def _of_keys() -> PreparedQuery:
    one_of_them = OneOf(F("key"), Slot("keys", CharField(max_length=LONGEST_KEY), is_array=True))
    rows = Receipt.objects.filter(one_of_them, channel_id=Slot("channel", BigIntegerField())).order_by()
    return prepare(rows.values_list("key", "digest", "received_at"))


def _count_conflicts(channel: InboundChannel, keys: Sequence[str]) -> None:
    if keys:
        logger.warning("channel %s: %d known keys came with another content", channel.public_id, len(keys))
        Receipt.objects.filter(channel_id=channel.pk, key__in=keys).update(conflicts=F("conflicts") + 1)

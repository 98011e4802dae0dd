"""How much comes in through channels, and how much of it waits, for people who look after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from activities.models import Receipt, ReceiptState

# No more is counted, and no more of the newest receipts are looked through: each answer costs the same on a large instance.
MOST_COUNTED: Final = 1_000


class Count(NamedTuple):
    """A number, and whether there may be more: only the first ``MOST_COUNTED`` of all channels together are counted."""

    number: int
    is_capped: bool


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Of one channel: when it last received something, how many receipts wait, and how many are quarantined.

    ``is_older`` says that ``last_received_at`` is only known to be the latest it can have been.
    """

    last_received_at: datetime | None
    is_older: bool
    waiting: Count
    quarantined: Count


def traffic_of(channel_ids: Collection[int]) -> dict[int, Traffic]:
    """The traffic of channels, by their primary keys."""
    received, oldest = _last_received()
    waiting, quarantined = _counted(ReceiptState.PENDING), _counted(ReceiptState.QUARANTINED)
    quiet = set(channel_ids) - received.keys()
    used = _with_receipts(quiet) if oldest else set()
    return {
        pk: Traffic(
            last_received_at=oldest if pk in used else received.get(pk),
            is_older=pk in used,
            waiting=Count(waiting[pk], waiting.total() >= MOST_COUNTED),
            quarantined=Count(quarantined[pk], quarantined.total() >= MOST_COUNTED),
        )
        for pk in channel_ids
    }


def quarantined_count() -> int:
    """How many receipts of the organization are quarantined, ``MOST_COUNTED`` at most."""
    return _counted(ReceiptState.QUARANTINED).total()


def _last_received() -> tuple[dict[int, datetime], datetime | None]:
    """By channel, among the newest receipts; and the moment of the oldest of those, where older ones are left."""
    newest = list(Receipt.objects.values_list("channel_id", "received_at")[:MOST_COUNTED])
    received: dict[int, datetime] = {}
    for channel_id, moment in newest:
        received.setdefault(channel_id, moment)
    return received, newest[-1][1] if len(newest) == MOST_COUNTED else None


def _counted(state: ReceiptState) -> Counter[int]:
    in_state = Receipt.objects.filter(state=state).order_by()
    return Counter(in_state.values_list("channel_id", flat=True)[:MOST_COUNTED])


def _with_receipts(channel_ids: Collection[int]) -> set[int]:
    return {pk for pk in channel_ids if Receipt.objects.filter(channel_id=pk).order_by().exists()}

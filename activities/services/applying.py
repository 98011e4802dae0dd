"""From receipts to contacts, conversations and timelines: one batch at a time, exactly once.

A batch is one transaction. It takes receipts that are due, applies them and says so, so that a worker that is killed
leaves either all of it or nothing. One worker at a time applies an organization's receipts; others pass it by.

A receipt that fails is tried alone from then on, and its attempt is written down before it is made: one that ends its
worker's process, however it does that, is known by it. A batch is announced in the same way when it is the first of an
organization that this process applies: what ended the process before stands at the head of the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Organization
from accounts.tenancy import tenant_scope
from activities.arrivals import EventType, InboundEvent
from activities.channels import due_receipts
from activities.models import Receipt, ReceiptState
from activities.services.corrections import correct
from activities.services.inbox import take_in
from activities.services.outcomes import Outcome
from activities.services.settling import MOST_ATTEMPTS, announce, failure, has_failed, settle, store

logger = logging.getLogger("latchkey.inbound")

# Some tenths of a second of work: whoever writes to one of the contacts meanwhile waits for as long.
BATCH: Final = 100
# Receipts of one organization are tried one by one for as long; then it is another's turn.
SECONDS_ALONE: Final = 1.0

# Organizations of which this process has lived through a batch.
_lived_through: Final[set[int]] = set()


def apply_due_receipts(stop: Callable[[], bool] = lambda: False) -> int:
    """Apply what is due, of every organization in turn, a batch each; returns how many receipts were looked at.

    To be called again until it returns 0. ``stop`` is asked between batches.
    """
    applied = 0
    for organization_id, _ in due_receipts():
        if stop():
            break
        applied += apply_batch(organization_id)
    return applied


def apply_batch(organization_id: int, *, limit: int = BATCH) -> int:
    """Apply the next receipts of one organization that are due; returns how many, 0 also while somebody else is at it.

    Should the batch fail, its receipts are tried alone, so that one that cannot be applied holds up no other. To be called
    outside any unit of work.
    """
    taken = _Taken(is_announced=organization_id not in _lived_through)
    failed: Sequence[int] = ()
    try:
        _apply_together(organization_id, limit, taken)
    except Exception as error:
        if not taken.together:
            raise
        logger.warning("a batch of %d receipts failed (%s): one by one", len(taken.together), type(error).__name__)
        failed = taken.together
    _lived_through.add(organization_id)
    until = monotonic() + SECONDS_ALONE
    for receipt_id in (*failed, *taken.alone):
        _apply_alone(organization_id, receipt_id, is_announced=taken.is_announced and receipt_id in failed)
        if monotonic() > until:
            break
    return len(taken.together) + len(taken.alone)


@dataclass
class _Taken:
    """The receipts of a batch, by primary key and in their order. Those that failed before go alone."""

    is_announced: bool
    together: list[int] = field(default_factory=list)
    alone: list[int] = field(default_factory=list)

    def take(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        together = [receipt for receipt in receipts if not has_failed(receipt)]
        self.together = [receipt.pk for receipt in together]
        self.alone = [receipt.pk for receipt in receipts if has_failed(receipt)]
        return together


def _apply_together(organization_id: int, limit: int, taken: _Taken) -> None:
    if taken.is_announced:
        with _inbound_scope(organization_id) as is_ours:
            receipts = taken.take(_due(limit)) if is_ours else []
            announce(receipts, timezone.now())
            store(receipts)
        if receipts:
            _apply_announced(organization_id, taken.together)
        return
    with _inbound_scope(organization_id) as is_ours:
        receipts = taken.take(_due(limit)) if is_ours else []
        for receipt in receipts:
            receipt.attempts += 1
        _apply(receipts)


def _apply_announced(organization_id: int, receipt_ids: Collection[int]) -> None:
    with _inbound_scope(organization_id, waits=True):
        _apply(_pending(receipt_ids))


def _apply_alone(organization_id: int, receipt_id: int, *, is_announced: bool) -> None:
    """Try one receipt; however that ends, the attempt is counted. Raises what a database does that is away."""
    if not (is_announced or _announce_one(organization_id, receipt_id)):
        return
    try:
        _apply_announced(organization_id, [receipt_id])
    except Exception as error:
        # In a unit of work of its own: the failed one is rolled back. A database that is away fails here as well.
        with _inbound_scope(organization_id, waits=True):
            receipts = _pending([receipt_id])
            for receipt in receipts:
                logger.exception("receipt %d failed at attempt %d", receipt.pk, receipt.attempts)
                settle(receipt, failure(error), timezone.now())
            store(receipts)


def _announce_one(organization_id: int, receipt_id: int) -> bool:
    """Whether there is an attempt to be made, which is counted then. None is while another worker is at it."""
    now = timezone.now()
    with _inbound_scope(organization_id) as is_ours:
        receipts = _pending([receipt_id]) if is_ours else []
        given_up = [receipt for receipt in receipts if has_failed(receipt) and receipt.attempts >= MOST_ATTEMPTS]
        for receipt in given_up:
            settle(receipt, Outcome.quarantined(receipt.reason), now)
        if not given_up:
            announce(receipts, now)
        store(receipts)
    return bool(receipts) and not given_up


@contextmanager
def _inbound_scope(organization_id: int, *, waits: bool = False) -> Iterator[bool]:
    """A unit of work that alone applies this organization's receipts.

    Gives False when another worker is at it, or ``waits`` for that one, as long as the database lets it. On PostgreSQL the
    organization's row is the lock: referring to it stays possible, only its settings wait. On SQLite it is the one write
    lock, taken before anything is read.
    """
    with tenant_scope(organization_id) as scope:
        scope.begin(write=True)
        rows = Organization.objects.filter(pk=organization_id)
        yield bool(rows.select_for_update(skip_locked=not waits, no_key=True).values_list("pk"))


def _due(limit: int) -> list[Receipt]:
    due = _receipts().filter(due_at__lte=timezone.now()).order_by("due_at", "id")
    return sorted(due[:limit], key=_order)


def _pending(receipt_ids: Collection[int]) -> list[Receipt]:
    return sorted(_receipts().filter(pk__in=receipt_ids), key=_order)


def _receipts() -> QuerySet[Receipt]:
    return Receipt.objects.filter(state=ReceiptState.PENDING).select_related("channel").defer("payload")


def _order(receipt: Receipt) -> tuple[datetime, int, int]:
    """By the provider's time, within its second by the provider's numbers, and else as they came (RELIABILITY 3.5)."""
    return receipt.sent_at, receipt.provider_number, receipt.pk


def _apply(receipts: Sequence[Receipt]) -> None:
    """Apply events and write down what became of their receipts. Messages first: what comes after speaks of them."""
    events = [(receipt, InboundEvent.from_json(receipt.event)) for receipt in receipts if receipt.event]
    outcomes = take_in([each for each in events if each[1].type is EventType.MESSAGE])
    for receipt, event in events:
        if event.type is not EventType.MESSAGE:
            outcomes[receipt.pk] = correct(receipt, event)
    now = timezone.now()
    for receipt in receipts:
        settle(receipt, outcomes.get(receipt.pk, Outcome.quarantined("nothing was read from it")), now)
    store(receipts)

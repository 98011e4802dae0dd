"""From receipts to contacts, conversations and timelines: one batch at a time, exactly once.

A batch is one transaction. It takes receipts that are due, applies them and says so, so that a worker that is killed
leaves either all of it or nothing. One worker at a time applies an organization's receipts; others pass it by.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from accounts.models import Organization
from accounts.tenancy import tenant_scope
from activities.arrivals import EventType, InboundEvent
from activities.channels import due_receipts
from activities.models import Receipt, ReceiptState
from activities.services.corrections import correct
from activities.services.inbox import take_in
from activities.services.outcomes import Outcome

logger = logging.getLogger("latchkey.inbound")

# Some tenths of a second of work: whoever writes to one of the contacts meanwhile waits for as long.
BATCH: Final = 100
# 2 seconds before the second attempt, 4 before the third, more than 4 minutes before the last.
MOST_ATTEMPTS: Final = 8
_FIRST_DELAY: Final = timedelta(seconds=2)
_JITTER: Final = 0.25
_COLUMNS: Final = ("state", "attempts", "due_at", "reason", "settled_at", "contact", "communication")


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

    Should the batch fail, each of its receipts is tried alone, so that one that cannot be applied holds up no other. To be
    called outside any unit of work.
    """
    taken: list[int] = []
    try:
        return _attempt(organization_id, limit, taken)
    except Exception as error:
        if not taken:
            raise
        logger.warning("a batch of %d receipts failed (%s): one by one", len(taken), type(error).__name__)
    for receipt_id in taken:
        _apply_alone(organization_id, receipt_id)
    return len(taken)


def _apply_alone(organization_id: int, receipt_id: int) -> None:
    try:
        _attempt(organization_id, 1, [], only=receipt_id)
    except Exception as error:
        # In a unit of work of its own: the failed one is rolled back. A database that is away fails here as well.
        with _inbound_scope(organization_id):
            for receipt in Receipt.objects.filter(pk=receipt_id, state=ReceiptState.PENDING):
                logger.exception("receipt %d failed at attempt %d", receipt.pk, receipt.attempts + 1)
                _settle(receipt, Outcome.put_off(f"failed: {type(error).__name__}"), timezone.now())
                receipt.save(update_fields=_COLUMNS)


def _attempt(organization_id: int, limit: int, taken: list[int], *, only: int | None = None) -> int:
    """One transaction; ``taken`` is told what it is about, before anything can fail."""
    with _inbound_scope(organization_id) as is_ours:
        if not is_ours:
            return 0
        receipts = _due(limit, only)
        taken += [receipt.pk for receipt in receipts]
        if receipts:
            _apply(receipts)
    return len(receipts)


@contextmanager
def _inbound_scope(organization_id: int) -> Iterator[bool]:
    """A unit of work that alone applies this organization's receipts; gives False when another one is at it.

    On PostgreSQL the organization's row is the lock: referring to it stays possible, only its settings wait. On SQLite it
    is the one write lock, taken before anything is read.
    """
    with tenant_scope(organization_id) as scope:
        scope.begin(write=True)
        rows = Organization.objects.filter(pk=organization_id)
        yield bool(rows.select_for_update(skip_locked=True, no_key=True).values_list("pk"))


def _due(limit: int, only: int | None) -> list[Receipt]:
    """The next receipts, in the order in which their senders sent them."""
    due = Receipt.objects.filter(state=ReceiptState.PENDING).select_related("channel").defer("payload")
    if only is not None:
        return list(due.filter(pk=only))
    first = due.filter(due_at__lte=timezone.now()).order_by("due_at", "id")[:limit]
    return sorted(first, key=lambda receipt: (receipt.sent_at, receipt.pk))


def _apply(receipts: Sequence[Receipt]) -> None:
    """Apply events and write down what became of their receipts. Messages first: what comes after speaks of them."""
    events = [(receipt, InboundEvent.from_json(receipt.event)) for receipt in receipts if receipt.event]
    outcomes = take_in([each for each in events if each[1].type is EventType.MESSAGE])
    for receipt, event in events:
        if event.type is not EventType.MESSAGE:
            outcomes[receipt.pk] = correct(receipt, event)
    now = timezone.now()
    for receipt in receipts:
        _settle(receipt, outcomes.get(receipt.pk, Outcome.quarantined("nothing was read from it")), now)
    Receipt.objects.bulk_update(receipts, _COLUMNS)


def _settle(receipt: Receipt, outcome: Outcome, now: datetime) -> None:
    receipt.attempts += 1
    if outcome.state is ReceiptState.PENDING and receipt.attempts >= MOST_ATTEMPTS:
        outcome = replace(outcome, state=outcome.in_the_end)
    receipt.state, receipt.reason = outcome.state, outcome.reason[:200]
    receipt.contact_id, receipt.communication_id = outcome.contact_id, outcome.communication_id
    if outcome.state is ReceiptState.PENDING:
        receipt.due_at = now + _delay(receipt.attempts)
    else:
        receipt.settled_at = now


def _delay(attempts: int) -> timedelta:
    """Longer each time, and never the same for two that failed together."""
    return _FIRST_DELAY * float(2 ** (attempts - 1)) * random.uniform(1, 1 + _JITTER)  # noqa: S311 - no secret

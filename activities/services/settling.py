"""Writing down what became of receipts, and when those are due again that are put off."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import BigIntegerField, Case, Value, When

from activities.models import Receipt, ReceiptState
from activities.services.outcomes import Outcome

# 2 seconds before the second attempt, 4 before the third, more than 4 minutes before the last.
MOST_ATTEMPTS: Final = 8
# Each wait is twice as long as the one before, the last three days: a provider goes on delivering for a week.
MOST_WAITS: Final = 18
_FIRST_DELAY: Final = timedelta(seconds=2)
_JITTER: Final = 0.25

_FAILED: Final = "failed: "
LOST: Final = f"{_FAILED}its worker was gone before it was applied"
_COLUMNS: Final = ("state", "attempts", "due_at", "reason", "settled_at", "contact", "communication")


def has_failed(receipt: Receipt) -> bool:
    """Whether the last attempt at a pending receipt went wrong, or never came to an end."""
    return receipt.reason.startswith(_FAILED)


def announce(receipts: Iterable[Receipt], now: datetime) -> None:
    """Count attempts that are about to be made, and write down what is true of them if nobody ever comes back."""
    for receipt in receipts:
        # Waiting for something is no failure.
        receipt.attempts = receipt.attempts + 1 if has_failed(receipt) else 1
        receipt.reason, receipt.due_at = LOST, now + _delay(receipt.attempts)


def settle(receipt: Receipt, outcome: Outcome, now: datetime) -> None:
    """What a counted attempt came to. A receipt that is put off is due again later, and given up after so many times."""
    if outcome.state is ReceiptState.PENDING:
        outcome = _given_up(receipt, outcome)
    receipt.state, receipt.reason = outcome.state, outcome.reason[:200]
    receipt.contact_id, receipt.communication_id = outcome.contact_id, outcome.communication_id
    if outcome.state is ReceiptState.PENDING:
        receipt.due_at = now + _delay(receipt.attempts)
    else:
        receipt.settled_at = now


def failure(error: Exception) -> Outcome:
    """Without the error's words, which may be a person's."""
    return Outcome.put_off(f"{_FAILED}{type(error).__name__}")


def store(receipts: Sequence[Receipt]) -> None:
    """Write settled or announced receipts. Two statements: what is the same in all that were applied needs no branches."""
    applied = [receipt for receipt in receipts if receipt.state == ReceiptState.APPLIED]
    others = [receipt for receipt in receipts if receipt.state != ReceiptState.APPLIED]
    if applied:
        Receipt.objects.filter(pk__in=[receipt.pk for receipt in applied]).update(
            state=ReceiptState.APPLIED,
            reason="",
            settled_at=applied[0].settled_at,
            attempts=_by_receipt(applied, "attempts"),
            contact_id=_by_receipt(applied, "contact_id"),
            communication_id=_by_receipt(applied, "communication_id"),
        )
    Receipt.objects.bulk_update(others, _COLUMNS)


def _by_receipt(receipts: Sequence[Receipt], column: str) -> Case | int | None:
    values: list[int | None] = [getattr(receipt, column) for receipt in receipts]
    if len(set(values)) == 1:
        return values[0]
    branches = (When(pk=receipt.pk, then=Value(value)) for receipt, value in zip(receipts, values, strict=True))
    return Case(*branches, output_field=BigIntegerField())


def _given_up(receipt: Receipt, outcome: Outcome) -> Outcome:
    if outcome.is_waiting:
        return Outcome.ignored(outcome.reason) if receipt.attempts >= MOST_WAITS else outcome
    return Outcome.quarantined(outcome.reason) if receipt.attempts >= MOST_ATTEMPTS else outcome


def _delay(attempts: int) -> timedelta:
    """Longer each time, and never the same for two that failed together."""
    return _FIRST_DELAY * float(2 ** (attempts - 1)) * random.uniform(1, 1 + _JITTER)  # noqa: S311 - no secret

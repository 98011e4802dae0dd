"""What became of a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from activities.models import ReceiptState


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The receipt's next state, why, and what it led to. ``PENDING`` puts it off, to be tried again later.

    ``is_waiting`` says that nothing is wrong with it: it came before what it speaks of.
    """

    state: ReceiptState
    reason: str = ""
    contact_id: int | None = None
    communication_id: int | None = None
    is_waiting: bool = False

    @classmethod
    def applied(cls, *, contact_id: int | None = None, communication_id: int | None = None) -> Self:
        return cls(state=ReceiptState.APPLIED, contact_id=contact_id, communication_id=communication_id)

    @classmethod
    def ignored(cls, reason: str) -> Self:
        return cls(state=ReceiptState.IGNORED, reason=reason)

    @classmethod
    def quarantined(cls, reason: str) -> Self:
        return cls(state=ReceiptState.QUARANTINED, reason=reason)

    @classmethod
    def waiting(cls, reason: str) -> Self:
        return cls(state=ReceiptState.PENDING, reason=reason, is_waiting=True)

    @classmethod
    def put_off(cls, reason: str) -> Self:
        return cls(state=ReceiptState.PENDING, reason=reason)

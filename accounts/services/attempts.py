"""Counting attempts at a secret, exactly and for all workers together."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache

from accounts.exceptions import TooManyAttempts


@dataclass(frozen=True)
class AttemptLimit:
    """At most ``allowed`` failed attempts per subject in any stretch of ``period``.

    Each attempt takes a slot in the shared cache, which frees itself after ``period``. Taking one is an insert under a
    unique key, so attempts made at once cannot pass on one slot; the cache's own counters are not atomic.
    """

    name: str
    allowed: int
    period: timedelta

    def take(self, subject: str) -> str:
        """Count an attempt; returns what ``give_back`` wants. Raises ``TooManyAttempts``."""
        slots = self._slots(subject)
        taken = cache.get_many(slots)
        seconds = int(self.period.total_seconds())
        for slot in slots:
            if slot not in taken and cache.add(slot, time.time() + seconds, timeout=seconds):
                return slot
        # Of those found taken at first: one that was taken just now frees itself last.
        first_free = min(taken.values(), default=time.time() + seconds)
        raise TooManyAttempts(retry_after=max(1, math.ceil(first_free - time.time())))

    def _slots(self, subject: str) -> list[str]:
        # Hashed: the subject may be anything somebody typed, and the cache's table is no place for addresses.
        digest = hashlib.sha256(subject.encode()).hexdigest()
        return [f"attempts:{self.name}:{digest}:{number}" for number in range(self.allowed)]


def give_back(slot: str) -> None:
    """An attempt that succeeded does not count."""
    cache.delete(slot)

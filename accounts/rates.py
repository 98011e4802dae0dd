"""How many requests a caller has left in the running minute.

Counted in this worker's memory, which costs no statement and is what the plan ``unlimited`` asks for (DESIGN section 4,
decision 10): each worker counts what it answers itself. A plan with limits of its own is counted exactly and for all
workers, in the database (``accounts.quotas``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple, Protocol

from django.conf import settings
from django.http import HttpRequest

from accounts import quotas
from accounts.exceptions import QuotaExhausted
from accounts.network import client_address, client_network
from accounts.plans import Limits, Window, WriteQuota
from accounts.tenancy import current_scope

WINDOW: Final = 60
# Strangers share this many counts, picked by a hash that is seeded anew in every process: a flood of made-up addresses
# takes no more memory than this, and cannot aim at somebody's count.
STRANGERS_COUNTED: Final = 16_384
# Where answers say what was addressed (CONTRACTS 2.2), and the names there are: nobody makes one up.
NAMED_BELOW: Final = "/api/v1/"
RESOURCES: Final = frozenset({"contacts", "conversations"})
ANY_OTHER: Final = "api"


class Allowance(NamedTuple):
    """What taking one request from a caller's window found.

    ``reset`` is the epoch second in which the window ends, ``retry_after`` the whole seconds until then, at least 1.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int


class Counter(Protocol):
    """Something that counts requests by subject, in windows."""

    def take(self, subject: int, limit: int) -> Allowance:
        """Take one request from the subject's running window, which holds ``limit`` of them."""


class MemoryCounter:
    """Counts in memory, for all threads of this process, in windows that are the clock's minutes.

    When a minute ends all counts of it go at once, so there is one per subject that asked in this minute and no more.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._ends = 0
        self._taken: dict[int, int] = {}

    def take(self, subject: int, limit: int) -> Allowance:
        with self._lock:
            # Read in here, or a thread that was held up would bring the minute before back.
            now = int(self._clock())
            ends = now - now % WINDOW + WINDOW
            if ends != self._ends:
                self._ends, self._taken = ends, {}
            taken = self._taken[subject] = self._taken.get(subject, 0) + 1
        return Allowance(taken <= limit, limit, max(0, limit - taken), ends, ends - now)


# By primary key of the credential, which belongs to one organization; nobody can make one up.
CALLERS: Counter = MemoryCounter()
# By network, for whoever showed no valid credential: not by what they showed, of which there is no end.
STRANGERS: Counter = MemoryCounter()


def count(request: HttpRequest, credential_id: int | None = None) -> Allowance:
    """Count a request for its credential, or for the address it comes from; once, however often this is called."""
    found: Allowance | None = counted(request)
    if found is None:
        limit: int = settings.RATE_LIMIT_PER_MINUTE
        if credential_id is None:
            found = STRANGERS.take(hash(client_network(client_address(request))) % STRANGERS_COUNTED, limit)
        else:
            found = CALLERS.take(credential_id, limit)
        allow(request, found)
    return found


def allow(request: HttpRequest, allowance: Allowance) -> None:
    """Let the answer to a request say this."""
    request.allowance = allowance  # type: ignore[attr-defined]  # ours


def count_by_plan(request: HttpRequest, limits: Limits) -> None:
    """Count a request for the organization in scope, once, exactly and for all workers.

    It stays counted whatever becomes of the request, and nobody waits for that: the unit of work goes on in another
    transaction. Raises ``QuotaExhausted``.
    """
    scope = current_scope()
    if scope is None or counted(request) is not None:
        return
    try:
        minute = quotas.take_request(limits)
    except QuotaExhausted as error:
        allow(request, Allowance(False, limits.requests[Window.MINUTE], 0, error.reset, error.retry_after))
        raise
    scope.commit()
    allow(request, Allowance(True, minute.limit, minute.left, minute.ends, minute.wait))


def charge(request: HttpRequest, resource: str, quota: WriteQuota) -> None:
    """Take a write of a resource, inside the unit of work that writes. Raises ``QuotaExhausted``."""
    try:
        quotas.take_write(resource, quota)
    except QuotaExhausted as error:
        known = counted(request)
        if known is not None:
            allow(request, known._replace(remaining=0, reset=error.reset))
        raise


def counted(request: HttpRequest) -> Allowance | None:
    """What counting the request found, None while nobody has."""
    return getattr(request, "allowance", None)


def resource_at(path: str) -> str | None:
    """The resource that an address of Rentalot's wire names, one word for all it does not know; None elsewhere."""
    # However many slashes a client joined its base address with.
    path = f"/{path.strip('/')}/"
    if not path.startswith(NAMED_BELOW):
        return None
    name = path.removeprefix(NAMED_BELOW).partition("/")[0]
    return name if name in RESOURCES else ANY_OTHER

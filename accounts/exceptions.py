"""What can go wrong, said as facts. Each wire finds its own words for them.

A ``DomainError`` carries data and never a sentence built for one client.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any


class DomainError(Exception):
    """A refusal the caller can understand and act on."""

    code = "domain_error"
    # A sentence of its own, where the facts alone do not say it.
    message = ""


@dataclass(frozen=True)
class FieldError:
    """One fault of one field.

    ``field`` is the domain's name, dotted for nested values (``preferences.price_range.min``); wires translate it.
    ``code`` is one of ``required``, ``invalid_type``, ``invalid_value``, ``invalid_email``, ``too_long``,
    ``out_of_range``, ``not_found`` (CONTRACTS W-S7). ``facts`` hold what a sentence may need: ``maximum``,
    ``choices``. ``message`` is the rest of a ready sentence ("must be a string") where whoever found the fault has one.
    """

    field: str
    code: str
    facts: dict[str, Any] = dataclass_field(default_factory=dict)
    message: str = ""


class Invalid(DomainError):
    """What was sent cannot be accepted; ``errors`` lists every fault at once."""

    code = "invalid"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__(", ".join(f"{error.field}: {error.code}" for error in self.errors))


class NotFound(DomainError):
    """No such row for this caller: foreign, deleted and never-existing ids are one answer (DESIGN section 3)."""

    code = "not_found"

    def __init__(self, resource: str, identifier: str) -> None:
        self.resource = resource
        self.identifier = identifier
        super().__init__(f"{resource} {identifier!r}")


class Duplicate(DomainError):
    """A unique value is taken. ``existing_id`` is the primary key of the row that has it, None when unknown.

    A wire whose words name the row says what it calls it in ``existing_public_id``, once it knows that the asker may see it.
    """

    code = "duplicate"
    existing_public_id = ""

    def __init__(self, resource: str, field: str, value: str, existing_id: int | None = None) -> None:
        self.resource = resource
        self.field = field
        self.value = value
        self.existing_id = existing_id
        super().__init__(f"{resource} with this {field} exists")


class NotAuthenticated(DomainError):
    """No credential, or one that is wrong, expired or revoked; which of these is never told."""

    code = "not_authenticated"


class LoginRefused(NotAuthenticated):
    """A login that did not prove itself; whether the address, the password or the code was wrong is never told."""

    code = "login_refused"


class Forbidden(DomainError):
    """The caller is known but may not do this."""

    code = "forbidden"

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason)


class PlanForbids(Forbidden):
    """The organization's plan does not allow it. ``plan`` is its name for people, ``access`` what it does allow."""

    def __init__(self, plan: str, access: str) -> None:
        self.plan = plan
        self.access = access
        super().__init__(f"the plan {plan} allows: {access}")


class TooManyAttempts(DomainError):
    """A limit was reached; try again after ``retry_after`` seconds."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"retry after {retry_after} s")


class QuotaExhausted(TooManyAttempts):
    """What a plan allows was used up.

    ``resource`` is what was to be written, empty when it is requests that were counted. ``limit`` is how many of them
    fit into a ``window`` (``minute``, ``day`` or ``month``), and ``reset`` the epoch second in which that one ends.
    """

    def __init__(self, resource: str, *, limit: int, window: str, reset: int, retry_after: int) -> None:
        self.resource = resource
        self.limit = limit
        self.window = window
        self.reset = reset
        super().__init__(retry_after)


class PreconditionFailed(DomainError):
    """The row is at another version than the caller has seen."""

    code = "precondition_failed"


class IdempotencyError(DomainError):
    """An ``Idempotency-Key`` that cannot be honoured: ``malformed``, ``reused`` or ``in_progress``."""

    code = "idempotency"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ArchiveRefused(DomainError):
    """An archive of an organization that cannot be taken in, or a place that none can be written to.

    ``place`` is the directory, the file or the line; ``reason`` the rest of a sentence about it, and no part of a row.
    """

    code = "archive_refused"

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place} {reason}")


class TenantError(RuntimeError):
    """The tenant fence was touched by our own code; never a client's mistake, so it surfaces as a 500."""


class TenantNotSet(TenantError):
    """A tenant query was compiled, or a tenant row written, with no organization in scope."""


class TenantMismatch(TenantError):
    """A row or scope of another organization than the one in scope."""

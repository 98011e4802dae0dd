"""Rentalot's manners: a key, ``{"data": ...}`` around everything, pages by number, and problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import rates
from accounts.actor import Door
from accounts.authentication import Authority, authority_by_credential, digest_of
from accounts.exceptions import NotAuthenticated, PlanForbids
from accounts.models import WireName
from accounts.plans import Access, Limits, Plan, limits_of
from accounts.roles import Right
from config.wires.base import READING, Wire, WireViewSet
from config.wires.filters import all_of
from config.wires.pages import limit_of, page_number_of
from config.wires.problems import Problem
from config.wires.sentences import sentence_of

LONGEST_KEY = 200


class Rentalot(Wire):
    """``/api/v1`` (CONTRACTS section 2)."""

    door = Door.RENTALOT
    prefix = "/api/v1/"
    challenge = "Bearer"
    problem_content_type = "application/problem+json"

    def authenticate(self, request: HttpRequest) -> Authority:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key or len(key) > LONGEST_KEY:
            raise NotAuthenticated
        return authority_by_credential(WireName.RENTALOT, digest_of(key.strip()), is_reading=request.method in READING)

    def count(self, request: HttpRequest, authority: Authority | None = None) -> None:
        """By the organization's plan where that has limits, all its keys together."""
        limits = limits_of(authority.plan) if authority else None
        if authority is not None and limits is not None and limits.access is Access.NONE:
            found = rates.count(request, authority.credential_id)
            rates.allow(request, found._replace(limit=0, remaining=0))
            raise _forbidden_by(authority)
        if limits is not None and limits.requests:
            rates.count_by_plan(request, limits)
        else:
            super().count(request, authority)

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        kind, title, detail = _words_for(problem)
        body: dict[str, Any] = {
            "type": f"{settings.RENTALOT_PROBLEM_BASE}{kind}",
            "title": title,
            "status": problem.status,
            "detail": detail.format(**_facts_of(problem)) or title,
        }
        if problem.existing:
            body["existingId"] = problem.existing
        if problem.errors:
            body["errors"] = [
                {"field": fault.field, "message": sentence_of(fault, fault.field)} for fault in problem.errors
            ]
        return body


# Problem type, title and detail by kind (CONTRACTS R-S3); 401 is printed (R-auth).
WORDS: dict[str, tuple[str, str, str]] = {
    "validation": ("validation-error", "Validation Error", "Request validation failed"),
    "not_found": ("not-found", "Not Found", "{Resource} not found"),
    "no_route": ("not-found", "Not Found", "The requested resource was not found"),
    "duplicate": ("conflict", "Conflict", "{Resource} with this {field} already exists"),
    "collision": ("conflict", "Conflict", "The request collided with another change; try again"),
    "precondition_failed": (
        "precondition-failed",
        "Precondition Failed",
        "The resource has changed since the version in If-Match",
    ),
    "malformed": ("bad-request", "Bad Request", "{reason}"),
    "too_large": ("payload-too-large", "Payload Too Large", "The request body is larger than 1 MiB"),
    "length_required": ("bad-request", "Length Required", "The request needs a Content-Length header"),
    "unsupported_media_type": (
        "unsupported-media-type",
        "Unsupported Media Type",
        "Content-Type must be application/json",
    ),
    "unauthenticated": ("unauthorized", "Unauthorized", "Missing or invalid API key"),
    "bad_login": ("unauthorized", "Unauthorized", "Invalid email, password or one-time code"),
    "forbidden": ("forbidden", "Forbidden", "You do not have permission to perform this action"),
    "method_not_allowed": ("method-not-allowed", "Method Not Allowed", "Method not allowed"),
    "rate_limited": ("rate-limited", "Too Many Requests", "Too many requests; try again later"),
    "unavailable": ("unavailable", "Service Unavailable", "The service is temporarily unavailable; try again"),
    "internal": ("internal-error", "Internal Server Error", "An unexpected error occurred"),
}

# The same for an ``Idempotency-Key``, by reason (CONTRACTS R-S4).
IDEMPOTENCY_WORDS: dict[str, tuple[str, str, str]] = {
    "malformed": (
        "invalid-idempotency-key",
        "Invalid Idempotency Key",
        "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once",
    ),
    "reused": (
        "idempotency-key-reused",
        "Idempotency Key Reused",
        "Idempotency-Key was used before with a different request",
    ),
    "in_progress": (
        "idempotency-in-progress",
        "Request In Progress",
        "A request with this Idempotency-Key is still being processed",
    ),
}


# What a plan does allow, and what it no longer does, by how it is counted (CONTRACTS 2.2, R-S5).
PLAN_DETAILS = {"read": "The {value} plan is read only", "none": "The {value} plan has no API access"}
LIMIT_DETAILS = {"minute": "({value}/min)", "day": "({value}/day)", "month": "({value}/month)"}


def _facts_of(problem: Problem) -> dict[str, str]:
    return {
        "Resource": problem.resource.capitalize(),
        "field": problem.field,
        "reason": problem.reason,
        "value": problem.value,
    }


def _words_for(problem: Problem) -> tuple[str, str, str]:
    if problem.kind == "idempotency":
        return IDEMPOTENCY_WORDS[problem.reason]
    kind, title, detail = WORDS[problem.kind]
    if problem.kind == "forbidden" and problem.value:
        detail = PLAN_DETAILS[problem.reason]
    elif problem.kind == "rate_limited" and problem.value:
        what = f"Write rate limit exceeded for {problem.resource}" if problem.resource else "Rate limit exceeded"
        detail = f"{what} {LIMIT_DETAILS[problem.reason]}"
    return kind, title, detail


def _forbidden_by(authority: Authority) -> PlanForbids:
    plan = Plan(authority.plan)
    return PlanForbids(plan.label, limits_of(plan).access.value)


RENTALOT = Rentalot()


class RentalotViewSet(WireViewSet):
    """The base of Rentalot's resources."""

    wire: ClassVar[Wire] = RENTALOT
    grants = {}
    # What the plans know it by, and which of its actions cost a write of it (CONTRACTS 2.4: not the update).
    resource: ClassVar[str] = ""
    metered: ClassVar[frozenset[str]] = frozenset()

    @property
    def limits(self) -> Limits:
        """What the organization's plan allows."""
        return limits_of(self.authority.plan)

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        # Only where the role would do: whoever may not write anyway is told that.
        writes = request.method not in READING and isinstance(self._grant(), Right)
        if writes and self.limits.access is not Access.FULL:
            raise _forbidden_by(self.authority)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.action in self.metered:
            # Inside of what answers a repeated request: that one costs nothing.
            method = (request.method or "").lower()
            setattr(self, method, partial(self._charged, getattr(self, method)))
        super().initial(request, *args, **kwargs)

    def _charged(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a write from the plan's quota in the unit of work that writes. Raises ``QuotaExhausted``."""
        quota = self.limits.writes.get(self.resource)
        if quota is not None:
            if request.method == "POST":
                # Others of the organization wait from here on, and not for a body that is slow to come.
                _ = request.data
            rates.charge(request._request, self.resource, quota)
        return handler(request, *args, **kwargs)

    @staticmethod
    def enveloped(data: Any) -> dict[str, Any]:
        """An answer about one thing."""
        return {"data": data}


DEFAULT_LIMIT = 20


@dataclass(frozen=True)
class NumberedPage:
    """Which page of a list is asked for: ``page`` counts from 1, ``limit`` is its size."""

    page: int
    limit: int

    @classmethod
    def asked(cls, query: QueryDict, *, default: int = DEFAULT_LIMIT, largest: int) -> NumberedPage:
        """What ``page`` and ``limit`` say. More than the largest page is the largest (CONTRACTS R-C5, R-S2).

        Raises ``Invalid``.
        """
        page, limit = all_of(
            lambda: page_number_of(query.get("page", "")),
            lambda: limit_of(query.get("limit", ""), default=min(default, largest), largest=largest),
        )
        return cls(page, limit)

    @property
    def first(self) -> int:
        """How many rows stand before the page."""
        return (self.page - 1) * self.limit

    def enveloped(self, documents: Sequence[Any], total: int) -> dict[str, Any]:
        """A page of a list, of ``total`` in all (CONTRACTS 2.4)."""
        pagination = {"page": self.page, "limit": self.limit, "total": total, "totalPages": ceil(total / self.limit)}
        return {"data": documents, "pagination": pagination}

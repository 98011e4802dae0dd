"""EstatePrime's manners: a key pair, ``status`` in every body, pages of fifty, one sentence for what went wrong."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.actor import Door
from accounts.authentication import Authority, authority_by_credential, digest_of
from accounts.exceptions import FieldError, Invalid, NotAuthenticated
from accounts.models import WireName
from accounts.prepared import moment_of
from accounts.tenancy import current_organization
from config.wires.base import READING, Wire, WireViewSet
from config.wires.pages import page_number_of
from config.wires.problems import Problem
from config.wires.strict_json import object_of

LONGEST_PAIR = 400
# The contract knows no other size.
PAGE_SIZE: Final = 50
CUSTOM_FIELD: Final = "custom_fields."


class EstatePrime(Wire):
    """``/api`` (CONTRACTS section 3). It says 400 where others say 409 or 422."""

    door = Door.ESTATEPRIME
    prefix = "/api/"
    challenge = 'Basic realm="EstatePrime"'

    def authenticate(self, request: HttpRequest) -> Authority:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not encoded or len(encoded) > LONGEST_PAIR:
            raise NotAuthenticated
        pair = _pair_in(encoded.strip(" \t"))
        return authority_by_credential(WireName.ESTATEPRIME, digest_of(pair), is_reading=request.method in READING)

    def status_of(self, problem: Problem) -> int:
        return 400 if problem.status in (409, 411, 422) else problem.status

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        message = _message(problem).format(Resource=problem.resource.capitalize(), value=problem.value)
        if problem.errors:
            message = sentence_for(problem.errors[0])
        return {"status": self.status_of(problem), "error_message": message}


def _pair_in(encoded: str) -> str:
    """``public:secret``. Raises ``NotAuthenticated`` for what no encoder writes (RFC 4648 section 4)."""
    try:
        decoded = base64.b64decode(encoded, validate=True)
        pair = decoded.decode("ascii")
    except ValueError as error:
        raise NotAuthenticated from error
    # The decoder lets surplus padding and stray last bits pass; one pair has one spelling.
    if base64.b64encode(decoded).decode() != encoded:
        raise NotAuthenticated
    return pair


# CONTRACTS E-S1.
MESSAGES: dict[str, str] = {
    "validation": "Invalid request.",
    "not_found": "{Resource} not found.",
    "no_route": "Not found.",
    "duplicate": "Email address {value} is already in use",
    "collision": "The request collided with another change; try again.",
    "precondition_failed": "The resource has changed.",
    "idempotency": "Invalid Idempotency-Key.",
    "malformed": "Invalid JSON.",
    "too_large": "Payload too large.",
    "length_required": "Content-Length is required.",
    "unsupported_media_type": "Content-Type must be application/json.",
    "unauthenticated": "Unauthorized.",
    "bad_login": "Unauthorized.",
    "forbidden": "Access denied.",
    "method_not_allowed": "Method not allowed.",
    "rate_limited": "Too many requests.",
    "unavailable": "Service unavailable.",
    "internal": "Internal server error.",
}
UNDERWAY: Final = "A request with this Idempotency-Key is still being worked on."


def _message(problem: Problem) -> str:
    # Nothing is wrong with the key, and the request may be sent again.
    is_underway = problem.kind == "idempotency" and problem.reason == "in_progress"
    return UNDERWAY if is_underway else MESSAGES[problem.kind]


def sentence_for(fault: FieldError) -> str:
    """``Missing first_name``, ``Invalid phones``; a custom field is named by its id (CONTRACTS E-S1, 7.9).

    A list is not missing when something is missing in it.
    """
    if fault.field.startswith(CUSTOM_FIELD):
        says = "Missing value of" if fault.code == "required" else "Invalid"
        return f"{says} custom_field_id {fault.field.removeprefix(CUSTOM_FIELD)}"
    outer, _, inner = fault.field.partition(".")
    return f"{'Missing' if fault.code == 'required' and not inner else 'Invalid'} {outer}"


ESTATEPRIME = EstatePrime()


@lru_cache(maxsize=100)
def zone_named(name: str) -> ZoneInfo:
    """The time zone of an organization, by its name."""
    return ZoneInfo(name)


def organization_zone() -> ZoneInfo:
    """The zone in which the organization in scope reads and writes times (DESIGN section 4, decision 7)."""
    return zone_named(current_organization().time_zone)


def local_time(moment: datetime | str | None) -> str | None:
    """``2025-01-15 18:00:05`` on the organization's clock, None for None. Text is a moment as the database writes it."""
    if moment is None:
        return None
    return moment_of(moment).astimezone(organization_zone()).replace(tzinfo=None).isoformat(" ", "seconds")


class EstatePrimeViewSet(WireViewSet):
    """The base of EstatePrime's resources."""

    wire: ClassVar[Wire] = ESTATEPRIME
    grants = {}

    @staticmethod
    def success(**more: Any) -> dict[str, Any]:
        """The envelope of every answer that is none of the errors."""
        return {"status": 200, **more}


def parameters_of(request: Request) -> dict[str, Any]:
    """What a reading request asks for: the JSON body of a GET, and the query string for what that does not say.

    ``date_created[min]`` in the query is ``{"date_created": {"min": ...}}`` in the body, which wins key by key
    (CONTRACTS E-C1). Raises what reading a body raises.
    """
    said: dict[str, Any] = {}
    for name, value in request.query_params.items():
        outer, bracket, inner = name.partition("[")
        if bracket and inner.endswith("]"):
            nested = said.setdefault(outer, {})
            if isinstance(nested, dict):
                nested[inner[:-1]] = value
        elif not isinstance(said.get(name), dict):
            said[name] = value
    for name, value in _body_of(request).items():
        both = isinstance(said.get(name), dict) and isinstance(value, dict)
        said[name] = said[name] | value if both else value
    return said


def _body_of(request: Request) -> Mapping[str, Any]:
    # None also where the length that was announced is no number, as for the bodies of other methods.
    return {} if request.stream is None else object_of(request.data)


@dataclass(frozen=True)
class FixedPage:
    """Which page of a list is asked for, from 1; all pages have fifty rows."""

    page: int

    @classmethod
    def asked(cls, said: Mapping[str, Any]) -> FixedPage:
        """What ``page`` says, a number or its digits. Raises ``Invalid`` (CONTRACTS E-S3)."""
        value = said.get("page")
        if isinstance(value, bool) or not isinstance(value, int | str | None):
            raise Invalid([FieldError("page", "invalid_type")])
        return cls(page_number_of("" if value is None else str(value)))

    @property
    def first(self) -> int:
        """How many rows stand before the page."""
        return (self.page - 1) * PAGE_SIZE

    def enveloped(self, documents: Sequence[Any], total: int) -> dict[str, Any]:
        """A page of a list, of ``total`` in all (CONTRACTS 3.2)."""
        return {
            "status": 200,
            "page": self.page,
            "total_pages": ceil(total / PAGE_SIZE),
            "results_per_page": PAGE_SIZE,
            "total_results": total,
            "data": documents,
        }

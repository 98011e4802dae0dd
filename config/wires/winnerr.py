"""Winnerr's manners: a bearer JWT, ``{"success": ...}`` around everything, and errors with a type, title and detail."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest

from accounts.actor import Door
from accounts.authentication import Authority, authority_by_token
from accounts.exceptions import NotAuthenticated
from accounts.identifiers import parse_public_id
from config.wires.base import READING, Wire, WireViewSet
from config.wires.filters import AnyOf
from config.wires.problems import Problem
from config.wires.sentences import sentence_of


class Winnerr(Wire):
    """``/v1`` (CONTRACTS section 1)."""

    door = Door.WINNERR
    prefix = "/v1/"
    challenge = "Bearer"

    def authenticate(self, request: HttpRequest) -> Authority:
        return authority_by_token(bearer_token(request), is_reading=request.method in READING)

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        kind, title, detail = WORDS[problem.kind]
        facts = {
            "Resource": problem.resource.capitalize(),
            "identifier": problem.identifier,
            "field": problem.field,
            "value": problem.value,
            "reason": problem.reason,
        }
        error: dict[str, Any] = {
            "type": kind,
            "title": title.format(**facts),
            "status": problem.status,
            "detail": detail.format(**facts) or title.format(**facts),
        }
        if problem.kind == "idempotency":
            error["detail"] = IDEMPOTENCY_DETAILS[problem.reason]
        if problem.errors:
            error["errors"] = [
                {"field": fault.field, "code": fault.code, "message": sentence_of(fault, label_of(fault.field))}
                for fault in problem.errors
            ]
        return {"success": False, "error": error}


# Type, title and detail by kind. 404, 422 and 409 are printed (CONTRACTS 1.5), the rest follows W-S1.
WORDS: dict[str, tuple[str, str, str]] = {
    "validation": ("validation_error", "Validation Error", "Request validation failed"),
    "not_found": ("not_found_error", "{Resource} Not Found", "{Resource} with ID '{identifier}' was not found"),
    "no_route": ("not_found_error", "Not Found", "The requested resource was not found"),
    "duplicate": (
        "conflict_error",
        "Duplicate {Resource}",
        "{Resource} with {field} '{value}' already exists",
    ),
    "collision": ("conflict_error", "Conflict", "The request collided with another change; try again"),
    "precondition_failed": (
        "precondition_failed_error",
        "Precondition Failed",
        "The resource has changed since the version in If-Match",
    ),
    "idempotency": ("idempotency_error", "Idempotency Error", ""),
    "malformed": ("invalid_request_error", "Invalid Request", "{reason}"),
    "too_large": ("invalid_request_error", "Payload Too Large", "The request body is larger than 1 MiB"),
    "length_required": ("invalid_request_error", "Length Required", "The request needs a Content-Length header"),
    "unsupported_media_type": (
        "invalid_request_error",
        "Unsupported Media Type",
        "Content-Type must be application/json",
    ),
    "unauthenticated": ("authentication_error", "Unauthorized", "Missing or invalid access token"),
    "bad_login": ("authentication_error", "Unauthorized", "Invalid email, password or one-time code"),
    "forbidden": ("permission_error", "Forbidden", "You do not have permission to perform this action"),
    "method_not_allowed": (
        "method_not_allowed_error",
        "Method Not Allowed",
        "This method is not allowed for the requested resource",
    ),
    "rate_limited": ("rate_limit_error", "Too Many Requests", "Too many requests; try again later"),
    "unavailable": ("unavailable_error", "Service Unavailable", "The service is temporarily unavailable; try again"),
    "internal": ("internal_error", "Internal Server Error", "An unexpected error occurred"),
}

IDEMPOTENCY_DETAILS = {
    "malformed": "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once",
    "reused": "Idempotency-Key was used before with a different request",
    "in_progress": "A request with this Idempotency-Key is still being processed",
}


def label_of(name: str) -> str:
    """``preferences.priceRange.min`` -> ``Preferences price range min``; ``email`` -> ``Email``."""
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name.replace(".", " ")).lower()
    return words[:1].upper() + words[1:]


def bearer_token(request: HttpRequest) -> str:
    """The token of an ``Authorization: Bearer`` header. Raises ``NotAuthenticated``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    # A header sent twice arrives joined by a comma.
    if scheme.lower() != "bearer" or not token or not token.isascii() or "," in token or " " in token:
        raise NotAuthenticated
    return token


WINNERR = Winnerr()


class WinnerrViewSet(WireViewSet):
    """The base of Winnerr's resources."""

    wire: ClassVar[Wire] = WINNERR
    grants = {}

    @staticmethod
    def success(data: Any, **more: Any) -> dict[str, Any]:
        """The envelope of every answer that is none of the errors."""
        return {"success": True, "data": data, **more}


class AssignedTo(AnyOf):
    """Any of the agents, as UUIDs; an id that is nobody's finds nothing, like any other value that occurs nowhere."""

    def read(self, text: str) -> list[UUID]:  # type: ignore[override]  # what the column holds and not what was sent
        return [uuid for value in super().read(text) if (uuid := parse_public_id("agent", value))]

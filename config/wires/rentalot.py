"""Rentalot's manners: problem details (RFC 9457) for every failure."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.actor import Door
from accounts.authentication import Authority, authority_by_credential, digest_of
from accounts.exceptions import NotAuthenticated
from accounts.models import WireName
from config.wires.base import READING, Wire
from config.wires.problems import Problem

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

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        kind, title, detail = WORDS[problem.kind]
        body: dict[str, Any] = {
            "type": f"{settings.RENTALOT_PROBLEM_BASE}{kind}",
            "title": title,
            "status": problem.status,
            "detail": detail.format(Resource=problem.resource.capitalize(), reason=problem.reason) or title,
        }
        if problem.errors:
            body["errors"] = [
                {"field": fault.field, "message": f"{fault.field} {fault.message or fault.code}"}
                for fault in problem.errors
            ]
        return body


# Problem type, title and detail by kind (CONTRACTS R-S3); 401 is printed (R-auth).
WORDS: dict[str, tuple[str, str, str]] = {
    "validation": ("validation-error", "Validation Error", "Request validation failed"),
    "not_found": ("not-found", "Not Found", "{Resource} not found"),
    "no_route": ("not-found", "Not Found", "The requested resource was not found"),
    "duplicate": ("conflict", "Conflict", "{Resource} with this email already exists"),
    "collision": ("conflict", "Conflict", "The request collided with another change; try again"),
    "precondition_failed": (
        "precondition-failed",
        "Precondition Failed",
        "The resource has changed since the version in If-Match",
    ),
    "idempotency": ("idempotency-key", "Idempotency Error", "Idempotency-Key: {reason}"),
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

RENTALOT = Rentalot()

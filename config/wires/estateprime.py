"""EstatePrime's manners: ``status`` in every body, and one sentence for what went wrong."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpRequest

from accounts.actor import Door
from accounts.authentication import Authority, authority_by_credential, digest_of
from accounts.exceptions import NotAuthenticated
from accounts.models import WireName
from config.wires.base import READING, Wire
from config.wires.problems import Problem

LONGEST_PAIR = 400


class EstatePrime(Wire):
    """``/api`` (CONTRACTS section 3). It says 400 where others say 409 or 422."""

    door = Door.ESTATEPRIME
    prefix = "/api/"
    challenge = 'Basic realm="EstatePrime"'

    def authenticate(self, request: HttpRequest) -> Authority:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not encoded or len(encoded) > LONGEST_PAIR:
            raise NotAuthenticated
        try:
            pair = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise NotAuthenticated from error
        return authority_by_credential(WireName.ESTATEPRIME, digest_of(pair), is_reading=request.method in READING)

    def status_of(self, problem: Problem) -> int:
        return 400 if problem.status in (409, 411, 422) else problem.status

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        message = MESSAGES[problem.kind].format(Resource=problem.resource.capitalize(), value=problem.value)
        if problem.errors:
            fault = problem.errors[0]
            message = f"{'Missing' if fault.code == 'required' else 'Invalid'} {fault.field}"
        return {"status": self.status_of(problem), "error_message": message}


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

ESTATEPRIME = EstatePrime()

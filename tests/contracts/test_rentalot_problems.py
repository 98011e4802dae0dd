"""Every exception that has a meaning, through the Rentalot wire: the whole problem, as the contract words it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.exceptions import FieldError, IdempotencyError, Invalid, PlanForbids, QuotaExhausted
from config.wires.problems import problem_from
from config.wires.rentalot import IDEMPOTENCY_WORDS, RENTALOT, WORDS
from tests.contracts.test_winnerr_errors import SECRET, Failing
from tests.contracts.test_winnerr_problems import ALWAYS, CASES, UNFORESEEN, Case, named

BASE = "https://rentalot.ai/problems/"
# By Winnerr's type and title of the same failure: the type, title and detail here (CONTRACTS 2.5, R-S3, R-S4).
PROBLEMS = {
    ("validation_error", "Validation Error"): ("validation-error", "Validation Error", "Request validation failed"),
    ("not_found_error", "Deal Not Found"): ("not-found", "Not Found", "Deal not found"),
    ("not_found_error", "Communication Not Found"): ("not-found", "Not Found", "Communication not found"),
    ("not_found_error", "Conversation Not Found"): ("not-found", "Not Found", "Conversation not found"),
    ("not_found_error", "Contact Not Found"): ("not-found", "Not Found", "Contact not found"),
    ("not_found_error", "Not Found"): ("not-found", "Not Found", "The requested resource was not found"),
    ("conflict_error", "Duplicate Tag"): ("conflict", "Conflict", "Tag with this name already exists"),
    ("conflict_error", "Duplicate Contact"): ("conflict", "Conflict", "Contact with this email already exists"),
    ("conflict_error", "Conflict"): ("conflict", "Conflict", "The request collided with another change; try again"),
    ("precondition_failed_error", "Precondition Failed"): (
        "precondition-failed",
        "Precondition Failed",
        "The resource has changed since the version in If-Match",
    ),
    ("invalid_request_error", "Payload Too Large"): (
        "payload-too-large",
        "Payload Too Large",
        "The request body is larger than 1 MiB",
    ),
    ("invalid_request_error", "Length Required"): (
        "bad-request",
        "Length Required",
        "The request needs a Content-Length header",
    ),
    ("invalid_request_error", "Unsupported Media Type"): (
        "unsupported-media-type",
        "Unsupported Media Type",
        "Content-Type must be application/json",
    ),
    ("permission_error", "Forbidden"): (
        "forbidden",
        "Forbidden",
        "You do not have permission to perform this action",
    ),
    ("method_not_allowed_error", "Method Not Allowed"): (
        "method-not-allowed",
        "Method Not Allowed",
        "Method not allowed",
    ),
    ("rate_limit_error", "Too Many Requests"): (
        "rate-limited",
        "Too Many Requests",
        "Too many requests; try again later",
    ),
    ("unavailable_error", "Service Unavailable"): (
        "unavailable",
        "Service Unavailable",
        "The service is temporarily unavailable; try again",
    ),
    ("internal_error", "Internal Server Error"): (
        "internal-error",
        "Internal Server Error",
        "An unexpected error occurred",
    ),
}
# What other wires do not tell apart (CONTRACTS 2.2, R-S5).
PLANS = {
    PlanForbids: ("forbidden", "Forbidden", "The Starter plan is read only"),
    QuotaExhausted: ("rate-limited", "Too Many Requests", "Write rate limit exceeded for contacts (15/day)"),
}
KEYS = {
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


def words_for(case: Case) -> tuple[str, str, str]:
    if isinstance(case.error, IdempotencyError):
        return KEYS[case.error.reason]
    if type(case.error) in PLANS:
        return PLANS[type(case.error)]
    if case.type == "authentication_error":
        detail = "Missing or invalid API key" if "token" in case.detail else case.detail
        return ("unauthorized", "Unauthorized", detail)
    if case.title == "Invalid Request":
        return ("bad-request", "Bad Request", case.detail.replace("Invalid Request", "Bad Request"))
    return PROBLEMS[case.type, case.title]


def body_for(case: Case) -> dict[str, Any]:
    kind, title, detail = words_for(case)
    # The fault's own name stands where Winnerr writes it in prose.
    errors = [{"field": error["field"], "message": error["message"]} for error in case.errors]
    return {"type": f"{BASE}{kind}", "title": title, "status": case.status, "detail": detail} | (
        {"errors": errors} if errors else {}
    )


@pytest.fixture
def failing() -> Iterator[type[Failing]]:
    yield Failing
    Failing.error = None


@pytest.mark.django_db
@pytest.mark.urls("tests.contracts.test_winnerr_errors")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("case", [*CASES, *UNFORESEEN], ids=named)
def test_the_whole_answer(failing: type[Failing], caplog: Any, case: Case, method: str) -> None:
    caplog.set_level(logging.CRITICAL)
    failing.error = case.error

    response = Client(raise_request_exception=False).generic(
        method, "/api/v1/failing", headers={"X-Request-Id": "0123456789abcdef", "Accept": "text/html"}
    )

    assert response.status_code == case.status
    headers = dict(response.headers)
    for name in ("Limit", "Remaining", "Reset"):
        assert headers.pop(f"X-RateLimit-{name}").isdecimal()
    assert headers.pop("X-RateLimit-Resource")
    length = headers.pop("Content-Length")
    assert headers == ALWAYS | case.headers | {"Content-Type": "application/problem+json"}
    if method == "HEAD":
        assert (response.content, length != "0") == (b"", True)
        return
    found, expected = response.json(), body_for(case)
    assert list(found) == list(expected)
    # Which sentence belongs to which fault is the next test's.
    for error in (*found.get("errors", []), *expected.get("errors", [])):
        del error["message"]
    assert found == expected
    assert SECRET not in response.content.decode()


def test_a_fault_is_told_under_the_fields_own_name() -> None:
    faults = [
        (FieldError("name", "required"), "name is required"),
        (FieldError("referralSource", "too_long", {"maximum": 200}), "referralSource must be at most 200 characters"),
        (FieldError("limit", "out_of_range", message="must be at least 1"), "limit must be at least 1"),
    ]
    body = RENTALOT.problem_body(problem_from(Invalid(fault for fault, _ in faults)))

    assert body["errors"] == [{"field": fault.field, "message": message} for fault, message in faults]


def test_no_kind_of_problem_goes_without_words() -> None:
    said = {words_for(case)[:2] for case in [*CASES, *UNFORESEEN]}

    assert {(kind, title) for kind, title, _ in [*WORDS.values(), *IDEMPOTENCY_WORDS.values()]} <= said


@pytest.mark.django_db
def test_the_address_of_the_types_is_a_setting(settings: Any) -> None:
    settings.RENTALOT_PROBLEM_BASE = "https://crm.example/problems/"

    assert Client().get("/api/v1/nowhere").json()["type"] == "https://crm.example/problems/not-found"

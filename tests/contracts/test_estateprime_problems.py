"""Every exception that has a meaning, through the EstatePrime wire: the whole answer, as the contract words it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.exceptions import FieldError, IdempotencyError, Invalid
from config.wires.estateprime import ESTATEPRIME, MESSAGES
from config.wires.problems import problem_from
from tests.contracts.test_winnerr_errors import SECRET, Failing
from tests.contracts.test_winnerr_problems import ALWAYS, CASES, CHALLENGE, UNFORESEEN, Case, named

# By Winnerr's type and title of the same failure: the status and the sentence here (CONTRACTS E-S1).
ANSWERS: dict[tuple[str, str], tuple[int, str]] = {
    ("not_found_error", "Deal Not Found"): (404, "Deal not found."),
    ("not_found_error", "Communication Not Found"): (404, "Communication not found."),
    ("not_found_error", "Conversation Not Found"): (404, "Conversation not found."),
    ("not_found_error", "Contact Not Found"): (404, "Contact not found."),
    ("not_found_error", "Not Found"): (404, "Not found."),
    ("conflict_error", "Duplicate Tag"): (400, "Email address {0} {evil} %s is already in use"),
    ("conflict_error", "Duplicate Contact"): (400, "Email address john.doe@example.com is already in use"),
    ("conflict_error", "Conflict"): (400, "The request collided with another change; try again."),
    ("precondition_failed_error", "Precondition Failed"): (412, "The resource has changed."),
    ("idempotency_error", "Idempotency Error"): (400, "Invalid Idempotency-Key."),
    ("invalid_request_error", "Invalid Request"): (400, "Invalid JSON."),
    ("invalid_request_error", "Payload Too Large"): (413, "Payload too large."),
    ("invalid_request_error", "Length Required"): (400, "Content-Length is required."),
    ("invalid_request_error", "Unsupported Media Type"): (415, "Content-Type must be application/json."),
    ("authentication_error", "Unauthorized"): (401, "Unauthorized."),
    ("permission_error", "Forbidden"): (403, "Access denied."),
    ("method_not_allowed_error", "Method Not Allowed"): (405, "Method not allowed."),
    ("rate_limit_error", "Too Many Requests"): (429, "Too many requests."),
    ("unavailable_error", "Service Unavailable"): (503, "Service unavailable."),
    ("internal_error", "Internal Server Error"): (500, "Internal server error."),
}


def answer_for(case: Case) -> tuple[int, str]:
    """The status and the sentence; of several faults the first is the one that is told."""
    if case.type == "validation_error":
        return 400, "Missing firstName" if case.errors else "Invalid request."
    if isinstance(case.error, IdempotencyError) and case.error.reason == "in_progress":
        return 400, "A request with this Idempotency-Key is still being worked on."
    return ANSWERS[case.type, case.title]


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
    status, message = answer_for(case)

    response = Client(raise_request_exception=False).generic(
        method, "/api/failing", headers={"X-Request-Id": "0123456789abcdef", "Accept": "text/html"}
    )

    assert response.status_code == status
    headers = dict(response.headers)
    for name in ("Limit", "Remaining", "Reset"):
        assert headers.pop(f"X-RateLimit-{name}").isdecimal()
    length = headers.pop("Content-Length")
    challenge = {"WWW-Authenticate": 'Basic realm="EstatePrime"'} if case.headers == CHALLENGE else case.headers
    assert headers == ALWAYS | challenge
    if method == "HEAD":
        assert (response.content, length != "0") == (b"", True)
        return
    assert list(response.json().items()) == [("status", status), ("error_message", message)]
    assert length == str(len(response.content))
    assert SECRET not in response.content.decode()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (FieldError("first_name", "required"), "Missing first_name"),
        (FieldError("first_name", "too_long", {"maximum": 100}), "Invalid first_name"),
        (FieldError("page", "out_of_range", message="must be at least 1"), "Invalid page"),
        (FieldError("emails.0.email_address", "invalid_email"), "Invalid emails"),
        (FieldError("phones.3.number", "required"), "Invalid phones"),
        (FieldError("source_id", "not_found"), "Invalid source_id"),
        (FieldError("custom_fields", "invalid_type"), "Invalid custom_fields"),
        (FieldError("custom_fields.7", "invalid_value"), "Invalid custom_field_id 7"),
        (FieldError("custom_fields.7", "required"), "Missing value of custom_field_id 7"),
    ],
    ids=str,
)
def test_a_fault_is_told_by_the_key_it_is_under(fault: FieldError, message: str) -> None:
    problem = problem_from(Invalid([fault, FieldError("notes", "required")]))

    assert ESTATEPRIME.problem_body(problem) == {"status": 400, "error_message": message}


def test_no_kind_of_problem_goes_without_words_and_no_words_are_idle() -> None:
    kinds = {problem_from(case.error).kind for case in [*CASES, *UNFORESEEN]}

    assert kinds == MESSAGES.keys()


def test_no_other_status_is_ever_told() -> None:
    statuses = {ESTATEPRIME.status_of(problem_from(case.error)) for case in [*CASES, *UNFORESEEN]}

    assert statuses == {400, 401, 403, 404, 405, 412, 413, 415, 429, 500, 503}

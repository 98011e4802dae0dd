"""Every exception that has a meaning, through the Winnerr wire: the whole answer, as the contract words it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import exceptions as django_exceptions
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.test import Client
from rest_framework import exceptions as rest_exceptions

from accounts import exceptions as domain
from accounts.exceptions import ArchiveRefused, DomainError, FieldError
from activities.exceptions import CommunicationNotFound, ConversationNotFound, DealNotFound
from config.wires.problems import TRANSLATIONS, LengthRequired, PayloadTooLarge
from config.wires.strict_json import MalformedJSON
from config.wires.winnerr import IDEMPOTENCY_DETAILS, WORDS
from contacts.exceptions import ContactNotFound, DuplicateContact, ImportRefused, Overtaken
from tests.contracts.test_winnerr_errors import SECRET, Failing

CHALLENGE = {"WWW-Authenticate": "Bearer"}
# What is the same in every refusal. X-RateLimit-* is there too; what it says is another test's business.
ALWAYS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Allow": "GET, HEAD, POST",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Request-Id": "0123456789abcdef",
}


@dataclass(frozen=True)
class Case:
    """One exception and the answer it is to get."""

    error: BaseException
    status: int
    type: str
    title: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        error = {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}
        return {"success": False, "error": error | ({"errors": self.errors} if self.errors else {})}


def invalid(*faults: tuple[FieldError, str]) -> Case:
    errors = [{"field": fault.field, "code": fault.code, "message": message} for fault, message in faults]
    error = domain.Invalid(fault for fault, _ in faults)
    return Case(error, 422, "validation_error", "Validation Error", "Request validation failed", errors)


def unauthenticated(error: BaseException, detail: str = "Missing or invalid access token") -> Case:
    return Case(error, 401, "authentication_error", "Unauthorized", detail, headers=CHALLENGE)


def forbidden(error: BaseException) -> Case:
    return Case(error, 403, "permission_error", "Forbidden", "You do not have permission to perform this action")


def malformed(error: BaseException, detail: str = "Invalid Request") -> Case:
    return Case(error, 400, "invalid_request_error", "Invalid Request", detail)


def too_large(error: BaseException) -> Case:
    return Case(error, 413, "invalid_request_error", "Payload Too Large", "The request body is larger than 1 MiB")


def rate_limited(error: BaseException, wait: str) -> Case:
    detail = "Too many requests; try again later"
    return Case(error, 429, "rate_limit_error", "Too Many Requests", detail, headers={"Retry-After": wait})


def no_route(error: BaseException) -> Case:
    return Case(error, 404, "not_found_error", "Not Found", "The requested resource was not found")


def idempotency(reason: str, status: int, detail: str, **headers: str) -> Case:
    error = domain.IdempotencyError(reason)
    return Case(error, status, "idempotency_error", "Idempotency Error", detail, headers=headers)


def unavailable(error: BaseException) -> Case:
    detail = "The service is temporarily unavailable; try again"
    return Case(error, 503, "unavailable_error", "Service Unavailable", detail, headers={"Retry-After": "2"})


CASES = [
    invalid(
        (FieldError("firstName", "required"), "First name is required"),
        (FieldError("email", "invalid_email"), "Email must be a valid email address"),
        (FieldError("tags.0", "invalid_type", message="must be a string"), "Tags 0 must be a string"),
        (FieldError("type", "invalid_value", {"choices": ["LEAD", "CLIENT"]}), "Type must be one of: LEAD, CLIENT"),
        (FieldError("source", "invalid_value"), "Source is not a valid value"),
        (FieldError("notes", "too_long", {"maximum": 5}), "Notes must be at most 5 characters"),
        (FieldError("tags", "too_long", {"maximum": 5, "items": True}), "Tags must be at most 5 items"),
        (
            FieldError("preferences.priceRange.min", "out_of_range", {"minimum": 1, "maximum": 9}),
            "Preferences price range min must be at least 1 and at most 9",
        ),
        (FieldError("limit", "out_of_range"), "Limit is out of range"),
        (FieldError("assignedTo", "not_found"), "Assigned to was not found"),
    ),
    invalid(),
    Case(
        domain.NotFound("deal", "{0} {evil} %s <b>"),
        404,
        "not_found_error",
        "Deal Not Found",
        "Deal with ID '{0} {evil} %s <b>' was not found",
    ),
    Case(
        ContactNotFound("contact_123"),
        404,
        "not_found_error",
        "Contact Not Found",
        "Contact with ID 'contact_123' was not found",
    ),
    Case(
        ConversationNotFound("1"),
        404,
        "not_found_error",
        "Conversation Not Found",
        "Conversation with ID '1' was not found",
    ),
    Case(
        CommunicationNotFound("7"),
        404,
        "not_found_error",
        "Communication Not Found",
        "Communication with ID '7' was not found",
    ),
    Case(DealNotFound("deal_1"), 404, "not_found_error", "Deal Not Found", "Deal with ID 'deal_1' was not found"),
    Case(
        domain.Duplicate("tag", "name", "{0} {evil} %s"),
        409,
        "conflict_error",
        "Duplicate Tag",
        "Tag with name '{0} {evil} %s' already exists",
    ),
    Case(
        DuplicateContact("john.doe@example.com"),
        409,
        "conflict_error",
        "Duplicate Contact",
        "Contact with email 'john.doe@example.com' already exists",
    ),
    unauthenticated(domain.NotAuthenticated(SECRET)),
    unauthenticated(domain.LoginRefused(SECRET), "Invalid email, password or one-time code"),
    unauthenticated(rest_exceptions.NotAuthenticated(SECRET)),
    unauthenticated(rest_exceptions.AuthenticationFailed(SECRET)),
    forbidden(domain.Forbidden(SECRET)),
    forbidden(domain.PlanForbids("Starter", "read")),
    forbidden(rest_exceptions.PermissionDenied(SECRET)),
    forbidden(django_exceptions.PermissionDenied(SECRET)),
    rate_limited(domain.TooManyAttempts(7), "7"),
    rate_limited(domain.TooManyAttempts(0), "1"),
    rate_limited(domain.QuotaExhausted("contacts", limit=15, window="day", reset=1_800_000_060, retry_after=7), "7"),
    rate_limited(rest_exceptions.Throttled(wait=7.2), "8"),
    rate_limited(rest_exceptions.Throttled(wait=0.2), "1"),
    rate_limited(rest_exceptions.Throttled(), "1"),
    Case(
        domain.PreconditionFailed(SECRET),
        412,
        "precondition_failed_error",
        "Precondition Failed",
        "The resource has changed since the version in If-Match",
    ),
    idempotency("malformed", 400, "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once"),
    idempotency("reused", 422, "Idempotency-Key was used before with a different request"),
    idempotency(
        "in_progress", 409, "A request with this Idempotency-Key is still being processed", **{"Retry-After": "1"}
    ),
    malformed(MalformedJSON("Unexpected end of data"), "Unexpected end of data"),
    malformed(rest_exceptions.ParseError(SECRET)),
    malformed(UnreadablePostError(SECRET)),
    malformed(django_exceptions.SuspiciousOperation(SECRET)),
    malformed(django_exceptions.DisallowedHost(SECRET)),
    malformed(django_exceptions.BadRequest(SECRET)),
    too_large(PayloadTooLarge(SECRET)),
    too_large(django_exceptions.RequestDataTooBig(SECRET)),
    Case(
        LengthRequired(SECRET),
        411,
        "invalid_request_error",
        "Length Required",
        "The request needs a Content-Length header",
    ),
    Case(
        rest_exceptions.MethodNotAllowed(SECRET),
        405,
        "method_not_allowed_error",
        "Method Not Allowed",
        "This method is not allowed for the requested resource",
    ),
    Case(
        rest_exceptions.UnsupportedMediaType(SECRET),
        415,
        "invalid_request_error",
        "Unsupported Media Type",
        "Content-Type must be application/json",
    ),
    no_route(rest_exceptions.NotFound(SECRET)),
    no_route(Http404(SECRET)),
    unavailable(OperationalError(SECRET)),
    unavailable(InterfaceError(SECRET)),
    Case(DataError(SECRET), 422, "validation_error", "Validation Error", "Request validation failed"),
    Case(
        IntegrityError(SECRET),
        409,
        "conflict_error",
        "Conflict",
        "The request collided with another change; try again",
    ),
]
INTERNAL = ("internal_error", "Internal Server Error", "An unexpected error occurred")
UNFORESEEN = [
    Case(error, 500, *INTERNAL)
    for error in (
        domain.TenantNotSet(SECRET),
        domain.TenantMismatch(SECRET),
        rest_exceptions.APIException(SECRET),
        django_exceptions.ObjectDoesNotExist(SECRET),
        KeyError(SECRET),
        RecursionError(SECRET),
    )
]


def named(case: Case) -> str:
    return f"{type(case.error).__name__} {case.status}"


def subclasses(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """Every class below this one that the product defines."""
    for below in kind.__subclasses__():
        if not below.__module__.startswith("tests."):
            yield below
        yield from subclasses(below)


def known() -> set[type[BaseException]]:
    """Every class that has a translation, and every refusal of the domain, which all must have one."""
    translated: set[type[BaseException]] = set()
    for kinds, _ in TRANSLATIONS:
        translated |= set(kinds) if isinstance(kinds, tuple) else {kinds}
    return translated | set(subclasses(DomainError))


# Of commands and of the dashboard alone: no wire takes a file or an organization in.
OFF_THE_WIRES = {ArchiveRefused, ImportRefused, Overtaken}


def test_no_exception_with_a_meaning_is_left_out() -> None:
    assert known() - {type(case.error) for case in CASES} == OFF_THE_WIRES


def test_no_kind_of_problem_goes_without_words() -> None:
    # Each of the wire's words is the answer to one of the cases, so a sentence that nobody gets fails too.
    said = {(case.type, case.title) for case in [*CASES, *UNFORESEEN]}
    titles = {(kind, title.format(Resource="Contact")) for kind, title, _ in WORDS.values()}
    assert titles <= said
    assert set(IDEMPOTENCY_DETAILS.values()) <= {case.detail for case in CASES}


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
        method, "/v1/failing", headers={"X-Request-Id": "0123456789abcdef", "Accept": "text/html"}
    )

    assert response.status_code == case.status
    headers = dict(response.headers)
    for name in ("Limit", "Remaining", "Reset"):
        assert headers.pop(f"X-RateLimit-{name}").isdecimal()
    length = headers.pop("Content-Length")
    assert headers == ALWAYS | case.headers
    if method == "HEAD":
        assert (response.content, length != "0") == (b"", True)
    else:
        assert response.json() == case.body()
        assert list(response.json()["error"]) == list(case.body()["error"])
        assert length == str(len(response.content))
        assert SECRET not in response.content.decode()

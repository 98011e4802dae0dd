"""Which failures an operation has, from what it declares and from what every wire does (``problems.py``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from accounts.exceptions import FieldError
from config.wires.openapi.operations import Operation
from config.wires.problems import Problem


@dataclass(frozen=True)
class Refusal:
    """One way to fail: a name for the response, a sentence for people, the headers it brings."""

    name: str
    description: str
    problem: Problem
    headers: tuple[str, ...] = ()


def refusals_of(operation: Operation, *, public: bool, writes: bool, once: bool) -> list[Refusal]:
    """Everything a client of the operation has to expect."""
    return [refusal_of(problem) for problem in _problems(operation, public=public, writes=writes, once=once)]


def _problems(operation: Operation, *, public: bool, writes: bool, once: bool) -> Iterator[Problem]:
    if operation.body is not None:
        yield from _OF_A_BODY
    if not public:
        yield from _OF_A_STRANGER
    yield from (parameter.missing for parameter in operation.path.values() if parameter.missing is not None)
    yield from operation.refusals
    if writes and not public:
        yield Problem(kind="collision", status=409)
    if operation.conditional and writes:
        yield Problem(kind="precondition_failed", status=412)
    if once:
        yield from _OF_A_KEY
    if operation.query:
        yield _invalid_query(operation)
    if operation.body is not None:
        yield _INVALID_BODY
    yield from _OF_ANYTHING


def _invalid_query(operation: Operation) -> Problem:
    names = {parameter.name for parameter in operation.query}
    # One example for all of a wire's lists, of which some have pages of one size.
    name = "page" if "page" in names and "limit" not in names else "limit"
    fault = FieldError(name, "out_of_range", {"minimum": 1})
    return Problem(kind="validation", status=422, resource="query", errors=(fault,))


_INVALID_BODY: Final = Problem(
    kind="validation", status=422, resource="body", errors=(FieldError("email", "invalid_email"),)
)


_OF_A_BODY: Final = (
    Problem(kind="malformed", status=400, reason="Syntax error at line 1 column 2"),
    Problem(kind="length_required", status=411),
    Problem(kind="too_large", status=413),
    Problem(kind="unsupported_media_type", status=415),
)
_OF_A_STRANGER: Final = (
    Problem(kind="unauthenticated", status=401),
    Problem(kind="forbidden", status=403),
)
_OF_A_KEY: Final = (
    Problem(kind="idempotency", status=400, reason="malformed"),
    Problem(kind="idempotency", status=409, reason="in_progress"),
    Problem(kind="idempotency", status=422, reason="reused"),
)
_OF_ANYTHING: Final = (
    Problem(kind="rate_limited", status=429),
    Problem(kind="internal", status=500),
    Problem(kind="unavailable", status=503),
)

# By kind, by resource and kind, or by kind and reason where one kind has several statuses.
_DESCRIPTIONS: Final = {
    "validation": "What was sent cannot be accepted; every fault is named.",
    "not_found": "There is no such row, or it is not the requester's to see.",
    "duplicate": "Another row has this value already.",
    "collision": "The request collided with another change; it may be tried again.",
    "precondition_failed": "The row is at another version than `If-Match` names.",
    "idempotency malformed": "The `Idempotency-Key` is not 1 to 255 printable ASCII characters.",
    "idempotency in_progress": "A request with this `Idempotency-Key` is still being processed.",
    "idempotency reused": "The `Idempotency-Key` was used with another body.",
    "malformed": "The body is not acceptable JSON.",
    "length_required": "The body's length was not announced.",
    "too_large": "The body is larger than 1 MiB.",
    "unsupported_media_type": "The body is not `application/json`.",
    "unauthenticated": "There is no credential, or it is no longer good.",
    "bad_login": "The login did not prove itself; what was wrong with it is not told.",
    "forbidden": "The requester's role does not allow this.",
    "plan forbidden": "The organization's plan has no API access.",
    "read only plan forbidden": "The organization's plan is read only.",
    "rate_limited": "Too many requests.",
    "unavailable": "The service cannot answer right now.",
    "internal": "Something nobody foresaw; it was logged under the request's id.",
}
_HEADERS: Final = {
    "duplicate": ("Link",),
    "unauthenticated": ("WWW-Authenticate",),
    "bad_login": ("WWW-Authenticate",),
    "rate_limited": ("Retry-After",),
    "unavailable": ("Retry-After",),
    "idempotency in_progress": ("Retry-After",),
}


def refusal_of(problem: Problem) -> Refusal:
    """A failure with the words and the headers that go with it."""
    kind = f"{problem.kind} {problem.reason}" if problem.kind == "idempotency" else problem.kind
    words = f"{problem.resource} {kind}".replace("_", " ").split()
    name = "".join(map(str.capitalize, words))
    description = _DESCRIPTIONS.get(f"{problem.resource} {kind}", _DESCRIPTIONS[kind])
    return Refusal(name, description, problem, _HEADERS.get(kind, ()))

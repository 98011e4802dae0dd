"""Every way a request can fail, as one neutral value; a wire only chooses the words.

This is the one place that turns exceptions into answers, and the one that may catch everything: what nobody foresaw is
logged with its traceback, announced to Django as an unhandled exception, and answered without a word of it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from math import ceil
from typing import Any

from django.core import exceptions as django_exceptions
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, UnreadablePostError
from rest_framework import exceptions as rest_exceptions

from accounts import exceptions as domain
from accounts.exceptions import FieldError
from config.wires.strict_json import MalformedJSON

logger = logging.getLogger("latchkey.wires")

# Seconds a client should wait for a database that is away, or for a statement that was cancelled.
RETRY_UNAVAILABLE = 2


class PayloadTooLarge(rest_exceptions.APIException):
    """The body is over the limit."""

    status_code = 413


class LengthRequired(rest_exceptions.APIException):
    """A body of unknown length, which the server interface cannot hand on."""

    status_code = 411


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A failure without words: ``kind`` names it, ``status`` is its HTTP status, the rest are facts for the sentence."""

    kind: str
    status: int
    resource: str = ""
    identifier: str = ""
    field: str = ""
    value: str = ""
    reason: str = ""
    # The public id of the row that is in the way, where the asker may see it.
    existing: str = ""
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = dataclass_field(default_factory=dict)


def problem_from(error: BaseException) -> Problem:
    """The problem an exception means. Never raises; the unforeseen is ``internal``."""
    for kind, translate in TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    return Problem(kind="internal", status=500)


def report(error: BaseException, request: HttpRequest | None, sender: type) -> None:
    """Log what nobody foresaw and tell Django, as if it had gone unhandled."""
    logger.error(
        "Unhandled %s on request %s", type(error).__name__, getattr(request, "request_id", "-"), exc_info=error
    )
    got_request_exception.send(sender=sender, request=request)


def report_unavailable(error: BaseException, request: HttpRequest | None) -> None:
    """Log why the database did not answer, without the statement or a value of it: a cancelled one is nobody's fault but
    somebody's to find."""
    cause = error.__cause__ or error
    logger.warning(
        "Unavailable on request %s: %s %s",
        getattr(request, "request_id", "-"),
        type(cause).__name__,
        getattr(cause, "sqlstate", None) or "",
    )


def _invalid(error: domain.Invalid) -> Problem:
    return Problem(kind="validation", status=422, errors=error.errors)


def _not_found(error: domain.NotFound) -> Problem:
    return Problem(kind="not_found", status=404, resource=error.resource, identifier=error.identifier)


def _duplicate(error: domain.Duplicate) -> Problem:
    return Problem(
        kind="duplicate",
        status=409,
        resource=error.resource,
        field=error.field,
        value=error.value,
        existing=error.existing_public_id,
    )


def _too_many_attempts(error: domain.TooManyAttempts) -> Problem:
    return _rate_limited(error.retry_after)


def _idempotency(error: domain.IdempotencyError) -> Problem:
    status = {"malformed": 400, "reused": 422, "in_progress": 409}[error.reason]
    headers = {"Retry-After": "1"} if error.reason == "in_progress" else {}
    return Problem(kind="idempotency", status=status, reason=error.reason, headers=headers)


def _forbidden(error: domain.Forbidden) -> Problem:
    return Problem(kind="forbidden", status=403, reason=error.reason)


def _plan_forbids(error: domain.PlanForbids) -> Problem:
    return Problem(kind="forbidden", status=403, reason=error.access, value=error.plan)


def _quota_exhausted(error: domain.QuotaExhausted) -> Problem:
    problem = _rate_limited(error.retry_after)
    return replace(problem, resource=error.resource, reason=error.window, value=str(error.limit))


def _malformed(error: MalformedJSON) -> Problem:
    return Problem(kind="malformed", status=400, reason=error.reason)


def _throttled(error: rest_exceptions.Throttled) -> Problem:
    return _rate_limited(getattr(error, "wait", None) or 1)


def _rate_limited(seconds: float) -> Problem:
    # Whole seconds, and who comes back then must not come too early.
    return Problem(kind="rate_limited", status=429, headers={"Retry-After": str(max(1, ceil(seconds)))})


def _method_not_allowed(error: rest_exceptions.MethodNotAllowed) -> Problem:
    return Problem(kind="method_not_allowed", status=405)


def _simple(kind: str, status: int, **headers: str) -> Callable[[Any], Problem]:
    return lambda error: Problem(kind=kind, status=status, headers=headers)


_unavailable = _simple("unavailable", 503, **{"Retry-After": str(RETRY_UNAVAILABLE)})

# First match wins, so a special case stands before what it is a case of.
TRANSLATIONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any], Problem]], ...] = (
    (domain.Invalid, _invalid),
    (domain.NotFound, _not_found),
    (domain.Duplicate, _duplicate),
    (domain.LoginRefused, _simple("bad_login", 401)),
    (domain.NotAuthenticated, _simple("unauthenticated", 401)),
    (domain.PlanForbids, _plan_forbids),
    (domain.Forbidden, _forbidden),
    (domain.QuotaExhausted, _quota_exhausted),
    (domain.TooManyAttempts, _too_many_attempts),
    (domain.PreconditionFailed, _simple("precondition_failed", 412)),
    (domain.IdempotencyError, _idempotency),
    (MalformedJSON, _malformed),
    (PayloadTooLarge, _simple("too_large", 413)),
    (LengthRequired, _simple("length_required", 411)),
    (rest_exceptions.MethodNotAllowed, _method_not_allowed),
    (rest_exceptions.UnsupportedMediaType, _simple("unsupported_media_type", 415)),
    (rest_exceptions.Throttled, _throttled),
    ((rest_exceptions.NotAuthenticated, rest_exceptions.AuthenticationFailed), _simple("unauthenticated", 401)),
    ((rest_exceptions.PermissionDenied, django_exceptions.PermissionDenied), _simple("forbidden", 403)),
    ((rest_exceptions.NotFound, Http404), _simple("no_route", 404)),
    # The latter: a body that broke off, because its sender went away.
    ((rest_exceptions.ParseError, UnreadablePostError), _simple("malformed", 400)),
    (django_exceptions.RequestDataTooBig, _simple("too_large", 413)),
    ((django_exceptions.SuspiciousOperation, django_exceptions.BadRequest), _simple("malformed", 400)),
    # A cancelled statement, a lock that did not come, a database that is away: all pass by themselves.
    ((OperationalError, InterfaceError), _unavailable),
    # A value the columns cannot hold, and a collision with another write that no service foresaw.
    (DataError, _simple("validation", 422)),
    (IntegrityError, _simple("collision", 409)),
)


def current_problem() -> Problem:
    """The problem of the exception being handled right now, as Django's error views find it."""
    error = sys.exc_info()[1]
    return problem_from(error) if error is not None else Problem(kind="internal", status=500)

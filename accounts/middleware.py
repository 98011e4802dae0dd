"""What every request passes: a name for its log lines, a unit of work, and for browsers the session's organization."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone

from accounts import rates
from accounts.actor import Actor, Door
from accounts.authentication import Authority, authority_by_session, memberships
from accounts.exceptions import NotAuthenticated
from accounts.tenancy import current_scope, empty_scope

GetResponse = Callable[[HttpRequest], HttpResponse]

# Where the wires are.
WIRE_PREFIXES = ("/v1/", "/api/")
# Paths programs use: no session, no cookies, no CSRF token, no redirects.
PROGRAM_PREFIXES = (*WIRE_PREFIXES, "/inbound/", "/healthz", "/readyz", "/static/")
# Answers that have no body: a length of 0 would be wrong for one and is forbidden for the other (RFC 9110, 8.6).
WITHOUT_CONTENT = frozenset({204, 304})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
# Pages of a person's own login: no organization, hence no unit of work, is involved (see SessionTenantMiddleware).
ACCOUNT_PREFIX = "/accounts/"
SESSION_ORGANIZATION = "organization"


def is_for_programs(path: str) -> bool:
    """Whether a path belongs to programs and not to browsers."""
    return path.startswith(PROGRAM_PREFIXES) or path in ("/v1", "/api")


def is_on_a_wire(path: str) -> bool:
    """Whether a path is a wire's, served or not."""
    return path.startswith(WIRE_PREFIXES) or path in ("/v1", "/api")


class RequestIdMiddleware:
    """Gives each request an id, the caller's own when it is well-formed, and returns it in ``X-Request-Id``."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        request.request_id = offered if _REQUEST_ID.match(offered) else uuid4().hex  # type: ignore[attr-defined]  # ours
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]  # set above
        if not response.streaming and response.status_code not in WITHOUT_CONTENT and "Content-Length" not in response:
            # Without it the server would send chunks, and some old clients cannot read those.
            response["Content-Length"] = str(len(response.content))
        if request.method == "HEAD" and not response.streaming:
            # The length is told; a server that got the body as well would only warn that it may not send it.
            response.content = b""
        return response


class RateLimitMiddleware:
    """Says in every answer of a wire how many requests its caller has left, and until when."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        allowance = rates.counted(request)
        if allowance is None and is_on_a_wire(request.path_info):
            # It failed before anybody asked who calls.
            allowance = rates.count(request)
        if allowance is not None:
            response["X-RateLimit-Limit"] = str(allowance.limit)
            response["X-RateLimit-Remaining"] = str(allowance.remaining)
            response["X-RateLimit-Reset"] = str(allowance.reset)
            resource = rates.resource_at(request.path_info)
            if resource is not None:
                response["X-RateLimit-Resource"] = resource
        return response


class TenantMiddleware:
    """Opens an empty unit of work per request and closes it before the answer leaves.

    Whoever authenticates the caller fills it. What an unhandled exception left behind is rolled back.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with empty_scope() as scope:
            response = self.get_response(request)
            if response.status_code >= 500:
                scope.mark_for_rollback()
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        scope = current_scope()
        if scope is not None:
            scope.mark_for_rollback()


class SessionTenantMiddleware:
    """Fills the unit of work with the organization a logged-in browser works in.

    ``request.authority`` and ``request.actor`` are None for strangers, for users who belong nowhere and on account
    pages: allauth sends notices and messages on commit, which a unit of work would put off until the page is gone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_for_programs(request.path):
            authority = None if request.path.startswith(ACCOUNT_PREFIX) else _session_authority(request)
            request.authority = authority  # type: ignore[attr-defined]  # ours
            request.actor = _browser_actor(request, authority)  # type: ignore[attr-defined]  # ours
            # People read and type times in their team's zone; rows and wires stay in UTC.
            with timezone.override(ZoneInfo(authority.time_zone) if authority else None):
                return self.get_response(request)
        return self.get_response(request)


def _session_authority(request: HttpRequest) -> Authority | None:
    if not request.user.is_authenticated:
        return None
    user_id = request.user.pk
    chosen = request.session.get(SESSION_ORGANIZATION)
    if isinstance(chosen, int):
        try:
            return authority_by_session(user_id, chosen)
        except NotAuthenticated:
            del request.session[SESSION_ORGANIZATION]
    for membership in memberships(user_id)[:1]:
        request.session[SESSION_ORGANIZATION] = membership.organization_id
        return authority_by_session(user_id, membership.organization_id)
    return None


def _browser_actor(request: HttpRequest, authority: Authority | None) -> Actor | None:
    if authority is None:
        return None
    return authority.actor(Door.ADMIN, getattr(request, "request_id", ""))


class _ForBrowsers:
    """Makes a middleware step aside for programs' paths."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_for_programs(request.path):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # the middleware this is mixed into has it


class BrowserSessionMiddleware(_ForBrowsers, SessionMiddleware):
    """Sessions, for browsers only."""


class BrowserCommonMiddleware(_ForBrowsers, CommonMiddleware):
    """Slash redirects, for browsers only: a program's POST is never redirected."""


class BrowserCsrfMiddleware(_ForBrowsers, CsrfViewMiddleware):
    """CSRF protection of session posts. Programs' paths ignore cookies, so there is nothing to forge."""

    def process_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return None if is_for_programs(request.path) else super().process_view(request, *args, **kwargs)


class BrowserAuthenticationMiddleware(_ForBrowsers, AuthenticationMiddleware):
    """The session's user."""


class BrowserMessageMiddleware(_ForBrowsers, MessageMiddleware):
    """One-time notices."""


class BrowserFrameMiddleware(_ForBrowsers, XFrameOptionsMiddleware):
    """No framing."""

"""A browser's login: how long it lasts, and which organization it works in."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from accounts.authentication import memberships
from accounts.exceptions import NotFound
from accounts.middleware import SESSION_ORGANIZATION, is_for_programs
from accounts.models import User

# Unix seconds: when the login was first used, and when it was last used.
BEGAN_AT = "began_at"
SEEN_AT = "seen_at"
# Every use would be one write per page.
SEEN_PRECISION = 60

# What says who the browser is. Everything else in a session may speak of the organization it was left in.
_IDENTITY = (
    SESSION_KEY,
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
    f"{AUTHENTICATION_METHODS_SESSION_KEY}_user",
    "_session_expiry",
    BEGAN_AT,
    SEEN_AT,
)


class SessionLimitsMiddleware:
    """Ends logins that were idle for ``SESSION_IDLE_AGE`` or began ``SESSION_COOKIE_AGE`` ago (RELIABILITY 6, 35)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_for_programs(request.path) and SESSION_KEY in request.session:
            _end_or_mark(request.session, int(time.time()))
        return self.get_response(request)


def _end_or_mark(session: SessionBase, now: int) -> None:
    began = session.get(BEGAN_AT, now)
    seen = session.get(SEEN_AT, 0 if BEGAN_AT in session else now)
    if now - began >= settings.SESSION_COOKIE_AGE or now - seen >= settings.SESSION_IDLE_AGE:
        session.flush()
        return
    if BEGAN_AT not in session:
        session[BEGAN_AT] = now
        session[SEEN_AT] = now
    elif now - seen >= SEEN_PRECISION:
        session[SEEN_AT] = now


def switch_organization(request: HttpRequest, user: User, organization_id: int) -> None:
    """Let the browser of ``user`` work in another of their organizations, and forget everything of the one before.

    Raises ``NotFound`` for an organization the user does not belong to, and in the same words for one that never was.
    """
    if all(membership.organization_id != organization_id for membership in memberships(user.pk)):
        raise NotFound("organization", str(organization_id))
    kept = {key: request.session[key] for key in _IDENTITY if key in request.session}
    request.session.flush()
    request.session.update(kept)
    request.session[SESSION_ORGANIZATION] = organization_id
    # A form still open in another tab shows the organization before; it must not be stored in this one.
    rotate_token(request)

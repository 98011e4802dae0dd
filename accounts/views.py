"""Pages of a person's login that allauth does not have."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.authentication import memberships
from accounts.browser_sessions import switch_organization
from accounts.exceptions import NotFound
from accounts.middleware import SESSION_ORGANIZATION
from accounts.models import User

View = Callable[..., HttpResponse]

# These pages run no script at all and ask no other host for anything.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def account_page(view: View) -> View:
    """A page that is kept by no cache and can load nothing but our own style sheet."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return page


@require_GET
def signup_closed(request: HttpRequest) -> HttpResponse:
    """Says that accounts are made by invitation."""
    return render(request, "account/signup_closed.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization(request: HttpRequest) -> HttpResponse:
    """The organizations of the person and the one this browser works in; a POST of ``organization`` changes it.

    An organization of others is 404 like one that never was. Who belongs to none is told so.
    """
    user = cast(User, request.user)
    if request.method == "POST":
        return _switch(request, user, request.POST.get("organization", ""))
    context = {
        "memberships": memberships(user.pk),
        "current_id": request.session.get(SESSION_ORGANIZATION),
    }
    return render(request, "accounts/organization.html", context)


def _switch(request: HttpRequest, user: User, text: str) -> HttpResponse:
    try:
        switch_organization(request, user, int(text))
    except (ValueError, NotFound):
        raise Http404 from None
    return redirect(settings.LOGIN_REDIRECT_URL)

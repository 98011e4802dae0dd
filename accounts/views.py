"""Pages of a person's login that allauth does not have."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.authentication import memberships
from accounts.browser_sessions import switch_organization
from accounts.exceptions import Duplicate, Forbidden, Invalid, NotAuthenticated, NotFound
from accounts.forms import JoinForm, NewLoginForm
from accounts.middleware import SESSION_ORGANIZATION
from accounts.models import Invitation, Member, Organization, User
from accounts.services import accept_invitation, read_invitation

View = Callable[..., HttpResponse]

SESSION_INVITATION = "invitation"
# What we mint has 43 characters; anything much longer was never ours.
LONGEST_SECRET = 100

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
        switch_organization(request, user, int(text) if text.isascii() and text.isdecimal() else 0)
    except NotFound:
        raise Http404 from None
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Where the link in an invitation's mail leads.

    The secret moves from the address into the session at once: no log of addresses, no ``Referer`` and no browser
    history keeps it. A secret that is unknown, expired, used or revoked is answered 404 with one page for all.
    """
    if "secret" in request.GET:
        request.session[SESSION_INVITATION] = request.GET["secret"][:LONGEST_SECRET]
        response: HttpResponse = redirect("accounts_invitation")
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
    secret = request.session.get(SESSION_INVITATION, "")
    try:
        found, organization = read_invitation(secret)
        return _answer_invitation(request, secret, found, organization)
    except NotFound:
        request.session.pop(SESSION_INVITATION, None)
        return render(request, "accounts/invitation_closed.html", status=404)


def _answer_invitation(
    request: HttpRequest, secret: str, found: Invitation, organization: Organization
) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    context: dict[str, object] = {"invitation": found, "organization": organization}
    if user is not None and user.email != found.email:
        return render(request, "accounts/invitation_of_another.html", context, status=403)
    if user is None and User.objects.filter(email=found.email).exists():
        return render(request, "accounts/invitation_login.html", context)
    data = request.POST if request.method == "POST" else None
    form = JoinForm(data) if user is not None else NewLoginForm(data, email=found.email)
    if form.is_valid():
        member = _accept(form, secret, user)
        if member is not None:
            return _enter(request, member)
    return render(request, "accounts/invitation.html", {**context, "form": form})


def _accept(form: JoinForm, secret: str, user: User | None) -> Member | None:
    try:
        return accept_invitation(
            secret,
            first_name=form.cleaned_data["first_name"],
            last_name=form.cleaned_data["last_name"],
            password=form.cleaned_data.get("password"),
            user=user,
        )
    except Invalid as error:
        form.refuse(error)
    except (Forbidden, NotAuthenticated):
        form.add_error(None, "This address got a login meanwhile. Log in and open the link again.")
    except Duplicate:
        form.add_error(None, "You belong to this organization already.")
    return None


def _enter(request: HttpRequest, member: Member) -> HttpResponse:
    """Begin to work in the organization just joined."""
    if not request.user.is_authenticated:
        # The mailbox was proven by the link, the password was chosen a moment ago, and there is no second factor yet.
        login(request, member.user, settings.AUTHENTICATION_BACKENDS[0])
    switch_organization(request, member.user, member.organization_id)
    return redirect(settings.LOGIN_REDIRECT_URL)

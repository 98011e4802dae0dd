"""Who sees which entry of the sidebar."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static

from accounts.roles import Right


def _allows(request: HttpRequest, right: Right) -> bool:
    actor = getattr(request, "actor", None)
    return actor is not None and actor.allows(right)


def organization_name(request: HttpRequest) -> str:
    """Where one is: people may belong to several organizations."""
    authority = getattr(request, "authority", None)
    return authority.organization_name if authority else ""


def favicon(request: HttpRequest) -> str:
    return static("accounts/key.svg")


def reads_contacts(request: HttpRequest) -> bool:
    return _allows(request, Right.READ_CONTACTS)


def writes_contacts(request: HttpRequest) -> bool:
    return _allows(request, Right.WRITE_CONTACTS)


def reads_members(request: HttpRequest) -> bool:
    return _allows(request, Right.READ_MEMBERS)


def manages_catalogue(request: HttpRequest) -> bool:
    return _allows(request, Right.MANAGE_CATALOGUE)


def manages_members(request: HttpRequest) -> bool:
    return _allows(request, Right.MANAGE_MEMBERS)


def manages_credentials(request: HttpRequest) -> bool:
    return _allows(request, Right.MANAGE_CREDENTIALS)


def manages_organization(request: HttpRequest) -> bool:
    return _allows(request, Right.MANAGE_ORGANIZATION)


def is_among_contacts(request: HttpRequest) -> bool:
    return "/contacts/contact/" in request.path and not is_among_deleted_contacts(request)


def is_among_deleted_contacts(request: HttpRequest) -> bool:
    return request.path.endswith("/contacts/contact/") and request.GET.get("state") == "deleted"


def is_among_receipts(request: HttpRequest) -> bool:
    return "/activities/receipt/" in request.path and not is_in_quarantine(request)


def is_in_quarantine(request: HttpRequest) -> bool:
    return request.path.endswith("/activities/receipt/") and request.GET.get("state") == "quarantined"

"""Credentials: which programs act for whom, and making one whose secret is shown once."""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import is_valid_path
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.actor import Actor
from accounts.models import Credential, Member, WireName
from accounts.roles import ROLE_RIGHTS, Right
from accounts.services import issue_key, issue_token, revoke_credential
from config.dashboard.forms import ServiceForm
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site

LIFETIMES = ((30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "One year"))
# Where each contract lists contacts.
LISTS = {
    WireName.WINNERR: "/v1/contacts",
    WireName.RENTALOT: "/api/v1/contacts",
    WireName.ESTATEPRIME: "/api/contacts",
}
STATE_COLOURS = {"Active": "success", "Expired": "warning", "Revoked": "danger"}


@dataclass(frozen=True)
class Issued:
    """A new credential with what is shown this once: named secrets, and a request that uses them where one can be made."""

    credential: Credential
    secrets: tuple[tuple[str, str], ...]
    curl: str


class CredentialForm(ServiceForm):
    """What a program is to be given."""

    lifetime = forms.TypedChoiceField(
        choices=LIFETIMES,
        coerce=int,
        initial=365,
        widget=UnfoldAdminSelectWidget,
        label="Expires after",
        help_text="Winnerr tokens only. Keys of the other wires are good until they are revoked.",
    )


@admin.register(Credential, site=site)
class CredentialAdmin(TenantModelAdmin):
    """What programs show instead of a password. Agents and viewers ask an admin for theirs."""

    view_right = Right.MANAGE_CREDENTIALS
    add_right = Right.MANAGE_CREDENTIALS
    form = CredentialForm
    places = {"lifetime": "lifetime"}

    list_display = ("name", "wire", "member", "prefix", "state", "created_at", "expires_at", "last_used_at")
    list_display_links = None
    list_select_related = ("member",)
    list_filter = ("wire", "kind")
    search_fields = ("name", "prefix", "member__first_name", "member__last_name")
    actions = ("revoke",)
    fields = ("wire", "member", "name", "lifetime")

    @display(description="State", label=STATE_COLOURS)
    def state(self, credential):
        return state_of(credential)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        # One button: whatever is pressed, the answer is the secret.
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, {**buttons, **(extra_context or {})})

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if field is not None and db_field.name == "wire":
            field.help_text = unserved_sentence()
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "member":
            field.queryset = members_within(actor_of(request))
            field.help_text = "The program acts with this member's role, and for as long as they are active."
        return field

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> Credential:
        issued = issue(form.cleaned_data, actor_of(request))
        request.issued = issued  # type: ignore[attr-defined]  # for response_add, later in this request
        return issued.credential

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The secret as the answer to the form itself: it is in no session, no message and no address."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Credential created"}
        context["issued"] = request.issued  # type: ignore[attr-defined]  # set by save_through_service
        response = TemplateResponse(request, "accounts/admin/credential_issued.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke", permissions=["add"])
    def revoke(self, request: HttpRequest, credentials: QuerySet[Credential]) -> None:
        for credential in credentials:
            revoke_credential(credential, actor=actor_of(request))
            self.message_user(request, f"Revoked: {credential.name}.", messages.SUCCESS)


def members_within(actor: Actor) -> QuerySet[Member]:
    """The active members who may do no more than the actor may."""
    roles = [role for role, rights in ROLE_RIGHTS.items() if rights <= ROLE_RIGHTS[actor.role]]
    return Member.objects.filter(is_active=True, role__in=roles)


def issue(facts: dict[str, Any], actor: Actor) -> Issued:
    """Make the credential that the form asks for. Raises what the services raise."""
    wire, member, name = WireName(facts["wire"]), facts["member"], facts["name"]
    if wire == WireName.WINNERR:
        token = issue_token(member, name=name, lifetime=timedelta(days=facts["lifetime"]), actor=actor)
        return Issued(token.credential, (("Token", token.token),), curl(wire, f"Bearer {token.token}"))
    key = issue_key(member, wire=wire, name=name, actor=actor)
    if wire == WireName.RENTALOT:
        return Issued(key.credential, (("Key", key.key),), curl(wire, f"Bearer {key.key}"))
    pair = b64encode(f"{key.public_key}:{key.secret_key}".encode()).decode()
    secrets = (("Public key", key.public_key), ("Secret key", key.secret_key))
    return Issued(key.credential, secrets, curl(wire, f"Basic {pair}"))


def curl(wire: WireName, authorization: str) -> str:
    """A line for a shell that lists contacts; empty while nothing answers it."""
    if not is_served(wire):
        return ""
    return shlex.join(["curl", f"{settings.PUBLIC_BASE_URL}{LISTS[wire]}", "-H", f"Authorization: {authorization}"])


def is_served(wire: WireName) -> bool:
    """Whether the contract's contacts have an address here."""
    return bool(is_valid_path(LISTS[wire]))


def unserved_sentence() -> str:
    """What to know before choosing a wire; empty when all of them are served."""
    names = [str(wire.label) for wire in WireName if not is_served(wire)]
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return f"{' and '.join(names)} {verb} not served yet: a key can be made now, and opens nothing until then."


def state_of(credential: Credential) -> str:
    """Whether a credential still opens anything, in one word."""
    if credential.revoked_at is not None:
        return "Revoked"
    if credential.expires_at is not None and credential.expires_at <= timezone.now():
        return "Expired"
    return "Active"

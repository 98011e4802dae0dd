"""Invitations: asking by mail, asking again, withdrawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from accounts.exceptions import DomainError
from accounts.models import Invitation
from accounts.roles import Right, Role
from accounts.services import invite, revoke_invitation
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.refusals import refusals_of
from config.dashboard.site import site

STATE_COLOURS = {"Open": "success", "Accepted": "info", "Expired": "warning", "Revoked": "danger"}


@admin.register(Invitation, site=site)
class InvitationAdmin(TenantModelAdmin):
    """Open and past invitations. What was sent cannot be edited; it is sent again or withdrawn."""

    view_right = Right.MANAGE_MEMBERS
    add_right = Right.MANAGE_MEMBERS

    list_display = ("email", "role_label", "state", "invited_by", "created_at", "expires_at")
    list_display_links = None
    list_select_related = ("invited_by",)
    list_filter = ("role",)
    search_fields = ("email",)
    actions = ("send_again", "revoke")
    fields = ("email", "role")

    @admin.display(description="Role", ordering="role")
    def role_label(self, invitation: Invitation) -> str:
        return Role(invitation.role).label

    @display(description="State", label=STATE_COLOURS)
    def state(self, invitation):
        return state_of(invitation)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        # An invitation that was sent has no page of its own to go on with.
        return super().changeform_view(
            request, object_id, form_url, {"show_save_and_continue": False, **(extra_context or {})}
        )

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> Invitation:
        invitation, _ = invite(form.cleaned_data["email"], form.cleaned_data["role"], actor=actor_of(request))
        return invitation

    @admin.action(description="Send again, with a new link", permissions=["add"])
    def send_again(self, request: HttpRequest, invitations: QuerySet[Invitation]) -> None:
        actor = actor_of(request)
        self._each(
            request,
            invitations,
            "Sent again",
            lambda invitation: invite(invitation.email, invitation.role, actor=actor),
        )

    @admin.action(description="Withdraw", permissions=["add"])
    def revoke(self, request: HttpRequest, invitations: QuerySet[Invitation]) -> None:
        actor = actor_of(request)
        self._each(request, invitations, "Withdrawn", lambda invitation: revoke_invitation(invitation, actor=actor))

    def _each(
        self, request: HttpRequest, invitations: QuerySet[Invitation], done: str, verb: Callable[[Invitation], object]
    ) -> None:
        for invitation in invitations:
            try:
                verb(invitation)
            except DomainError as error:
                for refusal in refusals_of(error):
                    self.message_user(request, f"{invitation.email}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{done}: {invitation.email}.", messages.SUCCESS)


def state_of(invitation: Invitation) -> str:
    """What has become of an invitation, in one word."""
    if invitation.accepted_at is not None:
        return "Accepted"
    if invitation.revoked_at is not None:
        return "Revoked"
    return "Open" if invitation.expires_at > timezone.now() else "Expired"

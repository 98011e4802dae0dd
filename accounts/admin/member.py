"""Members: their role, and whether they may enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from accounts.models import Member
from accounts.roles import Right, Role
from accounts.services import change_role, deactivate_member, reactivate_member
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site

ROLE_COLOURS = {"Owner": "info", "Admin": "success", "Agent": "warning"}


@admin.register(Member, site=site)
class MemberAdmin(TenantModelAdmin):
    """The team. People join by invitation, and nobody is deleted: their history stays theirs."""

    view_right = Right.READ_MEMBERS
    change_right = Right.MANAGE_MEMBERS
    in_palette = True
    palette_icon = "person"

    list_display = ("full_name", "email", "role_label", "is_active", "created_at")
    list_select_related = ("user",)
    list_filter = ("role", "is_active")
    search_fields = ("first_name", "last_name", "user__email")
    ordering = ("first_name", "last_name", "id")
    actions = None
    fields = ("full_name", "email", "role", "is_active", "public_id", "number", "created_at")
    readonly_fields = ("full_name", "email", "public_id", "number", "created_at")

    @admin.display(description="Name", ordering="first_name")
    def full_name(self, member: Member) -> str:
        return member.full_name

    @admin.display(description="E-mail", ordering="user__email")
    def email(self, member: Member) -> str:
        return member.user.email

    @display(description="Role", ordering="role", label=ROLE_COLOURS)
    def role_label(self, member):
        return Role(member.role).label

    @admin.display(description="Public id")
    def public_id(self, member: Member) -> str:
        return member.public_id

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        texts = {"is_active": "Who is inactive cannot enter this organization; their credentials are revoked for good."}
        return super().get_form(request, obj, change=change, help_texts=texts, **kwargs)

    def save_through_service(self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool) -> Member:
        member, actor = form.instance, actor_of(request)
        if "role" in form.changed_data:
            member = change_role(member, form.cleaned_data["role"], actor=actor)
        if "is_active" in form.changed_data:
            switch = reactivate_member if form.cleaned_data["is_active"] else deactivate_member
            member = switch(member, actor=actor)
        return member

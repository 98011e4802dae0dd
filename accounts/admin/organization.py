"""The organization's own settings: one page, for owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from phonenumbers import SUPPORTED_REGIONS
from unfold.widgets import UnfoldAdminSelect2Widget

from accounts.models import Organization
from accounts.roles import Right
from accounts.services import change_organization
from accounts.tenancy import current_organization_id
from config.dashboard.forms import ServiceForm
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site


class OrganizationForm(ServiceForm):
    """What owners may change; the slug stays, programs know it."""

    time_zone = forms.ChoiceField(
        choices=lambda: [(zone, zone) for zone in sorted(available_timezones())],
        widget=UnfoldAdminSelect2Widget,
        help_text="Dates without a zone are meant in this one.",
    )
    phone_region = forms.ChoiceField(
        choices=lambda: [(region, region) for region in sorted(SUPPORTED_REGIONS)],
        widget=UnfoldAdminSelect2Widget,
        help_text="The country of phone numbers written without one, from now on.",
    )


@admin.register(Organization, site=site)
class OrganizationAdmin(TenantModelAdmin):
    """Behind the fence there is exactly one organization, so its list is its page."""

    view_right = Right.MANAGE_ORGANIZATION
    change_right = Right.MANAGE_ORGANIZATION
    form = OrganizationForm
    fields = ("name", "time_zone", "phone_region", "agents_see_only_their_contacts", "slug", "plan", "public_id")
    readonly_fields = ("slug", "plan", "public_id")

    @admin.display(description="Public id")
    def public_id(self, organization: Organization) -> str:
        return organization.public_id

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect(self.address_of("change", current_organization_id()))

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> Organization:
        names = ("name", "time_zone", "phone_region", "agents_see_only_their_contacts")
        return change_organization(**{name: form.cleaned_data[name] for name in names}, actor=actor_of(request))

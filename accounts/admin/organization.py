"""The organization's own settings: one page, for owners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from phonenumbers import SUPPORTED_REGIONS
from unfold.widgets import UnfoldAdminSelect2Widget

from accounts import quotas
from accounts.models import Organization
from accounts.plans import Access, Limits, Window, limits_of
from accounts.quotas import Reading
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


CONTACTS: Final = "contacts"
_SPANS: Final = {Window.MINUTE: "this minute", Window.DAY: "today (UTC)", Window.MONTH: "this month (UTC)"}


def _sentence(used: Iterable[Reading]) -> str:
    return ", ".join(f"{reading.taken:,} of {reading.limit:,} {_SPANS[reading.window]}" for reading in used)


@admin.register(Organization, site=site)
class OrganizationAdmin(TenantModelAdmin):
    """Behind the fence there is exactly one organization, so its list is its page."""

    view_right = Right.MANAGE_ORGANIZATION
    change_right = Right.MANAGE_ORGANIZATION
    form = OrganizationForm
    fields = (
        *("name", "time_zone", "phone_region", "agents_see_only_their_contacts"),
        *("slug", "plan", "requests_used", "writes_used", "public_id"),
    )
    readonly_fields = ("slug", "plan", "requests_used", "writes_used", "public_id")

    @admin.display(description="Public id")
    def public_id(self, organization: Organization) -> str:
        return organization.public_id

    @admin.display(description="Requests")
    def requests_used(self, organization: Organization) -> str:
        # What there is of the running minute is gone before it is read.
        used = quotas.requests_used(limits_of(organization.plan))
        return _sentence([reading for reading in used if reading.window is Window.DAY])

    @admin.display(description="Contacts created and deleted")
    def writes_used(self, organization: Organization) -> str:
        return _sentence(quotas.writes_used(CONTACTS, limits_of(organization.plan).writes[CONTACTS]))

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[Any]:
        """What is used stands beside the plan that limits it."""
        limits = limits_of(obj.plan) if obj else Limits(access=Access.NONE, largest_page=0)
        hidden = {
            "requests_used": not limits.requests or limits.access is Access.NONE,
            "writes_used": CONTACTS not in limits.writes,
        }
        return [name for name in super().get_fields(request, obj) if not hidden.get(str(name), False)]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect(self.address_of("change", current_organization_id()))

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> Organization:
        names = ("name", "time_zone", "phone_region", "agents_see_only_their_contacts")
        return change_organization(**{name: form.cleaned_data[name] for name in names}, actor=actor_of(request))

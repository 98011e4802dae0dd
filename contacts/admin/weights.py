"""Lead scoring: what each fact weighs, and how far the scores have followed. One page per organization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_POST, require_safe
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from accounts.roles import Right
from config.dashboard.forms import ServiceForm
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site
from contacts.models import Rescore, ScoringWeights
from contacts.scoring import DEFAULT_WEIGHTS, LABELS, MAXIMUM_SCORE, MINIMUM_SCORE, Weights, highest_score
from contacts.services import change_weights, rescore_all

NEWEST_CHANGES = 5
DEFAULTS = DEFAULT_WEIGHTS.as_dict()
FIELDSETS = (
    ("Ways to reach somebody", {"fields": (("email", "phone"), ("secondary_phone", "address"))}),
    ("Where they come from", {"fields": (("source_referral", "source_website"), "source_other")}),
    (
        "What they look for",
        {"fields": (("price_range", "property_types"), ("locations", "communication_method"))},
    ),
    ("What the team does", {"fields": (("notes", "assigned"), "contacted")}),
)


def _field(name: str, default: int) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=MINIMUM_SCORE,
        max_value=MAXIMUM_SCORE,
        label=LABELS[name],
        help_text=f"Default {default}",
        widget=UnfoldAdminIntegerFieldWidget(
            attrs={"placeholder": default, "min": MINIMUM_SCORE, "max": MAXIMUM_SCORE}
        ),
    )


class _StoredWeights(ServiceForm):
    """Shows what an organization decided for itself; everything else is empty and weighs its default."""

    class Meta:
        model = ScoringWeights
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(self.instance.overrides)


WeightsForm: type[ServiceForm] = type(
    "WeightsForm", (_StoredWeights,), {name: _field(name, points) for name, points in DEFAULTS.items()}
)


@admin.register(ScoringWeights, site=site)
class WeightsAdmin(TenantModelAdmin):
    """Behind the fence there is one row at most, so the list is its page."""

    view_right = Right.MANAGE_CATALOGUE
    add_right = Right.MANAGE_CATALOGUE
    change_right = Right.MANAGE_CATALOGUE
    form = WeightsForm
    fieldsets = FIELDSETS

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and not ScoringWeights.objects.exists()

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("state/", wrap(require_safe(self.state_view)), name="contacts_scoringweights_state"),
            path("rescore/", wrap(require_POST(self.rescore_view)), name="contacts_scoringweights_rescore"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = ScoringWeights.objects.first()
        return redirect(self.address_of("change", row.pk) if row else self.address_of("add"))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        weights = Weights.from_overrides(obj.overrides if obj else {})
        shown = {
            "title": "Lead scoring",
            "highest": highest_score(weights),
            "maximum": MAXIMUM_SCORE,
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            "changes": [change_shown(rescore) for rescore in Rescore.objects.all()[:NEWEST_CHANGES]],
        }
        context.update(shown | state_shown())
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Writing.

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> ScoringWeights:
        begun = change_weights({name: form.cleaned_data[name] for name in DEFAULTS}, actor=actor_of(request))
        said = "Saved. All scores are being worked out again." if begun else "These are the weights there were."
        self.message_user(request, said, messages.SUCCESS if begun else messages.INFO)
        return ScoringWeights.objects.get()

    def response_add(self, request, obj, post_url_continue=None):
        return redirect(self.address_of("changelist"))

    def response_change(self, request, obj):
        return redirect(self.address_of("changelist"))

    # The pass that follows.

    def rescore_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        rescore_all(actor=actor_of(request))
        self.message_user(request, "All scores are being worked out again.", messages.SUCCESS)
        return redirect(self.address_of("changelist"))

    def state_view(self, request: HttpRequest) -> HttpResponse:
        """The part of the page that renews itself while scores are being worked out."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return TemplateResponse(request, "admin/contacts/scoringweights/state.html", state_shown())


def state_shown() -> dict[str, Any]:
    """How far the newest pass is. A page asks again only while something moves: asking keeps a login alive."""
    rescore = Rescore.objects.first()
    return {"rescore": rescore, "asks_again": rescore is not None and rescore.is_open and not rescore.is_stalled}


def change_shown(rescore: Rescore) -> dict[str, Any]:
    """Who asked for a pass, when, and which weights they changed for it."""
    before, after = ({**DEFAULTS, **each} for each in (rescore.overrides_before, rescore.overrides))
    # Old rows may name a weight that an earlier release had.
    changed = [name for name in DEFAULTS if before[name] != after[name]]
    return {"rescore": rescore, "weights": [f"{LABELS[name]} {before[name]} → {after[name]}" for name in changed]}

"""The team's own fields: what they are called, hold and offer, and in which order they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from accounts.exceptions import DomainError, Duplicate, Invalid
from accounts.roles import Right
from config.dashboard.forms import ServiceForm
from config.dashboard.options import TenantModelAdmin, TenantTabularInline, actor_of
from config.dashboard.refusals import Refusal, Refused, refusals_of
from config.dashboard.site import site
from contacts.admin.inlines import kept_rows
from contacts.custom_fields import holders_of
from contacts.models import CustomField, CustomFieldKind, CustomFieldOption
from contacts.services.custom_fields import (
    MOST_OPTIONS,
    add_option,
    change_kind,
    create_field,
    move_field,
    order_options,
    remove_option,
    rename_field,
    rename_option,
    restore_field,
    retire_field,
)

RETIRED = "retired"
STATE = "state"
FIRST = "first"
OPTIONS = "options"
RETYPING = (
    "Another type takes the values over in the background, as far as it can hold them. What it cannot hold leaves the"
    " contacts, and stays in their histories only."
)

UNDERSTOOD = "I understand that values which another type cannot hold leave the contacts"


class FieldForm(ServiceForm):
    """A name, a type, and a place among the others.

    Another type for a field that contacts have values in is refused until ``is_understood`` is ticked: what the new type
    cannot hold is gone from them.
    """

    is_understood = forms.BooleanField(required=False, label=UNDERSTOOD, widget=UnfoldBooleanWidget)
    place = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = CustomField
        fields = ("name", "kind")
        labels = {"kind": "Type"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "place" in self.fields:
            self.fields["place"].choices = places_of(self.instance)  # type: ignore[attr-defined]  # a choice
            self.initial["place"] = place_of_field(self.instance)
        if self.instance.pk is not None and "kind" in self.fields:
            self.fields["kind"].help_text = RETYPING
        else:
            self.fields.pop("is_understood", None)

    def clean(self) -> dict[str, Any]:
        if self.instance.pk is not None and "kind" in self.changed_data and not self.cleaned_data.get("is_understood"):
            self._ask_to_understand()
        return self.cleaned_data

    def _ask_to_understand(self) -> None:
        count = holders_of(self.instance)
        if count:
            who = "1 contact has a value" if count == 1 else f"{count:,} contacts have a value"
            self.add_error("is_understood", f"{who} of this type. Tick this to change it all the same.")


class OptionForm(ServiceForm):
    """Something to pick. Rows are dragged, or numbered; one without a number goes to the end."""

    place = forms.IntegerField(required=False, widget=UnfoldAdminIntegerFieldWidget(attrs={"class": "max-w-24"}))

    class Meta:
        model = CustomFieldOption
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["place"] = self.instance.position


class Options(TenantTabularInline):
    model = CustomFieldOption
    form = OptionForm
    view_right = Right.READ_CONTACTS
    add_right = Right.MANAGE_CATALOGUE
    change_right = Right.MANAGE_CATALOGUE
    delete_right = Right.MANAGE_CATALOGUE
    fields = ("name", "place")
    readonly_fields = ()
    ordering = ("position", "id")
    ordering_field = "place"
    max_num = MOST_OPTIONS
    verbose_name = "option"
    verbose_name_plural = "Options, for a list to pick from"

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and _is_live(obj)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and _is_live(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and _is_live(obj)

    @display(description="Place")
    def place(self, option):
        return option.position


class StateFilter(DropdownFilter):
    """Fields that are used, unless the retired ones are asked for."""

    title = "state"
    parameter_name = STATE
    all_option = ["", "In use"]

    def lookups(self, request, model_admin):
        return [(RETIRED, "Retired")]

    def queryset(self, request, queryset):
        return queryset.filter(retired_at__isnull=self.value() != RETIRED)


@admin.register(CustomField, site=site)
class CustomFieldAdmin(TenantModelAdmin):
    """Fields are retired, not deleted: their values are kept for the day they are brought back."""

    view_right = Right.READ_CONTACTS
    add_right = Right.MANAGE_CATALOGUE
    change_right = Right.MANAGE_CATALOGUE
    in_palette = True
    palette_icon = "edit_note"
    form = FieldForm
    fields = ("name", "kind", "is_understood", "place")
    inlines = (Options,)
    list_display = ("name", "shown_kind", "shown_options")
    list_filter = (StateFilter,)
    list_filter_submit = True
    search_fields = ("name",)
    ordering = ("position", "id")
    sortable_by = ()
    actions = None

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and _is_live(obj)

    def get_fields(self, request, obj=None):
        may_retype = obj is not None and self.has_change_permission(request, obj)
        return self.fields if may_retype else tuple(name for name in self.fields if name != "is_understood")

    # The list.

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(option_count=Count("options"))

    def get_search_results(self, request, queryset, search_term):
        found, _ = super().get_search_results(request, queryset, search_term)
        # The palette has no filter.
        return (found if request.GET.get(STATE) == RETIRED else found.filter(retired_at=None)), False

    @display(description="Type")
    def shown_kind(self, field):
        return CustomFieldKind(field.kind).label

    @display(description="Options")
    def shown_options(self, field):
        return field.option_count if field.has_options else "-"

    # The page.

    @display(description="Place")
    def place(self, field):
        return dict(places_of(field)).get(place_of_field(field), "-")

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            may_change = super().has_change_permission(request)
            context.update(
                retired_at=obj.retired_at,
                can_retire=may_change and _is_live(obj),
                can_restore=may_change and not _is_live(obj),
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_urls(self):
        return [
            path(
                f"<path:object_id>/{page}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"contacts_customfield_{page}",
            )
            for page, view in (("retire", self.retire_view), ("restore", self.restore_view))
        ] + super().get_urls()

    # Writing.

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> CustomField:
        actor, data = actor_of(request), form.cleaned_data
        if not change:
            field = create_field(data["name"], data["kind"], actor=actor)
        else:
            field = form.instance
            if "name" in form.changed_data:
                field = rename_field(field, data["name"], actor=actor)
            if "kind" in form.changed_data:
                field = change_kind(field, data["kind"], actor=actor)
                self.message_user(request, "Values are being taken over in the background.", messages.INFO)
        for formset in formsets:
            _store_options(field, formset, actor)
        if data.get("place") and "place" in form.changed_data:
            field = move_field(field, behind=_field_with_key(data["place"]), actor=actor)
        return field

    def retire_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        said = "{} is retired. It is shown nowhere from now on, and its values are kept."
        return self._answer(request, object_id, retire_field, said)

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._answer(request, object_id, restore_field, "{} is back, with its values.")

    def _answer(self, request: HttpRequest, object_id: str, service: Any, said: str) -> HttpResponse:
        field = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if field is None:
            raise Http404
        if not super().has_change_permission(request):
            raise PermissionDenied
        try:
            service(field, actor=actor_of(request))
        except DomainError as error:
            for refusal in self.refusals_of(request, error):
                self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, said.format(field), messages.SUCCESS)
        return redirect(self.address_of("change", field.pk))


def _is_live(field: CustomField | None) -> bool:
    return field is None or field.retired_at is None


def _others(field: CustomField) -> list[CustomField]:
    return list(CustomField.objects.filter(retired_at=None).exclude(pk=field.pk).order_by("position", "id"))


def places_of(field: CustomField) -> list[tuple[str, str]]:
    """Where a field may stand; a new one at the end when nothing else is said."""
    at_end = [] if field.pk else [("", "At the end")]
    return [*at_end, (FIRST, "First"), *((str(other.pk), f"Behind {other}") for other in _others(field))]


def place_of_field(field: CustomField) -> str:
    """Where the field stands now, as one of ``places_of``."""
    if field.pk is None:
        return ""
    before = [other for other in _others(field) if (other.position, other.pk) < (field.position, field.pk)]
    return str(before[-1].pk) if before else FIRST


def _field_with_key(place: str) -> CustomField | None:
    return None if place == FIRST else CustomField.objects.get(pk=int(place))


def _store_options(field: CustomField, formset: Any, actor: Any) -> None:
    """Remove, rename, add and order options as the rows say. Raises ``Refused`` with the row at fault."""
    for form in formset.deleted_forms:
        if form.instance.pk is not None:
            remove_option(form.instance, actor=actor)
    rows = sorted(kept_rows(formset), key=_place_of_row)
    numbers = [_stored_option(field, formset, number, data, actor).number for number, data in rows]
    if numbers and formset.has_changed():
        order_options(field, numbers, actor=actor)


def _place_of_row(row: tuple[int, dict[str, Any]]) -> tuple[bool, int, int]:
    number, data = row
    place = data.get("place")
    return place is None, place or 0, number


def _stored_option(field: CustomField, formset: Any, row: int, data: dict[str, Any], actor: Any) -> CustomFieldOption:
    option, name = formset.forms[row].instance, data.get("name") or ""
    try:
        if option.pk is None:
            return add_option(field, name, actor=actor)
        return rename_option(option, name, actor=actor) if name != option.name else option
    except Invalid as error:
        message = "Only lists have options." if error.errors[0].field == OPTIONS else refusals_of(error)[0].message
        raise Refused(Refusal(message, "name", formset.prefix, row)) from error
    except Duplicate as error:
        raise Refused(Refusal("Another option has this name already.", "name", formset.prefix, row)) from error

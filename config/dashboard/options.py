"""What every page of the dashboard is made from: rights from the role table, rows from behind the fence, writes by services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.views import ChangeList

from accounts.actor import Actor
from accounts.exceptions import DomainError, Forbidden
from accounts.roles import Right
from accounts.tenancy import BaseTenantManager
from config.dashboard.forms import ServiceForm
from config.dashboard.paginator import CappedPaginator
from config.dashboard.refusals import Refusal, Refused, refusals_of

_REFUSALS = "_dashboard_refusals"


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request. Raises ``PermissionDenied`` for strangers."""
    actor = getattr(request, "actor", None)
    if not isinstance(actor, Actor):
        raise PermissionDenied
    return actor


class CappedChangeList(ChangeList):
    """A list that knows no total of the whole table, and does not pretend to."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # Unfold offers to show "all results" where the two differ.
        self.full_result_count = self.result_count


class RightsMixin:
    """Permissions out of ``accounts.roles``. A right left None is nobody's."""

    view_right: Right | None = None
    add_right: Right | None = None
    change_right: Right | None = None
    delete_right: Right | None = None

    def allows(self, request: HttpRequest, right: Right | None) -> bool:
        actor = getattr(request, "actor", None)
        return right is not None and isinstance(actor, Actor) and actor.allows(right)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, self.view_right)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and self.allows(request, self.add_right)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and self.allows(request, self.change_right)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and self.allows(request, self.delete_right)


class FencedChoicesMixin:
    """Choices of references come from behind the fence, or there are none."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        manager = db_field.remote_field.model._default_manager
        if not isinstance(manager, BaseTenantManager):
            # A shared table, such as users: its rows are nobody's business.
            kwargs["queryset"] = manager.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # ModelAdmin's

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # ModelAdmin's
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # A choice, without the menu to change what is chosen from.
            field.widget = field.widget.widget
        return field

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return [*(super().get_exclude(request, obj) or ()), "organization"]  # type: ignore[misc]  # ModelAdmin's


class TenantTabularInline(RightsMixin, FencedChoicesMixin, TabularInline):
    """Child rows in a table; the parent page's service stores them."""

    extra = 0


class TenantStackedInline(RightsMixin, FencedChoicesMixin, StackedInline):
    """Child rows one above the other; the parent page's service stores them."""

    extra = 0


class TenantModelAdmin(RightsMixin, FencedChoicesMixin, ModelAdmin):
    """A resource of one organization.

    Declare rights (``view_right`` and so on), and for what can be written ``save_through_service`` and
    ``delete_through_service``; ``places`` maps the domain's field names to the form's where they differ. Both may raise
    any ``DomainError``, or ``Refused`` with sentences of their own.
    """

    form = ServiceForm
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    compressed_fields = True
    warn_unsaved_form = True
    # Hits in the command palette; needs ``search_fields`` or ``get_search_results``.
    in_palette = False
    has_history = False
    places: dict[str, str] = {}

    # Writing.

    def save_through_service(
        self, request: HttpRequest, form: forms.ModelForm, formsets: Sequence[Any], change: bool
    ) -> models.Model:
        """Store what the validated form says and return the row. ``form.instance`` is as it was loaded."""
        raise Forbidden("this page is read-only")

    def delete_through_service(self, request: HttpRequest, row: models.Model) -> None:
        """Take the row away."""
        raise Forbidden("this page is read-only")

    def refusals_of(self, request: HttpRequest, error: DomainError) -> Iterable[Refusal]:
        """A refusal in this page's words."""
        return refusals_of(error, self.places)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"show_history": self.has_history, **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except Refused as refused:
            # Django's view validates, then saves. What the saving refused becomes part of a second validation.
            setattr(request, _REFUSALS, refused.refusals)
            return super().changeform_view(request, object_id, form_url, context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form_class = super().get_form(request, obj, change=change, **kwargs)
        refusals = getattr(request, _REFUSALS, ())
        form_class.refusals = tuple(refusal for refusal in refusals if not refusal.formset)
        return form_class

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)
        for refusal in getattr(request, _REFUSALS, ()):
            for formset in formsets:
                if formset.prefix == refusal.formset:
                    row = formset.forms[refusal.row]
                    row.add_error(refusal.field if refusal.field in row.fields else None, refusal.message)
        return formsets, inlines

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing: ``save_related`` knows the child rows too."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        try:
            with transaction.atomic():
                stored = self.save_through_service(request, form, formsets, change)
        except DomainError as error:
            raise Refused(*self.refusals_of(request, error)) from error
        for field in stored._meta.concrete_fields:
            setattr(form.instance, field.attname, getattr(stored, field.attname))
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            for refusal in refused.refusals:
                self.message_user(request, refusal.message, messages.ERROR)
            return redirect(self.address_of("change", object_id))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        try:
            with transaction.atomic():
                self.delete_through_service(request, obj)
        except DomainError as error:
            raise Refused(*self.refusals_of(request, error)) from error

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        # What hangs on a row is the service's business; Django would list it from every table it can reach.
        names = [str(row) for row in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []

    # Reading.

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CappedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # Only what is declared as a filter: any other column could be guessed letter by letter.
        if any(lookup == getattr(item, "parameter_name", None) for item in self.list_filter):
            return True
        declared = [item[0] if isinstance(item, (tuple, list)) else item for item in self.list_filter]
        names = [name for name in declared if isinstance(name, str)]
        return any(lookup == name or lookup.startswith(f"{name}__") for name in names) and super().lookup_allowed(
            lookup, value, request
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Django's admin log knows no organization. A resource with a record of its own changes shows that.
        raise Http404

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing: see ``history_view``."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing: see ``history_view``."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Nothing: see ``history_view``."""

    def address_of(self, page: str, *arguments: Any) -> str:
        """The address of one of this resource's pages: ``changelist``, ``add``, ``change``, ``delete``, ``history``."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)

"""Filters of the contact list. Choices are this organization's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from accounts.models import Member
from contacts.admin.custom_values import CONTACTS, MEMBERS, OwnField, active_members
from contacts.consent import contactable
from contacts.field_types import BadFieldValue
from contacts.models import ContactStatus, ContactType, Medium, Source, Tag, TaggedContact

SCORE_BANDS = {"0-19": (0, 19), "20-39": (20, 39), "40-59": (40, 59), "60-79": (60, 79), "80-100": (80, 100)}
MOST_CHOICES = 500
NOBODY = "none"
DELETED = "deleted"
STATE = "state"


class _ClosedFilter:
    """A filter that fails closed: a value that nobody can have shows nobody, and never all of those it was to leave out."""

    def has_output(self) -> bool:
        # Django drops one without choices, and what it was asked for along with it.
        return bool(self.value()) or super().has_output()  # type: ignore[attr-defined,misc]  # a filter's


class _ChoiceFilter(_ClosedFilter, DropdownFilter):
    """By one of its choices."""

    def queryset(self, request, queryset):
        return self.chosen(queryset, self.value()) if self.value() else queryset

    def chosen(self, queryset, value):
        """The contacts with a value that is not empty; none with one that there is not."""
        raise TypeError(f"{type(self).__name__} chooses nobody")


class TypeFilter(_ChoiceFilter):
    title = "type"
    parameter_name = "type"

    def lookups(self, request, model_admin):
        return ContactType.choices

    def chosen(self, queryset, value):
        return queryset.filter(type=value)


class StatusFilter(_ChoiceFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return ContactStatus.choices

    def chosen(self, queryset, value):
        return queryset.filter(status=value)


class SourceFilter(_ChoiceFilter):
    title = "source"
    parameter_name = "source"

    def lookups(self, request, model_admin):
        return [(name, name) for name in Source.objects.values_list("name", flat=True)[:MOST_CHOICES]]

    def chosen(self, queryset, value):
        return queryset.filter(source=value)


class ScoreFilter(_ChoiceFilter):
    title = "lead score"
    parameter_name = "score"

    def lookups(self, request, model_admin):
        return [(band, band.replace("-", " to ")) for band in SCORE_BANDS]

    def chosen(self, queryset, value):
        band = SCORE_BANDS.get(value)
        return queryset.filter(lead_score__range=band) if band else queryset.none()


class TagFilter(_ChoiceFilter):
    title = "tag"
    parameter_name = "tag"

    def lookups(self, request, model_admin):
        return [(str(pk), name) for pk, name in Tag.objects.values_list("pk", "name")[:MOST_CHOICES]]

    def chosen(self, queryset, value):
        pk = _key(value)
        return queryset.filter(Exists(TaggedContact.objects.filter(content_object=OuterRef("pk"), tag_id=pk)))


class AssigneeFilter(_ChoiceFilter):
    title = "assignee"
    parameter_name = "assignee"

    def lookups(self, request, model_admin):
        members = [(str(member.pk), member.full_name) for member in Member.objects.all()[:MOST_CHOICES]]
        return [(NOBODY, "Nobody"), *members]

    def chosen(self, queryset, value):
        return queryset.filter(assigned_to_id=None if value == NOBODY else _key(value))


class MediumFilter(_ChoiceFilter):
    """Those whom the gate of all sending lets through, for one medium."""

    title = "may be contacted by"
    parameter_name = "contactable"

    def lookups(self, request, model_admin):
        return Medium.choices

    def chosen(self, queryset, value):
        return contactable(queryset, value) if value in Medium.values else queryset.none()


class StateFilter(DropdownFilter):
    """Live contacts, unless the deleted ones are asked for."""

    title = "state"
    parameter_name = STATE
    all_option = ["", "Live"]

    def lookups(self, request, model_admin):
        return [(DELETED, "Deleted")]

    def queryset(self, request, queryset):
        if self.value() == DELETED:
            return queryset.deleted()
        return queryset.none() if self.value() else queryset.active()


_CUSTOM = re.compile(r"field_\d{1,9}\Z", re.ASCII)


_CHOSEN = MEMBERS | {"select", "select_multi", "checkbox"}


class _CustomFilter(_ClosedFilter):
    """Contacts with a value of one of the team's own fields.

    No index helps, so the database reads the values of all contacts of the organization that the other filters leave.
    """

    own: ClassVar[OwnField]

    def queryset(self, request: Any, queryset: Any) -> Any:
        text = self.value()  # type: ignore[attr-defined]  # a filter's
        if not text or not text.strip():
            return queryset
        try:
            # A contact's number is written as on its page.
            text = text.strip().removeprefix("#") if self.own.field.kind in CONTACTS else text
            return queryset.filter(self.own.type.matches(text, self.own.definition))
        except BadFieldValue:
            # No contact can have that.
            return queryset.none()


class CustomTextFilter(_CustomFilter, TextFilter):
    """By a text: part of a value, or the whole of one, as the type has it."""


class CustomChoiceFilter(_CustomFilter, DropdownFilter):
    """By an option, a member, or by yes and no."""

    def lookups(self, request, model_admin):
        if self.own.field.kind in MEMBERS:
            return [(str(number), name) for number, name in active_members(request).items()]
        if self.own.field.kind == "checkbox":
            return [("true", "Yes"), ("false", "No")]
        return [(name, name) for name in self.own.definition.options.values()]


def custom_filters(fields: Iterable[OwnField]) -> list[type]:
    """A filter for each of the fields."""
    return [
        type(
            "CustomFilter",
            (CustomChoiceFilter if own.field.kind in _CHOSEN else CustomTextFilter,),
            {"own": own, "title": own.field.name, "parameter_name": f"field_{own.field.number}"},
        )
        for own in fields
    ]


def is_custom_filter(parameter: str) -> bool:
    """Whether a parameter of the list's address asks for a value of an own field."""
    return _CUSTOM.match(parameter) is not None


def _key(value: str) -> int:
    """A primary key as an address carries it; 0, which no row has, for anything else."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 18 else 0


def shows_deleted(request) -> bool:
    return request.GET.get(STATE) == DELETED

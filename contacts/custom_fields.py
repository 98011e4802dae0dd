"""The team's own fields, read: which there are, and what a contact's values of them are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Prefetch

from accounts.models import Member
from accounts.tenancy import current_organization
from contacts.field_types import FIELD_TYPES, Definition, FieldType, References
from contacts.models import Contact, CustomField, CustomFieldOption
from contacts.querysets import InOrderInside, RowsInOrder


def fields_in_order() -> list[CustomField]:
    """The fields that are not retired, in their order, each with its options."""
    options = Prefetch("options", CustomFieldOption.objects.order_by("position", "id"))
    return list(CustomField.objects.filter(retired_at=None).prefetch_related(options))


def type_of(field: CustomField) -> FieldType:
    """What the field's values are like."""
    return FIELD_TYPES[field.kind]


def definition_of(field: CustomField) -> Definition:
    """What the field's type needs to know of it. Asks for the options unless they were read."""
    options = {option.number: option.name for option in field.options.all()}
    return Definition(key=field.key, options=options, time_zone=ZoneInfo(current_organization().time_zone))


def value_of(field: CustomField, values: Mapping[str, Any]) -> Any:
    """The stored value in a contact's ``custom_values``, None where there is none."""
    options = {option.number for option in field.options.all()}
    return type_of(field).offered(values.get(field.key), options)


def holders_of(field: CustomField) -> int:
    """How many contacts have a value in the field, deleted ones too. No index helps."""
    return Contact.objects.filter(custom_values__has_key=field.key).count()


def existing_references(wanted: References) -> References:
    """Those of the rows that are the organization's; of its contacts the ones that are not deleted."""
    members = Member.objects.filter(number__in=wanted.members).values_list("number", flat=True)
    contacts = Contact.objects.active().filter(number__in=wanted.contacts).values_list("number", flat=True)
    return References(
        frozenset(members) if wanted.members else frozenset(), frozenset(contacts) if wanted.contacts else frozenset()
    )


def definition_rows() -> RowsInOrder:
    """The fields there are, to annotate a row with: lists of number, generation, kind and the numbers of the options.

    They hang on no row, so the database reads them once for a page.
    """
    fields = CustomField.objects.filter(retired_at=None).order_by("position", "id")
    options = CustomFieldOption.objects.filter(field=OuterRef("pk")).order_by("position", "id")
    numbers = InOrderInside(options.annotate(element=F("number")).values("element"))
    return RowsInOrder(fields.annotate(numbers=numbers), "number", "generation", "kind", "numbers")

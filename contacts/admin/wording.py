"""Recorded facts in words: no ids, members by name, moments in the team's time zone."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import strip_tags

from activities.models import Deal
from contacts.custom_fields import definition_of
from contacts.field_types import FIELD_TYPES
from contacts.models import Contact, CustomField, CustomFieldKind
from contacts.models.custom_field import KINDS_WITH_OPTIONS

NOTHING = "—"
Names: TypeAlias = Mapping[int, str]
_LABELS = {
    "assigned_to_id": "Assigned to",
    "further_emails": "Further e-mails",
    "deleted_at": "Deleted",
    "last_contacted_at": "Last contacted",
    "zip_code": "ZIP code",
}
# Objects that are taken apart, each part a field of its own, with what goes before the part's name.
_PARTED = {
    "preferences": "",
    "extra": "",
    "commission": "commission ",
    "property_details": "property ",
    "timeline": "",
}
MEMBER_FIELDS = frozenset({"assigned_to_id", "further_assignees", "member_id"})
_MOMENTS = ("_at", "_date")
_AMOUNTS = frozenset({"amount", "commission amount"})
_PERCENTAGES = frozenset({"probability", "commission rate", "commission split", "commission_split"})
# Words that programs send in capitals.
_CODES = frozenset({"communication_method", "property_types", "property type"})


def label_of(field: str, model: type[models.Model] = Contact) -> str:
    """What people call a field of a change."""
    if field in _LABELS:
        return _LABELS[field]
    known = {each.name: str(each.verbose_name) for each in model._meta.concrete_fields}
    label = known.get(field, field).replace("_", " ")
    return label[:1].upper() + label[1:]


def parted(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with the parts of their objects instead of the objects, so that only the parts that differ are told."""
    found: dict[str, Any] = {}
    for field, value in facts.items():
        if field not in _PARTED:
            found[field] = value
        elif isinstance(value, dict):
            found.update({f"{_PARTED[field]}{part}": each for part, each in value.items() if part != "id"})
    return found


def in_order(fields: Iterable[str], model: type[models.Model] = Contact) -> list[str]:
    """The fields as the model declares them, then all others by name: no database keeps the order of a JSON object."""
    columns = [column.attname for column in model._meta.concrete_fields]
    return sorted(fields, key=lambda field: (columns.index(field) if field in columns else len(columns), field))


def member_ids(value: Any, field: str = "") -> set[int]:
    """The primary keys of the members that a fact names, at any depth."""
    if isinstance(value, dict):
        return {pk for part, each in value.items() for pk in member_ids(each, part)}
    if isinstance(value, list):
        return {pk for each in value for pk in member_ids(each, field)}
    return {value} if field in MEMBER_FIELDS and isinstance(value, int) else set()


def shown(field: str, value: Any, names: Names, model: type[models.Model] = Contact) -> str:
    """A fact as people read it, a dash when there is nothing."""
    if isinstance(value, list):
        return _listed(field, [shown(field, each, names, model) for each in value])
    if isinstance(value, dict):
        return _row(field, value, names)
    if value is None or value == "":
        return NOTHING
    if field in MEMBER_FIELDS:
        return names.get(value, "a former member")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if field in _AMOUNTS or field in _PERCENTAGES or isinstance(value, (int, float)):
        return number_in_words(value) + ("%" if field in _PERCENTAGES else "")
    return _text(field, str(value), model)


def number_in_words(value: Any) -> str:
    """``450000.00`` as ``450,000``; cents only where there are some."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    return f"{number.quantize(Decimal('0.01')):,}"


def code_in_words(code: str) -> str:
    """``SINGLE_FAMILY`` as ``Single family``; what was typed in another way stays."""
    return code.replace("_", " ").capitalize() if code.isupper() else code


def _text(field: str, value: str, model: type[models.Model]) -> str:
    if field.endswith(_MOMENTS):
        return _moment(value)
    if field in _CODES:
        return code_in_words(value)
    column = next((each for each in model._meta.concrete_fields if each.name == field and each.choices), None)
    return str(dict(column.flatchoices).get(value, value)) if column else value


def _moment(value: str) -> str:
    moment = parse_datetime(value)
    if moment is None:
        return value
    return date_format(timezone.localtime(moment) if timezone.is_aware(moment) else moment, "DATETIME_FORMAT")


def _listed(field: str, parts: Iterable[str]) -> str:
    separator = "; " if field in _ROWS else ", "
    return separator.join(part for part in parts if part != NOTHING) or NOTHING


def _row(field: str, row: Mapping[str, Any], names: Names) -> str:
    """One row of a list, or an object that no other rule takes apart."""
    words = {part: shown(part, each, names, Deal) for part, each in row.items() if part != "id"}
    told = {part: text for part, text in words.items() if text != NOTHING}
    return _ROWS.get(field, _any_object)(told) or NOTHING


def _any_object(told: Mapping[str, str]) -> str:
    return ", ".join(f"{part.replace('_', ' ')} {text}" for part, text in sorted(told.items()))


def _named(name: str, *remarks: str) -> Callable[[Mapping[str, str]], str]:
    """``name (remark, remark)``."""

    def told_as(told: Mapping[str, str]) -> str:
        behind = ", ".join(told[remark] for remark in remarks if remark in told)
        first = told.get(name, "")
        return f"{first} ({behind})" if first and behind else first or behind

    return told_as


def _person(told: Mapping[str, str]) -> str:
    name = " ".join(told[part] for part in ("first_name", "last_name") if part in told)
    return ", ".join(filter(None, [name, *(told[part] for part in ("mobile", "email", "notes") if part in told)]))


def _price_range(told: Mapping[str, str]) -> str:
    lowest, highest = told.get("min"), told.get("max")
    if lowest and highest:
        return f"{lowest} to {highest}"
    return f"from {lowest}" if lowest else f"up to {highest}" if highest else ""


def _task(told: Mapping[str, str]) -> str:
    due = f"due {told['due_date']}" if "due_date" in told else ""
    remarks = ", ".join(filter(None, [due, "done" if told.get("completed") == "Yes" else ""]))
    return f"{told.get('title', '')} ({remarks})" if remarks else told.get("title", "")


def custom_value_in_words(value: Any, own: CustomField, names: Names, *, kind: str | None) -> str:
    """A value of one of the team's own fields; ``names`` are those of members, by the number a value has them by.

    ``kind`` is the one that the field had for the value; where that is None it is shown as it was stored, and said so. The
    name of an option that was removed is no longer known.
    """
    if value is None or value == []:
        return NOTHING
    if kind is None:
        return f"{_any_value(value)} (as it was stored)"
    field_type = FIELD_TYPES[kind]
    several = value if isinstance(value, list) else [value]
    references = field_type.references(value)
    if references.members:
        return ", ".join(names.get(number, "a former member") for number in several)
    if references.contacts:
        return ", ".join(f"contact #{number}" for number in several)
    if kind in KINDS_WITH_OPTIONS:
        options = definition_of(own).options
        return ", ".join(options.get(number, "a removed option") for number in several)
    if kind == CustomFieldKind.WYSIWYG:
        return " ".join(html.unescape(strip_tags(value)).split())
    return field_type.to_cell(value, definition_of(own))


def _any_value(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_ROWS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "further_emails": _named("email", "label", "note"),
    "further_phones": _named("phone", "label", "note"),
    "related_people": _person,
    "team_members": _named("member_id", "role", "commission_split"),
    "documents": _named("name", "type", "url"),
    "tasks": _task,
    "price_range": _price_range,
}

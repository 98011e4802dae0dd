"""A contact's recorded changes, as sentences for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from accounts.models import Member
from contacts.models import Contact, ContactChange

NOTHING = "—"
_LABELS = {
    "assigned_to_id": "Assigned to",
    "tags": "Tags",
    "further_emails": "Further e-mails",
    "further_phones": "Further phones",
    "further_assignees": "Further assignees",
    "related_people": "Related people",
    "deleted_at": "Deleted",
    "last_contacted_at": "Last contacted",
    "zip_code": "ZIP code",
}
_DOORS = {
    "admin": "Dashboard",
    "winnerr": "Winnerr",
    "rentalot": "Rentalot",
    "estateprime": "EstatePrime",
    "command": "Command",
    "import": "Import",
    "inbound": "Inbound message",
    "system": "Latchkey",
}
_MEMBER_FIELDS = {"assigned_to_id", "further_assignees", "member_id"}


@dataclass(frozen=True)
class FieldChange:
    """One field, before and after, as shown."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeLine:
    """One write: what was done, by whom, when and through which door."""

    moment: datetime
    verb: str
    who: str
    door: str
    fields: Sequence[FieldChange]


def change_lines(changes: Sequence[ContactChange]) -> list[ChangeLine]:
    """The changes in words; members are named with one statement for all of them."""
    names = _member_names(changes)
    return [
        ChangeLine(
            moment=change.created_at,
            verb=change.get_verb_display(),
            who=change.actor_label,
            door=_DOORS.get(change.door, change.door),
            fields=_field_changes(change, names),
        )
        for change in changes
    ]


def label_of(field: str) -> str:
    """What people call a field of a change."""
    if field in _LABELS:
        return _LABELS[field]
    known = {each.name: str(each.verbose_name) for each in Contact._meta.concrete_fields}
    return known.get(field, field.replace("_", " ")).capitalize()


def _field_changes(change: ContactChange, names: Mapping[int, str]) -> list[FieldChange]:
    fields = [*change.after, *(field for field in change.before if field not in change.after)]
    return [
        FieldChange(
            label_of(field),
            _shown(field, change.before.get(field), names),
            _shown(field, change.after.get(field), names),
        )
        for field in fields
    ]


def _member_names(changes: Iterable[ContactChange]) -> dict[int, str]:
    wanted = {pk for change in changes for facts in (change.before, change.after) for pk in _members_in(facts)}
    return {member.pk: member.full_name for member in Member.objects.filter(pk__in=wanted)} if wanted else {}


def _members_in(facts: Mapping[str, Any]) -> set[int]:
    found = set()
    for field in _MEMBER_FIELDS & facts.keys():
        value = facts[field]
        found |= {pk for pk in (value if isinstance(value, list) else [value]) if isinstance(pk, int)}
    return found


def _shown(field: str, value: Any, names: Mapping[int, str]) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if field in _MEMBER_FIELDS:
        return ", ".join(names.get(pk, "a former member") for pk in (value if isinstance(value, list) else [value]))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str):
        return _shown_text(field, value)
    if isinstance(value, list):
        return "; ".join(_shown("", each, names) for each in value)
    if isinstance(value, dict):
        parts = [
            f"{key.replace('_', ' ')}: {_shown('', each, names)}"
            for key, each in value.items()
            if each not in (None, "")
        ]
        return ", ".join(parts) or NOTHING
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _shown_text(field: str, value: str) -> str:
    if field.endswith("_at"):
        moment = parse_datetime(value)
        return date_format(moment, "DATETIME_FORMAT") if moment else value
    column = next((each for each in Contact._meta.concrete_fields if each.name == field and each.choices), None)
    return str(dict(column.flatchoices).get(value, value)) if column else value

"""A contact's recorded changes, as sentences for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.text import Truncator

from accounts.models import Member
from activities.models import Activity, ActivityType, Communication, CommunicationKind, Deal, DealStage, Direction
from activities.querysets import ACTIVITY, COMMUNICATION, DEAL
from contacts.admin.wording import (
    NOTHING,
    Names,
    code_in_words,
    custom_value_in_words,
    in_order,
    label_of,
    member_ids,
    number_in_words,
    parted,
    shown,
)
from contacts.field_types import FIELD_TYPES
from contacts.models import Contact, ContactChange, CustomField
from contacts.models.custom_field import number_of
from contacts.services.contacting import LAST_CONTACTED

LONGEST_REMARK = 160
# The fact that holds the values of the team's own fields.
OWN = "custom_values"
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
# What a change tells of that is a row beside the contact.
_TOLD: dict[str, type[Activity | Communication | Deal]] = {
    ACTIVITY: Activity,
    COMMUNICATION: Communication,
    DEAL: Deal,
}


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

    @property
    def has_before(self) -> bool:
        return any(field.before != NOTHING for field in self.fields)


@dataclass(frozen=True)
class OwnKnown:
    """The team's own fields, retired ones too, in their order, by number; and members' names by theirs."""

    fields: Mapping[int, CustomField]
    names: Names


@dataclass(frozen=True)
class _Known:
    """What changes refer to: members' names by primary key, and rows beside contacts by UUID."""

    names: Names
    rows: Mapping[str, Activity | Communication | Deal]
    own: OwnKnown


def change_lines(changes: Sequence[ContactChange]) -> list[ChangeLine]:
    """The changes in words; whatever they refer to is read with one statement per table for all of them."""
    rows = {key: row for kind in _TOLD for key, row in _rows(kind, changes)}
    known = _Known(_member_names(changes), rows, _own_known(changes))
    return [
        ChangeLine(
            moment=change.created_at,
            verb=_title(change, known),
            who=change.actor_label,
            door=_DOORS.get(change.door, change.door),
            fields=_field_changes(change, known),
        )
        for change in changes
    ]


def _member_names(changes: Iterable[ContactChange]) -> dict[int, str]:
    wanted = {pk for change in changes for facts in (change.before, change.after) for pk in member_ids(facts)}
    return {member.pk: member.full_name for member in Member.objects.filter(pk__in=wanted)} if wanted else {}


def _own_known(changes: Iterable[ContactChange]) -> OwnKnown:
    facts = [each[OWN] for change in changes for each in (change.before, change.after) if each.get(OWN)]
    if not facts:
        return OwnKnown({}, {})
    fields = {field.number: field for field in CustomField.objects.prefetch_related("options")}
    wanted: set[int] = set()
    for values in facts:
        for key, value in values.items():
            field = fields.get(number_of(key))
            kind = field.kind_under(key) if field is not None else None
            if kind is not None:
                wanted |= FIELD_TYPES[kind].references(value).members
    members = Member.objects.filter(number__in=wanted) if wanted else ()
    return OwnKnown(fields, {member.number: member.full_name for member in members})


def _rows(kind: str, changes: Iterable[ContactChange]) -> Iterator[tuple[str, Activity | Communication | Deal]]:
    """The rows that the changes tell of. The caller has made sure that their contacts may be seen."""
    wanted = {(change.contact_id, _told(change, kind)["id"]) for change in changes if _told(change, kind)}
    if wanted:
        contacts, uuids = {contact for contact, _ in wanted}, {uuid for _, uuid in wanted}
        for row in _TOLD[kind]._default_manager.filter(contact_id__in=contacts, uuid__in=uuids):
            yield str(row.uuid), row


def _told(change: ContactChange, kind: str) -> Mapping[str, Any]:
    """What a change says of a row beside the contact, nothing when it is about something else."""
    return change.after.get(kind) or change.before.get(kind) or {}


def _title(change: ContactChange, known: _Known) -> str:
    if activity := _told(change, ACTIVITY):
        return _activity_title(activity, known.rows.get(activity["id"]))
    if gone := change.before.get(COMMUNICATION):
        return f"Removed: {_communication_name(gone['kind'], gone['direction'])}"
    if communication := _told(change, COMMUNICATION):
        row = known.rows.get(communication["id"])
        return (
            _edited_title(communication, row)
            if communication.get("edited")
            else _communication_title(communication, row)
        )
    if deal := _told(change, DEAL):
        row = known.rows.get(deal["id"])
        return _deal_title(change, str(deal.get("title") or getattr(row, "title", "")))
    if confirms_score(change):
        return "Score worked out again, the same"
    if change.after.keys() == {LAST_CONTACTED}:
        return "Spoken to"
    return change.get_verb_display()


def confirms_score(change: ContactChange) -> bool:
    """Whether a change only says that the score was worked out again, and stayed."""
    return change.before == change.after == {"lead_score": change.after.get("lead_score")}


def _activity_title(facts: Mapping[str, Any], row: Any) -> str:
    label = dict(ActivityType.choices).get(facts["type"]) or code_in_words(facts["type"])
    return " — ".join(filter(None, [f"Activity: {label}", _remark(row.description if row else "")]))


def _communication_title(facts: Mapping[str, Any], row: Any) -> str:
    remark = _remark(row.subject or row.body) if row else ""
    return ": ".join(filter(None, [_communication_name(facts["kind"], facts["direction"]), remark]))


def _edited_title(facts: Mapping[str, Any], row: Any) -> str:
    """What it says now: each edit is a line, and only the first and the last text are kept."""
    medium = dict(CommunicationKind.choices).get(facts["kind"], "Message")
    return ": ".join(filter(None, [f"{medium} edited by its sender", _remark(row.body) if row else ""]))


def _communication_name(kind: str, direction: str) -> str:
    is_inbound = direction == Direction.INBOUND
    if kind == CommunicationKind.IN_PERSON:
        return "Met in person"
    if kind == CommunicationKind.CALL:
        return "Call received" if is_inbound else "Call made"
    medium = "Message" if kind == CommunicationKind.OTHER else dict(CommunicationKind.choices).get(kind, "Message")
    return f"{medium} {'received' if is_inbound else 'sent'}"


def _deal_title(change: ContactChange, title: str) -> str:
    if change.after.get(DEAL) is None:
        return f"Deal removed: {title}"
    if DEAL in change.before:
        return f"Deal changed: {title}"
    facts = change.after[DEAL]
    stage = dict(DealStage.choices).get(facts.get("stage"), "")
    amount = number_in_words(facts["amount"]) if facts.get("amount") is not None else ""
    return f"Deal added: {', '.join(filter(None, [title, stage, amount]))}"


def _remark(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(LONGEST_REMARK)


def _field_changes(change: ContactChange, known: _Known) -> list[FieldChange]:
    names = known.names
    before = {field: value for field, value in change.before.items() if field not in _TOLD and field != OWN}
    after = {field: value for field, value in change.after.items() if field not in _TOLD and field != OWN}
    fields = _compared(before, after, names, Contact)
    fields += _own_compared(change.before.get(OWN) or {}, change.after.get(OWN) or {}, known.own)
    if change.before.get(DEAL) and change.after.get(DEAL):
        # A new deal and one taken away are told by their title.
        fields += _compared(change.before[DEAL], change.after[DEAL], names, Deal)
    return fields


def _compared(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Names, model: type[models.Model]
) -> list[FieldChange]:
    old, new = parted(before), parted(after)
    fields = in_order({*old, *new} - {"id"}, model)
    lines = [
        FieldChange(
            label_of(field, model),
            shown(field, old.get(field), names, model),
            shown(field, new.get(field), names, model),
        )
        for field in fields
    ]
    return [line for line in lines if line.before != line.after]


def _own_compared(before: Mapping[str, Any], after: Mapping[str, Any], known: OwnKnown) -> list[FieldChange]:
    """The values that differ, in the order of the fields; one that was carried over to another type is one line."""
    lines = []
    for number in sorted({number_of(key) for key in (*before, *after)}, key=list(known.fields).index):
        field = known.fields[number]
        old, new = (_own_in_words(values, field, known.names) for values in (before, after))
        if old != new:
            lines.append(FieldChange(field.name, old, new))
    return lines


def _own_in_words(values: Mapping[str, Any], field: CustomField, names: Names) -> str:
    """The value of now where there is one, else that of the type before."""
    keys = sorted((key for key in values if number_of(key) == field.number), key=lambda key: (key != field.key, key))
    if not keys:
        return NOTHING
    return custom_value_in_words(values[keys[0]], field, names, kind=field.kind_under(keys[0]))

"""Cells that hold people: the parts of a contact's name, and those who can be spoken to in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contacts.drafts import RelatedPersonDraft
from contacts.importing.columns.column import BadCell, Column, Reading, fault, texts
from contacts.importing.columns.points import emails_in, phones_in
from contacts.importing.context import Context
from contacts.importing.records import RowFault
from contacts.normalise import join_name, split_name

_WHOLE: Final = frozenset({"first_name", "last_name", "full_name"})
# What is joined to a first and to a last name, as the domain does where it splits a name (``normalise.split_name``).
_PARTS: Final = {
    "first_name": ("name_prefix", "first_name", "middle_name"),
    "last_name": ("last_name", "name_suffix"),
}


class Names:
    """First and last names with the other parts of a name joined to them."""

    def __init__(self, columns: Sequence[Column]) -> None:
        positions = {column.identifier: column.index for column in columns}
        self._parts = [
            (field, [positions[part] for part in parts if part in positions]) for field, parts in _PARTS.items()
        ]
        # A title alone is nobody's name.
        self._names = [position for name, position in positions.items() if name not in {"name_prefix", "name_suffix"}]

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        if not any(cells[position].strip() for position in self._names):
            return
        for field, positions in self._parts:
            if text := join_name("", "", *[cells[position] for position in positions]):
                values[field] = text


def read_names(columns: Sequence[Column], context: Context) -> Reading:
    """``first_name``, ``last_name``, ``full_name`` and the parts around them; a whole name is split by the domain's rules."""
    if all(column.identifier in _WHOLE for column in columns):
        return texts(columns, context)
    whole = [column for column in columns if column.identifier == "full_name"]
    parts = [column for column in columns if column.identifier != "full_name"]
    if not any(column.identifier in _WHOLE for column in parts):
        # Beside a whole name the parts are said twice.
        return texts(whole, context) if whole else Reading(steps=[Names(parts)])
    return Reading(texts(whole, context).texts, [Names(parts)])


class RelatedPeople:
    """One person for each parameter (``Spouse``, ``Assistant``), which is what the notes on them say."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._people: dict[str, dict[str, Column]] = {}
        for column in columns:
            self._people.setdefault(column.parameter, {}).setdefault(column.identifier, column)

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        people = [
            person for label, columns in self._people.items() if (person := _person(label, columns, cells, faults))
        ]
        if people:
            values["related_people"] = tuple(people)


def _person(
    label: str, columns: dict[str, Column], cells: Sequence[str], faults: list[RowFault]
) -> RelatedPersonDraft | None:
    said = {name: text for name, column in columns.items() if (text := cells[column.index].strip())}
    if not said:
        return None
    first_name, last_name = split_name(said.get("related_name", ""))
    try:
        mobiles = phones_in(said["related_phone"]) if "related_phone" in said else []
    except BadCell as error:
        faults.append(fault(columns["related_phone"].heading, said["related_phone"], error))
        mobiles = []
    emails = emails_in(said["related_email"]) if "related_email" in said else []
    if not (first_name or last_name or mobiles or emails):
        return None
    return RelatedPersonDraft(
        first_name=first_name,
        last_name=last_name,
        mobile=mobiles[0] if mobiles else "",
        email=emails[0] if emails else "",
        notes="; ".join(part for part in (label, *mobiles[1:], *emails[1:]) if part),
    )


def read_related_people(columns: Sequence[Column], context: Context) -> Reading:
    """``related_name``, ``related_phone`` and ``related_email``, with who they are as parameter."""
    return Reading(steps=[RelatedPeople(columns)])

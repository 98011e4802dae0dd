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
_PARTS: Final = {"first_name": ("first_name", "middle_name"), "last_name": ("last_name", "name_suffix")}


class Names:
    """First and last names with the other parts joined to them. A title is a part of the whole name only."""

    def __init__(self, columns: Sequence[Column]) -> None:
        positions = {column.identifier: column.index for column in columns}
        self._parts = [
            (field, [positions[part] for part in parts if part in positions]) for field, parts in _PARTS.items()
        ]
        self._whole, self._title = positions.get("full_name"), positions.get("name_prefix")

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        for field, positions in self._parts:
            if text := join_name("", "", *[cells[position] for position in positions]):
                values[field] = text
        whole = cells[self._whole].strip() if self._whole is not None else ""
        title = cells[self._title].strip() if self._title is not None else ""
        parts = (values.get("first_name", ""), values.get("last_name", ""))
        if whole or (title and any(parts)):
            values["full_name"] = whole or join_name(title, *parts)


def read_names(columns: Sequence[Column], context: Context) -> Reading:
    """``first_name``, ``last_name``, ``full_name`` and the parts around them; a whole name is split by the domain's rules."""
    whole = [column for column in columns if column.identifier in _WHOLE]
    if len(whole) == len(columns):
        return texts(columns, context)
    if [column.identifier for column in whole] == ["full_name"]:
        # It has the other parts in it.
        return texts(whole, context)
    return Reading(steps=[Names(columns)])


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

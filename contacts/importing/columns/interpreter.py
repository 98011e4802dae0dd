"""Rows of a table, understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contacts.drafts import ContactDraft
from contacts.importing.columns.column import Column, Reader, Step
from contacts.importing.columns.mapping import Mapping
from contacts.importing.columns.places import read_places
from contacts.importing.columns.remarks import custom_parameter
from contacts.importing.columns.targets import TARGETS, choice
from contacts.importing.context import Context
from contacts.importing.records import IgnoredColumn, Interpreted, Interpreter, Record, RowFault, Unreadable, UsedColumn

_NOTHING_SAID: Final = RowFault("", "", "required", "Nothing to import: no column that is used has anything in it.")
# Columns that are joined to another one's field, and those a field without a column of its own comes from.
_JOINED: Final = {"first_name": ("middle_name",), "last_name": ("name_suffix",)}
_OTHER_ORIGINS: Final = {
    "email": ("further_emails",),
    "phone": ("further_phones",),
    "further_emails": ("email",),
    "further_phones": ("phone",),
    "full_name": ("first_name", "last_name"),
    "street": ("address",),
    "city": ("address",),
    "state": ("address",),
    "zip_code": ("address",),
    "country": ("address",),
}
_NAMES: Final = ("full_name", "first_name", "last_name")


class TableInterpreter(Interpreter):
    """Understands the rows of a file with these headings, as a mapping says.

    Everything that does not depend on a row is worked out here, once: a million rows come after it. Raises ``Unreadable``
    where the mapping is another file's, or names a custom field that is gone.
    """

    def __init__(self, mapping: Mapping, headers: Sequence[str], context: Context) -> None:
        self._mapping, self._context = mapping, context
        self._columns = _columns_of(mapping, headers, context)
        self._width = max((column.index for column in self._columns), default=-1) + 1
        self._texts: list[tuple[int, str]] = []
        self._steps: list[Step] = []
        for reader, columns in _by_reader(self._columns):
            reading = reader(columns, context)
            self._texts += reading.texts
            self._steps += reading.steps
        names = {column.identifier for column in self._columns}
        # Where there is a place for names, a row with nothing but a company's is a company.
        self._finds_companies = "company_name" in names and "is_company" not in names and not names.isdisjoint(_NAMES)

    def interpret(self, record: Record) -> Interpreted:
        cells: Sequence[str] = record.raw
        if len(cells) < self._width:
            cells = [*cells, *[""] * (self._width - len(cells))]
        values: dict[str, Any] = {}
        faults: list[RowFault] = []
        for index, name in self._texts:
            if text := cells[index].strip():
                values[name] = text
        for step in self._steps:
            step(cells, values, faults)
        if self._finds_companies and "company_name" in values and values.keys().isdisjoint(_NAMES):
            values["is_company"] = True
        if not values and not faults:
            faults.append(_NOTHING_SAID)
        return Interpreted(ContactDraft(**values), faults)

    def column_of(self, name: str) -> str:
        head, *rest = name.split(".")
        if head == "custom_fields" and rest:
            found = [
                column
                for column in self._columns
                if column.identifier == "custom" and custom_parameter(column.parameter)[0] == rest[0]
            ]
        else:
            found = self._origins(name) or [
                column for other in _OTHER_ORIGINS.get(head, ()) for column in self._origins(other)
            ]
        return ", ".join(column.heading for column in found) or name

    def _origins(self, name: str) -> list[Column]:
        """The columns a field is made of: of what is joined there are several."""
        joined = _JOINED.get(name, ())
        found = []
        for column in self._columns:
            field = TARGETS[column.identifier].field or column.identifier
            if field == name or name.startswith(f"{field}.") or column.identifier in joined:
                found.append(column)
        return found

    def used(self) -> list[UsedColumn]:
        return [
            UsedColumn(
                column.heading, choice(column.target, self._context).verbose_name(self._context), column.examples
            )
            for column in self._mapping.columns
            if column.target
        ]

    def ignored(self) -> list[IgnoredColumn]:
        return [IgnoredColumn(column.heading, column.reason) for column in self._mapping.columns if not column.target]


def _columns_of(mapping: Mapping, headers: Sequence[str], context: Context) -> list[Column]:
    # Through the document, so that what it names is checked against this file and this organization.
    document = {"columns": {column.heading: column.target for column in mapping.columns if column.target}}
    checked = Mapping.from_json(document, headers, context)
    chosen = [
        (index, column.heading, choice(column.target, context))
        for index, column in enumerate(checked.columns)
        if column.target
    ]
    if not chosen:
        raise Unreadable("No column of the file is understood; say in a mapping what they are.")
    return [Column(index, heading, each.target.identifier, each.parameter) for index, heading, each in chosen]


def _by_reader(columns: Sequence[Column]) -> list[tuple[Reader, list[Column]]]:
    grouped: dict[Reader, list[Column]] = {}
    for column in columns:
        grouped.setdefault(TARGETS[column.identifier].reader, []).append(column)
    # Addresses that are not the contact's go behind the notes.
    return sorted(grouped.items(), key=lambda group: group[0] is read_places)

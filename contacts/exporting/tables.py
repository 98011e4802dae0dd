"""Contacts as a table: the columns, which importing recognises by their headings, and the plain text file of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from contacts.exporting.documents import ContactDocuments, as_cell
from contacts.exporting.formats import Writer
from contacts.field_types.base import joined
from contacts.field_types.numbers import plain
from contacts.spreadsheets import safe_cell

Cell: TypeAlias = str | int | None
Document: TypeAlias = dict[str, Any]

CUSTOM: Final = "Custom: "


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _further(rows: Sequence[dict[str, str]], name: str) -> str:
    return joined(f"{row['label']}: {row[name]}" if row["label"] else row[name] for row in rows)


def _amount(value: int | float | None) -> Cell:
    """Digits without an exponent: spreadsheets would round it."""
    return plain(Decimal(str(value))) if isinstance(value, float) else value


def _preference(name: str) -> Callable[[Document], Any]:
    return lambda document: (document["preferences"] or {}).get(name)


def _price(bound: str) -> Callable[[Document], Cell]:
    price = _preference("price_range")
    return lambda document: _amount((price(document) or {}).get(bound))


def _stored(name: str) -> Callable[[Document], Cell]:
    return lambda document: document[name]


_COLUMNS: Final[dict[str, Callable[[Document], Cell]]] = {
    "ID": _stored("uuid"),
    "Number": _stored("number"),
    "First name": _stored("first_name"),
    "Last name": _stored("last_name"),
    "Full name": _stored("full_name"),
    "Is company": lambda document: _yes_or_no(document["is_company"]),
    "Company": _stored("company_name"),
    "Email": _stored("email"),
    "Email label": _stored("email_label"),
    "Email note": _stored("email_note"),
    "Phone": _stored("phone"),
    "Phone label": _stored("phone_label"),
    "Phone note": _stored("phone_note"),
    "Further emails": lambda document: _further(document["further_emails"], "email"),
    "Further phones": lambda document: _further(document["further_phones"], "phone"),
    "Street": _stored("street"),
    "City": _stored("city"),
    "State": _stored("state"),
    "Zip code": _stored("zip_code"),
    "Country": _stored("country"),
    "Type": _stored("type"),
    "Status": _stored("status"),
    "Stage": _stored("stage"),
    "Role": _stored("role"),
    "Source": _stored("source"),
    "Referral source": _stored("referral_source"),
    "Channel preference": _stored("channel_preference"),
    "Language": _stored("language"),
    "Communication method": _preference("communication_method"),
    "Property types": lambda document: joined(_preference("property_types")(document) or ()),
    "Price from": _price("min"),
    "Price to": _price("max"),
    "Locations": lambda document: joined(_preference("locations")(document) or ()),
    "Notes": _stored("notes"),
    "Tags": lambda document: joined(document["tags"]),
    "Assigned to": _stored("assigned_to"),
    "Lead score": _stored("lead_score"),
    "Created at": _stored("created_at"),
    "Updated at": _stored("updated_at"),
    "Last contacted at": _stored("last_contacted_at"),
    "Do not contact by": lambda document: joined(document["do_not_contact_by"]),
}
_CELLS: Final = tuple(_COLUMNS.values())


class Table:
    """The contacts of one export as rows of cells, beside each other in the order of ``headings``."""

    def __init__(self) -> None:
        self._documents = ContactDocuments(as_cell)
        self._names = [field.name for field in self._documents.fields]

    @property
    def headings(self) -> list[str]:
        return [*_COLUMNS, *(f"{CUSTOM}{name}" for name in self._names)]

    def rows(self, keys: Sequence[int]) -> Iterator[list[Cell]]:
        """The rows of contacts by primary key; None and ``""`` are empty cells."""
        for document in self._documents.of(keys):
            said = document["custom_fields"]
            yield [*(cell(document) for cell in _CELLS), *(said.get(name) for name in self._names)]


class CsvWriter(Writer):
    """RFC 4180: commas, CRLF, quotes where they are needed; UTF-8 with the mark that makes Excel read it as such.

    No cell is a formula to a spreadsheet: ``contacts.spreadsheets``.
    """

    suffix = ".csv"
    content_type = "text/csv; charset=utf-8"

    table: Table

    def begin(self) -> bytes:
        self.table = Table()
        return "\ufeff".encode() + _written([self.table.headings])

    def add(self, keys: Sequence[int]) -> bytes:
        rows = list(self.table.rows(keys))
        self.contacts += len(rows)
        return _written(rows)


def _written(rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    return safe_cell(cell) if isinstance(cell, str) else cell

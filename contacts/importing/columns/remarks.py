"""Cells that say more of a contact: notes, what somebody looks for, and the team's own fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from contacts.drafts import PreferencesDraft, PriceRange
from contacts.field_types import EMPTY, BadFieldValue
from contacts.importing.columns.column import NOTHING, BadCell, Column, Reading, fault, texts
from contacts.importing.columns.lists import parts
from contacts.importing.columns.moments import ORDERS, read_clock
from contacts.importing.columns.values import yes_or_no
from contacts.importing.context import Context, KnownField
from contacts.importing.records import RowFault
from contacts.normalise import fold

_AMOUNT: Final = re.compile(r"(?P<digits>\d[\d.,' ]*)(?P<unit>[kKmM]?)\Z", re.ASCII)
_CURRENCY: Final = re.compile(r"[$€£¥₺₽]|\b(?:USD|EUR|GBP|CHF|PLN|TRY|RUB|CAD|AUD)\b|zł")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+\Z", re.ASCII)
_LONGEST_AMOUNT: Final = 30
_NO_AMOUNT: Final = "Must be an amount, like 250000."
_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000}


class Notes:
    """Several columns as paragraphs, each with its parameter before it."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(column.index, column.parameter) for column in columns]

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        said = [(label, text) for index, label in self._columns if (text := cells[index].strip())]
        if said:
            values["notes"] = "\n".join(f"{label}: {text}" if label else text for label, text in said)


def read_notes(columns: Sequence[Column], context: Context) -> Reading:
    """``notes``, with what stands before them as parameter."""
    if len(columns) == 1 and not columns[0].parameter:
        return texts(columns, context)
    return Reading(steps=[Notes(columns)])


def amount(text: str) -> int | float | None:
    """A sum of money as it is written in any country: ``$250,000``, ``250.000,50 €``, ``1.2m``. Raises ``BadCell``."""
    if text.lower() in NOTHING:
        return None
    match = _AMOUNT.match(_CURRENCY.sub("", text).replace("\u00a0", " ").replace("\u202f", " ").strip())
    if match is None:
        raise BadCell(_NO_AMOUNT)
    digits, unit = match["digits"].strip(), match["unit"].lower()
    number = _number(digits) * _UNITS[unit]
    return int(number) if number == int(number) else number


def _number(digits: str) -> float:
    # Longer than any sum, and a float without end.
    if len(digits) > _LONGEST_AMOUNT:
        raise BadCell(_NO_AMOUNT)
    if _THOUSANDS.match(digits):
        return float(re.sub(r"\D", "", digits))
    whole, _, cents = re.sub(r"[' ]", "", digits).replace(",", ".").rpartition(".")
    return float(f"{whole.replace('.', '') or '0'}.{cents or '0'}") if whole else float(cents)


class Preferences:
    """What somebody looks for, from the columns of its parts."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(column, self._reader(column)) for column in columns]

    def _reader(self, column: Column) -> Callable[[str], Any]:
        if column.identifier in {"price_from", "price_to"}:
            return amount
        if column.identifier == "communication_method":
            return str
        return lambda text: tuple(parts(text, column.parameter))

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        said: dict[str, Any] = {}
        for column, read in self._columns:
            if text := cells[column.index].strip():
                try:
                    said[column.identifier] = read(text)
                except BadCell as error:
                    faults.append(fault(column.heading, text, error))
        bounds = {
            bound: said.pop(name)
            for name, bound in (("price_from", "min"), ("price_to", "max"))
            if said.get(name) is not None
        }
        said = {name: value for name, value in said.items() if value}
        if bounds:
            said["price_range"] = PriceRange(**bounds)
        if said:
            values["preferences"] = PreferencesDraft(**said)


def read_preferences(columns: Sequence[Column], context: Context) -> Reading:
    """``communication_method``, ``price_from``, ``price_to``, and ``property_types`` and ``locations`` like tags."""
    return Reading(steps=[Preferences(columns)])


def custom_value(known: KnownField, order: str, text: str) -> Any:
    """The stored form of a custom field's cell, None where it says nothing. Raises ``BadCell``.

    What an export wrote is read by the field's type; where that cannot, dates, words for yes and no, and options are read
    as people write them.
    """
    try:
        value = known.type.from_cell(text, known.definition)
        return None if value in EMPTY else known.type.clean(value, known.definition)
    except BadFieldValue as error:
        try:
            return known.type.clean(_as_people_write(known, order, text), known.definition)
        except BadFieldValue:
            raise BadCell(f"{known.name} {error}.") from None


def _as_people_write(known: KnownField, order: str, text: str) -> Any:
    match known.type.name:
        case "date" | "datetime":
            moment = read_clock(text, order)
            return text if moment is None else moment
        case "checkbox":
            return yes_or_no(text)
        case "select":
            return _option(known, text)
        case "select_multi":
            return [_option(known, part) for part in parts(text)]
        case "number" | "formatted_number" | "currency":
            return amount(text)
        case _:
            return text


def _option(known: KnownField, text: str) -> Any:
    folded = fold(text)
    return next((number for number, name in known.definition.options.items() if fold(name) == folded), text)


class CustomFields:
    """The team's own fields, each from one column."""

    def __init__(self, columns: Sequence[Column], context: Context) -> None:
        fields = {str(known.number): known for known in context.fields}
        self._columns: list[tuple[Column, int, Callable[[str], Any]]] = []
        for column in columns:
            number, order = custom_parameter(column.parameter)
            known = fields[number]
            self._columns.append((column, known.number, partial(custom_value, known, order)))

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        said: dict[int, Any] = {}
        for column, number, read in self._columns:
            if text := cells[column.index].strip():
                try:
                    value = read(text)
                except BadCell as error:
                    faults.append(fault(column.heading, text, error))
                    continue
                if value is not None:
                    said[number] = value
        if said:
            values["custom_values"] = said


def custom_parameter(parameter: str) -> tuple[str, str]:
    """Number or name of a custom field, and the order of days and months that may follow it."""
    head, separator, tail = parameter.rpartition(":")
    return (head, tail) if separator and tail in ORDERS else (parameter, "")


def read_custom_fields(columns: Sequence[Column], context: Context) -> Reading:
    """``custom``, with the field's number as parameter, and after it the order of days and months where it has one."""
    return Reading(steps=[CustomFields(columns, context)])

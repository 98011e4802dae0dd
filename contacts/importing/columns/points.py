"""Cells that hold e-mail addresses and telephones, one or several, with their labels and notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contacts.drafts import EmailDraft, PhoneDraft
from contacts.field_types import BadFieldValue
from contacts.field_types.base import split
from contacts.importing.columns.column import NOTHING, BadCell, Column, Reading, fault
from contacts.importing.context import Context
from contacts.importing.records import RowFault
from contacts.normalise import phone_digits

# What most cells hold, told by one look at them.
_PLAIN_EMAIL: Final = re.compile(r"[^\s<>:;,|@]+@[^\s<>:;,|@]+\Z")
_PLAIN_PHONE: Final = re.compile(r"[+(]*\d[\d ().-]*\Z", re.ASCII)
_IN_ANGLES: Final = re.compile(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>")
_BETWEEN_EMAILS: Final = re.compile(r"[;,|\s]+(?::::\s+)?")
_BETWEEN_PHONES: Final = re.compile(r"\s:::\s|[;,|\n]|\s/\s|\bor\b")
_ROUNDED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}\Z", re.ASCII)
# Fewer are an extension, or the end of the number before.
_FEWEST_DIGITS: Final = 5
# A number that nobody answers is never the first one.
UNANSWERED: Final = frozenset({"fax", "home fax", "work fax", "other fax", "pager", "telex", "tty"})
# By which of several somebody is reached first; whatever else there is comes behind.
FIRST_LABELS: Final = ("", "Mobile", "iPhone", "Home", "Work", "Main")
_NUMBERS: Final = re.compile(r"\d+", re.ASCII)


def emails_in(text: str) -> list[str]:
    """The addresses of a cell: ``a@b``, ``Name <a@b>``, ``mailto:a@b``, several of them. What is no address stays whole."""
    if _PLAIN_EMAIL.match(text):
        return [text]
    if text.lower() in NOTHING:
        return []
    if found := _IN_ANGLES.findall(text):
        return list(map(_without_scheme, found))
    pieces = [_without_scheme(piece) for piece in _BETWEEN_EMAILS.split(text) if piece]
    return pieces if all("@" in piece for piece in pieces) else [_without_scheme(text)]


def _without_scheme(text: str) -> str:
    if text[:7].lower() != "mailto:":
        return text
    return text[7:].partition("?")[0].strip()


def phones_in(text: str) -> list[str]:
    """The numbers of a cell as they are typed, possible or not. Raises ``BadCell`` where a spreadsheet has rounded one."""
    if _PLAIN_PHONE.match(text):
        return [text]
    if text.lower() in NOTHING:
        return []
    pieces = [piece.strip() for piece in _BETWEEN_PHONES.split(text) if piece.strip()]
    if not all(len(phone_digits(piece)) >= _FEWEST_DIGITS for piece in pieces):
        pieces = [text]
    return [_as_typed(piece) for piece in pieces]


def _as_typed(text: str) -> str:
    text = text[4:].strip() if text[:4].lower() == "tel:" else text
    if _ROUNDED.match(text):
        raise BadCell("A spreadsheet has rounded this number; format the column as text and write it out.")
    return text


def label_of(text: str) -> str:
    """A label as its program shows it: Google's ``* Work`` and Apple's ``_$!<Home>!$_`` without what is around it."""
    return text.removeprefix("*").strip().removeprefix("_$!<").removesuffix(">!$_").strip()


@dataclass(frozen=True, slots=True)
class PointKind:
    """What distinguishes e-mail addresses from telephones."""

    name: str
    further: str
    found_in: Callable[[str], list[str]]
    draft: Callable[..., Any]


EMAILS: Final = PointKind("email", "further_emails", emails_in, EmailDraft)
PHONES: Final = PointKind("phone", "further_phones", phones_in, PhoneDraft)


@dataclass(slots=True)
class _Point:
    """A column of values, with the columns of their labels and notes."""

    index: int
    heading: str
    label: str
    labels: int | None = None
    notes: int | None = None
    is_list: bool = False
    may_be_first: bool = True

    def entries(self, kind: PointKind, cells: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Value, label and note of each value of the cell. Raises ``BadCell``."""
        text = cells[self.index].strip()
        if not text:
            return
        if self.is_list:
            yield from _listed(text)
            return
        label = label_of(cells[self.labels].strip()) if self.labels is not None else ""
        note = cells[self.notes].strip() if self.notes is not None else ""
        for value in kind.found_in(text):
            yield value, label or self.label, note


def _listed(text: str) -> Iterator[tuple[str, str, str]]:
    """``value; label: value``, as exports write further addresses and numbers: the last ``: `` ends the label."""
    try:
        entries = split(text)
    except BadFieldValue as error:
        raise BadCell(f"The cell {error}.") from None
    for entry in entries:
        # A label may hold one, an address or number does not.
        label, separator, value = entry.rpartition(": ")
        yield (value.strip(), label.strip(), "") if separator else (entry, "", "")


@dataclass(slots=True)
class Points:
    """All addresses or all numbers of a row: the first is the primary one, the rest are further ones, none twice."""

    kind: PointKind
    points: list[_Point] = field(default_factory=list)

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        first: tuple[str, str, str] | None = None
        further: dict[str, tuple[str, str, str]] = {}
        for point in self.points:
            try:
                for entry in point.entries(self.kind, cells):
                    if first is None and point.may_be_first:
                        first = entry
                    elif first is None or entry[0] != first[0]:
                        further.setdefault(entry[0], entry)
            except BadCell as error:
                faults.append(fault(point.heading, cells[point.index].strip(), error))
        self._put(first, list(further.values()), values)

    def _put(
        self, first: tuple[str, str, str] | None, further: list[tuple[str, str, str]], values: dict[str, Any]
    ) -> None:
        name = self.kind.name
        if first is not None:
            for field_name, value in zip((name, f"{name}_label", f"{name}_note"), first, strict=True):
                if value:
                    values[field_name] = value
        if further:
            values[self.kind.further] = tuple(
                self.kind.draft(**{name: value, "label": label, "note": note}) for value, label, note in further
            )


@dataclass(slots=True)
class OnePoint:
    """The one column of addresses or numbers of most files."""

    kind: PointKind
    index: int
    heading: str

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        text = cells[self.index].strip()
        if not text:
            return
        try:
            found = self.kind.found_in(text)
        except BadCell as error:
            faults.append(fault(self.heading, text, error))
            return
        if found:
            values[self.kind.name] = found[0]
            if len(found) > 1 and (further := [value for value in dict.fromkeys(found) if value != found[0]]):
                values[self.kind.further] = tuple(self.kind.draft(**{self.kind.name: value}) for value in further)


def read_emails(columns: Sequence[Column], context: Context) -> Reading:
    """``email``, ``further_email`` and ``further_emails``, the first two with a label as parameter, and what is said of them."""
    return _read(EMAILS, columns)


def read_phones(columns: Sequence[Column], context: Context) -> Reading:
    """The same of ``phone``, ``further_phone`` and ``further_phones``."""
    return _read(PHONES, columns)


def _read(kind: PointKind, columns: Sequence[Column]) -> Reading:
    names = (kind.name, f"further_{kind.name}", kind.further)
    valued = [column for column in columns if column.identifier in names]
    # The primary one may stand behind others, and where its cell is empty the next takes its place.
    valued.sort(key=lambda column: (names.index(column.identifier), kind is PHONES and rank_of(column.parameter)))
    if not valued:
        return Reading()
    if len(columns) == 1 and columns[0].identifier == kind.name and not columns[0].parameter:
        return Reading(steps=[OnePoint(kind, columns[0].index, columns[0].heading)])
    points = [_point(column, is_list=column.identifier == kind.further) for column in valued]
    for column in columns:
        if column.identifier not in names:
            point = points[valued.index(_nearest(column, valued))]
            if column.identifier == f"{kind.name}_label":
                point.labels = column.index
            else:
                point.notes = column.index
    return Reading(steps=[Points(kind, points)])


def _point(column: Column, *, is_list: bool) -> _Point:
    may_be_first = not is_list and column.parameter.lower() not in UNANSWERED
    return _Point(column.index, column.heading, column.parameter, is_list=is_list, may_be_first=may_be_first)


def _nearest(column: Column, valued: Sequence[Column]) -> Column:
    """Whose label it is: that of the same number (``Phone 2 - Label``), else of the column beside it."""

    def distance(other: Column) -> tuple[bool, int]:
        return number_in(other.heading) != number_in(column.heading), abs(other.index - column.index)

    return min(valued, key=distance)


def rank_of(label: str) -> int:
    """How early a number with a label is called."""
    return FIRST_LABELS.index(label) if label in FIRST_LABELS else len(FIRST_LABELS)


def number_in(heading: str) -> int:
    """The number in a heading, 1 where there is none."""
    found = _NUMBERS.search(heading)
    return int(found[0][:3]) if found else 1

"""What a kind of custom field is: how its values are written, stored, shown and asked for."""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q

from contacts.field_types.stored import HoldsValue

# What takes a value away, in every type.
EMPTY: Final[tuple[Any, ...]] = (None, "", [])
LONGEST_ID: Final = 19
_NEEDS_QUOTES: Final = re.compile(r'[;"\r\n]')


class BadFieldValue(ValueError):
    """A value the field cannot hold; the message is the rest of a sentence that begins with the field's name."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What a type needs to know of a field: where its values are and, for choices, the options by number.

    ``time_zone`` is the organization's, in which its people read and write times.
    """

    key: str
    options: Mapping[int, str] = field(default_factory=dict)
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True)
class References:
    """Rows a value points to, by the numbers EstatePrime knows them by."""

    members: frozenset[int] = frozenset()
    contacts: frozenset[int] = frozenset()

    def __or__(self, other: References) -> References:
        return References(self.members | other.members, self.contacts | other.contacts)


class FieldType(ABC):
    """One kind of custom field. Stateless; stored values are JSON, and never one of ``EMPTY``."""

    name: ClassVar[str]

    @abstractmethod
    def clean(self, value: Any, definition: Definition) -> Any:
        """The stored form of a value that is not empty, from any door. Raises ``BadFieldValue``.

        Whether the rows it refers to exist is for the caller to ask, by ``references``.
        """

    def references(self, stored: Any) -> References:
        """The rows a stored value points to."""
        return References()

    def offered(self, stored: Any, options: Collection[int]) -> Any:
        """What is left of a stored value while a removed option is still being taken out of it; None when nothing is."""
        return stored

    def to_wire(self, stored: Any) -> Any:
        """What EstatePrime's wire prints (CONTRACTS 3.5)."""
        return stored

    def to_document(self, stored: Any, definition: Definition) -> Any:
        """The value as JSON for another organization's field of the same kind, whose ``clean`` takes it."""
        return stored

    @abstractmethod
    def form_field(self, definition: Definition) -> forms.Field:
        """The field of a form on a contact's page; what it gives goes to ``clean``."""

    def to_form(self, stored: Any, definition: Definition) -> Any:
        """The form field's initial value."""
        return stored

    def to_cell(self, stored: Any, definition: Definition) -> str:
        """The value as text, for a table or a page."""
        return str(stored)

    def from_cell(self, text: str, definition: Definition) -> Any:
        """What a table's cell means, for ``clean``, which takes what ``to_cell`` wrote back to the stored value."""
        return text.strip()

    def matches(self, text: str, definition: Definition) -> Q:
        """Contacts whose value is the one that ``text`` says, or has it among others. Raises ``BadFieldValue``.

        No index helps: the database reads the values of all contacts that nothing else leaves out.
        """
        return Q(HoldsValue(definition.key, self.wanted(text, definition)))

    def wanted(self, text: str, definition: Definition) -> Any:
        """The stored form of the one value that ``text`` asks for. Raises ``BadFieldValue``."""
        return self.clean(self.from_cell(text, definition), definition)


REGISTRY: Final[dict[str, FieldType]] = {}


def register(field_type: type[FieldType]) -> type[FieldType]:
    """Make a type one that fields can have."""
    REGISTRY[field_type.name] = field_type()
    return field_type


def whole_number(value: Any) -> int:
    """An id as programs send one: an integer, or its digits. Raises ``BadFieldValue``."""
    value = as_integer(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise BadFieldValue("must be an id")
    return value


def as_integer(value: Any) -> Any:
    """The integer that a text of digits or a number like ``7.0`` stands for, to JSON the same as 7; anything else as it is."""
    is_whole = (isinstance(value, str) and is_digits(value)) or (isinstance(value, float) and value.is_integer())
    return int(value) if is_whole else value


def listed(value: Any) -> list[Any]:
    """The values of a field that holds several: an array, never a text of several. Raises ``BadFieldValue``."""
    if not isinstance(value, list | tuple):
        raise BadFieldValue("must be an array")
    return list(value)


def is_digits(text: str) -> bool:
    """Whether a text is a number that a column of ids could hold, as a program or a person writes it."""
    digits = text.strip()
    return digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_ID


def joined(parts: Iterable[str]) -> str:
    """Several texts as one cell: between semicolons, in double quotes where they need them."""
    return "; ".join('"' + part.replace('"', '""') + '"' if _NEEDS_QUOTES.search(part) else part for part in parts)


def split(text: str) -> list[str]:
    """The texts that ``joined`` made one cell of, blank ones left out. Raises ``BadFieldValue``."""
    try:
        rows = list(csv.reader(io.StringIO(text.strip(), newline=""), delimiter=";", skipinitialspace=True))
    except csv.Error:
        raise BadFieldValue("must be texts between semicolons") from None
    return [part.strip() for row in rows for part in row if part.strip()]

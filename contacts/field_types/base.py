"""What a kind of custom field is: how its values are written, stored, shown and asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q

# What takes a value away, in every type.
EMPTY: Final[tuple[Any, ...]] = (None, "", [])


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
        """What a table's cell means, for ``clean``."""
        return text.strip()

    def matches(self, text: str, definition: Definition) -> Q:
        """Contacts whose value is the one that ``text`` says. Raises ``BadFieldValue``."""
        wanted = self.clean(self.from_cell(text, definition), definition)
        return Q(**{f"custom_values__{definition.key}": wanted})


REGISTRY: Final[dict[str, FieldType]] = {}


def register(field_type: type[FieldType]) -> type[FieldType]:
    """Make a type one that fields can have."""
    REGISTRY[field_type.name] = field_type()
    return field_type


def whole_number(value: Any) -> int:
    """An id as programs send one: an integer, or its digits. Raises ``BadFieldValue``."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value.strip()[:19])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise BadFieldValue("must be an id")
    return value


def listed(value: Any) -> list[Any]:
    """The values of a field that holds several; a single one is tolerated."""
    return list(value) if isinstance(value, list | tuple) else [value]

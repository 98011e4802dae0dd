"""Fields that point to members of the organization and to other contacts, by the numbers the wire knows them by."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms

from contacts.field_types.base import BadFieldValue, Definition, FieldType, References, listed, register, whole_number

MOST_REFERENCES: Final = 100


class ReferenceType(FieldType):
    """One row."""

    points_to: ClassVar[str]

    def clean(self, value: Any, definition: Definition) -> int:
        return whole_number(value)

    def references(self, stored: int) -> References:
        return References(**{self.points_to: frozenset({stored})})

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.IntegerField(min_value=1, required=False)


def _numbers_in(text: str) -> list[str]:
    return text.replace(",", " ").split()


class NumbersField(forms.CharField):
    """Numbers between commas or blanks."""

    def clean(self, value: Any) -> list[str]:
        return _numbers_in(super().clean(value))


class ReferencesType(FieldType):
    """Several rows, in their order, none twice."""

    points_to: ClassVar[str]

    def clean(self, value: Any, definition: Definition) -> list[int]:
        values = listed(value)
        if len(values) > MOST_REFERENCES:
            raise BadFieldValue(f"must have at most {MOST_REFERENCES} items")
        return list(dict.fromkeys(map(whole_number, values)))

    def references(self, stored: list[int]) -> References:
        return References(**{self.points_to: frozenset(stored)})

    def form_field(self, definition: Definition) -> forms.Field:
        return NumbersField(required=False)

    def to_form(self, stored: list[int], definition: Definition) -> Any:
        return self.to_cell(stored, definition)

    def to_cell(self, stored: list[int], definition: Definition) -> str:
        return ", ".join(map(str, stored))

    def from_cell(self, text: str, definition: Definition) -> Any:
        return _numbers_in(text)

    def wanted(self, text: str, definition: Definition) -> int:
        return whole_number(text)


@register
class User(ReferenceType):
    name = "user"
    points_to = "members"


@register
class UserMulti(ReferencesType):
    name = "user_multi"
    points_to = "members"


@register
class Contact(ReferenceType):
    name = "contact"
    points_to = "contacts"


@register
class ContactMulti(ReferencesType):
    name = "contact_multi"
    points_to = "contacts"

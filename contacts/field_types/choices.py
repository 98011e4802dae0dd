"""Fields whose values are picked from a list. Options are stored by number, so that renaming one changes no contact."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django import forms

from contacts.field_types.base import (
    BadFieldValue,
    Definition,
    FieldType,
    as_integer,
    joined,
    listed,
    register,
    split,
)

# What a choice that is not made looks like, as everywhere in the dashboard.
NOT_SAID: Final = "---------"


def option_number(value: Any, definition: Definition) -> int:
    """The number of an option, given by that or by its exact name. Raises ``BadFieldValue``."""
    if isinstance(value, str):
        named = next((number for number, name in definition.options.items() if name == value.strip()), None)
        if named is not None:
            return named
    value = as_integer(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in definition.options:
        raise BadFieldValue("must be one of its options")
    return value


@register
class Select(FieldType):
    name = "select"

    def clean(self, value: Any, definition: Definition) -> int:
        return option_number(value, definition)

    def offered(self, stored: Any, options: Collection[int]) -> Any:
        return stored if stored in options else None

    def to_document(self, stored: int, definition: Definition) -> str:
        # Options have numbers of their own in every organization.
        return definition.options[stored]

    def form_field(self, definition: Definition) -> forms.Field:
        # Numbers all the way: among texts, a digit may be another option's name.
        choices = [("", NOT_SAID), *definition.options.items()]
        return forms.TypedChoiceField(choices=choices, coerce=int, empty_value=None, required=False)

    def to_cell(self, stored: int, definition: Definition) -> str:
        return definition.options.get(stored, "")


@register
class SelectMulti(FieldType):
    """Several of a list, in the order they were given, none twice."""

    name = "select_multi"

    def clean(self, value: Any, definition: Definition) -> list[int]:
        # A single one is tolerated (CONTRACTS 3.5).
        several = listed(value) if isinstance(value, list | tuple) else [value]
        return list(dict.fromkeys(option_number(each, definition) for each in several))

    def offered(self, stored: Any, options: Collection[int]) -> Any:
        return [number for number in stored or () if number in options] or None

    def to_document(self, stored: list[int], definition: Definition) -> list[str]:
        return [definition.options[number] for number in stored]

    def form_field(self, definition: Definition) -> forms.Field:
        choices = list(definition.options.items())
        return forms.TypedMultipleChoiceField(choices=choices, coerce=int, required=False)

    def to_cell(self, stored: list[int], definition: Definition) -> str:
        return joined(definition.options[number] for number in stored if number in definition.options)

    def from_cell(self, text: str, definition: Definition) -> Any:
        return split(text)

    def wanted(self, text: str, definition: Definition) -> int:
        return option_number(text, definition)


_YES = {"true", "1", "yes", "on"}
_NO = {"false", "0", "no", "off"}


@register
class Checkbox(FieldType):
    name = "checkbox"

    def clean(self, value: Any, definition: Definition) -> bool:
        # Longer than the longest of them is none of them, and Python writes no number without an end.
        is_short = isinstance(value, str) or (isinstance(value, int) and value in (0, 1))
        text = str(value).strip().lower() if is_short else ""
        if text not in _YES | _NO:
            raise BadFieldValue("must be true or false")
        return text in _YES

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.ChoiceField(choices=[("", NOT_SAID), ("true", "Yes"), ("false", "No")], required=False)

    def to_form(self, stored: bool, definition: Definition) -> Any:
        return "true" if stored else "false"

    def to_cell(self, stored: bool, definition: Definition) -> str:
        return "yes" if stored else "no"

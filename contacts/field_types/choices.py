"""Fields whose values are picked from a list. Options are stored by number, so that renaming one changes no contact."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import Q

from contacts.field_types.base import BadFieldValue, Definition, FieldType, listed, register


def option_number(value: Any, definition: Definition) -> int:
    """The number of an option, given by that or by its exact name. Raises ``BadFieldValue``."""
    if isinstance(value, str):
        named = next((number for number, name in definition.options.items() if name == value.strip()), None)
        if named is not None:
            return named
        value = (
            int(value.strip()) if value.strip().isascii() and value.strip().isdecimal() and len(value) < 19 else value
        )
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

    def form_field(self, definition: Definition) -> forms.Field:
        choices = [("", "---------"), *((str(number), name) for number, name in definition.options.items())]
        return forms.ChoiceField(choices=choices, required=False)

    def to_form(self, stored: int, definition: Definition) -> Any:
        return str(stored)

    def to_cell(self, stored: int, definition: Definition) -> str:
        return definition.options.get(stored, "")


@register
class SelectMulti(FieldType):
    """Several of a list, in the order they were given, none twice."""

    name = "select_multi"

    def clean(self, value: Any, definition: Definition) -> list[int]:
        return list(dict.fromkeys(option_number(each, definition) for each in listed(value)))

    def offered(self, stored: Any, options: Collection[int]) -> Any:
        return [number for number in stored or () if number in options] or None

    def form_field(self, definition: Definition) -> forms.Field:
        choices = [(str(number), name) for number, name in definition.options.items()]
        return forms.MultipleChoiceField(choices=choices, required=False)

    def to_form(self, stored: list[int], definition: Definition) -> Any:
        return [str(number) for number in stored]

    def to_cell(self, stored: list[int], definition: Definition) -> str:
        return "; ".join(definition.options.get(number, "") for number in stored)

    def from_cell(self, text: str, definition: Definition) -> Any:
        return [part.strip() for part in text.split(";") if part.strip()]

    def matches(self, text: str, definition: Definition) -> Q:
        """Contacts that have this option among others."""
        wanted = option_number(text, definition)
        return Q(**{f"custom_values__{definition.key}__contains": [wanted]})


_YES = {"true", "1", "yes", "on"}
_NO = {"false", "0", "no", "off"}


@register
class Checkbox(FieldType):
    name = "checkbox"

    def clean(self, value: Any, definition: Definition) -> bool:
        text = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
        if text not in _YES | _NO:
            raise BadFieldValue("must be true or false")
        return text in _YES

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.ChoiceField(choices=[("", "---------"), ("true", "Yes"), ("false", "No")], required=False)

    def to_form(self, stored: bool, definition: Definition) -> Any:
        return "true" if stored else "false"

    def to_cell(self, stored: bool, definition: Definition) -> str:
        return "yes" if stored else "no"

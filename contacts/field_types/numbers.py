"""Fields that hold numbers. Stored as decimal text, so that no digit is lost on the way."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import Any, Final

from django import forms

from contacts.field_types.base import BadFieldValue, Definition, FieldType, register

# What a JSON number keeps in every program that reads it.
MOST_DIGITS: Final = 15
LONGEST_NUMBER: Final = 60
_EXACT: Final = Context(prec=LONGEST_NUMBER)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z", re.ASCII)
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?\Z", re.ASCII)


class NumberType(FieldType):
    """A decimal number."""

    groups: bool = False

    def clean(self, value: Any, definition: Definition) -> str:
        return plain(self._decimal(value))

    def _decimal(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            raise BadFieldValue("must be a number")
        if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
            raise BadFieldValue(f"must have at most {MOST_DIGITS} digits")
        text = str(value).strip()
        if len(text) > LONGEST_NUMBER:
            raise BadFieldValue("must be a number")
        if self.groups and _GROUPED.match(text):
            text = text.replace(",", "")
        if not _PLAIN.match(text):
            raise BadFieldValue("must be a number")
        return _within_bounds(Decimal(text))

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))

    def to_form(self, stored: str, definition: Definition) -> Any:
        return self.to_cell(stored, definition)


def _within_bounds(number: Decimal) -> Decimal:
    """The number without zeros that say nothing. Raises ``BadFieldValue`` for one with more digits than a program keeps."""
    # Not in the context of the moment, whose rounding would lose what is to be refused.
    number = number.normalize(_EXACT)
    _, digits, exponent = number.as_tuple()
    if len(digits) > MOST_DIGITS or number.adjusted() >= MOST_DIGITS or int(exponent) < -MOST_DIGITS:
        raise BadFieldValue(f"must have at most {MOST_DIGITS} digits")
    return number


def plain(number: Decimal) -> str:
    """The number in digits, without an exponent and without zeros that say nothing."""
    text = f"{number:f}"
    return "0" if number == 0 else text


@register
class Number(NumberType):
    name = "number"

    def to_wire(self, stored: str) -> int | float:
        number = Decimal(stored)
        return int(number) if number == number.to_integral_value() else float(number)


@register
class FormattedNumber(NumberType):
    name = "formatted_number"
    groups = True

    def to_wire(self, stored: str) -> str:
        return f"{Decimal(stored):,f}"

    def to_cell(self, stored: str, definition: Definition) -> str:
        return self.to_wire(stored)


@register
class Currency(NumberType):
    """An amount of euros, with cents (CONTRACTS 3.5)."""

    name = "currency"
    groups = True

    def clean(self, value: Any, definition: Definition) -> str:
        if isinstance(value, str):
            value = value.strip().removesuffix("€").removeprefix("€")
        return super().clean(value, definition)

    def to_wire(self, stored: str) -> str:
        number = Decimal(stored)
        cents = max(2, -int(number.as_tuple().exponent))
        return f"{number:,.{cents}f}€"

    def to_cell(self, stored: str, definition: Definition) -> str:
        return self.to_wire(stored)

"""Fields that hold days and times, as the organization's people read them on their clocks."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.db.models.lookups import StartsWith

from contacts.field_types.base import BadFieldValue, Definition, FieldType, register
from contacts.field_types.stored import StoredText

MOMENT_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_TIME: Final = r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?"
# As the wire prints it, or ISO 8601 in its extended format; Python's own reader takes any sign between day and time.
_MOMENT: Final = re.compile(rf"{_DAY}(?:[ T]{_TIME})?\Z", re.ASCII)
_BARE_DAY: Final = re.compile(rf"{_DAY}\Z", re.ASCII)


def _read(value: Any, expected: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if not isinstance(value, str) or not _MOMENT.match(value.strip()):
        raise BadFieldValue(f"must be {expected}")
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        raise BadFieldValue(f"must be {expected}") from None


@register
class Date(FieldType):
    name = "date"

    def clean(self, value: Any, definition: Definition) -> str:
        return _read(value, "a date like 2025-10-18").date().isoformat()

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.DateField(required=False, widget=forms.TextInput(attrs={"type": "date"}))


@register
class DateTime(FieldType):
    """A moment on the organization's clock; one that names another zone is converted."""

    name = "datetime"

    def clean(self, value: Any, definition: Definition) -> str:
        moment = _read(value, "a date and time like 2025-10-18 18:24:10")
        if moment.tzinfo is not None:
            moment = _on_the_clock(moment, definition)
        # Not strftime, which writes the year 1 with one digit.
        return moment.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")

    def form_field(self, definition: Definition) -> forms.Field:
        widget = forms.TextInput(attrs={"type": "datetime-local", "step": "1"})
        return forms.CharField(max_length=40, required=False, widget=widget)

    def to_form(self, stored: str, definition: Definition) -> Any:
        return stored.replace(" ", "T")

    def matches(self, text: str, definition: Definition) -> Q:
        """A day without a time is all of it, on the organization's clock."""
        if not _BARE_DAY.match(text.strip()):
            return super().matches(text, definition)
        day = _read(text, "a date like 2025-10-18").date()
        return Q(StartsWith(StoredText(definition.key), f"{day.isoformat()} "))


def _on_the_clock(moment: datetime, definition: Definition) -> datetime:
    try:
        return moment.astimezone(definition.time_zone)
    except OverflowError:
        raise BadFieldValue("is out of range") from None

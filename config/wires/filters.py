"""Filters of the query string, without the cost of a form: only those a request names are touched.

A ``FilterSet`` of django-filter copies every filter and builds a form per request; on a hot list that costs more than
the SQL. The declarations and each filter's ``filter()`` are django-filter's own.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.exceptions import FieldError, Invalid

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])

# A calendar date, alone or with a time of day. Python would also take any character between the two.
_MOMENT = re.compile(r"(?:\d{4}-\d{2}-\d{2}|\d{8})(?P<time>[Tt ][\d:.,+Zz-]+)?\Z", re.ASCII)
# A plus sign that was not percent-encoded arrives as a blank. After a day it separates the time.
_LOST_PLUS = re.compile(r"(?<=\d)(?<!-\d\d) (?=\d{2}:?\d{2}\Z)", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,400}\Z")
# No column holds more; a bound beyond it excludes or includes just as much.
_LARGEST_WHOLE = 10**18


class BadValue(ValueError):
    """A query value that means nothing; ``code`` and ``message`` as in ``FieldError``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class WireFilter(django_filters.Filter):
    """A filter that reads its own text; ``separator`` stands between the values of a parameter sent several times."""

    separator = ","

    @abstractmethod
    def read(self, text: str) -> Any:
        """The value of a query parameter. Raises ``BadValue``."""


class WireFilterSet(django_filters.FilterSet):
    """A filter set of ``WireFilter`` declarations, applied without copies or forms."""

    @classmethod
    def values(cls, query: QueryDict) -> tuple[dict[str, Any], str]:
        """What the parameters that are present and not empty say, by name, and their canonical text.

        A repeated parameter counts like a list, of commas mostly. Raises ``Invalid`` with every bad parameter at once.
        """
        faults = []
        values = {}
        canonical = []
        # In the order of the declarations, whatever the order of the query.
        for name in [name for name in cls.base_filters if name in query]:
            wire_filter = cls.base_filters[name]
            text = wire_filter.separator.join(query.getlist(name)).strip()
            if not text.strip(f" {wire_filter.separator}"):
                continue
            try:
                values[name] = wire_filter.read(text)
            except BadValue as error:
                faults.append(FieldError(name, error.code, message=error.message))
            canonical.append(f"{name}={text}")
        if faults:
            raise Invalid(faults)
        return values, "&".join(canonical)

    @classmethod
    def filtered(cls, query: QueryDict, queryset: Rows) -> tuple[Rows, str]:
        """The queryset narrowed by them, and their canonical text. Raises ``Invalid``."""
        values, canonical = cls.values(query)
        for name, value in values.items():
            queryset = cls.base_filters[name].filter(queryset, value)
        return queryset, canonical


class AnyOf(WireFilter):
    """Any of a comma list of values; ``choices`` closes the list (CONTRACTS W-S14)."""

    def __init__(self, field_name: str, choices: Sequence[str] | None = None) -> None:
        super().__init__(field_name=field_name, lookup_expr="in")
        self.choices = choices

    def read(self, text: str) -> list[str]:
        values = list(dict.fromkeys(value.strip() for value in text.split(",") if value.strip()))
        if "\x00" in text:
            raise BadValue("invalid_value", "must not contain NUL")
        if self.choices is not None and not set(values) <= set(self.choices):
            raise BadValue("invalid_value", f"must be one of: {', '.join(self.choices)}")
        return values

    def filter(self, queryset: Rows, value: list[Any]) -> Rows:
        # The inherited one takes an empty list for no filter; here it means that nothing can match.
        return queryset.filter(**{f"{self.field_name}__in": value})


class Words(WireFilter):
    """Text to look for: at most ``longest`` characters (CONTRACTS R-S14). Sent several times, all of it must be there."""

    separator = " "

    def __init__(self, field_name: str, longest: int) -> None:
        super().__init__(field_name=field_name)
        self.longest = longest

    def read(self, text: str) -> str:
        if len(text) > self.longest:
            raise BadValue("too_long", f"must be at most {self.longest} characters")
        if "\x00" in text:
            raise BadValue("invalid_value", "must not contain NUL")
        return text


class Whole(WireFilter):
    """A whole number bound."""

    def read(self, text: str) -> int:
        return whole(text)


class Moment(WireFilter):
    """A bound in time: ISO 8601, or a date alone. Both bounds include the printed second (CONTRACTS W-S15, 7.4)."""

    def read(self, text: str) -> datetime:
        text = _LOST_PLUS.sub("+", text)
        spelling = _MOMENT.match(text)
        try:
            if spelling is None:
                raise ValueError
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            return self._inclusive(moment, date_only=spelling["time"] is None)
        except (ValueError, OverflowError):
            raise BadValue("invalid_value", "must be an ISO 8601 date or time") from None

    def _inclusive(self, moment: datetime, *, date_only: bool) -> datetime:
        if self.lookup_expr != "lt":
            return moment.replace(microsecond=0)
        try:
            return moment.replace(microsecond=0) + (timedelta(days=1) if date_only else timedelta(seconds=1))
        except OverflowError:
            # The last day there is: programs write it for "no end".
            return datetime.max.replace(tzinfo=UTC)


def all_of(*readings: Callable[[], Any]) -> list[Any]:
    """What the readings of a query give, in their order. Raises ``Invalid`` with the faults of all of them at once."""
    found: list[Any] = []
    faults: list[FieldError] = []
    for read in readings:
        try:
            found.append(read())
        except Invalid as error:
            faults += error.errors
    if faults:
        raise Invalid(faults)
    return found


def respelt(query: QueryDict, spellings: Mapping[str, str]) -> QueryDict:
    """The query with every parameter under the one name the document gives it; ``spellings`` has the others.

    Programs that repeat a name may write it as ``name[]``.
    """
    respelt = QueryDict(mutable=True)
    for name, values in query.lists():
        bare = name.removesuffix("[]")
        for value in values:
            respelt.appendlist(spellings.get(bare, bare), value)
    return respelt


def whole(text: str) -> int:
    """An integer in ASCII digits. Raises ``BadValue``."""
    if not _WHOLE.match(text):
        raise BadValue("invalid_type", "must be a whole number")
    return max(-_LARGEST_WHOLE, min(int(text), _LARGEST_WHOLE))

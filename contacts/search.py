"""Finding contacts by any words of their names, companies, e-mails and phones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, connections, models
from django.db.models import F, Q, Value

from contacts.normalise import fold, phone_digits
from contacts.querysets import ContactQuerySet

# Nobody types more; a longer text would only cost time.
LONGEST_QUERY: Final = 200
# Digits from which on a number is taken for all of one.
WHOLE_NUMBER: Final = 8

# What telephone numbers are typed with. Dashes of every length come from texts that were copied.
_PHONE: Final = re.compile(r"[\d\s+()./‐-―-]*\d[\d\s+()./‐-―-]*")
_PHONE_WORD: Final = re.compile(r"[+(]?[0-9][0-9().+/-]{2,}", re.ASCII)
_Row = TypeVar("_Row", bound=models.Model)


@dataclass(frozen=True)
class Words:
    """What to look for, in the form of ``search_text``: all of ``written``, or else all of ``dialled``.

    Those are the words as they were typed, and with the numbers among them as the digits of a telephone. A text that is
    a telephone number and nothing else is one number, however it is spaced.
    """

    written: tuple[str, ...] = ()
    dialled: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.written)


def words_of(text: str) -> Words:
    """The words of a text; falsy for blank text."""
    folded = fold(_storable(text[:LONGEST_QUERY]))
    if _PHONE.fullmatch(folded):
        return Words((folded,), (_dialled(folded),))
    words = folded.split()
    return Words(
        _needed(words), _needed([phone_digits(word) if _PHONE_WORD.fullmatch(word) else word for word in words])
    )


def search_contacts(queryset: ContactQuerySet[_Row], text: str) -> ContactQuerySet[_Row]:
    """Those of the queryset that hold every word of ``text`` somewhere, without regard to case, accents or order.

    ``%`` and ``_`` mean themselves. A number finds phones in any spelling. Blank text finds everything. On PostgreSQL
    only contacts that are not deleted are found: the index behind the search holds no others.
    """
    words = words_of(text)
    if not words:
        return queryset
    if connections[queryset.db].vendor == "postgresql":
        return queryset.filter(is_found(_array(words.written), _array(words.dialled)))
    return search_text_contains(queryset, words)


def search_text_contains(queryset: ContactQuerySet[_Row], words: Words) -> ContactQuerySet[_Row]:
    """The same by reading every row of the queryset: for SQLite, and for the few rows the index leaves out."""
    return queryset.filter(_contains(words.written) | _contains(words.dialled)) if words else queryset


def is_found(written: models.Expression, dialled: models.Expression) -> Q:
    """The condition that a contact, not deleted, holds all of the one array of words or all of the other."""
    if connection.vendor == "postgresql":
        return Q(pk__in=_Found(written, dialled))
    return Q(_Holds(written, F("search_text"))) | Q(_Holds(dialled, F("search_text")))


class _Found(models.Func):
    template = "(SELECT contacts_search(%(expressions)s))"
    output_field = models.BigIntegerField()


class _Holds(models.Func):
    template = "NOT EXISTS (SELECT 1 FROM json_each(%(expressions)s, word.value))"
    arg_joiner = ") AS word WHERE 0 = instr("
    output_field = models.BooleanField()


class FoundPage(models.Func):
    """The primary keys of a page of what is found, newest first. PostgreSQL only.

    The arguments are those of ``contacts_searched`` (migration 0007): both arrays of words, of stages, roles and
    channels (NULL for any), how many are left out, and how many the page has.
    """

    template = "(SELECT unnest(keys) FROM contacts_searched(%(expressions)s))"
    output_field = models.BigIntegerField()


class FoundTotal(models.Func):
    """How many are found, with the same arguments; exact, or 10,001 for a page of the first 10,000 of more than those."""

    template = "(SELECT total FROM contacts_searched(%(expressions)s))"
    output_field = models.BigIntegerField()


def _dialled(number: str) -> str:
    """The digits of a telephone number that every spelling of it has.

    A whole number is dialled with zeros before it, from elsewhere in the country or from abroad, which another spelling
    lacks; in part a zero is a digit like any other.
    """
    digits = phone_digits(number.replace("(0)", ""))
    return (digits.lstrip("0") or digits) if len(digits) >= WHOLE_NUMBER else digits


def _array(words: tuple[str, ...]) -> Value:
    return Value(list(words), output_field=ArrayField(models.TextField()))


def _contains(words: tuple[str, ...]) -> Q:
    return Q(*(Q(search_text__contains=word) for word in words))


def _needed(words: list[str]) -> tuple[str, ...]:
    """The words without those that another one contains, the longest first."""
    longest_first = sorted(dict.fromkeys(words), key=len, reverse=True)
    return tuple(
        word for place, word in enumerate(longest_first) if not any(word in other for other in longest_first[:place])
    )


def _storable(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of characters."""
    return text.replace("\x00", " ").encode("utf-16", "surrogatepass").decode("utf-16", "replace")

"""Finding contacts by any words of their names, companies, e-mails and phones."""

from __future__ import annotations

import re
from typing import TypeVar

from django.db import connections, models
from django.db.models.expressions import RawSQL

from contacts.normalise import fold, phone_digits
from contacts.querysets import ContactQuerySet

# Nobody types more; a longer text would only cost time.
LONGEST_QUERY = 200
MOST_WORDS = 12

_PHONE_LIKE = re.compile(r"[+(]?[0-9][0-9().+/-]{2,}", re.ASCII)
_Row = TypeVar("_Row", bound=models.Model)


def search_contacts(queryset: ContactQuerySet[_Row], text: str) -> ContactQuerySet[_Row]:
    """Those of the queryset that hold every word of ``text`` somewhere, without regard to case, accents or order.

    ``%`` and ``_`` mean themselves. A number finds phones in any spelling. Blank text finds everything. On PostgreSQL
    only contacts that are not deleted are found: the index behind the search holds no others.
    """
    words = words_of(text)
    if not words:
        return queryset
    if connections[queryset.db].vendor == "postgresql":
        patterns = [f"%{_literal(word)}%" for word in words]
        found = RawSQL("SELECT contacts_search(%s::text[])", [patterns])
        return queryset.filter(pk__in=found)
    return search_text_contains(queryset, words)


def search_text_contains(queryset: ContactQuerySet[_Row], words: list[str]) -> ContactQuerySet[_Row]:
    """The same by reading every row of the queryset: for SQLite, and for the few rows the index leaves out."""
    for word in words:
        queryset = queryset.filter(search_text__contains=word)
    return queryset


def words_of(text: str) -> list[str]:
    """The words to look for, in the form in which ``search_text`` is stored."""
    words = fold(text[:LONGEST_QUERY].replace("\x00", " ")).split()[:MOST_WORDS]
    return [phone_digits(word) if _PHONE_LIKE.fullmatch(word) else word for word in words]


def _literal(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)

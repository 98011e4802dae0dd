"""What the query string of a list asks for. Programs ask the same again and again, so it is read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.http import QueryDict

from config.wires.filters import all_of, respelt
from config.wires.rentalot import NumberedPage
from contacts.api.rentalot.filters import SPELLINGS, ContactFilters
from contacts.listing import Selection

# Of a few hundred bytes each.
MOST_QUERIES = 1_000


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """A list that is asked for."""

    selection: Selection
    page: NumberedPage


@lru_cache(maxsize=MOST_QUERIES)
def list_query(text: str, largest: int) -> ListQuery:
    """The list a raw query string (as WSGI has it) asks for, in pages of at most ``largest``.

    Raises ``Invalid``; what is refused is not remembered.
    """
    query = respelt(QueryDict(text.encode("latin-1")), SPELLINGS)
    page, selection = all_of(
        lambda: NumberedPage.asked(query, largest=largest), lambda: ContactFilters.selection(query)
    )
    return ListQuery(selection=selection, page=page)

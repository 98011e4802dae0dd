"""What the query string of a list asks for. Programs ask the same again and again, so it is read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.http import QueryDict

from accounts.ordering import Order
from config.wires.pages import limit_of, sort_keys
from contacts.api.winnerr.filters import DEFAULT_LIMIT, DEFAULT_SORT, LARGEST_LIMIT, SORT_COLUMNS, ContactFilters
from contacts.api.winnerr.includes import includes_asked
from contacts.api.winnerr.reading import fields_asked
from contacts.listing import Selection, total_order

# Of a few hundred bytes each. The cursor is part of the text, so each page of a long walk is another.
MOST_QUERIES = 1_000


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """A list that is asked for. ``canonical`` is the text of its order and filters, to which cursors are bound."""

    selection: Selection
    order: Order
    limit: int
    fields: frozenset[str]
    includes: tuple[str, ...]
    cursor: str
    canonical: str


@lru_cache(maxsize=MOST_QUERIES)
def list_query(text: str) -> ListQuery:
    """The list a raw query string (as WSGI has it) asks for. Raises ``Invalid``; what is refused is not remembered."""
    query = QueryDict(text.encode("latin-1"))
    limit = limit_of(query.get("limit", ""), default=DEFAULT_LIMIT, largest=LARGEST_LIMIT)
    selection, filters = ContactFilters.selection(query)
    includes = includes_asked(query)
    order = total_order(sort_keys(query.get("sort", ""), SORT_COLUMNS, DEFAULT_SORT))
    return ListQuery(
        selection=selection,
        order=order,
        limit=limit,
        fields=fields_asked(query),
        includes=includes,
        cursor=query.get("cursor", ""),
        canonical=f"{order}|{filters}",
    )

"""Rentalot's list parameters (CONTRACTS 2.4, 2.9, R-S14, R-S15)."""

from __future__ import annotations

from typing import Any, Final

from django.http import QueryDict

from config.wires.filters import AnyOf, WireFilterSet, Words
from contacts.listing import Selection
from contacts.models import ContactRole, ContactStage
from contacts.search import LONGEST_QUERY, words_of

# Other names under which programs send a parameter.
SPELLINGS: Final = {
    "channelPreference": "channel",
    "channel_preference": "channel",
    "query": "search",
    "q": "search",
}


class ContactFilters(WireFilterSet):
    """The documented filters. Each ends in a field of ``Selection``."""

    status = AnyOf("stages", ContactStage.values)
    role = AnyOf("roles", ContactRole.values)
    channel = AnyOf("channels")
    search = Words("search", LONGEST_QUERY)

    @classmethod
    def selection(cls, query: QueryDict) -> Selection:
        """Which contacts a query string means. Raises ``Invalid`` with every bad parameter."""
        values, _ = cls.values(query)
        said: dict[str, Any] = {cls.base_filters[name].field_name: value for name, value in values.items()}
        if "search" in said and not words_of(said["search"]):
            # Of characters that nobody sees: it is in nobody, and ignored it would find everybody.
            said["stages"] = ()
        return Selection(**said)

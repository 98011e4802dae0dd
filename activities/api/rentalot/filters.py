"""The parameters of Rentalot's conversations (CONTRACTS 2.8, 2.9, R-S14, R-S15)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import QueryDict

from accounts.exceptions import FieldError, Invalid
from accounts.identifiers import canonical_uuid
from activities.api.rentalot.serializers import ACTIVE, ARCHIVED
from config.wires.filters import AnyOf, WireFilterSet, Words

LONGEST_QUERY: Final = 500
# Other names under which the vendor's command line sends a parameter.
SPELLINGS: Final = {"contact_id": "contactId", "q": "query"}


class ContactIds(AnyOf):
    """Any of the contacts; an id that is nobody's finds nothing, like any other value that occurs nowhere."""

    def read(self, text: str) -> list[UUID]:  # type: ignore[override]  # what the column holds and not what was sent
        return [uuid for value in super().read(text) if (uuid := canonical_uuid(value.lower()))]

    def filter(self, queryset: Any, value: list[UUID]) -> Any:
        return super().filter(queryset, value) if value else queryset.none()


class Statuses(AnyOf):
    """Any of the statuses, as whether it is archived."""

    def read(self, text: str) -> list[bool]:  # type: ignore[override]  # what the column holds and not what was sent
        return [value == ARCHIVED for value in super().read(text)]

    def filter(self, queryset: Any, value: list[bool]) -> Any:
        # Both of them are no filter, and not the union of two.
        return queryset if len(value) > 1 else super().filter(queryset, value)


class ConversationFilters(WireFilterSet):
    """The documented filters."""

    contactId = ContactIds("contact__uuid")
    status = Statuses("is_archived", [ACTIVE, ARCHIVED])


class MessageSearch(WireFilterSet):
    """What a search is for."""

    query = Words("search_text", LONGEST_QUERY)

    @classmethod
    def text(cls, query: QueryDict) -> str:
        """What to look for. Raises ``Invalid`` where there is nothing, or too much."""
        values, _ = cls.values(query)
        text: str = values.get("query", "")
        if not text.strip():
            raise Invalid([FieldError("query", "required", message="is required")])
        return text

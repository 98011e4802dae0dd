"""Winnerr's list parameters (CONTRACTS 1.4, W-S10 to W-S15)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.identifiers import parse_public_id
from config.wires.filters import AnyOf, BadValue, Moment, Whole, WireFilterSet
from config.wires.keyset import SortKey
from contacts.models import ContactStatus, ContactType

DEFAULT_LIMIT = 25
LARGEST_LIMIT = 100


class AssignedTo(AnyOf):
    """Any of the agents; an id that is nobody's finds nothing, like any other value that occurs nowhere."""

    def filter(self, queryset: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        uuids = [uuid for text in value if (uuid := parse_public_id("agent", text))]
        return queryset.filter(assigned_to__uuid__in=uuids)


class TaggedAnyOf(AnyOf):
    """Any of the tags."""

    def filter(self, queryset: Any, value: list[str]) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.tagged_any(value)
        return found


class ContactFilters(WireFilterSet):
    """The documented filters."""

    type = AnyOf("type", ContactType.values)
    status = AnyOf("status", ContactStatus.values)
    source = AnyOf("source")
    assignedTo = AssignedTo("assigned_to")
    tags = TaggedAnyOf("tags")
    # Names with brackets cannot be written as attributes.
    vars()["leadScore[gte]"] = Whole(field_name="lead_score", lookup_expr="gte")
    vars()["leadScore[lte]"] = Whole(field_name="lead_score", lookup_expr="lte")
    vars()["createdAt[gte]"] = Moment(field_name="created_at", lookup_expr="gte")
    vars()["createdAt[lte]"] = Moment(field_name="created_at", lookup_expr="lt")


SORT_COLUMNS = {
    "firstName": "first_name_norm",
    "lastName": "last_name_norm",
    "email": "email_norm",
    "type": "type",
    "status": "status",
    "source": "source",
    "leadScore": "lead_score",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "lastContactedAt": "last_contacted_order",
}
DEFAULT_SORT = "createdAt:desc"


def sort_keys(text: str) -> list[SortKey]:
    """``createdAt:desc,leadScore`` as columns; a bare field ascends (CONTRACTS W-S12). Raises ``BadValue``."""
    keys = []
    for part in (text.strip() or DEFAULT_SORT).split(","):
        name, _, direction = part.strip().partition(":")
        if name not in SORT_COLUMNS or direction not in ("", "asc", "desc"):
            raise BadValue("invalid_value", f"must be a list of field:asc|desc of {', '.join(SORT_COLUMNS)}")
        keys.append(SortKey(SORT_COLUMNS[name], direction == "desc"))
    return keys

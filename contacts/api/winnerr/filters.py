"""Winnerr's list parameters (CONTRACTS 1.4, W-S10 to W-S15)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from config.wires.filters import AnyOf, Moment, Whole, WireFilterSet
from config.wires.winnerr import AssignedTo
from contacts.models import ContactStatus, ContactType

DEFAULT_LIMIT = 25
LARGEST_LIMIT = 100


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

"""Winnerr's list parameters (CONTRACTS 1.4, W-S10 to W-S15)."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from config.wires.filters import AnyOf, Moment, Whole, WireFilterSet
from config.wires.winnerr import AssignedTo
from contacts.listing import Selection
from contacts.models import ContactStatus, ContactType

DEFAULT_LIMIT = 25
LARGEST_LIMIT = 100


class ContactFilters(WireFilterSet):
    """The documented filters. Each ends in a field of ``Selection``."""

    type = AnyOf("types", ContactType.values)
    status = AnyOf("statuses", ContactStatus.values)
    source = AnyOf("sources")
    assignedTo = AssignedTo("assignees")
    tags = AnyOf("tags")
    # Names with brackets cannot be written as attributes.
    vars()["leadScore[gte]"] = Whole(field_name="scores", lookup_expr="gte")
    vars()["leadScore[lte]"] = Whole(field_name="scores", lookup_expr="lte")
    vars()["createdAt[gte]"] = Moment(field_name="created", lookup_expr="gte")
    vars()["createdAt[lte]"] = Moment(field_name="created", lookup_expr="lt")

    @classmethod
    def selection(cls, query: QueryDict) -> tuple[Selection, str]:
        """Which contacts a query string means, and its canonical text. Raises ``Invalid`` with every bad parameter."""
        values, canonical = cls.values(query)
        said: dict[str, Any] = {}
        for name, value in values.items():
            wire_filter = cls.base_filters[name]
            field = wire_filter.field_name
            if wire_filter.lookup_expr == "in":
                said[field] = value
                continue
            lower, upper = said.get(field, (None, None))
            said[field] = (value, upper) if wire_filter.lookup_expr == "gte" else (lower, value)
        return Selection(**said), canonical


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

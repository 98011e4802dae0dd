"""The parameters of Winnerr's list of deals (CONTRACTS 1.3, W-S10 to W-S16)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Round
from django.http import QueryDict

from accounts.exceptions import FieldError, Invalid
from activities.models import Deal, DealStage, DealStatus, DealType
from activities.rules import CENT, LARGEST_AMOUNT
from config.wires.filters import AnyOf, BadValue, Moment, Whole, WireFilter, WireFilterSet
from config.wires.winnerr import AssignedTo

_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?\Z")
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Amount(WireFilter):
    """A bound in the organization's currency, brought to whole cents without letting in what is beyond it."""

    shape = {"type": "number", "description": "In digits, without an exponent."}

    def read(self, text: str) -> Decimal:
        if not _NUMBER.match(text):
            raise BadValue("invalid_type", "must be a number")
        # Beyond every amount there is; the column has no room for more digits.
        bound = min(max(Decimal(text), -LARGEST_AMOUNT), LARGEST_AMOUNT + 1)
        return bound.quantize(CENT, ROUND_CEILING if self.lookup_expr == "gte" else ROUND_FLOOR)


class DealFilters(WireFilterSet):
    """The documented filters."""

    type = AnyOf("type", DealType.values)
    stage = AnyOf("stage", DealStage.values)
    status = AnyOf("status", DealStatus.values)
    assignedTo = AssignedTo("assigned_to__uuid")
    # Names with brackets cannot be written as attributes.
    vars()["amount[gte]"] = Amount(field_name="amount", lookup_expr="gte")
    vars()["amount[lte]"] = Amount(field_name="amount", lookup_expr="lte")
    vars()["probability[gte]"] = Whole(field_name="probability", lookup_expr="gte")
    vars()["createdAt[gte]"] = Moment(field_name="created_at", lookup_expr="gte")
    vars()["closingDate[gte]"] = Moment(field_name="closing_date", lookup_expr="gte")


SORT_COLUMNS = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "amount": "amount_order",
    "probability": "probability_order",
    "closingDate": "closing_order",
    "title": "title",
    "stage": "stage",
    "type": "type",
    "status": "status",
}
DEFAULT_SORT = "createdAt:desc"
_KINDS: dict[str, type[Any]] = {
    "id": int,
    "created_at": datetime,
    "updated_at": datetime,
    "amount_order": int,
    "probability_order": int,
    "closing_order": datetime,
}


def with_order_columns(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """Adds what nullable columns sort by, NULL in no row: what is not known comes before everything that is.

    An amount sorts by its cents, for a cursor holds whole numbers.
    """
    cents = Cast(Round(F("amount") * 100), BigIntegerField())
    return deals.annotate(
        amount_order=Coalesce(cents, Value(-1), output_field=BigIntegerField()),
        probability_order=Coalesce(F("probability"), Value(-1), output_field=IntegerField()),
        closing_order=Coalesce(F("closing_date"), Value(_NEVER), output_field=DateTimeField()),
    )


def cursor_kind(column: str) -> type[Any]:
    """What a sort column holds, for checking a cursor."""
    return _KINDS.get(column, str)


# What a list may be asked to carry, and what a single deal may.
LIST_INCLUDES = ("contact", "property", "documents")
INCLUDES = (*LIST_INCLUDES, "tasks", "activities")


def includes_asked(query: QueryDict, known: tuple[str, ...]) -> frozenset[str] | None:
    """The names in ``include``, none when it is empty; None when it is absent. Raises ``Invalid`` for an unknown one."""
    if "include" not in query:
        return None
    names = frozenset(name.strip() for name in ",".join(query.getlist("include")).split(",") if name.strip())
    if not names <= set(known):
        raise Invalid([FieldError("include", "invalid_value", message=f"must be a list of {', '.join(known)}")])
    return names

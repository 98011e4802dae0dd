"""What Winnerr's document says about deals, beyond what their fields, filters and grants declare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from activities.api.winnerr.activities import ACTIVITY
from activities.api.winnerr.filters import DEFAULT_SORT, INCLUDES, LIST_INCLUDES, SORT_COLUMNS, DealFilters
from activities.api.winnerr.serializers import DEAL_FIELDS, EMBEDDED, DealChange, DealCreate
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.filters import filter_parameters
from config.wires.openapi.operations import Answer, Link, Operation, Parameter
from config.wires.openapi.shapes import TEXT, array, described
from config.wires.openapi.winnerr import (
    DEALS,
    MESSAGE,
    ids_in,
    include_parameter,
    page_parameters,
    sort_parameter,
    success,
    success_page,
    with_optional,
)
from config.wires.problems import Problem

DEFAULT_LIMIT: Final = 25
LARGEST_LIMIT: Final = 100

DEAL_PROSE: Final = {
    "id": "Opaque; stays with the deal.",
    "type": "`PURCHASE` when not said.",
    "stage": "How far it is; `LEAD` when not said.",
    "status": "Whether it is alive; `ACTIVE` when not said.",
    "amount": "In the organization's currency.",
    "assignedTo": "An agent's id; null for nobody.",
    "teamMembers": "Sent, they replace what was there.",
    "documents": "Kept elsewhere; these are their addresses. Sent, they replace what was there.",
    "tasks": "Sent, they replace what was there.",
    "probability": "In percent.",
    "tags": "Sent, they replace what was there.",
}
DEAL: Final = printed_document("Deal", DEAL_FIELDS, prose=DEAL_PROSE)
DEAL_SELECTION: Final = printed_document("DealSelection", DEAL_FIELDS, prose=DEAL_PROSE, may_lack=EMBEDDED)
DEAL_DETAIL: Final = with_optional(
    "DealDetail",
    DEAL_SELECTION,
    {"activities": described(array(ACTIVITY), "The newest 25 of the deal's contact; there when included.")},
)
DEAL_RESPONSE: Final = success("DealResponse", DEAL)
_CONTACT: Final = {"contactId": "The contact the deal is with. A deal stays with its contact."}
DEAL_CREATE: Final = sent_document("DealWrite", DealCreate(), prose=DEAL_PROSE | _CONTACT)
DEAL_CHANGE: Final = sent_document("DealChange", DealChange(), prose=DEAL_PROSE | _CONTACT)

_PATH: Final = {
    "identifier": Parameter(
        name="id",
        shape=TEXT,
        description="The deal's id.",
        missing=Problem(kind="not_found", status=404, resource="deal", identifier="deal_456"),
    )
}
_CONDO: Final[dict[str, Any]] = {
    "title": "Miami Condo Purchase",
    "contactId": "contact_123",
    "type": "PURCHASE",
    "amount": 450000,
}


def _include(names: Iterable[str]) -> Parameter:
    return include_parameter(names, absent=f"When not sent: {', '.join(sorted(EMBEDDED))}.")


def _change(name: str, method: str) -> Operation:
    return Operation(
        name=name,
        tag=DEALS,
        summary=f"Change a deal ({method})",
        description="What the body leaves out stays, inside `commission`, `property` and `timeline` too; `null` clears. "
        "`PUT` and `PATCH` are the same.",
        path=_PATH,
        body=DEAL_CHANGE,
        body_examples={"stage": {"stage": "NEGOTIATION", "probability": 60}},
        answer=Answer(description="The deal as it is now.", shape=DEAL_RESPONSE),
    )


DEAL_OPERATIONS: Final[dict[str, Operation]] = {
    "list": Operation(
        name="listDeals",
        tag=DEALS,
        summary="List deals",
        description="Deals with the contacts the requester may see. What has no amount, probability or closing date sorts "
        "before what has one.",
        query=(
            *page_parameters(default=DEFAULT_LIMIT, largest=LARGEST_LIMIT),
            *filter_parameters(DealFilters),
            sort_parameter(SORT_COLUMNS, DEFAULT_SORT),
            _include(LIST_INCLUDES),
        ),
        answer=Answer(description="A page of deals.", shape=success_page("DealListResponse", DEAL_SELECTION)),
    ),
    "create": Operation(
        name="createDeal",
        tag=DEALS,
        summary="Begin a deal",
        body=DEAL_CREATE,
        body_examples={"condo": _CONDO},
        answer=Answer(
            status=201,
            description="The new deal.",
            shape=DEAL_RESPONSE,
            headers=("Location",),
            links=tuple(
                Link(operation=name, parameters=ids_in("id", ["id"]))
                for name in ("getDeal", "updateDeal", "patchDeal", "deleteDeal")
            ),
        ),
    ),
    "retrieve": Operation(
        name="getDeal",
        tag=DEALS,
        summary="Read a deal",
        path=_PATH,
        query=(_include(INCLUDES),),
        answer=Answer(description="The deal.", shape=success("DealDetailResponse", DEAL_DETAIL)),
    ),
    "update": _change("updateDeal", "PUT"),
    "partial_update": _change("patchDeal", "PATCH"),
    "destroy": Operation(
        name="deleteDeal",
        tag=DEALS,
        summary="Give up a deal",
        path=_PATH,
        answer=Answer(
            description="The deal was deleted.",
            shape=MESSAGE,
            examples={"deleted": {"success": True, "message": "Deal deleted successfully"}},
        ),
    ),
}

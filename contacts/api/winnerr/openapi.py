"""What Winnerr's document says about contacts, beyond what their fields, filters and grants declare."""

from __future__ import annotations

from typing import Any, Final

from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.filters import filter_parameters
from config.wires.openapi.operations import Answer, Link, Operation, Parameter
from config.wires.openapi.shapes import MOMENT, TEXT, Component, Shape, array, closed, described, identifier, nullable
from config.wires.openapi.winnerr import (
    CONTACTS,
    MESSAGE,
    either,
    fields_parameter,
    ids_in,
    include_parameter,
    page_parameters,
    selection,
    sort_parameter,
    success,
    success_page,
    with_optional,
)
from config.wires.problems import Problem
from contacts.api.winnerr.filters import DEFAULT_LIMIT, DEFAULT_SORT, LARGEST_LIMIT, SORT_COLUMNS, ContactFilters
from contacts.api.winnerr.includes import EMBEDDED, INCLUDES
from contacts.api.winnerr.serializers import CONTACT_FIELDS, ContactWrite

CONTACT_PROSE: Final = {
    "id": "Opaque; stays with the contact.",
    "email": "One live contact of an organization has it, whatever its case.",
    "phone": "Kept as typed.",
    "type": "What the contact is to the team; `LEAD` when not said.",
    "status": "Whether the team is in touch; `ACTIVE` when not said. `CLIENT` is accepted beside the documented five.",
    "source": "Where the contact came from, in the team's own words.",
    "leadScore": "Computed on creation, and on a change that says `calculateLeadScore`.",
    "tags": "In their order. Sent, they replace what was there; unknown ones are made.",
    "preferences": "What the contact looks for.",
    "assignedTo": "An agent's id; null for nobody.",
    "lastContactedAt": "Moves with calls, messages and meetings that are recorded.",
}
_FLAG: Final = {"calculateLeadScore": "Whether to compute the score: yes on creation, no on a change, when not said."}


def _related(name: str, key: str, more: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Component:
    return Component(name, closed({"id": identifier(key), **more}, optional=optional))


# By the name in ``include``; includes.py prints them.
RELATED: Final[dict[str, Component]] = {
    "deals": _related("RelatedDeal", "deal", {"title": TEXT, "amount": nullable({"type": "number"}), "stage": TEXT}),
    "communications": _related(
        "RelatedCommunication", "comm", {"type": TEXT, "subject": nullable(TEXT), "createdAt": MOMENT}
    ),
    "activities": _related(
        "RelatedActivity",
        "activity",
        {"type": TEXT, "description": nullable(TEXT), "createdAt": MOMENT, "metadata": {"type": "object"}},
        {"scheduledAt": MOMENT},
    ),
}

CONTACT: Final = printed_document("Contact", CONTACT_FIELDS, prose=CONTACT_PROSE)
CONTACT_DETAIL: Final = with_optional(
    "ContactDetail",
    CONTACT,
    {name: described(array(RELATED[name]), "The newest 25; there when included.") for name in INCLUDES},
)
CONTACT_SELECTION: Final = selection("ContactSelection", CONTACT_DETAIL)
CONTACT_CREATE: Final = sent_document("ContactWrite", ContactWrite(), prose=CONTACT_PROSE | _FLAG)
CONTACT_CHANGE: Final = sent_document("ContactChange", ContactWrite(partial=True), prose=CONTACT_PROSE | _FLAG)
CONTACT_RESPONSE: Final = success("ContactResponse", CONTACT)

NAMED_CONTACT: Final = {
    "identifier": Parameter(
        name="id",
        shape=TEXT,
        description="The contact's id.",
        missing=Problem(kind="not_found", status=404, resource="contact", identifier="contact_123"),
    )
}
_TAKEN: Final = Problem(kind="duplicate", status=409, resource="contact", field="email", value="john.doe@example.com")

_JANE: Final[dict[str, Any]] = {
    "firstName": "Jane",
    "lastName": "Smith",
    "email": "jane.smith@example.com",
    "phone": "+1-555-987-6543",
    "type": "LEAD",
    "source": "REFERRAL",
    "tags": ["luxury-market"],
    "preferences": {
        "communicationMethod": "PHONE",
        "propertyTypes": ["SINGLE_FAMILY"],
        "priceRange": {"min": 500000, "max": 1000000},
    },
}
_CREATED: Final[dict[str, Any]] = {
    "id": "contact_456",
    "organizationId": "org_123",
    **_JANE,
    "secondaryPhone": None,
    "address": None,
    "status": "ACTIVE",
    "leadScore": 60,
    "notes": None,
    "preferences": {**_JANE["preferences"], "locations": []},
    "assignedTo": None,
    "createdAt": "2024-01-15T16:00:00Z",
    "updatedAt": "2024-01-15T16:00:00Z",
    "lastContactedAt": None,
}
_DEAL: Final = {"id": "deal_456", "title": "Miami Condo Purchase", "amount": 450000, "stage": "NEGOTIATION"}
_PAGE: Final = {"hasMore": True, "nextCursor": "eyJpZCI6IjEyNCJ9", "total": 150, "limit": 1}
_CHANGES: Final = {
    "client": {
        "phone": "+1-555-111-2222",
        "status": "CLIENT",
        "notes": "Successfully closed on waterfront condo",
        "tags": ["past-client", "referral-source"],
    }
}
_FOLLOWING: Final = (
    "getContact",
    "explainContactScore",
    "updateContact",
    "patchContact",
    "listContactActivities",
    "recordContactActivity",
    "addContactTags",
    "removeContactTags",
    "deleteContact",
)


def _change(name: str, method: str) -> Operation:
    return Operation(
        name=name,
        tag=CONTACTS,
        summary=f"Change a contact ({method})",
        description="What the body leaves out stays, inside `address` and `preferences` too; `null` clears. `PUT` and "
        "`PATCH` are the same.",
        path=NAMED_CONTACT,
        body=CONTACT_CHANGE,
        body_examples=_CHANGES,
        answer=Answer(description="The contact as it is now.", shape=CONTACT_RESPONSE, headers=("ETag",)),
        refusals=(_TAKEN,),
        conditional=True,
    )


CONTACT_OPERATIONS: Final[dict[str, Operation]] = {
    "list": Operation(
        name="listContacts",
        tag=CONTACTS,
        summary="List contacts",
        description="Agents whose organization narrows them see those assigned to them.",
        query=(
            *page_parameters(default=DEFAULT_LIMIT, largest=LARGEST_LIMIT),
            *filter_parameters(ContactFilters),
            sort_parameter(SORT_COLUMNS, DEFAULT_SORT),
            include_parameter(INCLUDES, absent="None when not sent."),
            fields_parameter(CONTACT_FIELDS),
        ),
        answer=Answer(
            description="A page of contacts.",
            shape=success_page("ContactListResponse", either(CONTACT_DETAIL, CONTACT_SELECTION)),
            examples={"page": {"success": True, "data": [_CREATED], "pagination": _PAGE}},
        ),
    ),
    "create": Operation(
        name="createContact",
        tag=CONTACTS,
        summary="Create a contact",
        body=CONTACT_CREATE,
        body_examples={"jane": _JANE},
        answer=Answer(
            status=201,
            description="The new contact.",
            shape=CONTACT_RESPONSE,
            headers=("Location", "ETag"),
            examples={"jane": {"success": True, "data": _CREATED}},
            links=tuple(Link(operation=name, parameters=ids_in("id", ["id"])) for name in _FOLLOWING),
        ),
        refusals=(_TAKEN,),
    ),
    "retrieve": Operation(
        name="getContact",
        tag=CONTACTS,
        summary="Read a contact",
        description="A known version is answered 304 only without related rows (`include=`): those change by themselves.",
        path=NAMED_CONTACT,
        query=(
            include_parameter(INCLUDES, absent=f"When neither this nor `fields` is sent: {', '.join(EMBEDDED)}."),
            fields_parameter(CONTACT_FIELDS),
        ),
        answer=Answer(
            description="The contact.",
            shape=success("ContactDetailResponse", either(CONTACT_DETAIL, CONTACT_SELECTION)),
            headers=("ETag",),
            examples={
                "with deals": {"success": True, "data": {**_CREATED, "deals": [_DEAL], "communications": []}},
                "selected": {"success": True, "data": {"id": "contact_456", "leadScore": 60}},
            },
        ),
        conditional=True,
    ),
    "update": _change("updateContact", "PUT"),
    "partial_update": _change("patchContact", "PATCH"),
    "destroy": Operation(
        name="deleteContact",
        tag=CONTACTS,
        summary="Delete a contact",
        description="It is gone from every list and its address is free; the team can restore it in the dashboard.",
        path=NAMED_CONTACT,
        answer=Answer(
            description="The contact was deleted.",
            shape=MESSAGE,
            examples={"deleted": {"success": True, "message": "Contact deleted successfully"}},
        ),
        conditional=True,
    ),
}

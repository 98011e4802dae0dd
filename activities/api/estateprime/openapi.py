"""What EstatePrime's document says about communication, beyond what its fields and grants declare."""

from __future__ import annotations

from typing import Any, Final

from activities.api.estateprime.serializers import (
    CHANNELS,
    COMMUNICATION_FIELDS,
    DIRECTIONS,
    CommunicationCreate,
)
from config.wires.openapi.estateprime import (
    COMMUNICATION,
    IDENTIFIER,
    OF_PARAMETERS,
    numbered,
    page_parameter,
    range_parameters,
    success,
    success_page,
)
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.operations import Answer, Link, Operation, Parameter
from config.wires.openapi.shapes import TEXT, Component, Shape, array, closed, nullable, one_of, whole
from config.wires.problems import Problem

_PROSE: Final = {
    "communication_date": "When it was said, on the organization's clock.",
    "user_id": "One of `/api/users`: who spoke for the team.",
    "store_id": "Kept as it was sent; there are no stores here.",
    "type": "`incoming` from the contact, `outgoing` from the team.",
    "channel": "One of `/api/communication/channels`.",
    "request_id": "Kept as it was sent; there are no requests here.",
    "comments": "What was said.",
    "tags": "Kept as they were sent, ascending; there are no tags for communications here.",
    "listings": "Kept as they were sent; there are no listings here.",
}
_PRINTED_PROSE: Final = _PROSE | {
    "date_created": "When it was written down.",
    "user_id": "One of `/api/users`: who spoke for the team; null when nobody in particular did.",
    "store_id": "As it was sent; null for what came another way.",
    "comments": "What was said; of what has a subject alone, the subject.",
}
RECORDED: Final = printed_document("Communication", COMMUNICATION_FIELDS, prose=_PRINTED_PROSE)
SENT: Final = sent_document("CommunicationCreate", CommunicationCreate(), prose=_PROSE)
CHANNEL: Final = Component(
    "Channel", closed({"id": IDENTIFIER, "name": TEXT, "type": nullable(one_of("phone", "email", "sms"))})
)
_NOTHING: Final = {**array(closed({"id": IDENTIFIER, "name": TEXT})), "maxItems": 0}
_NAMED: Final = {
    "identifier": Parameter(
        name="id",
        shape=IDENTIFIER,
        description="The communication's id.",
        missing=Problem(kind="not_found", status=404, resource="communication", identifier="311"),
    )
}
_CALL: Final[dict[str, Any]] = {
    "communication_date": "2025-01-15 17:45:00",
    "user_id": 10,
    "store_id": 1,
    "type": "incoming",
    "channel": 1,
    "contact_id": 1489,
    "request_id": None,
    "comments": "Asked for a second viewing.",
    "tags": [],
    "listings": [5021],
}
_READ: Final[dict[str, Any]] = {"id": 311, "date_created": "2025-01-15 18:00:05", **_CALL}


def _of(key: str, shape: Shape, whose: str) -> Parameter:
    return Parameter(name=key, shape=shape, description=f"Only those {whose}.")


def _lookup(name: str, summary: str, description: str, component: str, rows: Shape) -> Operation:
    return Operation(
        name=name,
        tag=COMMUNICATION,
        summary=summary,
        answer=Answer(description=description, shape=success(component, rows)),
    )


COMMUNICATION_OPERATIONS: Final[dict[str, Operation]] = {
    "list": Operation(
        name="listCommunications",
        tag=COMMUNICATION,
        summary="List communications",
        description="Those with a deleted contact are hidden until it is restored. Agents whose organization narrows them "
        "see those with contacts assigned to them.",
        query=(
            page_parameter(),
            _of("type", one_of(*DIRECTIONS), "that went this way"),
            _of("channel", whole(1, max(CHANNELS)), "through this channel"),
            _of("contact_id", IDENTIFIER, "with this contact"),
            _of("user_id", IDENTIFIER, "of this user"),
            *range_parameters("date_created", "written down"),
            *range_parameters("communication_date", "said"),
        ),
        answer=Answer(
            description="A page of communications.",
            shape=success_page("CommunicationListResponse", RECORDED),
            examples={
                "page": {
                    "status": 200,
                    "page": 1,
                    "total_pages": 1,
                    "results_per_page": 50,
                    "total_results": 1,
                    "data": [_READ],
                }
            },
        ),
        refusals=OF_PARAMETERS,
    ),
    "create": Operation(
        name="createCommunication",
        tag=COMMUNICATION,
        summary="Write down a communication",
        description="It is the contact's newest word when nothing later is known.",
        body=SENT,
        body_examples={"call": _CALL},
        answer=Answer(
            description="The new communication's id.",
            shape=numbered("CommunicationCreated", "created_id"),
            examples={"call": {"status": 200, "created_id": 311}},
            links=tuple(
                Link(operation=name, parameters={"id": "$response.body#/created_id"})
                for name in ("getCommunication", "deleteCommunication")
            ),
        ),
    ),
    "retrieve": Operation(
        name="getCommunication",
        tag=COMMUNICATION,
        summary="Read a communication",
        path=_NAMED,
        answer=Answer(
            description="The communication.",
            shape=success("CommunicationResponse", RECORDED),
            examples={"call": {"status": 200, "data": _READ}},
        ),
    ),
    "destroy": Operation(
        name="deleteCommunication",
        tag=COMMUNICATION,
        summary="Delete a communication",
        description="It is gone from every list and conversation, and stays in the contact's history.",
        path=_NAMED,
        answer=Answer(
            description="The communication was deleted.",
            shape=numbered("CommunicationDeleted", "deleted_id"),
            examples={"call": {"status": 200, "deleted_id": 311}},
        ),
    ),
}
LOOKUP_OPERATIONS: Final[dict[str, Operation]] = {
    "channels": _lookup("listChannels", "List channels", "All of them.", "ChannelListResponse", array(CHANNEL)),
    "tags": _lookup("listCommunicationTags", "List tags", "Always none.", "CommunicationTagListResponse", _NOTHING),
    "custom_fields": _lookup(
        "listCommunicationCustomFields",
        "List custom fields",
        "Always none.",
        "CommunicationCustomFieldListResponse",
        _NOTHING,
    ),
}

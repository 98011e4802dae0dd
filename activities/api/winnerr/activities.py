"""Winnerr's activities of a contact (CONTRACTS 1.3, 1.4, 7.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.identifiers import public_id
from accounts.ordering import SortKey
from accounts.roles import Right
from accounts.tenancy import current_organization_id
from activities import services
from activities.drafts import ActivityDraft
from activities.models import Activity
from activities.querysets import shown_activities
from activities.rules import LONGEST_TEXT, LONGEST_TYPE
from config.wires.fields import AnyObject, Document, Documents, Instant, Text, WireField, seconds, validated
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.operations import Answer, Operation, Parameter
from config.wires.openapi.shapes import MOMENT, TEXT, identifier
from config.wires.openapi.winnerr import ACTIVITIES, page_parameters, success, success_list
from config.wires.pages import cursor_page, limit_of
from config.wires.problems import Problem
from config.wires.strict_json import object_of
from config.wires.winnerr import WinnerrViewSet
from contacts.exceptions import ContactNotFound
from contacts.models import Contact

# Without paging parameters the newest come, as printed (CONTRACTS W-S17).
NEWEST = 100
LARGEST_LIMIT = 100
ORDER = (SortKey("created_at", descending=True), SortKey("id", descending=True))
KINDS = {"created_at": datetime, "id": int}


ACTIVITY_FIELDS: tuple[WireField, ...] = (
    WireField(
        "id",
        ("winnerr_key", "uuid"),
        lambda key, uuid: key or public_id("activity", uuid),
        None,
        identifier("activity"),
    ),
    WireField("type", ("type",), str, Text(LONGEST_TYPE, required=True)),
    WireField("description", ("description",), lambda text: text or None, Text(LONGEST_TEXT)),
    WireField("createdAt", ("created_at",), seconds, prints=MOMENT),
    WireField("metadata", ("metadata",), dict, AnyObject(), {"type": "object", "additionalProperties": True}),
)
ACTIVITY_DOCUMENTS = Documents((*ACTIVITY_FIELDS, WireField("scheduledAt", ("scheduled_at",), seconds)))


class ActivityWrite(Document.of(ACTIVITY_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a client may send."""

    scheduledAt = Instant(source="scheduled_at")


def activity_document(row: Any) -> dict[str, Any]:
    """The five printed keys, and ``scheduledAt`` when it was sent."""
    document = ACTIVITY_DOCUMENTS.document(row)
    if document["scheduledAt"] is None:
        del document["scheduledAt"]
    return document


ACTIVITY_PROSE = {
    "type": "In the team's own words. Calls, messages and meetings (`PHONE_CALL`, `EMAIL_SENT`, `EMAIL_RECEIVED`, "
    "`SMS_SENT`, `SMS_RECEIVED`, `MEETING`) move the contact's `lastContactedAt`.",
    "metadata": "Whatever the program wants to keep with it, at most 20,000 characters of JSON.",
    "scheduledAt": "When it is to happen; there when it was sent.",
}
ACTIVITY = printed_document("Activity", ACTIVITY_FIELDS, prose=ACTIVITY_PROSE, optional={"scheduledAt": MOMENT})
_PATH = {
    "identifier": Parameter(
        name="id",
        shape=TEXT,
        description="The contact's id.",
        missing=Problem(kind="not_found", status=404, resource="contact", identifier="contact_123"),
    )
}
_SHOWING = {
    "type": "MEETING",
    "description": "Property showing at 123 Ocean Drive",
    "scheduledAt": "2024-01-20T14:00:00Z",
    "metadata": {"propertyId": "property_456", "location": "123 Ocean Drive, Miami Beach"},
}
ACTIVITY_OPERATIONS = {
    "list": Operation(
        name="listContactActivities",
        tag=ACTIVITIES,
        summary="List a contact's activities",
        description="The newest first. Without `limit` and `cursor` the newest 100 come, and no `pagination`.",
        path=_PATH,
        query=page_parameters(default=NEWEST, largest=LARGEST_LIMIT),
        answer=Answer(
            description="What was done with the contact.",
            shape=success_list("ActivityListResponse", ACTIVITY),
            examples={
                "call": {
                    "success": True,
                    "data": [
                        {
                            "id": "activity_124",
                            "type": "PHONE_CALL",
                            "description": "Discussed property preferences",
                            "createdAt": "2024-01-15T10:15:00Z",
                            "metadata": {"duration": 900, "callId": "call_789"},
                        }
                    ],
                }
            },
        ),
    ),
    "create": Operation(
        name="recordContactActivity",
        tag=ACTIVITIES,
        summary="Record an activity",
        path=_PATH,
        body=sent_document("ActivityWrite", ActivityWrite(), prose=ACTIVITY_PROSE),
        body_examples={"showing": _SHOWING},
        answer=Answer(status=201, description="The activity as recorded.", shape=success("ActivityResponse", ACTIVITY)),
    ),
}


class ActivityViewSet(WinnerrViewSet):
    """List and record what was done with a contact."""

    grants = {"list": Right.READ_CONTACTS, "create": Right.WRITE_CONTACTS}
    operations = ACTIVITY_OPERATIONS

    def list(self, request: Request, identifier: str) -> Response:
        query = request.query_params
        paged = "limit" in query or "cursor" in query
        limit = limit_of(query.get("limit", ""), default=NEWEST, largest=LARGEST_LIMIT)
        contact = self._contact(identifier)
        page = cursor_page(
            shown_activities().filter(contact=contact),
            ACTIVITY_DOCUMENTS.columns,
            ORDER,
            limit=limit,
            cursor=query.get("cursor", ""),
            binding=f"activities|{current_organization_id()}|{contact.pk}",
            kind_of=KINDS.__getitem__,
            is_counted=paged,
        )
        body = self.success([activity_document(row) for row in page.rows])
        if paged:
            body["pagination"] = page.pagination()
        return Response(body)

    def create(self, request: Request, identifier: str) -> Response:
        accepted = validated(ActivityWrite(data=object_of(request.data)))
        said = {name: value for name, value in accepted.items() if value is not None}
        try:
            activity = services.record_activity(self._contact(identifier), ActivityDraft(**said), actor=self.actor)
        except ContactNotFound as error:
            # Deleted between the look and the lock: the caller's own spelling of the id goes back.
            raise ContactNotFound(identifier) from error
        row = Activity.objects.filter(pk=activity.pk).values_list(*ACTIVITY_DOCUMENTS.columns).get()
        return Response(self.success(activity_document(row)), status=201)

    def _contact(self, identifier: str) -> Contact:
        contact = Contact.objects.active().visible_to(self.actor).with_winnerr_id(identifier).first()
        if contact is None:
            raise ContactNotFound(identifier)
        return contact

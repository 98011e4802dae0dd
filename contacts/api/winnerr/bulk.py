"""Winnerr's bulk update: one change to many contacts, with a result for each (CONTRACTS W-S20, 7.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from config.wires.fields import AnyObject, Document, Texts, accepted
from config.wires.openapi.fields import sent_document
from config.wires.openapi.operations import Answer, Operation
from config.wires.openapi.shapes import TEXT, Component, array, closed, constant, described, whole
from config.wires.openapi.winnerr import CONTACTS, ERROR, either, success
from config.wires.problems import problem_from
from config.wires.strict_json import object_of
from contacts import services
from contacts.api.winnerr.openapi import CONTACT_PROSE
from contacts.api.winnerr.resource import ContactResource, in_wire_words
from contacts.api.winnerr.serializers import ContactWrite, draft_of
from contacts.exceptions import ContactNotFound
from contacts.models import Contact

MOST_CONTACTS = 500
# Longer than any id there is: a malformed one fails as its own row, not as the request.
LONGEST_IDENTIFIER = 1_000


class Bulk(Document):
    """Which contacts, and what is to be true of them."""

    contactIds = Texts(LONGEST_IDENTIFIER, MOST_CONTACTS, at_least=1)
    updates = AnyObject(required=True)


CHANGE_OF_MANY = sent_document("ContactBulkChange", ContactWrite(partial=True), prose=CONTACT_PROSE, without={"email"})
RESULT = Component(
    "BulkResult",
    either(
        closed({"id": TEXT, "success": constant(True)}),
        closed({"id": TEXT, "success": constant(False), "error": ERROR.shape["properties"]["error"]}),
    ),
)
COUNT = whole(0, MOST_CONTACTS)
BULK_OPERATIONS = {
    "update_many": Operation(
        name="updateManyContacts",
        tag=CONTACTS,
        summary="Change many contacts at once",
        description="One change to up to 500 contacts, for admins and owners. Ids that are nobody's fail by "
        "themselves; a change that is itself at fault is refused as a whole. An e-mail address belongs to one contact, so "
        "it cannot be changed here.",
        body=sent_document("ContactBulk", Bulk(), prose={}, instead={"updates": CHANGE_OF_MANY}),
        body_examples={
            "status": {"contactIds": ["contact_123", "contact_456"], "updates": {"status": "ACTIVE"}},
        },
        answer=Answer(
            description="How many were changed, and a result for each id in the order sent.",
            shape=success(
                "BulkResponse",
                closed({"updated": COUNT, "failed": COUNT, "results": described(array(RESULT), "Each id once.")}),
            ),
            examples={
                "both": {
                    "success": True,
                    "data": {
                        "updated": 2,
                        "failed": 0,
                        "results": [{"id": "contact_123", "success": True}, {"id": "contact_456", "success": True}],
                    },
                }
            },
        ),
    )
}


class BulkViewSet(ContactResource):
    """``PATCH /v1/contacts/bulk``."""

    grants = {"update_many": Right.BULK_UPDATE_CONTACTS}
    operations = BULK_OPERATIONS

    def update_many(self, request: Request) -> Response:
        said = accepted(Bulk, object_of(request.data))
        identifiers = list(dict.fromkeys(said["contactIds"]))
        keys = self.get_queryset().keys_by_winnerr_id(identifiers)
        try:
            updates = _accepted(said["updates"])
            score = updates.get("calculateLeadScore", False)
            updated, refused = services.update_each(keys.values(), draft_of(updates), actor=self.actor, score=score)
        except Invalid as error:
            # The change itself is at fault, for every contact alike.
            raise Invalid(_below_updates(in_wire_words(fault)) for fault in error.errors) from error
        results = [self._result(name, keys.get(name), updated, refused) for name in identifiers]
        failed = sum(not result["success"] for result in results)
        return Response(self.success({"updated": len(results) - failed, "failed": failed, "results": results}))

    def _result(
        self, identifier: str, key: int | None, updated: Mapping[int, Contact], refused: Mapping[int, Exception]
    ) -> dict[str, Any]:
        if key in updated:
            return {"id": identifier, "success": True}
        reason = ContactNotFound(identifier) if key is None else refused.get(key, ContactNotFound(identifier))
        if isinstance(reason, Invalid):
            reason = Invalid(_below_updates(in_wire_words(fault)) for fault in reason.errors)
        refusal = self.wire.problem_body(problem_from(reason))
        return {"id": identifier, "success": False, "error": refusal["error"]}


def _accepted(updates: dict[str, Any]) -> dict[str, Any]:
    """Any field of a PUT but the address, which can belong to one contact only. Raises ``Invalid``."""
    if "email" in updates:
        raise Invalid([FieldError("email", "invalid_value", message="cannot be changed in bulk")])
    return accepted(ContactWrite, updates, partial=True)


def _below_updates(fault: FieldError) -> FieldError:
    return FieldError(f"updates.{fault.field}", fault.code, fault.facts, fault.message)

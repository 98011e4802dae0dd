"""Winnerr's bulk update: one change to many contacts, with a result for each (CONTRACTS W-S20, 7.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from config.wires.fields import AnyObject, Document, Texts, validated
from config.wires.problems import problem_from
from config.wires.winnerr import object_of
from contacts import services
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


class BulkViewSet(ContactResource):
    """``PATCH /v1/contacts/bulk``."""

    grants = {"update_many": Right.BULK_UPDATE_CONTACTS}

    def update_many(self, request: Request) -> Response:
        accepted = validated(Bulk(data=object_of(request.data)))
        identifiers = list(dict.fromkeys(accepted["contactIds"]))
        keys = self.get_queryset().keys_by_winnerr_id(identifiers)
        try:
            updates = _accepted(accepted["updates"])
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
    return validated(ContactWrite(data=updates, partial=True))


def _below_updates(fault: FieldError) -> FieldError:
    return FieldError(f"updates.{fault.field}", fault.code, fault.facts, fault.message)

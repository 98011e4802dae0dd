"""A contact's score on Winnerr's wire, explained: parts, what changed, what to find out next (docs/decisions/0015)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from config.wires.fields import seconds
from contacts.api.winnerr.resource import ContactResource
from contacts.exceptions import ContactNotFound
from contacts.models import Contact
from contacts.scores import ScoreExplanation, explain_score
from contacts.scoring import LABELS, MAXIMUM_SCORE, ScorePart

# The key of a PUT that supplies a missing fact. To have been contacted is no key: an activity says so.
FIELDS: dict[str, str | None] = {
    "email": "email",
    "phone": "phone",
    "secondary_phone": "secondaryPhone",
    "address": "address",
    "source": "source",
    "price_range": "preferences.priceRange",
    "property_types": "preferences.propertyTypes",
    "communication_method": "preferences.communicationMethod",
    "locations": "preferences.locations",
    "notes": "notes",
    "assigned": "assignedTo",
    "contacted": None,
}


class ScoreViewSet(ContactResource):
    """``GET /v1/contacts/{id}/score``."""

    grants = {"retrieve": Right.READ_CONTACTS}

    def retrieve(self, request: Request, identifier: str) -> Response:
        contact = self.get_queryset().with_winnerr_id(identifier).with_secondary_phone().first()
        if contact is None:
            raise ContactNotFound(identifier)
        has_secondary_phone = contact.secondary_phone is not None  # type: ignore[attr-defined]  # annotated above
        explanation = explain_score(contact, has_secondary_phone=has_secondary_phone)
        return Response(self.success(_document(contact, explanation)))


def _document(contact: Contact, explanation: ScoreExplanation) -> dict[str, Any]:
    current = explanation.current.total
    missing = [_missing(part, current) for part in explanation.missing]
    return {
        "contactId": contact.winnerr_id,
        "leadScore": explanation.recorded,
        "currentScore": current,
        "maximum": MAXIMUM_SCORE,
        "scoredAt": seconds(explanation.recorded_at),
        "parts": _parts(explanation.current.parts),
        "changes": _parts(explanation.changes),
        "nextFact": next(iter(missing), None),
        "missing": missing,
    }


def _parts(parts: Iterable[ScorePart]) -> list[dict[str, Any]]:
    return [_named(part) | {"points": part.points} for part in parts]


def _missing(part: ScorePart, current: int) -> dict[str, Any]:
    return _named(part) | {"field": FIELDS[part.name], "points": part.points, "score": current + part.points}


def _named(part: ScorePart) -> dict[str, Any]:
    first, *rest = part.name.split("_")
    return {"name": "".join([first, *map(str.capitalize, rest)]), "label": LABELS[part.name]}

"""A contact's score on Winnerr's wire, explained: parts, what changed, what to find out next (docs/decisions/0015)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from config.wires.fields import seconds
from config.wires.openapi.operations import Answer, Operation
from config.wires.openapi.shapes import (
    MOMENT,
    TEXT,
    WHOLE,
    Component,
    Shape,
    array,
    closed,
    described,
    identifier,
    nullable,
    whole,
)
from config.wires.openapi.winnerr import CONTACTS, success
from contacts.api.winnerr.openapi import NAMED_CONTACT
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


_NAMED: Final[dict[str, Shape]] = {"name": TEXT, "label": TEXT}
_PART: Final = Component("ScorePart", closed({**_NAMED, "points": WHOLE}))
_MISSING: Final = Component(
    "MissingFact",
    closed(
        {
            **_NAMED,
            "field": described(nullable(TEXT), "The key of a change that supplies it; null for what is no field."),
            "points": WHOLE,
            "score": described(WHOLE, "What the contact would score with it."),
        }
    ),
)
_SCORE: Final = Component(
    "Score",
    closed(
        {
            "contactId": identifier("contact"),
            "leadScore": described(whole(0, MAXIMUM_SCORE), "As stored."),
            "currentScore": described(whole(0, MAXIMUM_SCORE), "What is known now is worth."),
            "maximum": WHOLE,
            "scoredAt": described(nullable(MOMENT), "When the stored score was last recorded, null if it never was."),
            "parts": described(array(_PART), "Add up to `currentScore`."),
            "changes": described(array(_PART), "Add up to `currentScore` less `leadScore`."),
            "nextFact": described(nullable(_MISSING), "The cheapest to find out of those that would raise the score."),
            "missing": described(array(_MISSING), "All of them, the cheapest first."),
        }
    ),
)


class ScoreViewSet(ContactResource):
    """``GET /v1/contacts/{id}/score``."""

    operations = {
        "retrieve": Operation(
            name="explainContactScore",
            tag=CONTACTS,
            summary="Explain a contact's score",
            description="An addition to the vendor's contract.",
            path=NAMED_CONTACT,
            answer=Answer(description="The score, explained.", shape=success("ScoreResponse", _SCORE)),
        )
    }
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

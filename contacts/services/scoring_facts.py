"""From a contact to its lead score."""

from __future__ import annotations

from accounts.prepared import PreparedQuery, kept, prepare, read_json
from contacts.models import Contact, ScoringWeights
from contacts.scoring import DEFAULT_WEIGHTS, Score, ScoringFacts, Weights, score

# The recorded fields of a contact that ``scoring_facts`` looks at. ``further_phones`` are rows beside it.
SCORED_FIELDS = (
    "email",
    "phone",
    "street",
    "city",
    "state",
    "zip_code",
    "country",
    "source",
    "preferences",
    "notes",
    "assigned_to_id",
    "last_contacted_at",
    "further_phones",
)


def current_weights() -> Weights:
    """The weights of the organization in scope."""
    rows = _overrides().rows({})
    return Weights.from_overrides(read_json(rows[0][0])) if rows else DEFAULT_WEIGHTS


@kept
def _overrides() -> PreparedQuery:
    return prepare(ScoringWeights.objects.values_list("overrides")[:1])


def scoring_facts(contact: Contact, *, has_secondary_phone: bool) -> ScoringFacts:
    """What is known about a contact, as far as it counts."""
    preferences = contact.preferences or {}
    price = preferences.get("price_range") or {}
    return ScoringFacts(
        has_email=bool(contact.email),
        has_phone=bool(contact.phone),
        has_secondary_phone=has_secondary_phone,
        has_address=any((contact.street, contact.city, contact.state, contact.zip_code, contact.country)),
        source=contact.source,
        has_price_range=price.get("min") is not None or price.get("max") is not None,
        has_property_types=bool(preferences.get("property_types")),
        has_communication_method=bool(preferences.get("communication_method")),
        has_locations=bool(preferences.get("locations")),
        has_notes=bool(contact.notes),
        is_assigned=contact.assigned_to_id is not None,
        was_contacted=contact.last_contacted_at is not None,
    )


def score_of(contact: Contact, weights: Weights, *, has_secondary_phone: bool) -> Score:
    """The contact's score with its named parts (CONTRACTS W-S26)."""
    return score(scoring_facts(contact, has_secondary_phone=has_secondary_phone), weights)

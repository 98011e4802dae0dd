"""Why a contact's score is what it is, what changed since it was recorded, and what would raise it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, Subquery

from contacts.models import Contact, ContactChange
from contacts.scoring import Score, ScorePart, ScoringFacts, cheapest_next_facts, score, score_changes
from contacts.services.scoring_facts import SCORED_FIELDS, current_weights, scoring_facts


@dataclass(frozen=True)
class ScoreExplanation:
    """One contact's score.

    ``recorded`` is what lists show, since ``recorded_at``, None where no record tells. ``current`` is what the facts
    known now give; ``changes`` lead from the one to the other. ``missing`` facts would raise it, the cheapest first.
    """

    recorded: int
    recorded_at: datetime | None
    current: Score
    changes: tuple[ScorePart, ...]
    missing: tuple[ScorePart, ...]


def explain_score(contact: Contact, *, has_secondary_phone: bool) -> ScoreExplanation:
    """The explanation of a contact's score, in two statements. The caller has made sure that the contact may be seen."""
    weights = current_weights()
    now = scoring_facts(contact, has_secondary_phone=has_secondary_phone)
    recorded_at, then = _last_recorded(contact, has_secondary_phone=has_secondary_phone)
    return ScoreExplanation(
        recorded=contact.lead_score,
        recorded_at=recorded_at,
        current=score(now, weights),
        changes=score_changes(contact.lead_score, then, now, weights),
        missing=cheapest_next_facts(now, weights),
    )


def _last_recorded(contact: Contact, *, has_secondary_phone: bool) -> tuple[datetime | None, ScoringFacts | None]:
    """When the stored score was recorded, and the facts of then: today's, with every later change taken back."""
    changes = ContactChange.objects.filter(contact=contact)
    scored = Q(after__has_key="lead_score")
    last = changes.filter(scored).order_by("-id").values("id")[:1]
    since = changes.filter(scored | Q(before__has_any_keys=SCORED_FIELDS), id__gte=Subquery(last)).order_by("id")
    rows = list(since.values_list("created_at", "before", "after"))
    if not rows:
        # Zero is what a contact has whom nobody scored: nothing was counted. Any other score came in without a record.
        return None, ScoringFacts() if contact.lead_score == 0 else None
    (moment, _, after), *later = rows
    if after["lead_score"] != contact.lead_score:
        # Somebody wrote past the record.
        return None, None
    return moment, _facts_of_then(contact, [before for _, before, _ in later], has_secondary_phone)


def _facts_of_then(contact: Contact, befores: Iterable[Mapping[str, Any]], has_secondary_phone: bool) -> ScoringFacts:
    """``befores`` are what changes replaced, oldest first: the oldest value of a field is the one of then."""
    old: dict[str, Any] = {}
    for before in befores:
        old = {**before, **old}
    past = copy(contact)
    for name in SCORED_FIELDS:
        if name in old and name != "further_phones":
            setattr(past, name, old[name])
    phones = bool(old["further_phones"]) if "further_phones" in old else has_secondary_phone
    return scoring_facts(past, has_secondary_phone=phones)

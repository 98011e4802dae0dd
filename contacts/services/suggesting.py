"""Pointing at contacts that may be one person."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Right
from contacts.models import MergeReason, MergeSuggestion


def suggest_merges(pairs: Iterable[tuple[int, int]], reason: MergeReason, *, actor: Actor) -> None:
    """Suggest that each pair, of primary keys in any order, is one person; a pair suggested before stays as it is.

    Raises ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    ordered = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    rows = [MergeSuggestion(first_id=first, second_id=second, reason=reason) for first, second in sorted(ordered)]
    MergeSuggestion.objects.bulk_create(rows, ignore_conflicts=True)


def dismiss_merge(suggestion: MergeSuggestion, *, actor: Actor) -> None:
    """These are two people: the suggestion is not shown or made again. Raises ``Forbidden``."""
    actor.require(Right.WRITE_CONTACTS)
    open_ones = MergeSuggestion.objects.filter(pk=suggestion.pk, dismissed_at=None)
    open_ones.update(dismissed_at=timezone.now(), dismissed_by_id=actor.member_id)

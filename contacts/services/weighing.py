"""Changing how an organization weighs the facts of a lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from contacts.models import Rescore, ScoringWeights
from contacts.scoring import DEFAULT_WEIGHTS, MAXIMUM_SCORE, MINIMUM_SCORE
from contacts.services.background_rescoring import begin_rescore

_DEFAULTS = DEFAULT_WEIGHTS.as_dict()


def change_weights(weights: Mapping[str, Any], *, actor: Actor) -> Rescore | None:
    """Give the organization in scope these weights, and score all its contacts anew in the background.

    What is not named, or None, weighs its default again. Of two calls at once the last one's weights stay, whole, and
    one pass remains to be made with them. Returns the pass, None when the weights were these already. Raises
    ``Invalid`` with every fault at once, ``Forbidden``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    if found := list(_faults(weights)):
        raise Invalid(found)
    overrides = {name: points for name, points in weights.items() if points not in (None, _DEFAULTS[name])}
    with transaction.atomic():
        row = _locked()
        if row.overrides == overrides:
            return None
        before, row.overrides = row.overrides, overrides
        row.save(update_fields=["overrides"])
        return begin_rescore(before, overrides, actor=actor)


def rescore_all(*, actor: Actor) -> Rescore:
    """Score all contacts of the organization in scope anew in the background, with the weights there are. Raises ``Forbidden``."""
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        overrides = _locked().overrides
        return begin_rescore(overrides, overrides, actor=actor)


def _locked() -> ScoringWeights:
    """The organization's one row, made when there is none; whoever else changes weights waits until the transaction ends."""
    ScoringWeights.objects.get_or_create()
    return ScoringWeights.objects.select_for_update(of=("self",)).get()


def _faults(weights: Mapping[str, Any]) -> Iterator[FieldError]:
    for name, points in weights.items():
        if name not in _DEFAULTS:
            yield FieldError(name, "invalid_value", message="There is no such weight.")
        elif points is None:
            continue
        elif type(points) is not int:
            yield FieldError(name, "invalid_type", message="Enter a whole number.")
        elif not MINIMUM_SCORE <= points <= MAXIMUM_SCORE:
            yield FieldError(name, "out_of_range", {"minimum": MINIMUM_SCORE, "maximum": MAXIMUM_SCORE})

"""How an organization weighs the facts of a lead."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from accounts.tenancy import TenantModel
from contacts.scoring import Weights


def validate_weights(value: object) -> None:
    """Refuse overrides the scoring formula cannot use."""
    try:
        Weights.from_overrides(value)  # type: ignore[arg-type]  # anything may be typed in; it refuses what it cannot use
    except ValueError as error:
        raise ValidationError(str(error)) from error


class ScoringWeights(TenantModel):
    """What differs from the default weights, by part (CONTRACTS W-S26). One row per organization at most."""

    overrides = models.JSONField(default=dict, blank=True, validators=[validate_weights])

    class Meta(TenantModel.Meta):
        verbose_name = "lead scoring"
        verbose_name_plural = "lead scoring"
        constraints = [models.UniqueConstraint(fields=["organization"], name="scoring_weights_once")]

    def __str__(self) -> str:
        return "Scoring weights"

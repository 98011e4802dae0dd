"""The plans an organization can be on (DESIGN section 4, decision 10)."""

from __future__ import annotations

from django.db import models


class Plan(models.TextChoices):
    """``unlimited`` is the default; the others are Rentalot's own, kept as data."""

    UNLIMITED = "unlimited", "Unlimited"
    FREE_TRIAL = "free_trial", "Free trial"
    STARTER = "starter", "Starter"
    PRO = "pro", "Pro"
    SCALE = "scale", "Scale"

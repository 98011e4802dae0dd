"""Bringing all lead scores in step with new weights: who asked for it, and how far it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.tenancy import TenantModel


class Rescore(TenantModel):
    """One pass over all live contacts of an organization.

    The newest counts: asking for another ends one that is not done (``superseded_at``). Rows are kept, and together tell
    who changed which weights. ``member_id`` is a plain number, as in ``ContactChange``.
    """

    # After so long without a step nobody is at work on it.
    PATIENCE = timedelta(minutes=2)

    requested_at = models.DateTimeField()
    actor_label = models.CharField(max_length=320)
    member_id = models.BigIntegerField(null=True)
    overrides_before = models.JSONField(default=dict)
    overrides = models.JSONField(default=dict)

    # The last primary key that is done, and counts of contacts: to do, done, with another score than before.
    position = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(finished_at=None, superseded_at=None),
                name="rescore_one_at_a_time",
            )
        ]
        indexes = [models.Index(F("organization"), F("id").desc(), name="rescore_newest_first")]

    def __str__(self) -> str:
        return f"Rescore of {self.requested_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.finished_at is None and self.superseded_at is None

    @property
    def last_sign(self) -> datetime:
        """When something happened last."""
        return self.moved_at or self.requested_at

    @property
    def is_stalled(self) -> bool:
        return self.is_open and self.last_sign < timezone.now() - self.PATIENCE

    @property
    def percent(self) -> int:
        # Contacts may be made while it runs.
        return min(100 * self.done // self.total, 100) if self.total else 0

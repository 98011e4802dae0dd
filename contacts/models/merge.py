"""Contacts that may be one person."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Member
from accounts.tenancy import TenantModel
from contacts.models.contact import Contact


class MergeReason(models.TextChoices):
    """What two contacts have in common."""

    SAME_PHONE = "same_phone", "Same telephone"
    SAME_EMAIL = "same_email", "Same e-mail address"
    SAME_SENDER = "same_sender", "Messages of one sender"


class MergeSuggestion(TenantModel):
    """Two contacts somebody should look at, the older first. One row per pair; dismissed, it stays and is not made again."""

    first = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+", db_index=False)
    second = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=12, choices=MergeReason.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    dismissed_at = models.DateTimeField(null=True, editable=False)
    dismissed_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "first", "second"], name="merge_suggestion_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="merge_suggestion_older_first"),
            models.CheckConstraint(condition=Q(reason__in=MergeReason.values), name="merge_suggestion_reason_known"),
        ]
        indexes = [models.Index(fields=["organization", "second"], name="merge_suggestion_of_second")]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"

"""What people did with a contact."""

from __future__ import annotations

from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.identifiers import public_id, uuid7
from accounts.models import Member
from accounts.tenancy import TenantModel
from activities.models.communication import Communication
from contacts.models import Contact


class ActivityType(models.TextChoices):
    """Suggestions only: the list is open (CONTRACTS W-S19)."""

    EMAIL_SENT = "EMAIL_SENT", "E-mail sent"
    EMAIL_RECEIVED = "EMAIL_RECEIVED", "E-mail received"
    EMAIL_OPENED = "EMAIL_OPENED", "E-mail opened"
    PHONE_CALL = "PHONE_CALL", "Phone call"
    SMS_SENT = "SMS_SENT", "SMS sent"
    SMS_RECEIVED = "SMS_RECEIVED", "SMS received"
    WHATSAPP_RECEIVED = "WHATSAPP_RECEIVED", "WhatsApp message received"
    TELEGRAM_RECEIVED = "TELEGRAM_RECEIVED", "Telegram message received"
    MEETING = "MEETING", "Meeting"
    NOTE = "NOTE", "Note"
    TASK = "TASK", "Task"
    SHOWING = "SHOWING", "Showing"
    STATUS_CHANGE = "STATUS_CHANGE", "Status change"
    TAG_ADDED = "TAG_ADDED", "Tag added"


class Activity(TenantModel):
    """One thing somebody did or planned."""

    uuid = models.UUIDField(default=uuid7, editable=False)
    winnerr_key = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001 - null: computed from the UUID
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="activities", db_index=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # The message it tells of, when it tells of nothing else: a timeline that shows both shows that one.
    communication = models.ForeignKey(
        Communication, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    type = models.CharField(max_length=50)
    description = models.TextField(blank=True, default="", max_length=10_000)
    metadata = models.JSONField(default=dict, blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "activities"
        constraints = [models.UniqueConstraint(fields=["organization", "uuid"], name="activity_uuid_key")]
        indexes = [
            models.Index(
                F("organization"), F("contact"), F("created_at").desc(), F("id").desc(), name="activity_of_contact"
            ),
            # The newest of the whole team, for the dashboard.
            models.Index(F("organization"), F("created_at").desc(), F("id").desc(), name="activity_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.type}: {self.description[:60]}"

    @property
    def winnerr_id(self) -> str:
        return self.winnerr_key or public_id("activity", self.uuid)

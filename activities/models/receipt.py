"""What providers handed over, kept before anything is done with it."""

from __future__ import annotations

import re
from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.tenancy import TenantModel
from activities.models.communication import Communication
from activities.models.inbound_channel import InboundChannel
from contacts.models import Contact

_NUMBERED: Final = re.compile(r"\w+:(\d{1,18})", re.ASCII)


class ReceiptState(models.TextChoices):
    """How far it is."""

    PENDING = "pending", "Waiting"
    APPLIED = "applied", "Applied"
    IGNORED = "ignored", "Ignored"
    QUARANTINED = "quarantined", "Quarantined"


class Receipt(TenantModel):
    """One thing a provider told us, as it arrived: a message, an edit, a status, or what nobody understood.

    ``key`` is the provider's name for it, unique in its channel for ever: whatever comes twice is stored once.
    ``payload`` is the raw text of this one thing; ``event`` what was read from it (``activities.arrivals``), None when
    that failed. A pending receipt is due at ``due_at``, later after each failed attempt.
    """

    channel = models.ForeignKey(InboundChannel, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    key = models.CharField(max_length=255)
    payload = models.BinaryField(default=b"")
    # SHA-256 of the payload: the same key with another content is counted, and the first kept.
    digest = models.CharField(max_length=64)
    conflicts = models.PositiveIntegerField(default=0)
    event = models.JSONField(null=True)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=12, choices=ReceiptState.choices, default=ReceiptState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    # Why it is ignored, quarantined or put off; never words of the message.
    reason = models.CharField(max_length=200, blank=True, default="")
    settled_at = models.DateTimeField(null=True)
    # What it says was taken away when it had been settled for a month; its key stays.
    is_emptied = models.BooleanField(default=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    communication = models.ForeignKey(
        Communication, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta(TenantModel.Meta):
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "channel", "key"], name="receipt_once_per_key"),
            models.CheckConstraint(condition=Q(state__in=ReceiptState.values), name="receipt_state_known"),
        ]
        indexes = [
            # What a worker takes next, and for how long the first has been waiting.
            models.Index(
                fields=["organization", "due_at", "id"], condition=Q(state=ReceiptState.PENDING), name="receipt_due"
            ),
            models.Index(F("organization"), F("received_at").desc(), F("id").desc(), name="receipt_newest_first"),
            models.Index(
                fields=["organization", "settled_at", "id"],
                condition=Q(is_emptied=False, state__in=[ReceiptState.APPLIED, ReceiptState.IGNORED]),
                name="receipt_to_be_emptied",
            ),
            models.Index(
                F("organization"),
                F("received_at").desc(),
                F("id").desc(),
                condition=Q(state=ReceiptState.QUARANTINED),
                name="receipt_quarantined",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def provider_number(self) -> int:
        """The provider's own number, which rises, where its name is one (Telegram's ``update:7``); else 0."""
        numbered = _NUMBERED.fullmatch(self.key)
        return int(numbered[1]) if numbered else 0

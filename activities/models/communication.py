"""What was said, and the conversations it belongs to."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.identifiers import public_id, uuid7
from accounts.models import Member
from accounts.tenancy import TenantModel
from contacts.models import Contact


class CommunicationKind(models.TextChoices):
    """The medium."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    WHATSAPP = "whatsapp", "WhatsApp"
    TELEGRAM = "telegram", "Telegram"
    CALL = "call", "Call"
    IN_PERSON = "in_person", "In person"
    OTHER = "other", "Other"


class Direction(models.TextChoices):
    """Seen from the team."""

    INBOUND = "inbound", "Inbound"
    OUTBOUND = "outbound", "Outbound"


class Delivery(models.TextChoices):
    """How far an outbound message got, as its provider says; in this order, and never back."""

    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DELIVERED = "delivered", "Delivered"
    READ = "read", "Read"
    PLAYED = "played", "Played"


class Conversation(TenantModel):
    """Everything said with one contact through one medium."""

    uuid = models.UUIDField(default=uuid7, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    kind = models.CharField(max_length=10, choices=CommunicationKind.choices)
    is_archived = models.BooleanField(default=False)
    # Whether its contact is deleted (``activities.receivers``) or nothing is left of it: beside what lists are ordered by,
    # it costs them no look at the contacts.
    is_hidden = models.BooleanField(default=False, editable=False)
    started_at = models.DateTimeField()
    last_message_at = models.DateTimeField()
    message_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-last_message_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="conversation_tenant_key"),
            models.UniqueConstraint(fields=["organization", "uuid"], name="conversation_uuid_key"),
            # Also finds the conversations of a contact.
            models.UniqueConstraint(fields=["organization", "contact", "kind"], name="conversation_once_per_kind"),
            models.CheckConstraint(condition=Q(kind__in=CommunicationKind.values), name="conversation_kind_known"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "last_message_at", "id"],
                condition=Q(is_hidden=False),
                name="conversation_newest_first",
            ),
            models.Index(
                fields=["organization", "is_archived", "last_message_at", "id"],
                condition=Q(is_hidden=False),
                name="conversation_by_archived",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} with contact {self.contact_id}"


# What lists of communications have: not deleted, and with a contact that is not.
_SHOWN: Final = Q(deleted_at=None, is_hidden=False)


class Communication(TenantModel):
    """One message, call or meeting."""

    uuid = models.UUIDField(default=uuid7, editable=False)
    number = models.BigIntegerField(editable=False)
    winnerr_key = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001 - null: computed from the UUID
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="communications", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="communications", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=CommunicationKind.choices)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    subject = models.CharField(max_length=500, blank=True, default="")
    body = models.TextField(blank=True, default="")
    # What the search looks into: ``activities.search.search_text`` of subject and body.
    search_text = models.TextField(blank=True, default="", editable=False)
    occurred_at = models.DateTimeField(default=timezone.now)
    provider_message_id = models.CharField(max_length=255, blank=True, default="", editable=False)
    # What came with the message and is no text: attachments by name and provider's id, a place, what it answers to.
    metadata = models.JSONField(default=dict, blank=True, editable=False)
    delivery = models.CharField(max_length=10, choices=Delivery.choices, blank=True, default="", editable=False)
    # What EstatePrime accepts and keeps without meaning.
    extra = models.JSONField(default=dict, blank=True, editable=False)
    # Whether its contact is deleted, kept like the conversation's.
    is_hidden = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="communication_tenant_key"),
            models.UniqueConstraint(fields=["organization", "uuid"], name="communication_uuid_key"),
            models.UniqueConstraint(fields=["organization", "number"], name="communication_number_key"),
            models.CheckConstraint(condition=Q(kind__in=CommunicationKind.values), name="communication_kind_known"),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="communication_direction_known"),
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("contact"),
                F("occurred_at").desc(),
                F("id").desc(),
                condition=Q(deleted_at=None),
                name="communication_of_contact",
            ),
            models.Index(
                F("organization"),
                F("conversation"),
                F("occurred_at").desc(),
                F("id").desc(),
                condition=Q(deleted_at=None),
                name="communication_in_conversation",
            ),
            # What an edit, a revocation or a status speaks of.
            models.Index(
                fields=["organization", "provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="communication_by_provider_id",
            ),
            # The newest of the whole team, for the search.
            models.Index(
                fields=["organization", "occurred_at", "id"],
                condition=Q(deleted_at=None),
                name="communication_newest_first",
            ),
            # Lists by number: of all, whatever else is asked of them, and those with something rare enough to be sought.
            models.Index(
                fields=["organization", "number", "id"],
                include=["direction", "created_at", "occurred_at"],
                condition=_SHOWN,
                name="communication_by_number",
            ),
            models.Index(
                fields=["organization", "contact", "number", "id"],
                condition=_SHOWN,
                name="communication_number_contact",
            ),
            models.Index(
                fields=["organization", "member", "number", "id"],
                condition=_SHOWN,
                name="communication_number_member",
            ),
            models.Index(
                fields=["organization", "kind", "number", "id"],
                condition=_SHOWN,
                name="communication_number_kind",
            ),
            models.Index(
                fields=["organization", "created_at", "number", "id"],
                condition=_SHOWN,
                name="communication_number_created",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.get_kind_display()} {self.get_direction_display().lower()}"

    @property
    def winnerr_id(self) -> str:
        return self.winnerr_key or public_id("comm", self.uuid)

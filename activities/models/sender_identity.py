"""Who writes to us, as providers know them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.tenancy import TenantModel
from activities.models.inbound_channel import InboundChannel
from contacts.models import Contact


class IdentityKind(models.TextChoices):
    """What kind of name a provider has for a person. All but the telephone and the mailbox are opaque."""

    PHONE = "phone", "Telephone"
    EMAIL = "email", "E-mail"
    TELEGRAM = "telegram", "Telegram user"
    WHATSAPP = "whatsapp", "WhatsApp user"
    WHATSAPP_PARENT = "whatsapp_parent", "WhatsApp user of the business group"


class SenderIdentity(TenantModel):
    """One name of a sender, and the contact it stands for; a contact may have several.

    ``value`` is normalised: E.164 for telephones, ``normalise_email`` for addresses, as received for the others.
    ``channel`` is the one it was first seen on, ``name`` what the sender calls themselves there.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="sender_identities", db_index=False)
    channel = models.ForeignKey(InboundChannel, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=IdentityKind.choices)
    value = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True, default="")
    # Whether the contact was made for it, which counts against its channel's limit.
    made_contact = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["first_seen_at", "id"]
        verbose_name_plural = "sender identities"
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "value"], name="sender_identity_once"),
            models.CheckConstraint(condition=Q(kind__in=IdentityKind.values), name="sender_identity_kind_known"),
        ]
        indexes = [
            models.Index(fields=["organization", "contact"], name="sender_identity_of_contact"),
            models.Index(
                fields=["organization", "channel", "first_seen_at"],
                condition=Q(made_contact=True),
                name="sender_identity_made",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"

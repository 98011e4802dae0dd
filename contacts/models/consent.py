"""Whether a person wants to hear from us, per medium."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.tenancy import TenantModel
from contacts.models.contact import Contact


class Medium(models.TextChoices):
    """What consent is given or taken back for. The values are those of a communication's kinds."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    WHATSAPP = "whatsapp", "WhatsApp"
    TELEGRAM = "telegram", "Telegram"


class Consent(TenantModel):
    """One statement of a person, or of the team for them; for each medium the newest counts. Rows are only added.

    ``words`` are the ones that said so. ``communication`` is the UUID of the message they stood in, None when there was
    none: the message itself belongs to a layer above.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="consents", db_index=False)
    medium = models.CharField(max_length=10, choices=Medium.choices)
    is_given = models.BooleanField()
    words = models.CharField(max_length=200, blank=True, default="")
    communication = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=320)
    stated_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering = ["-stated_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(medium__in=Medium.values), name="consent_medium_known"),
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("contact"),
                F("medium"),
                F("stated_at").desc(),
                F("id").desc(),
                name="consent_of_contact",
            )
        ]

    def __str__(self) -> str:
        return f"{'Consent' if self.is_given else 'Objection'} to {self.get_medium_display()}"

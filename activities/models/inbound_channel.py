"""Where messages come in from."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.authentication import new_secret
from accounts.identifiers import public_id, uuid7
from accounts.tenancy import TenantModel

# A key of 128 bits would do; the alphabet needs no escaping in an address.
LENGTH_OF_TOKEN: Final = 24
MOST_NEW_CONTACTS_PER_HOUR: Final = 10_000


class ChannelKind(models.TextChoices):
    """What speaks to us. The values are also kinds of communication, and the source of contacts made here."""

    WHATSAPP = "whatsapp", "WhatsApp"
    TELEGRAM = "telegram", "Telegram"
    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"


def new_token() -> str:
    """A channel's part of its address: says which channel is meant, and proves nothing."""
    return new_secret(LENGTH_OF_TOKEN)


class InboundChannel(TenantModel):
    """One account at a provider that hands its messages to ``/inbound/<kind>/<token>``.

    ``address`` is what people write to: WhatsApp's phone number id, the number of an SMS account, a mailbox, a bot's
    name; ``account`` is the provider's name for the account where one is needed to ask it for messages. Secrets are
    sealed (``accounts.sealing``). After a rotation the previous one is good until ``previous_until``.
    """

    uuid = models.UUIDField(default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    name = models.CharField(max_length=100)
    token = models.CharField(max_length=64, default=new_token, unique=True, editable=False)
    address = models.CharField(max_length=255, blank=True, default="")
    account = models.CharField(max_length=100, blank=True, default="")
    sealed_secret = models.TextField(blank=True, default="", editable=False)
    sealed_previous_secret = models.TextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    sealed_verify_token = models.TextField(blank=True, default="", editable=False)
    is_active = models.BooleanField(default=True)
    # Against somebody who has the secret, or a loop: more than this many in an hour wait in the quarantine.
    most_new_contacts = models.PositiveIntegerField(default=MOST_NEW_CONTACTS_PER_HOUR)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="inbound_channel_tenant_key"),
            models.UniqueConstraint(fields=["organization", "uuid"], name="inbound_channel_uuid_key"),
            models.CheckConstraint(condition=Q(kind__in=ChannelKind.values), name="inbound_channel_kind_known"),
        ]
        indexes = [
            # Who is meant by a WhatsApp phone number id.
            models.Index(fields=["kind", "address"], condition=~Q(address=""), name="inbound_channel_by_address"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("channel", self.uuid)

    @property
    def path(self) -> str:
        """Where its provider sends messages, below the instance's public address."""
        return f"/inbound/{self.kind}/{self.token}"

    def has_previous_secret(self, now: datetime) -> bool:
        """Whether the secret from before the last rotation is still good."""
        return bool(self.sealed_previous_secret) and self.previous_until is not None and now < self.previous_until

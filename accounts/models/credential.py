"""What a program shows instead of a password."""

from __future__ import annotations

from django.db import models

from accounts.identifiers import uuid7
from accounts.models.member import Member
from accounts.tenancy import TenantModel


class WireName(models.TextChoices):
    """The contract a credential belongs to; it never works on another (DESIGN section 4, decision 11)."""

    WINNERR = "winnerr", "Winnerr"
    RENTALOT = "rentalot", "Rentalot"
    ESTATEPRIME = "estateprime", "EstatePrime"


class CredentialKind(models.TextChoices):
    """How a credential came to be."""

    SESSION = "session", "Login session"
    TOKEN = "token", "Integration token"
    KEY = "key", "API key"
    KEY_PAIR = "key_pair", "Key pair"


class Credential(TenantModel):
    """A right to act as a member on one wire. Only a digest of the secret is kept."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="credentials")
    wire = models.CharField(max_length=20, choices=WireName.choices)
    kind = models.CharField(max_length=10, choices=CredentialKind.choices)
    name = models.CharField(max_length=100)
    # SHA-256 of what the program presents: the key, ``public:secret``, or a token's session id. High-entropy secrets
    # need no slow hash.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=60, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["organization", "id"], name="credential_tenant_key")]
        indexes = [models.Index(fields=["organization", "member"], name="credential_by_member")]

    def __str__(self) -> str:
        return self.name


class RefreshToken(TenantModel):
    """One link in a login session's chain of refresh tokens; using a spent one ends the session."""

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="refresh_tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "credential"], name="refresh_by_credential")]

    def __str__(self) -> str:
        return f"Refresh token {self.pk}"

"""Asking somebody to join an organization."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.identifiers import uuid7
from accounts.models.member import Member
from accounts.roles import Role
from accounts.tenancy import TenantModel


class Invitation(TenantModel):
    """An open offer of membership to an e-mail address; the link in the mail carries its secret."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_once_per_address",
            )
        ]

    def __str__(self) -> str:
        return self.email

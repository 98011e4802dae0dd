"""Answers kept so that a repeated request is answered once."""

from __future__ import annotations

from django.db import models

from accounts.models.credential import Credential
from accounts.tenancy import TenantModel


class IdempotencyRecord(TenantModel):
    """The answer given for one ``Idempotency-Key`` of one credential, kept for at least 24 hours."""

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "credential", "key"], name="idempotency_key_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.key

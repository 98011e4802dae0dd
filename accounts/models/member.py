"""A user in an organization, with a role."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.identifiers import public_id, uuid7
from accounts.models.user import User
from accounts.roles import Role
from accounts.tenancy import TenantModel


class Member(TenantModel):
    """What a person is in one organization: a name, a role, and the ids the wires know them by."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uuid = models.UUIDField(default=uuid7, editable=False)
    number = models.PositiveIntegerField(editable=False)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering = ["first_name", "last_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="member_tenant_key"),
            models.UniqueConstraint(fields=["organization", "user"], name="member_once_per_organization"),
            models.UniqueConstraint(fields=["organization", "uuid"], name="member_uuid_key"),
            models.UniqueConstraint(fields=["organization", "number"], name="member_number_key"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="member_role_known"),
        ]
        indexes = [
            # Finds a person's organizations when they log in.
            models.Index(fields=["user", "organization"], name="member_by_user"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def public_id(self) -> str:
        return public_id("agent", self.uuid)

"""The append-only record of who changed what."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import F

from accounts.actor import ActorKind, Door
from accounts.tenancy import TenantModel
from contacts.models.contact import Contact


class ChangeVerb(models.TextChoices):
    """What was done."""

    CREATED = "created", "Created"
    UPDATED = "updated", "Changed"
    DELETED = "deleted", "Deleted"
    RESTORED = "restored", "Restored"


class ContactChange(TenantModel):
    """One write to one contact: the changed fields before and after, by whom and through which door.

    Rows of one call share an ``operation``. ``member_id`` and ``credential_id`` are plain numbers: a change outlives them.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="changes", db_index=False)
    operation = models.UUIDField()
    verb = models.CharField(max_length=10, choices=ChangeVerb.choices)
    actor_kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in ActorKind])
    actor_label = models.CharField(max_length=320)
    member_id = models.BigIntegerField(null=True)
    credential_id = models.BigIntegerField(null=True)
    door = models.CharField(max_length=12, choices=[(door.value, door.value) for door in Door])
    request_id = models.CharField(max_length=64, blank=True, default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering = ["-id"]
        indexes = [models.Index(F("organization"), F("contact"), F("id").desc(), name="change_of_contact")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.actor_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            self.delete()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("changes are only ever added")

"""Contacts in the words of the team."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self, TypeVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.actor import Actor
from accounts.tenancy import BaseTenantManager, TenantQuerySet

_Row = TypeVar("_Row", bound=models.Model)


class ContactQuerySet(TenantQuerySet[_Row]):
    """Narrower views of the organization's contacts."""

    def active(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def deleted(self) -> Self:
        return self.exclude(deleted_at=None)

    def visible_to(self, actor: Actor) -> Self:
        """Those the actor may see: all, or the ones assigned to them (DESIGN section 4, decision 15)."""
        if actor.sees_all_contacts:
            return self
        if actor.member_id is None:
            return self.none()
        assignees = self._related("further_assignees")
        shared = assignees.filter(contact=OuterRef("pk"), member_id=actor.member_id)
        return self.filter(Q(assigned_to_id=actor.member_id) | Exists(shared))

    def tagged_any(self, names: Collection[str]) -> Self:
        """Those with at least one of the tags."""
        tagged = self._related("tagged").filter(content_object=OuterRef("pk"), tag__name__in=list(names))
        return self.filter(Exists(tagged))

    def _related(self, accessor: str) -> models.QuerySet[models.Model]:
        # The child models import this module's managers, so they are reached through the field that leads to them.
        model: type[models.Model] = self.model._meta.get_field(accessor).related_model  # type: ignore[assignment]  # never "self" here
        return model._default_manager.all()


ContactManager = BaseTenantManager.from_queryset(ContactQuerySet)

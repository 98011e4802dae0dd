"""The team's own fields. Their values stand in ``Contact.custom_values``, under each field's ``key``."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.tenancy import TenantModel
from contacts.models.choices import CustomFieldKind

KINDS_WITH_OPTIONS = frozenset({CustomFieldKind.SELECT.value, CustomFieldKind.SELECT_MULTI.value})


class CustomField(TenantModel):
    """A field of the team's own making.

    A retired one is shown nowhere and keeps its values, for the day it is brought back. A field of another kind than
    before has another ``generation``: values of the kind before are carried over a slice at a time, and until then are
    no values of this field.
    """

    number = models.PositiveIntegerField(editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=CustomFieldKind.choices)
    position = models.PositiveIntegerField(default=0, editable=False)
    generation = models.PositiveIntegerField(default=0, editable=False)
    # The kinds it had before, by the key of their values: histories still show them.
    former_kinds = models.JSONField(default=dict, editable=False)
    # The greatest number an option ever had: one that was removed is nobody else's.
    last_option = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="custom_field_tenant_key"),
            models.UniqueConstraint(fields=["organization", "number"], name="custom_field_number_key"),
            models.UniqueConstraint(
                fields=["organization", "name"], condition=Q(retired_at=None), name="custom_field_name_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=CustomFieldKind.values), name="custom_field_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """Where a contact's values of this field are."""
        return key_of(self.number, self.generation)

    def kind_under(self, key: str) -> str | None:
        """The kind of the values under a key, of this field now or before; None where that is not known."""
        found: str | None = self.kind if key == self.key else self.former_kinds.get(key)
        return found

    @property
    def has_options(self) -> bool:
        return self.kind in KINDS_WITH_OPTIONS


class CustomFieldOption(TenantModel):
    """Something to pick. Values hold its number, so that a rename changes no contact."""

    field = models.ForeignKey(CustomField, on_delete=models.CASCADE, related_name="options", db_index=False)
    number = models.PositiveIntegerField(editable=False)
    name = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "field", "number"], name="custom_field_option_number_key"),
            models.UniqueConstraint(fields=["organization", "field", "name"], name="custom_field_option_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


def key_of(number: int, generation: int) -> str:
    """The key of a field's values: its number, and after a change of kind the how manieth one it is."""
    return f"{number}.{generation}" if generation else str(number)


def number_of(key: str) -> int:
    """The number of the field whose values are, or before a change of kind were, under a key."""
    return int(key.partition(".")[0])

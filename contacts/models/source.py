"""The staff's catalogue of where contacts come from."""

from __future__ import annotations

from django.db import models

from accounts.tenancy import TenantModel


class Source(TenantModel):
    """A named origin. A contact's ``source`` is text; this is what it is picked from, and EstatePrime's ``source_id``."""

    number = models.PositiveIntegerField(editable=False)
    name = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="source_name_once"),
            models.UniqueConstraint(fields=["organization", "number"], name="source_number_key"),
        ]

    def __str__(self) -> str:
        return self.name

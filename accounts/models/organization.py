"""The tenant itself."""

from __future__ import annotations

from typing import ClassVar, Self
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import cached_property
from phonenumbers import SUPPORTED_REGIONS

from accounts.identifiers import public_id, uuid7
from accounts.plans import Plan
from accounts.tenancy import TenantManager


def validate_time_zone(value: str) -> None:
    """Refuse what is no IANA time zone."""
    if value not in available_timezones():
        raise ValidationError("%(value)s is no IANA time zone.", params={"value": value})


def validate_phone_region(value: str) -> None:
    """Refuse what is no ISO 3166-1 alpha-2 region with a numbering plan."""
    if value not in SUPPORTED_REGIONS:
        raise ValidationError("%(value)s is no region with phone numbers.", params={"value": value})


class Organization(models.Model):
    """One real-estate team. It is fenced by its own key: inside a scope there is exactly one organization."""

    tenant_column = "id"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z")])
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[validate_time_zone], help_text="IANA name, such as Europe/Athens."
    )
    phone_region = models.CharField(
        max_length=2,
        default="US",
        validators=[validate_phone_region],
        help_text="The country of phone numbers written without one.",
    )
    plan = models.CharField(max_length=20, choices=Plan.choices, default=Plan.UNLIMITED)
    agents_see_only_their_contacts = models.BooleanField(
        default=False, help_text="Agents see the contacts assigned to them and no others."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def public_id(self) -> str:
        # Printed with every contact of a page.
        return public_id("org", self.uuid)

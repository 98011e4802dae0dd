"""The contact: one row that carries everything a list shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from taggit.managers import TaggableManager

from accounts.identifiers import public_id, uuid7
from accounts.models import Member
from accounts.tenancy import TenantModel
from contacts.models.choices import ContactRole, ContactStage, ContactStatus, ContactType
from contacts.querysets import ContactManager

# Where "never contacted" sorts: before every real moment.
NEVER = datetime(1, 1, 1, tzinfo=UTC)

LIVE = Q(deleted_at=None)


class Contact(TenantModel):
    """A person or company the team knows. Rows are written by ``contacts.services`` only and never leave the table."""

    # Ids. ``id`` stays inside; the wires know ``uuid``, ``number`` or ``winnerr_key``.
    uuid = models.UUIDField(default=uuid7, editable=False)
    number = models.BigIntegerField(editable=False)
    winnerr_key = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001 - null: computed from the UUID

    # Names. ``full_name`` is as written, and empty where a company has no other name than its own; the ``_norm`` columns
    # are what sorting compares.
    first_name = models.CharField(max_length=200, blank=True, default="")
    last_name = models.CharField(max_length=200, blank=True, default="")
    full_name = models.CharField(max_length=401, blank=True, default="")
    first_name_norm = models.TextField(blank=True, default="", editable=False)
    last_name_norm = models.TextField(blank=True, default="", editable=False)
    is_company = models.BooleanField(default=False)
    company_name = models.CharField(max_length=200, blank=True, default="")

    # The primary e-mail and phone, as typed, beside their comparison forms. Empty text when there is none.
    email = models.CharField(max_length=254, blank=True, default="")
    email_norm = models.CharField(max_length=400, blank=True, default="", editable=False)
    email_label = models.CharField(max_length=50, blank=True, default="")
    email_note = models.CharField(max_length=500, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    phone_norm = models.CharField(max_length=60, blank=True, default="", editable=False)
    phone_label = models.CharField(max_length=50, blank=True, default="")
    phone_note = models.CharField(max_length=500, blank=True, default="")

    street = models.CharField(max_length=200, blank=True, default="")
    city = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=200, blank=True, default="")
    zip_code = models.CharField(max_length=200, blank=True, default="")
    country = models.CharField(max_length=200, blank=True, default="")

    type = models.CharField(max_length=20, choices=ContactType.choices, default=ContactType.LEAD)
    status = models.CharField(max_length=20, choices=ContactStatus.choices, default=ContactStatus.ACTIVE)
    stage = models.CharField(max_length=20, choices=ContactStage.choices, default=ContactStage.PROSPECT)
    role = models.CharField(max_length=20, choices=ContactRole.choices, default=ContactRole.PROSPECT)

    source = models.CharField(max_length=100, blank=True, default="")
    referral_source = models.CharField(max_length=200, blank=True, default="")
    channel_preference = models.CharField(max_length=50, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="en")
    preferences = models.JSONField(null=True, blank=True, default=None)
    lead_score = models.SmallIntegerField(default=0, editable=False)
    notes = models.TextField(blank=True, default="", max_length=10_000)
    assigned_to = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="assigned_contacts", db_index=False
    )
    created_by = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    tags = TaggableManager(through="contacts.TaggedContact", blank=True)

    # Values by custom-field id, and what EstatePrime accepts and keeps without meaning.
    custom_values = models.JSONField(default=dict, blank=True, editable=False)
    extra = models.JSONField(default=dict, blank=True, editable=False)
    search_text = models.TextField(blank=True, default="", editable=False)

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    last_contacted_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_contacted_order = models.GeneratedField(
        expression=Coalesce("last_contacted_at", models.Value(NEVER)),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)
    converted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ContactManager[Self]] = ContactManager()  # type: ignore[assignment]  # a narrower manager

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="contact_tenant_key"),
            models.UniqueConstraint(fields=["organization", "uuid"], name="contact_uuid_key"),
            models.UniqueConstraint(fields=["organization", "number"], name="contact_number_key"),
            models.UniqueConstraint(
                fields=["organization", "winnerr_key"], condition=~Q(winnerr_key=None), name="contact_winnerr_key"
            ),
            # One live contact per primary address; a deleted one gives it back.
            models.UniqueConstraint(
                fields=["organization", "email_norm"],
                condition=LIVE & ~Q(email_norm=""),
                name="contact_one_live_per_email",
            ),
            models.CheckConstraint(
                condition=Q(stage=ContactStage.APPLICANT, applied_at__isnull=False)
                | (~Q(stage=ContactStage.APPLICANT) & Q(applied_at__isnull=True)),
                name="contact_applied_at_iff_applicant",
            ),
            models.CheckConstraint(condition=Q(type__in=ContactType.values), name="contact_type_known"),
            models.CheckConstraint(condition=Q(status__in=ContactStatus.values), name="contact_status_known"),
            models.CheckConstraint(condition=Q(stage__in=ContactStage.values), name="contact_stage_known"),
            models.CheckConstraint(condition=Q(role__in=ContactRole.values), name="contact_role_known"),
            models.CheckConstraint(condition=Q(lead_score__range=(0, 100)), name="contact_lead_score_range"),
        ]
        indexes = [
            # Every filter and every sort of a list finds its page in one of these (``contacts.listing``). All begin with
            # the organization and end with age and key, so that each serves its column up and down.
            # The only one to be walked past rows that are not wanted: it says of each what the wires filter by most.
            models.Index(
                fields=["organization", "created_at", "id"],
                include=["stage", "role", "channel_preference"],
                condition=LIVE,
                name="contact_list",
            ),
            models.Index(
                fields=["organization", "stage", "role", "created_at", "id"],
                condition=LIVE,
                name="contact_by_stage_role",
            ),
            models.Index(
                fields=["organization", "channel_preference", "stage", "role", "created_at", "id"],
                condition=LIVE,
                name="contact_by_channel_stage_role",
            ),
            models.Index(
                fields=["organization", "type", "status", "created_at", "id"],
                condition=LIVE,
                name="contact_by_type_status",
            ),
            models.Index(
                fields=["organization", "type", "status", "lead_score", "created_at", "id"],
                condition=LIVE,
                name="contact_by_type_status_score",
            ),
            *(
                models.Index(fields=["organization", column, "created_at", "id"], condition=LIVE, name=name)
                for column, name in (
                    ("lead_score", "contact_by_score"),
                    ("source", "contact_by_source"),
                    ("assigned_to", "contact_by_assignee"),
                    ("first_name_norm", "contact_by_first_name"),
                    ("last_name_norm", "contact_by_last_name"),
                    ("email_norm", "contact_by_email"),
                    ("updated_at", "contact_by_update"),
                    ("last_contacted_order", "contact_by_last_contact"),
                )
            ),
            # EstatePrime's lists, page by page from the newest number.
            models.Index(fields=["organization", "number", "id"], condition=LIVE, name="contact_by_number"),
            models.Index(fields=["organization", "deleted_at", "id"], condition=~LIVE, name="contact_deleted"),
            models.Index(
                F("organization"), F("phone_norm"), condition=LIVE & ~Q(phone_norm=""), name="contact_by_phone"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What a person is called on a page: the name, else the company, else an address to reach them by."""
        return self.full_name or self.company_name or self.email or self.phone or f"Contact {self.number}"

    @property
    def winnerr_id(self) -> str:
        """Winnerr's id: the vendor's own where an import kept it, else computed from the UUID."""
        return self.winnerr_key or public_id("contact", self.uuid)

    @property
    def is_live(self) -> bool:
        return self.deleted_at is None

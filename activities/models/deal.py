"""Business with a contact."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.identifiers import public_id, uuid7
from accounts.models import Member
from accounts.tenancy import TenantModel
from contacts.models import Contact


class DealType(models.TextChoices):
    """What kind of business (CONTRACTS 1.3)."""

    SALE = "SALE", "Sale"
    PURCHASE = "PURCHASE", "Purchase"
    LEASE = "LEASE", "Lease"
    RENTAL = "RENTAL", "Rental"


class DealStage(models.TextChoices):
    """How far it is."""

    LEAD = "LEAD", "Lead"
    QUALIFIED = "QUALIFIED", "Qualified"
    APPOINTMENT = "APPOINTMENT", "Appointment"
    NEGOTIATION = "NEGOTIATION", "Negotiation"
    CONTRACT = "CONTRACT", "Contract"
    INSPECTION = "INSPECTION", "Inspection"
    APPRAISAL = "APPRAISAL", "Appraisal"
    FINANCING = "FINANCING", "Financing"
    CLOSING = "CLOSING", "Closing"
    CLOSED = "CLOSED", "Closed"
    LOST = "LOST", "Lost"


class DealStatus(models.TextChoices):
    """Whether it is alive."""

    ACTIVE = "ACTIVE", "Active"
    ON_HOLD = "ON_HOLD", "On hold"
    CANCELLED = "CANCELLED", "Cancelled"
    CLOSED = "CLOSED", "Closed"


class Deal(TenantModel):
    """One piece of business. ``amount`` is in the organization's currency, whole units with cents; ``probability`` in percent."""

    uuid = models.UUIDField(default=uuid7, editable=False)
    winnerr_key = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001 - null: computed from the UUID
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="deals", db_index=False)
    assigned_to = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="", max_length=10_000)
    type = models.CharField(max_length=10, choices=DealType.choices, default=DealType.PURCHASE)
    stage = models.CharField(max_length=12, choices=DealStage.choices, default=DealStage.LEAD)
    status = models.CharField(max_length=10, choices=DealStatus.choices, default=DealStatus.ACTIVE)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    probability = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=100, blank=True, default="")
    notes = models.TextField(blank=True, default="", max_length=10_000)
    tags = models.JSONField(default=list, blank=True)
    # Shape-checked JSON: commission, property, team members, timeline, documents, tasks (DESIGN section 4, decision 14).
    commission = models.JSONField(null=True, blank=True, default=None)
    property_details = models.JSONField(null=True, blank=True, default=None)
    team_members = models.JSONField(default=list, blank=True)
    timeline = models.JSONField(null=True, blank=True, default=None)
    documents = models.JSONField(default=list, blank=True)
    tasks = models.JSONField(default=list, blank=True)
    closing_date = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "uuid"], name="deal_uuid_key"),
            models.CheckConstraint(condition=Q(type__in=DealType.values), name="deal_type_known"),
            models.CheckConstraint(condition=Q(stage__in=DealStage.values), name="deal_stage_known"),
            models.CheckConstraint(condition=Q(status__in=DealStatus.values), name="deal_status_known"),
            models.CheckConstraint(
                condition=Q(probability=None) | Q(probability__range=(0, 100)), name="deal_probability_range"
            ),
        ]
        indexes = [
            models.Index(
                F("organization"), F("contact"), F("created_at").desc(), F("id").desc(), name="deal_of_contact"
            ),
            models.Index(
                F("organization"),
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(deleted_at=None),
                name="deal_list",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def winnerr_id(self) -> str:
        return self.winnerr_key or public_id("deal", self.uuid)

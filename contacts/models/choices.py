"""The closed lists. Each wire has a status column of its own, and none invents another's (DESIGN section 4, decision 2)."""

from __future__ import annotations

from django.db import models


class ContactType(models.TextChoices):
    """What the team has to do with somebody."""

    LEAD = "LEAD", "Lead"
    CLIENT = "CLIENT", "Client"
    PAST_CLIENT = "PAST_CLIENT", "Past client"
    REFERRAL = "REFERRAL", "Referral"
    VENDOR = "VENDOR", "Vendor"


class ContactStatus(models.TextChoices):
    """Winnerr's status. ``CLIENT`` is in its printed example though not in its table (CONTRACTS W-C1)."""

    ACTIVE = "ACTIVE", "Active"
    INACTIVE = "INACTIVE", "Inactive"
    CONVERTED = "CONVERTED", "Converted"
    DISQUALIFIED = "DISQUALIFIED", "Disqualified"
    DO_NOT_CONTACT = "DO_NOT_CONTACT", "Do not contact"
    CLIENT = "CLIENT", "Client"


class ContactStage(models.TextChoices):
    """Rentalot's status."""

    PROSPECT = "prospect", "Prospect"
    SCHEDULED = "scheduled", "Scheduled"
    APPLICANT = "applicant", "Applicant"
    RENTER = "renter", "Renter"
    ARCHIVED = "archived", "Archived"


class ContactRole(models.TextChoices):
    """Rentalot's role, independent of the stage."""

    PROSPECT = "prospect", "Prospect"
    TENANT = "tenant", "Tenant"
    LANDLORD = "landlord", "Landlord"
    PROPERTY_MANAGER = "property_manager", "Property manager"
    VENDOR = "vendor", "Vendor"
    OTHER = "other", "Other"

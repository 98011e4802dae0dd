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


class CustomFieldKind(models.TextChoices):
    """What a custom field holds: EstatePrime's 21 documented types, and the one it only shows (CONTRACTS 3.5, E-C3)."""

    TEXT = "text", "Text"
    TEXTAREA = "textarea", "Long text"
    WYSIWYG = "wysiwyg", "Formatted text"
    NUMBER = "number", "Number"
    FORMATTED_NUMBER = "formatted_number", "Formatted number"
    SELECT = "select", "One of a list"
    SELECT_MULTI = "select_multi", "Several of a list"
    CHECKBOX = "checkbox", "Yes or no"
    FILE = "file", "File"
    FILE_MULTI = "file_multi", "Files"
    IMAGE = "image", "Picture"
    IMAGE_MULTI = "image_multi", "Pictures"
    ADDRESS = "address", "Address"
    URL = "url", "Web address"
    DATE = "date", "Date"
    DATETIME = "datetime", "Date and time"
    CURRENCY = "currency", "Amount of money"
    USER = "user", "Member"
    USER_MULTI = "user_multi", "Members"
    CONTACT = "contact", "Contact"
    CONTACT_MULTI = "contact_multi", "Contacts"
    PHONE = "phone", "Phone"

"""The rows that hang on a contact, each with its position: further addresses, further assignees, related people."""

from __future__ import annotations

from django.db import models

from accounts.models import Member
from accounts.tenancy import TenantModel
from contacts.models.contact import Contact


class ContactEmail(TenantModel):
    """A further e-mail address. It may repeat across contacts: it only feeds duplicate suggestions."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="further_emails", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    email = models.CharField(max_length=254)
    email_norm = models.CharField(max_length=400, editable=False, default="")
    label = models.CharField(max_length=50, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        verbose_name = "further e-mail"
        indexes = [
            models.Index(fields=["organization", "contact", "position"], name="contact_email_of_contact"),
            models.Index(fields=["organization", "email_norm"], name="contact_email_by_address"),
        ]

    def __str__(self) -> str:
        return self.email


class ContactPhone(TenantModel):
    """A further phone number; the first one is Winnerr's ``secondaryPhone``."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="further_phones", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    phone = models.CharField(max_length=40)
    phone_norm = models.CharField(max_length=60, editable=False, default="")
    label = models.CharField(max_length=50, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        verbose_name = "further phone"
        indexes = [
            models.Index(fields=["organization", "contact", "position"], name="contact_phone_of_contact"),
            models.Index(fields=["organization", "phone_norm"], name="contact_phone_by_number"),
        ]

    def __str__(self) -> str:
        return self.phone


class ContactAssignee(TenantModel):
    """A member who looks after a contact beside ``assigned_to``."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="further_assignees", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "contact", "member"], name="contact_assignee_once")
        ]
        indexes = [models.Index(fields=["organization", "member"], name="contact_assignee_by_member")]

    def __str__(self) -> str:
        return f"Assignee {self.member_id}"


class RelatedPerson(TenantModel):
    """Somebody to speak to at a contact's: a partner, an assistant (EstatePrime's ``contact_details``)."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="related_people", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    first_name = models.CharField(max_length=100, blank=True, default="")
    last_name = models.CharField(max_length=100, blank=True, default="")
    mobile = models.CharField(max_length=40, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    notes = models.CharField(max_length=2_000, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        verbose_name_plural = "related people"
        indexes = [models.Index(fields=["organization", "contact", "position"], name="related_person_of_contact")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.mobile

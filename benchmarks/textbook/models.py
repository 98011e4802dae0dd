"""An organization, its users, and its contacts in one table: one for each API, as each would have been somebody's project."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from taggit.managers import TaggableManager


class Organization(models.Model):
    """A team."""

    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class User(AbstractBaseUser):
    """Somebody of a team."""

    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)

    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class Contact(models.Model):
    """A person the team knows."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="contacts")
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    secondary_phone = models.CharField(max_length=40, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=200, blank=True)
    zip_code = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=200, blank=True)
    type = models.CharField(max_length=20, default="LEAD", db_index=True)
    status = models.CharField(max_length=20, default="ACTIVE", db_index=True)
    source = models.CharField(max_length=100, blank=True, db_index=True)
    lead_score = models.IntegerField(default=0, db_index=True)
    notes = models.TextField(blank=True)
    preferences = models.JSONField(null=True, blank=True)
    assigned_to = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_contacted_at = models.DateTimeField(null=True, blank=True)
    tags = TaggableManager(blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["organization", "email"], name="contact_email_once")]
        indexes = [models.Index(fields=["organization", "-created_at"], name="contact_newest_first")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Person(models.Model):
    """A person the team lets to, with what the other API says of one."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="people")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=20, default="prospect", db_index=True)
    role = models.CharField(max_length=20, default="prospect", db_index=True)
    channel = models.CharField(max_length=50, blank=True, db_index=True)
    source = models.CharField(max_length=100, blank=True, default="api")
    referral_source = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, default="en")
    notes = models.TextField(blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"], condition=~models.Q(email=""), name="person_email_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="person_newest_first")]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """Where clients come from."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A label of the team's."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class CustomField(models.Model):
    """A field of the team's own."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.name


class Client(models.Model):
    """A person the team sells to, with a table for each list that the third API prints of one."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="clients")
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    source = models.ForeignKey(Source, on_delete=models.SET_NULL, null=True, blank=True)
    is_lead = models.BooleanField(default=False)
    is_company = models.BooleanField(default=False)
    company_name = models.CharField(max_length=200, blank=True)
    notes = models.TextField(blank=True)
    tags = models.ManyToManyField(Tag, blank=True)
    users = models.ManyToManyField(User, blank=True, related_name="clients")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    date_created = models.DateTimeField(auto_now_add=True)
    date_updated = models.DateTimeField(auto_now=True)
    date_converted_to_client = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="client_newest_first"),
            models.Index(fields=["organization", "date_created"], name="client_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class ClientPhone(models.Model):
    """One of a client's phones."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="phones")
    type = models.CharField(max_length=50, blank=True)
    number = models.CharField(max_length=40)
    notes = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.number


class ClientEmail(models.Model):
    """One of a client's addresses."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="emails")
    type = models.CharField(max_length=50, blank=True)
    email_address = models.EmailField()
    notes = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.email_address


class ClientDetail(models.Model):
    """Somebody to speak to at a client's."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contact_details")
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    mobile = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    notes = models.CharField(max_length=2_000, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class ClientValue(models.Model):
    """What a client has in one of the team's fields."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="custom_fields")
    custom_field = models.ForeignKey(CustomField, on_delete=models.CASCADE)
    value = models.JSONField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.custom_field_id}: {self.value}"

"""Tags, one catalogue per organization."""

from __future__ import annotations

from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from taggit.models import ItemBase, TagBase

from accounts.tenancy import TenantManager, TenantModel
from contacts.models.contact import Contact


class Tag(TenantModel, TagBase):
    """A label with a colour. Names are verbatim: ``VIP`` and ``vip`` are two tags, as a program sent them."""

    # taggit's own name and slug are unique across the whole table, which would tell one tenant of another's tags.
    name = models.CharField(max_length=50)
    slug = models.CharField(max_length=120, editable=False)
    number = models.PositiveIntegerField(editable=False)
    color = models.CharField(max_length=7, validators=[RegexValidator(r"^#[0-9a-f]{6}\Z")])
    position = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[TenantManager[Self]] = TenantManager()  # type: ignore[assignment]  # invariant in Self

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="tag_tenant_key"),
            models.UniqueConstraint(fields=["organization", "name"], name="tag_name_once"),
            models.UniqueConstraint(fields=["organization", "slug"], name="tag_slug_once"),
            models.UniqueConstraint(fields=["organization", "number"], name="tag_number_key"),
        ]

    def __str__(self) -> str:
        return self.name


class TaggedContact(TenantModel, ItemBase):
    """A tag on a contact; ``position`` keeps the order the tags were given in.

    ``contact_created_at`` repeats the contact's age, which never changes: the newest with a tag are found by an index.
    """

    content_object = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="tagged", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged", db_index=False)
    position = models.PositiveIntegerField(default=0)
    contact_created_at = models.DateTimeField(editable=False)

    objects: ClassVar[TenantManager[Self]] = TenantManager()  # type: ignore[assignment]  # invariant in Self

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "content_object", "tag"], name="contact_tagged_once")
        ]
        indexes = [
            models.Index(
                fields=["organization", "tag", "contact_created_at", "content_object"], name="contact_by_tag_and_age"
            )
        ]

    def __str__(self) -> str:
        return f"Tag {self.tag_id} on contact {self.content_object_id}"

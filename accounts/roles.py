"""The one table that says which role may do what."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """What a member is in an organization."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    AGENT = "agent", "Agent"
    VIEWER = "viewer", "Viewer"


class Right(StrEnum):
    """What can be allowed."""

    READ_CONTACTS = "read_contacts"
    WRITE_CONTACTS = "write_contacts"
    BULK_UPDATE_CONTACTS = "bulk_update_contacts"
    EXPORT_CONTACTS = "export_contacts"
    READ_MEMBERS = "read_members"
    MANAGE_CATALOGUE = "manage_catalogue"
    MANAGE_CREDENTIALS = "manage_credentials"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_ORGANIZATION = "manage_organization"


_VIEWER = frozenset({Right.READ_CONTACTS, Right.READ_MEMBERS})
_AGENT = _VIEWER | {Right.WRITE_CONTACTS}
_ADMIN = _AGENT | {
    Right.BULK_UPDATE_CONTACTS,
    Right.EXPORT_CONTACTS,
    Right.MANAGE_CATALOGUE,
    Right.MANAGE_CREDENTIALS,
}

ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: _VIEWER,
    Role.AGENT: _AGENT,
    Role.ADMIN: _ADMIN,
    Role.OWNER: frozenset(Right),
}


def role_allows(role: Role, right: Right) -> bool:
    """Whether members of this role have the right. Absence means no."""
    return right in ROLE_RIGHTS.get(role, frozenset())

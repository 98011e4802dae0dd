"""What an organization calls things: everything an interpreter needs to know beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from accounts.models import Member
from accounts.tenancy import current_organization
from contacts.custom_fields import definition_of, fields_in_order, type_of
from contacts.field_types import Definition, FieldType


@dataclass(frozen=True, slots=True)
class KnownField:
    """A custom field: EstatePrime's number of it, what the team calls it, and how its cells are read."""

    number: int
    name: str
    type: FieldType
    definition: Definition


@dataclass(frozen=True, slots=True)
class Context:
    """The organization's own words. ``members`` are the active ones' primary keys by casefolded e-mail address and, where
    only one has it, by casefolded full name."""

    region: str = "US"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    fields: tuple[KnownField, ...] = ()
    members: Mapping[str, int] = field(default_factory=dict)


def read_context() -> Context:
    """The context of the organization in scope."""
    organization = current_organization()
    fields = tuple(
        KnownField(field.number, field.name, type_of(field), definition_of(field)) for field in fields_in_order()
    )
    return Context(
        region=organization.phone_region,
        time_zone=ZoneInfo(organization.time_zone),
        fields=fields,
        members=_members_by_name(),
    )


def _members_by_name() -> dict[str, int]:
    members = list(Member.objects.filter(is_active=True).select_related("user"))
    names: dict[str, set[int]] = {}
    for member in members:
        names.setdefault(member.full_name.casefold(), set()).add(member.pk)
    found = {name: next(iter(keys)) for name, keys in names.items() if len(keys) == 1}
    return found | {member.user.email.casefold(): member.pk for member in members}

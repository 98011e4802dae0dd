"""What an organization calls things: everything an interpreter needs to know beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from accounts.identifiers import public_id
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
    only one has it, by casefolded full name; ``members_by_id`` are the same by what wires call them: ``agent_<uuid>`` on one,
    a number in digits on another."""

    region: str = "US"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    fields: tuple[KnownField, ...] = ()
    members: Mapping[str, int] = field(default_factory=dict)
    members_by_id: Mapping[str, int] = field(default_factory=dict)


def read_context() -> Context:
    """The context of the organization in scope."""
    organization = current_organization()
    members = list(Member.objects.filter(is_active=True).select_related("user"))
    fields = tuple(
        KnownField(field.number, field.name, type_of(field), definition_of(field)) for field in fields_in_order()
    )
    return Context(
        region=organization.phone_region,
        time_zone=ZoneInfo(organization.time_zone),
        fields=fields,
        members=_by_name(members),
        members_by_id=_by_id(members),
    )


def _by_id(members: list[Member]) -> dict[str, int]:
    return {name: member.pk for member in members for name in (public_id("agent", member.uuid), str(member.number))}


def _by_name(members: list[Member]) -> dict[str, int]:
    names: dict[str, set[int]] = {}
    for member in members:
        names.setdefault(member.full_name.casefold(), set()).add(member.pk)
    found = {name: next(iter(keys)) for name, keys in names.items() if len(keys) == 1}
    return found | {member.user.email.casefold(): member.pk for member in members}

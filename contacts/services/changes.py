"""Writing down what a write changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from accounts.actor import Actor
from contacts.models import ChangeVerb, Contact, ContactChange
from contacts.services.children import Children

# What a change shows. Comparison forms, search text, versions and times follow from these.
RECORDED_FIELDS = (
    "first_name",
    "last_name",
    "full_name",
    "is_company",
    "company_name",
    "email",
    "email_label",
    "email_note",
    "phone",
    "phone_label",
    "phone_note",
    "street",
    "city",
    "state",
    "zip_code",
    "country",
    "type",
    "status",
    "stage",
    "role",
    "source",
    "referral_source",
    "channel_preference",
    "language",
    "preferences",
    "lead_score",
    "notes",
    "assigned_to_id",
    "custom_values",
    "extra",
)


_recorded = attrgetter(*RECORDED_FIELDS)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One contact's part of an operation: the changed facts before and after."""

    contact_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def changed_fields(self) -> list[str]:
        """Without a score that was worked out again and stayed."""
        return [name for name, value in self.after.items() if name not in self.before or self.before[name] != value]


def facts_of(contact: Contact, children: Children | None = None) -> dict[str, Any]:
    """Everything a change may show of a contact, as JSON. Children only where they were read."""
    facts = dict(zip(RECORDED_FIELDS, _recorded(contact), strict=True))
    if children is not None:
        facts.update(children.facts())
    return facts


def difference(
    contact_id: int, before: Mapping[str, Any], after: Mapping[str, Any], *, scored: bool = False
) -> Change | None:
    """The facts that differ, None when nothing does. Of a ``scored`` contact the lead score too, where it stayed the same."""
    changed = [name for name in after if before.get(name) != after[name]]
    if not changed:
        return None
    if scored and "lead_score" not in changed:
        changed.append("lead_score")
    return Change(
        contact_id=contact_id,
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )


def creation(contact_id: int, after: Mapping[str, Any]) -> Change:
    """The facts a new contact begins with; what is empty, 0 or false every contact has unless somebody said otherwise."""
    return Change(contact_id=contact_id, before={}, after={name: value for name, value in after.items() if value})


def record(operation: UUID, verb: ChangeVerb, changes: Iterable[Change], *, actor: Actor, now: datetime) -> None:
    """Append one row per contact, in one statement."""
    ContactChange.objects.bulk_create(
        ContactChange(
            contact_id=change.contact_id,
            operation=operation,
            verb=verb,
            actor_kind=actor.kind.value,
            actor_label=actor.label[:320],
            member_id=actor.member_id,
            credential_id=actor.credential_id,
            door=actor.door.value,
            request_id=actor.request_id[:64],
            before=dict(change.before),
            after=dict(change.after),
            created_at=now,
        )
        for change in changes
    )

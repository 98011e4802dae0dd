"""Bringing contacts in step with a changed field, slice by slice, each one a job (docs/decisions/0016).

No slice holds more than its own contacts. Every step finds what is still to be done in the contacts themselves, so a
job may run twice, and whoever writes to a contact meanwhile is not undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks import task

from accounts.actor import Actor, ActorKind, Door
from accounts.identifiers import uuid7
from accounts.tenancy import current_organization_id, tenant_scope
from contacts.custom_fields import definition_of, existing_references, type_of
from contacts.events import ContactsChanged, contacts_updated
from contacts.field_types import EMPTY, FIELD_TYPES, BadFieldValue, Definition, FieldType, References
from contacts.models import ChangeVerb, Contact, CustomField
from contacts.services.changes import Change, record

SLICE = 250
Values = dict[str, Any]


def begin_conversion(field: CustomField, kind: str, key: str, *, actor: Actor) -> None:
    """Carry the values of ``kind`` under ``key`` over to the field as it is now, in the transaction that changed it."""
    convert_slice.enqueue(current_organization_id(), field.pk, kind, key, actor.label, actor.member_id, 0)


def begin_removal(field: CustomField, option: int, *, actor: Actor) -> None:
    """Take an option out of the contacts that have it, in the transaction that removed it."""
    remove_slice.enqueue(current_organization_id(), field.pk, option, actor.label, actor.member_id, 0)


@task()
def convert_slice(
    organization_id: int, field_id: int, kind: str, key: str, label: str, member_id: int | None, after: int
) -> None:
    """Carry over the values of the next contacts, and store that with the job for those behind them."""
    with tenant_scope(organization_id), transaction.atomic():
        field = CustomField.objects.filter(pk=field_id).first()
        if field is None:
            return
        carry = _Carrying(FIELD_TYPES[kind], type_of(field), definition_of(field))

        def converted(values: Values) -> Values:
            value = values.pop(key)
            carried = None if field.key in values else carry(value)
            return values if carried is None else values | {field.key: carried}

        last = _rewrite(Q(custom_values__has_key=key), converted, _actor(label, member_id), after)
        if last:
            convert_slice.enqueue(organization_id, field_id, kind, key, label, member_id, last)


class _Carrying:
    """What a field's kind makes of values of the one it was before."""

    def __init__(self, old: FieldType, new: FieldType, definition: Definition) -> None:
        self.old, self.new, self.definition = old, new, definition
        # Many contacts of a slice point to the same few rows.
        self.existing = cache(existing_references)

    def __call__(self, stored: Any) -> Any:
        """The value in its new form, None when the new kind cannot hold it."""
        try:
            value = self._read(stored)
        except BadFieldValue:
            return None
        return None if value in EMPTY or not self._leads_somewhere(stored, value) else value

    def _read(self, stored: Any) -> Any:
        cell = self.old.to_cell(stored, self.definition)
        try:
            return self.new.clean(self.new.from_cell(cell, self.definition), self.definition)
        except BadFieldValue:
            if not isinstance(stored, str):
                raise
            # What a cell shows with more: ``5.00€`` is 5.
            return self.new.clean(stored, self.definition)

    def _leads_somewhere(self, stored: Any, value: Any) -> bool:
        """Whether the value points to nothing new, or to rows there are: a member's number is no contact's."""
        before, wanted = self.old.references(stored), self.new.references(value)
        if wanted in (before, References()):
            return True
        return before == References() and self.existing(wanted) == wanted


@task()
def remove_slice(
    organization_id: int, field_id: int, option: int, label: str, member_id: int | None, after: int
) -> None:
    """Take the option out of the next contacts, and store that with the job for those behind them."""
    with tenant_scope(organization_id), transaction.atomic():
        field = CustomField.objects.filter(pk=field_id).first()
        if field is None:
            return
        key = field.key

        def without(values: Values) -> Values:
            value = values.pop(key)
            several = value if isinstance(value, list) else [value]
            left = [number for number in several if number != option]
            return values | {key: left if isinstance(value, list) else value} if left else values

        # SQLite cannot look into a list; whoever has another option is left alone below.
        last = _rewrite(Q(custom_values__has_key=key), without, _actor(label, member_id), after)
        if last:
            remove_slice.enqueue(organization_id, field_id, option, label, member_id, last)


def _rewrite(holds: Q, change: Callable[[Values], Values], actor: Actor, after: int) -> int:
    """Change the values of the next contacts that need it; the last one's primary key, 0 when there are no more."""
    rows = Contact.objects.filter(holds, pk__gt=after).order_by("pk").select_for_update(of=("self",))
    contacts = list(rows.only("pk", "custom_values", "organization_id")[:SLICE])
    changed = []
    for contact in contacts:
        before, contact.custom_values = contact.custom_values, change(dict(contact.custom_values))
        if contact.custom_values != before:
            changed.append((contact, before))
    if changed:
        _store(changed, actor)
    return contacts[-1].pk if len(contacts) == SLICE else 0


def _store(changed: Sequence[tuple[Contact, Values]], actor: Actor) -> None:
    now, operation = timezone.now(), uuid7()
    ids = [contact.pk for contact, _ in changed]
    changes = [
        Change(
            contact_id=contact.pk,
            before={"custom_values": before},
            after={"custom_values": contact.custom_values},
        )
        for contact, before in changed
    ]
    Contact.objects.bulk_update([contact for contact, _ in changed], ["custom_values"])
    Contact.objects.filter(pk__in=ids).update(version=F("version") + 1, updated_at=now)
    record(operation, ChangeVerb.UPDATED, changes, actor=actor, now=now)
    fields = frozenset({"custom_values"})
    event = ContactsChanged(operation=operation, contact_ids=frozenset(ids), actor=actor, fields=fields)
    contacts_updated.send(Contact, event=event)


def _actor(label: str, member_id: int | None) -> Actor:
    """Latchkey, on behalf of who asked: what they may see does not narrow it."""
    return Actor(kind=ActorKind.SYSTEM, door=Door.SYSTEM, label=label, member_id=member_id)

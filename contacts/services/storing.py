"""Storing a decided chunk of an import, set by set: what ``create_contacts`` and ``update_contacts`` do, for thousands.

A test holds the two against each other (``tests/contacts/importing/test_storing.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, cast
from uuid import UUID

from accounts.actor import Actor
from accounts.tenancy import TenantModel
from contacts.events import ContactsChanged, contacts_created, contacts_updated
from contacts.importing.fresh import COLUMNS
from contacts.importing.matching import Target, facts, request_of
from contacts.importing.tables import Batch, insert_batches, insert_rows, next_ids, update_rows
from contacts.models import ChangeVerb, Contact, ContactChange, TaggedContact
from contacts.services.changes import Change, creation
from contacts.services.children import KINDS, Children, replace_children
from contacts.services.numbers import numbers_for
from contacts.services.tagging import replace_tags, tags_by_name

_INSERTED: Final = tuple(name for name in COLUMNS if name != "organization_id")
_inserted = attrgetter(*_INSERTED)
# Columns that never change once a contact is stored.
_FIXED: Final = frozenset({"id", "organization_id", "uuid", "number", "winnerr_key", "created_at", "created_by_id"})
_UPDATED: Final = ("id", *(name for name in COLUMNS if name not in _FIXED))
_updated = attrgetter(*_UPDATED)
_CHANGE: Final = (
    "contact_id",
    "operation",
    "verb",
    "actor_kind",
    "actor_label",
    "member_id",
    "credential_id",
    "door",
    "request_id",
    "before",
    "after",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class Import:
    """Whose rows are stored: the import's number and operation, who asked for it, where national numbers are national.

    ``highest_number`` is the greatest that any row of the file, stored or not yet, brings along.
    """

    number: int
    operation: UUID
    actor: Actor
    region: str
    now: datetime
    highest_number: int = 0


def store_created(targets: Sequence[Target], of: Import) -> None:
    """Store contacts that are not there yet, with their children and changes; the targets get their keys and numbers.

    Raises ``IntegrityError`` when somebody else has one of the addresses or ids by now.
    """
    if not targets:
        return
    contacts = [_contact(target) for target in targets]
    _identify(targets, contacts, of.highest_number)
    for target, contact in zip(targets, contacts, strict=True):
        contact.version = 1 + len(target.changes)
        if target.changes:
            contact.updated_at = max(of.now, contact.updated_at)
    changes = (row for target in targets for row in _creation_rows(target, of))
    insert_batches(
        [
            Batch(Contact, _INSERTED, map(_inserted, contacts)),
            *_children(targets, of.region),
            Batch(ContactChange, _CHANGE, changes),
        ]
    )
    contacts_created.send(Contact, event=_event(targets, of))


def store_changed(targets: Sequence[Target], of: Import) -> None:
    """Store what changed of contacts that are there and locked, with their children and changes."""
    if not targets:
        return
    for target in targets:
        contact, stored = _contact(target), cast("Contact", target.stored)
        contact.version = stored.version + len(target.changes)
        contact.updated_at = max(of.now, stored.updated_at)
    update_rows(Contact, _UPDATED, [_updated(_contact(target)) for target in targets])
    _replace_children(targets, of.region)
    record_changes([(_contact(target).id, line, change) for target in targets for line, change in target.changes], of)
    fields = frozenset(name for target in targets for _, change in target.changes for name in change.changed_fields())
    contacts_updated.send(Contact, event=_event(targets, of, fields))


def record_changes(
    changes: Iterable[tuple[int, int, Change]], of: Import, verb: ChangeVerb = ChangeVerb.UPDATED
) -> None:
    """Append changes that rows of the import make: primary key of the contact, line, change."""
    insert_rows(ContactChange, _CHANGE, [_change_row(key, line, change, of, verb) for key, line, change in changes])


def _contact(target: Target) -> Contact:
    return cast("Contact", target.contact)


def _identify(targets: Sequence[Target], contacts: Sequence[Contact], highest_number: int) -> None:
    ids = next_ids(Contact, len(targets))
    # None where a contact has none of its own yet, whatever the model says.
    kept = [cast("int | None", contact.number) for contact in contacts]
    numbers = numbers_for(kept, above=highest_number)
    for target, contact, key, number in zip(targets, contacts, ids, numbers, strict=True):
        target.id = contact.id = key
        target.number = contact.number = number


def _children(targets: Sequence[Target], region: str) -> Iterable[Batch]:
    for name in KINDS:
        wanted = [(target, rows) for target in targets if (rows := _rows(target.children, name))]
        if wanted:
            yield _tagged(wanted) if name == "tags" else _of_kind(name, wanted, region)


def _rows(children: Children | None, name: str) -> tuple[Any, ...]:
    return () if children is None else children.rows.get(name, ())


def _of_kind(name: str, wanted: Sequence[tuple[Target, tuple[Any, ...]]], region: str) -> Batch:
    kind = KINDS[name]
    columns = tuple(kind.row(wanted[0][1][0], region))
    rows = (
        (_contact(target).id, position, *kind.row(value, region).values())
        for target, values in wanted
        for position, value in enumerate(values)
    )
    return Batch(cast("type[TenantModel]", kind.model), (kind.owner, "position", *columns), rows)


def _tagged(wanted: Sequence[tuple[Target, tuple[Any, ...]]]) -> Batch:
    ids = tags_by_name({name: None for _, names in wanted for name in names})
    rows = (
        (target.id, ids[name], position, _contact(target).created_at)
        for target, names in wanted
        for position, name in enumerate(names)
    )
    return Batch(TaggedContact, ("content_object_id", "tag_id", "position", "contact_created_at"), rows)


def _replace_children(targets: Sequence[Target], region: str) -> None:
    for name in KINDS:
        wanted = {
            _contact(target).id: _rows(target.children, name)
            for target in targets
            if _rows(target.children, name) != _rows(target.stored_children, name)
        }
        if wanted and name == "tags":
            replace_tags(wanted, {_contact(target).id: _contact(target).created_at for target in targets})
        elif wanted:
            replace_children(name, wanted, region=region)


def _creation_rows(target: Target, of: Import) -> Iterable[tuple[Any, ...]]:
    """The change that made a contact, and those of later rows of the same chunk."""
    began = facts(target)
    for _, change in reversed(target.changes):
        began |= change.before
    line = target.first_line or 0
    key = _contact(target).id
    yield _change_row(key, line, creation(key, began), of, ChangeVerb.CREATED)
    for later, change in target.changes:
        yield _change_row(key, later, change, of, ChangeVerb.UPDATED)


def _change_row(key: int, line: int, change: Change, of: Import, verb: ChangeVerb) -> tuple[Any, ...]:
    actor = of.actor
    return (
        key,
        of.operation,
        verb.value,
        actor.kind.value,
        actor.label[:320],
        actor.member_id,
        actor.credential_id,
        actor.door.value,
        request_of(of.number, line),
        change.before,
        change.after,
        of.now,
    )


def _event(targets: Iterable[Target], of: Import, fields: frozenset[str] = frozenset()) -> ContactsChanged:
    ids = frozenset(_contact(target).id for target in targets)
    return ContactsChanged(operation=of.operation, contact_ids=ids, actor=of.actor, fields=fields)

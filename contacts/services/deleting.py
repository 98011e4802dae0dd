"""Taking contacts away, and bringing them back. Rows are never removed."""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.identifiers import uuid7
from accounts.roles import Right
from contacts.dedupe import holder_of_email, is_duplicate_email
from contacts.events import ContactsChanged, contacts_deleted, contacts_restored
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import ChangeVerb, Contact
from contacts.services.changes import Change, record


def delete_contact(contact: Contact, *, actor: Actor) -> None:
    """Delete one contact: gone from every list, its address free again. Raises ``ContactNotFound`` the second time."""
    if not delete_contacts([contact.pk], actor=actor):
        raise ContactNotFound(str(contact.pk))


def delete_contacts(contact_ids: Collection[int], *, actor: Actor) -> list[int]:
    """Delete many; returns the primary keys of those that were there and the actor's to see."""
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    with transaction.atomic():
        rows = Contact.objects.active().visible_to(actor).filter(pk__in=set(contact_ids)).order_by("pk")
        ids = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        if not ids:
            return []
        Contact.objects.active().filter(pk__in=ids).update(deleted_at=now, updated_at=now, version=F("version") + 1)
        operation = uuid7()
        changes = [
            Change(contact_id=pk, before={"deleted_at": None}, after={"deleted_at": now.isoformat()}) for pk in ids
        ]
        record(operation, ChangeVerb.DELETED, changes, actor=actor, now=now)
        event = ContactsChanged(operation=operation, contact_ids=frozenset(ids), actor=actor)
        contacts_deleted.send(Contact, event=event)
    return ids


def restore_contact(contact: Contact, *, actor: Actor) -> Contact:
    """Bring a deleted contact back as it was. Raises ``DuplicateContact`` when its address is taken meanwhile,
    ``ContactNotFound`` when it is not deleted."""
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    with transaction.atomic():
        rows = Contact.objects.deleted().visible_to(actor).filter(pk=contact.pk)
        fresh = rows.select_for_update(of=("self",)).first()
        if fresh is None:
            raise ContactNotFound(str(contact.pk))
        before = {"deleted_at": fresh.deleted_at.isoformat() if fresh.deleted_at else None}
        _undelete(fresh)
        operation = uuid7()
        change = Change(contact_id=fresh.pk, before=before, after={"deleted_at": None})
        record(operation, ChangeVerb.RESTORED, [change], actor=actor, now=now)
        event = ContactsChanged(operation=operation, contact_ids=frozenset({fresh.pk}), actor=actor)
        contacts_restored.send(Contact, event=event)
    return Contact.objects.get(pk=fresh.pk)


def _undelete(contact: Contact) -> None:
    try:
        with transaction.atomic():
            Contact.objects.filter(pk=contact.pk).update(
                deleted_at=None, updated_at=timezone.now(), version=F("version") + 1
            )
    except IntegrityError as error:
        if not is_duplicate_email(error):
            raise
        raise DuplicateContact(contact.email, holder_of_email(contact.email)) from error

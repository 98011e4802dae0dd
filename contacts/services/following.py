"""What a change of the catalogue does to the contacts that hold the entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.identifiers import uuid7
from contacts.events import ContactsChanged, contacts_updated
from contacts.models import ChangeVerb, Contact
from contacts.querysets import ContactQuerySet
from contacts.services.changes import Change, record

CHUNK = 1_000


def follow(
    holders: ContactQuerySet[Contact],
    restate: Callable[[Sequence[int]], Iterable[Change]],
    *,
    field: str,
    actor: Actor,
) -> None:
    """Restate ``field`` of every contact in ``holders``, with a recorded change and a new version each.

    ``restate`` gets the primary keys of up to 1,000 locked contacts, changes their rows and returns what changed. Called
    inside a transaction; rows are locked in the order of their keys, as everywhere.
    """
    operation = uuid7()
    now = timezone.now()
    last = 0
    while ids := _next_ids(holders, last):
        changes = list(restate(ids))
        Contact.objects.filter(pk__in=ids).update(version=F("version") + 1, updated_at=now)
        record(operation, ChangeVerb.UPDATED, changes, actor=actor, now=now)
        event = ContactsChanged(operation=operation, contact_ids=frozenset(ids), actor=actor, fields=frozenset({field}))
        contacts_updated.send(Contact, event=event)
        last = ids[-1]


def _next_ids(holders: ContactQuerySet[Contact], after: int) -> list[int]:
    rows = holders.filter(pk__gt=after).order_by("pk").select_for_update(of=("self",))
    return list(rows.values_list("pk", flat=True)[:CHUNK])

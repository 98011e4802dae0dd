"""Who of thousands of contacts may be spoken to, step by step.

``contacts.consent.contactable`` decides the same in one statement, which joins what it needs as the database's statistics
advise. A book that is just being filled has none: there it took minutes for a chunk of an import. Here every step is a
question by keys, and the answers are put together outside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from accounts.among import among, among_texts
from contacts.consent import ADDRESS_OF, Address
from contacts.models import Consent, Contact, ContactStatus


class _Statement(NamedTuple):
    is_given: bool
    stated_at: datetime


def contactable_among(contact_ids: Collection[int], medium: str) -> set[int]:
    """Those of the contacts (primary keys, some thousands) who may be spoken to by a medium (a value of ``Medium``)."""
    address = ADDRESS_OF.get(medium)
    columns = ["pk", *([address.column] if address else [])]
    asked = Contact.objects.filter(among("pk", contact_ids)).exclude(status=ContactStatus.DO_NOT_CONTACT)
    own = _newest(contact_ids, medium)
    willing = {
        pk: set(addresses)
        for pk, *addresses in asked.order_by().values_list(*columns)
        if pk not in own or own[pk].is_given
    }
    if address is None:
        return set(willing)
    further = address.further.objects.filter(among("contact_id", willing)).order_by()
    for pk, value in further.values_list("contact_id", address.column):
        willing[pk].add(value)
    objections = _objections(address, set().union(*willing.values()) - {""}, medium)
    return {pk for pk, addresses in willing.items() if not _is_closed(addresses, own.get(pk), objections)}


def _is_closed(addresses: Iterable[str], own: _Statement | None, objections: dict[str, datetime]) -> bool:
    later = (objections[address] for address in addresses if address in objections)
    return any(own is None or stated_at > own.stated_at for stated_at in later)


def _newest(contact_ids: Collection[int], medium: str) -> dict[int, _Statement]:
    """The statement that counts of each contact that made one."""
    rows = Consent.objects.filter(among("contact_id", contact_ids), medium=medium).order_by("stated_at", "id")
    return {
        pk: _Statement(is_given, stated_at)
        for pk, is_given, stated_at in rows.values_list("contact_id", "is_given", "stated_at")
    }


def _objections(address: Address, values: Collection[str], medium: str) -> dict[str, datetime]:
    """When somebody who has an address last objected and has not taken it back, by address."""
    holders: dict[int, set[str]] = defaultdict(set)
    for value, pk in _holders(address, values):
        holders[pk].add(value)
    found: dict[str, datetime] = {}
    for pk, newest in _newest(holders, medium).items():
        if not newest.is_given:
            for value in holders[pk]:
                found[value] = max(newest.stated_at, found.get(value, newest.stated_at))
    return found


def _holders(address: Address, values: Collection[str]) -> Iterator[tuple[str, int]]:
    """Each address with a contact that has it, whoever wrote from it included; of deleted contacts, too."""
    has_one = among_texts(address.column, values)
    live = Contact.objects.active().filter(has_one).exclude(**{address.column: ""})
    deleted = Contact.objects.exclude(deleted_at=None).filter(has_one)
    for contacts in (live, deleted):
        yield from contacts.order_by().values_list(address.column, "pk")
    further = address.further.objects.filter(has_one).order_by()
    yield from further.values_list(address.column, "contact_id")
    senders = Contact.objects.filter(
        among_texts("sender_identities__value", values), sender_identities__kind=address.kind
    )
    yield from senders.order_by().values_list("sender_identities__value", "pk")

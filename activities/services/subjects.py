"""Whom something is written down about, and by whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid
from accounts.models import Member
from contacts.drafts import UNSET, Unset
from contacts.exceptions import ContactNotFound
from contacts.models import Contact

_Value = TypeVar("_Value")


def lock_contacts(contact_ids: Collection[int], actor: Actor) -> None:
    """Hold the contacts' rows until the transaction ends, so that none of them is deleted meanwhile.

    Locked in the order of their keys, before anything refers to them, so that two calls cannot deadlock; the lock lets
    others refer to the contact. Raises ``ContactNotFound`` for the first that is deleted, another organization's or not
    the actor's to see.
    """
    rows = Contact.objects.active().visible_to(actor).filter(pk__in=set(contact_ids)).order_by("pk")
    found = set(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    for contact_id in contact_ids:
        if contact_id not in found:
            raise ContactNotFound(str(contact_id))


def check_members(named: Iterable[Mapping[str, int | Unset | None]]) -> None:
    """Raises ``Invalid`` when a draft names, by field, somebody who is no member of the organization in scope.

    PostgreSQL would refuse such a row too, by its composite foreign key; SQLite has only this check.
    """
    by_draft = [{field: pk for field, pk in fields.items() if isinstance(pk, int)} for fields in named]
    wanted = {pk for fields in by_draft for pk in fields.values()}
    if not wanted:
        return
    known = set(Member.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    for fields in by_draft:
        missing = [FieldError(field, "not_found") for field, pk in fields.items() if pk not in known]
        if missing:
            raise Invalid(missing)


def newest(moments: Iterable[tuple[int, datetime | None]]) -> dict[int, datetime]:
    """The last moment by contact; None is no moment."""
    last: dict[int, datetime] = {}
    for contact_id, moment in moments:
        if moment is not None:
            last[contact_id] = max(moment, last.get(contact_id, moment))
    return last


def said_or(value: _Value | Unset, default: _Value) -> _Value:
    """What a draft says, or the default when it says nothing."""
    return default if value is UNSET else value

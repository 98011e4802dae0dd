"""From the address book to Rentalot's documents, in one statement a request (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import models
from django.db.models import F

from accounts.actor import Actor
from accounts.identifiers import canonical_uuid
from accounts.models import Member
from accounts.ordering import Order, SortKey
from accounts.prepared import OneOf, PreparedQuery, Slot, kept, prepare
from config.wires.fields import Documents
from contacts.api.rentalot.serializers import CONTACT_FIELDS
from contacts.listing import Listing, page_of, total_of, total_order
from contacts.models import Contact

# Newest first; there is no other (CONTRACTS R-S1).
ORDER: Final[Order] = total_order([SortKey("created_at", descending=True)])
_DOCUMENTS: Final = Documents(CONTACT_FIELDS)


def list_page(listing: Listing, values: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The contacts of a page as documents, and how many the listing has in all."""
    rows = _list_statement(listing).rows(values)
    total = rows[0][-1] if rows else _total_statement(listing).rows(values)[0][0]
    return _DOCUMENTS.documents(rows), total


def single_contact(identifier: str, *, actor: Actor) -> tuple[dict[str, Any], int] | None:
    """The document and version of the contact with this id, None where the actor may see none."""
    uuid = canonical_uuid(identifier.lower())
    if uuid is None:
        return None
    rows = _single_statement(actor.sees_all_contacts).rows({"uuid": uuid, "member": actor.member_id or 0})
    return (_DOCUMENTS.document(rows[0]), rows[0][-1]) if rows else None


def written_contact(contact_id: int) -> tuple[dict[str, Any], int]:
    """The document and version of a contact by primary key, whoever may see it."""
    (row,) = _written_statement().rows({"id": contact_id})
    return _DOCUMENTS.document(row), row[-1]


def documents_by_key(keys: Sequence[int]) -> list[dict[str, Any]]:
    """The documents of contacts by primary key, in that order; deleted ones are left out."""
    rows = {row[-1]: row for row in _keyed_statement().rows({"keys": keys})}
    return _DOCUMENTS.documents([rows[key] for key in keys if key in rows])


@kept
def _list_statement(listing: Listing) -> PreparedQuery:
    rows = page_of(listing).annotate(total=total_of(listing))
    return prepare(rows.values_list(*_DOCUMENTS.columns, "total"))


@kept
def _total_statement(listing: Listing) -> PreparedQuery:
    # Any row will do to say it beside: the requester is one of the organization's members.
    return prepare(Member.objects.annotate(total=total_of(listing)).values_list("total")[:1])


@kept
def _single_statement(sees_all_contacts: bool) -> PreparedQuery:
    rows = Contact.objects.active().filter(uuid=Slot("uuid", models.UUIDField()))
    if not sees_all_contacts:
        rows = rows.assigned_to(Slot("member", models.BigIntegerField()))
    return prepare(rows.values_list(*_DOCUMENTS.columns, "version"))


@kept
def _written_statement() -> PreparedQuery:
    rows = Contact.objects.filter(pk=Slot("id", models.BigIntegerField()))
    return prepare(rows.values_list(*_DOCUMENTS.columns, "version"))


@kept
def _keyed_statement() -> PreparedQuery:
    keys = Slot("keys", models.BigIntegerField(), is_array=True)
    rows = Contact.objects.active().filter(OneOf(F("pk"), keys))
    return prepare(rows.values_list(*_DOCUMENTS.columns, "pk"))

"""From the address book to EstatePrime's documents, all child rows in one statement a request (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import models
from django.db.models import F, OuterRef, Subquery

from accounts.actor import Actor
from accounts.models import Member
from accounts.ordering import Order, SortKey
from accounts.prepared import OneOf, PreparedQuery, Slot, kept, prepare
from config.wires.fields import Documents
from contacts.api.estateprime.serializers import CONTACT_FIELDS
from contacts.custom_fields import definition_rows
from contacts.listing import Listing, Selection, page_of, total_of, total_order
from contacts.models import (
    Contact,
    ContactAssignee,
    ContactEmail,
    ContactPhone,
    RelatedPerson,
    Source,
    TaggedContact,
)
from contacts.querysets import ContactQuerySet, InOrder, RowsInOrder

# The newest number first (CONTRACTS E-S2).
_BY_NUMBER: Final[Order] = (SortKey("number", descending=True), SortKey("id", descending=True))
_BY_AGE: Final[Order] = total_order([SortKey("created_at", descending=True)])
_DOCUMENTS: Final = Documents(CONTACT_FIELDS)


def order_of(selection: Selection) -> Order:
    """The newest first: by number, but a search alone by age, as it is found (docs/decisions/0021).

    The two differ for contacts that came with an age of their own. No document says how a search is ordered, and by number
    all that is found would have to be fetched before the first page is known.
    """
    return _BY_AGE if selection.search and selection.created is None else _BY_NUMBER


def list_page(listing: Listing, values: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The contacts of a page as documents, and how many the listing has in all."""
    rows = _list_statement(listing).rows(values)
    total = rows[0][-1] if rows else _total_statement(listing).rows(values)[0][0]
    return _DOCUMENTS.documents(rows), total


def single_contact(number: int, *, actor: Actor) -> tuple[dict[str, Any], int] | None:
    """The document and version of the contact with this number, None where the actor may see none."""
    rows = _single_statement(actor.sees_all_contacts).rows({"number": number, "member": actor.member_id or 0})
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
    rows = _with_rows(page_of(listing)).annotate(total=total_of(listing))
    return prepare(rows.values_list(*_DOCUMENTS.columns, "total"))


@kept
def _total_statement(listing: Listing) -> PreparedQuery:
    # Any row will do to say it beside: the requester is one of the organization's members.
    return prepare(Member.objects.annotate(total=total_of(listing)).values_list("total")[:1])


@kept
def _single_statement(sees_all_contacts: bool) -> PreparedQuery:
    rows = Contact.objects.active().filter(number=Slot("number", models.BigIntegerField()))
    if not sees_all_contacts:
        rows = rows.assigned_to(Slot("member", models.BigIntegerField()))
    return prepare(_with_rows(rows).values_list(*_DOCUMENTS.columns, "version"))


@kept
def _written_statement() -> PreparedQuery:
    rows = Contact.objects.filter(pk=Slot("id", models.BigIntegerField()))
    return prepare(_with_rows(rows).values_list(*_DOCUMENTS.columns, "version"))


@kept
def _keyed_statement() -> PreparedQuery:
    keys = Slot("keys", models.BigIntegerField(), is_array=True)
    rows = Contact.objects.active().filter(OneOf(F("pk"), keys))
    return prepare(_with_rows(rows).values_list(*_DOCUMENTS.columns, "pk"))


def _with_rows(contacts: ContactQuerySet[Contact]) -> ContactQuerySet[Any]:
    """The contacts with everything that hangs on them."""
    source = Source.objects.filter(name=OuterRef("source")).values("number")[:1]
    tags = TaggedContact.objects.filter(content_object=OuterRef("pk")).order_by("position", "id")
    assignees = ContactAssignee.objects.filter(contact=OuterRef("pk")).order_by("position", "id")
    return contacts.annotate(
        source_number=Subquery(source),
        further_phone_rows=RowsInOrder(_of(ContactPhone), "phone", "label", "note"),
        further_email_rows=RowsInOrder(_of(ContactEmail), "email", "label", "note"),
        related_rows=RowsInOrder(_of(RelatedPerson), "first_name", "last_name", "mobile", "email", "notes"),
        tag_numbers=InOrder(tags.annotate(element=models.F("tag__number")).values("element")),
        further_assignee_numbers=InOrder(assignees.annotate(element=models.F("member__number")).values("element")),
        definitions=definition_rows(),
    )


def _of(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._default_manager.filter(contact=OuterRef("pk")).order_by("position", "id")

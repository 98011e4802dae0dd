"""From the address book to Winnerr's documents, in one statement a request (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.http import QueryDict

from accounts.actor import Actor
from accounts.identifiers import parse_public_id
from accounts.models import Member
from accounts.ordering import Order
from accounts.prepared import MOST_STATEMENTS, OneOf, PreparedQuery, Row, Slot, kept, moment_of, prepare
from config.wires.fields import Documents
from contacts.api.winnerr.includes import INCLUDE_COLUMNS, INCLUDES
from contacts.api.winnerr.serializers import CONTACT_FIELDS, cursor_kind
from contacts.listing import Listing, page_of, total_of
from contacts.models import Contact
from contacts.querysets import LONGEST_IDENTIFIER, ContactQuerySet

_ALL = frozenset(field.name for field in CONTACT_FIELDS)


@dataclass(frozen=True)
class Page:
    """One row more than the page has, where there is one."""

    documents: list[dict[str, Any]]
    rows: Sequence[Row]
    order: Order
    total: int

    def position(self, place: int) -> list[Any]:
        """The values of the order's columns in one of the rows, for a cursor."""
        values = self.rows[place][-1 - len(self.order) : -1]
        return [
            moment_of(value) if cursor_kind(key.column) is datetime else value
            for key, value in zip(self.order, values, strict=True)
        ]


def fields_asked(query: QueryDict) -> frozenset[str]:
    """Exactly the keys named in ``fields``, all of them without it; unknown names are ignored (CONTRACTS W-C4, W-S16)."""
    text = ",".join(query.getlist("fields"))
    if not text.strip():
        return _ALL
    return frozenset(name for part in text.split(",") if (name := part.strip()) in _ALL)


def list_page(listing: Listing, fields: frozenset[str], includes: tuple[str, ...], values: Mapping[str, Any]) -> Page:
    """The contacts of a listing as documents, and how many it has in all."""
    rows = _list_statement(listing, fields, includes).rows(values)
    total = rows[0][-1] if rows else _total(listing, values)
    return Page(documents_of(fields, includes).documents(rows), rows, listing.order, total)


def _total(listing: Listing, values: Mapping[str, Any]) -> int:
    """What a page without rows does not say. On the first page there is nothing to count; a later one is empty when what
    it would have shown was deleted meanwhile."""
    return _total_statement(listing).rows(values)[0][0] if listing.is_continued else 0


def single_contact(
    identifier: str, fields: frozenset[str], includes: tuple[str, ...], *, actor: Actor
) -> tuple[dict[str, Any], int] | None:
    """The document and version of the contact with this id, None where the actor may see none."""
    if "\x00" in identifier or len(identifier) > LONGEST_IDENTIFIER:
        return None
    uuid = parse_public_id("contact", identifier)
    statement = _single_statement(uuid is not None, actor.sees_all_contacts, fields, includes)
    rows = statement.rows({"key": identifier, "uuid": uuid, "member": actor.member_id or 0})
    return (documents_of(fields, includes).document(rows[0]), rows[0][-1]) if rows else None


def written_contact(contact_id: int) -> tuple[dict[str, Any], int]:
    """The whole document and version of a contact by primary key, whoever may see it."""
    (row,) = _written_statement().rows({"id": contact_id})
    return documents_of(_ALL, ()).document(row), row[-1]


def documents_by_key(keys: Sequence[int]) -> list[dict[str, Any]]:
    """The whole documents of contacts by primary key, in that order; deleted ones are left out."""
    rows = {row[-1]: row for row in _keyed_statement().rows({"keys": keys})}
    return documents_of(_ALL, ()).documents([rows[key] for key in keys if key in rows])


@lru_cache(maxsize=MOST_STATEMENTS)
def documents_of(fields: frozenset[str], includes: tuple[str, ...]) -> Documents:
    """Documents of these fields in the printed order, and the included lists behind them."""
    printed = [field for field in CONTACT_FIELDS if field.name in fields]
    return Documents([*printed, *(INCLUDES[name] for name in includes)])


@kept
def _list_statement(listing: Listing, fields: frozenset[str], includes: tuple[str, ...]) -> PreparedQuery:
    documents = documents_of(fields, includes)
    rows = _with_columns(page_of(listing), documents).annotate(total=total_of(listing))
    return prepare(rows.values_list(*documents.columns, *(key.column for key in listing.order), "total"))


@kept
def _written_statement() -> PreparedQuery:
    documents = documents_of(_ALL, ())
    rows = Contact.objects.filter(pk=Slot("id", models.BigIntegerField()))
    return prepare(_with_columns(rows, documents).values_list(*documents.columns, "version"))


@kept
def _keyed_statement() -> PreparedQuery:
    documents = documents_of(_ALL, ())
    keys = Slot("keys", models.BigIntegerField(), is_array=True)
    rows = Contact.objects.active().filter(OneOf(F("pk"), keys))
    return prepare(_with_columns(rows, documents).values_list(*documents.columns, "pk"))


@kept
def _total_statement(listing: Listing) -> PreparedQuery:
    # Any row will do to say it beside: the requester is one of the organization's members.
    return prepare(Member.objects.annotate(total=total_of(listing)).values_list("total")[:1])


@kept
def _single_statement(
    has_uuid: bool, sees_all_contacts: bool, fields: frozenset[str], includes: tuple[str, ...]
) -> PreparedQuery:
    documents = documents_of(fields, includes)
    kept = Q(winnerr_key=Slot("key", models.CharField(max_length=100)))
    computed = Q(uuid=Slot("uuid", models.UUIDField()), winnerr_key=None)
    rows = Contact.objects.active().filter(kept | computed if has_uuid else kept)
    if not sees_all_contacts:
        rows = rows.assigned_to(Slot("member", models.BigIntegerField()))
    return prepare(_with_columns(rows, documents).values_list(*documents.columns, "version"))


def _with_columns(contacts: ContactQuerySet[Contact], documents: Documents) -> ContactQuerySet[Contact]:
    """The contacts with what the documents print beside their own columns, and nothing else."""
    if "tag_names" in documents.columns:
        contacts = contacts.with_tag_names()
    if "secondary_phone" in documents.columns:
        contacts = contacts.with_secondary_phone()
    return contacts.annotate(
        **{name: column() for name, column in INCLUDE_COLUMNS.items() if name in documents.columns}
    )

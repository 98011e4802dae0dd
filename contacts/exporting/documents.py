"""A contact as one document with everything it is: what every format but the wires' is written from.

``contacts.importing.documents`` has the contract of it. On top, a document says by which media nobody may speak to the
contact, as it is computed here: an import makes objections of those that the status does not close by itself.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.models import F, OuterRef

from accounts.prepared import OneOf, PreparedQuery, Row, Slot, kept, moment_of, prepare, read_json
from contacts.consent import objecting_contacts
from contacts.custom_fields import definition_of, fields_in_order, type_of
from contacts.exporting.formats import Writer
from contacts.field_types import Definition, FieldType
from contacts.models import Contact, ContactAssignee, ContactEmail, ContactPhone, ContactStatus, Medium, RelatedPerson
from contacts.querysets import ContactQuerySet, InOrder, RowsInOrder


@dataclass(frozen=True, slots=True)
class ExportedField:
    """One of the team's own fields, as it was when the export began."""

    name: str
    type: FieldType
    definition: Definition

    def value_in(self, values: dict[str, Any]) -> Any:
        """The stored value among a contact's, None where there is none."""
        return self.type.offered(values.get(self.definition.key), self.definition.options)


def exported_fields() -> tuple[ExportedField, ...]:
    """The fields of the organization in scope, in their order."""
    return tuple(ExportedField(field.name, type_of(field), definition_of(field)) for field in fields_in_order())


# How the stored value of a field is said.
SayValue = Callable[[ExportedField, Any], Any]


def as_document(field: ExportedField, stored: Any) -> Any:
    """A value as JSON, for ``ContactDraft.custom_values`` of any organization."""
    return field.type.to_document(stored, field.definition)


def as_cell(field: ExportedField, stored: Any) -> str:
    """A value as text, for a table."""
    return field.type.to_cell(stored, field.definition)


def moment_text(moment: datetime | str | None) -> str | None:
    """``2026-01-31T12:00:00Z``, with the fraction of the second where there is one; None for None."""
    return None if moment is None else moment_of(moment).isoformat().replace("+00:00", "Z")


def _identifier(uuid: UUID | str) -> str:
    return str(uuid)


def _preferences(text: str | None) -> dict[str, Any] | None:
    stored = None if text is None else read_json(text)
    if stored is None:
        return None
    price = stored.get("price_range")
    return {
        "communication_method": stored.get("communication_method") or None,
        "property_types": stored.get("property_types") or [],
        "price_range": price and {"min": price.get("min"), "max": price.get("max")},
        "locations": stored.get("locations") or [],
    }


def _keyed(*names: str) -> Callable[[list[list[str]]], list[dict[str, str]]]:
    """Reads rows of values as objects with these keys."""
    return lambda rows: [dict(zip(names, row, strict=True)) for row in rows]


# The document's keys in their order: the column a key is read from, and what makes the value of it, None for what is as
# it is stored. ``custom_fields`` needs the fields, and is put in its place below.
_KEYS: Final[dict[str, tuple[str, Callable[[Any], Any] | None]]] = {
    "uuid": ("uuid", _identifier),
    "number": ("number", None),
    "winnerr_key": ("winnerr_key", None),
    "first_name": ("first_name", None),
    "last_name": ("last_name", None),
    "full_name": ("full_name", None),
    "is_company": ("is_company", None),
    "company_name": ("company_name", None),
    "email": ("email", None),
    "email_label": ("email_label", None),
    "email_note": ("email_note", None),
    "phone": ("phone", None),
    "phone_label": ("phone_label", None),
    "phone_note": ("phone_note", None),
    "further_emails": ("email_rows", _keyed("email", "label", "note")),
    "further_phones": ("phone_rows", _keyed("phone", "label", "note")),
    "street": ("street", None),
    "city": ("city", None),
    "state": ("state", None),
    "zip_code": ("zip_code", None),
    "country": ("country", None),
    "type": ("type", None),
    "status": ("status", None),
    "stage": ("stage", None),
    "role": ("role", None),
    "source": ("source", None),
    "referral_source": ("referral_source", None),
    "channel_preference": ("channel_preference", None),
    "language": ("language", None),
    "preferences": ("preferences", _preferences),
    "notes": ("notes", None),
    "tags": ("tag_names", None),
    "assigned_to": ("assigned_to__user__email", None),
    "further_assignees": ("assignee_emails", None),
    "created_by": ("created_by__user__email", None),
    "related_people": ("related_rows", _keyed("first_name", "last_name", "mobile", "email", "notes")),
    "custom_fields": ("custom_values", read_json),
    "extra": ("extra", read_json),
    "lead_score": ("lead_score", None),
    "created_at": ("created_at", moment_text),
    "updated_at": ("updated_at", moment_text),
    "last_contacted_at": ("last_contacted_at", moment_text),
    "applied_at": ("applied_at", moment_text),
    "converted_at": ("converted_at", moment_text),
}
_PLAN: Final = tuple((name, place, read) for place, (name, (_, read)) in enumerate(_KEYS.items()))


class ContactDocuments:
    """Reads contacts as documents. ``say`` makes what ``custom_fields`` holds of a stored value, by the field's name.

    Made in the organization's unit of work; who objected, and which fields there are, is as it was then.
    """

    def __init__(self, say: SayValue = as_document) -> None:
        self.fields = exported_fields()
        self._say = say
        self._objecting = {medium.value: objecting_contacts(medium) for medium in Medium}

    def of(self, keys: Sequence[int]) -> list[dict[str, Any]]:
        """The documents of contacts by primary key, in that order; deleted ones are left out. One statement.

        ``do_not_contact_by`` are the media (``contacts.models.Medium``) that ``contacts.consent`` says no to.
        """
        rows = {row[-1]: row for row in _statement().rows({"keys": keys})}
        return [self._document(rows[key]) for key in keys if key in rows]

    def _document(self, row: Row) -> dict[str, Any]:
        document = {name: row[place] if read is None else read(row[place]) for name, place, read in _PLAN}
        document["custom_fields"] = dict(self._said(document["custom_fields"]))
        is_closed = document["status"] == ContactStatus.DO_NOT_CONTACT
        document["do_not_contact_by"] = [
            medium for medium, keys in self._objecting.items() if is_closed or row[-1] in keys
        ]
        return document

    def _said(self, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for field in self.fields if values else ():
            stored = field.value_in(values)
            if stored is not None:
                yield field.name, self._say(field, stored)


@kept
def _statement() -> PreparedQuery:
    keys = Slot("keys", models.BigIntegerField(), is_array=True)
    contacts = _with_children(Contact.objects.active().filter(OneOf(F("pk"), keys)).with_tag_names())
    return prepare(contacts.values_list(*(column for column, _ in _KEYS.values()), "pk"))


def _with_children(contacts: ContactQuerySet[Contact]) -> ContactQuerySet[Any]:
    """The contacts with what hangs on them, in the same statement."""
    assignees = ContactAssignee.objects.filter(contact=OuterRef("pk")).order_by("position", "id")
    return contacts.annotate(
        email_rows=RowsInOrder(_of(ContactEmail), "email", "label", "note"),
        phone_rows=RowsInOrder(_of(ContactPhone), "phone", "label", "note"),
        related_rows=RowsInOrder(_of(RelatedPerson), "first_name", "last_name", "mobile", "email", "notes"),
        assignee_emails=InOrder(assignees.annotate(element=F("member__user__email")).values("element")),
    )


def _of(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._default_manager.filter(contact=OuterRef("pk")).order_by("position", "id")


class DocumentWriter(Writer):
    """Writes each contact's document, one behind the other."""

    documents: ContactDocuments

    @abstractmethod
    def written(self, document: dict[str, Any]) -> bytes:
        """One document as it stands in the file."""

    def begin(self) -> bytes:
        self.documents = ContactDocuments()
        return b""

    def add(self, keys: Sequence[int]) -> bytes:
        documents = self.documents.of(keys)
        self.contacts += len(documents)
        return b"".join(map(self.written, documents))

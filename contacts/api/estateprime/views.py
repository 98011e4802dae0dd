"""EstatePrime's contacts and the lists they are described with (CONTRACTS 3.4)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from config.wires.conditions import etag_of, is_known, versions_in
from config.wires.estateprime import EstatePrimeViewSet, parameters_of
from config.wires.estateprime_values import number_in_address
from config.wires.fields import accepted
from config.wires.strict_json import object_of
from contacts import services
from contacts.api.estateprime.keeping import news_in
from contacts.api.estateprime.openapi import CONTACT_OPERATIONS, LOOKUP_OPERATIONS
from contacts.api.estateprime.queries import list_query
from contacts.api.estateprime.reading import list_page, order_of, single_contact, written_contact
from contacts.api.estateprime.serializers import (
    ContactChange,
    ContactCreate,
    ContactWrite,
    check_still_named,
    draft_of,
    may_be_as_shown,
    without_what_is_shown,
)
from contacts.custom_fields import fields_in_order
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.listing import Listing, slots
from contacts.models import Contact, CustomField, Source, Tag
from contacts.querysets import ContactQuerySet


class ContactViewSet(EstatePrimeViewSet):
    """List, read, create, change and delete contacts. Changing is our addition (CONTRACTS E-S5)."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "partial_update": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    operations = CONTACT_OPERATIONS
    serializer_class = ContactWrite

    def get_queryset(self) -> ContactQuerySet[Contact]:
        return Contact.objects.active().visible_to(self.actor)

    def list(self, request: Request) -> Response:
        asked = list_query(parameters_of(request))
        listing = Listing.of(asked.selection, order_of(asked.selection), 50, actor=self.actor, is_numbered=True)
        values = slots(asked.selection, actor=self.actor, first=asked.page.first)
        return Response(asked.page.enveloped(*list_page(listing, values)))

    def retrieve(self, request: Request, identifier: str) -> Response:
        found = single_contact(number_of(identifier), actor=self.actor)
        if found is None:
            raise ContactNotFound(identifier)
        document, version = found
        # The team's fields and its clock are in the document too, and move without the contact.
        headers = {"ETag": etag_of(version, document)}
        if is_known(request.headers.get("If-None-Match"), headers["ETag"]):
            return Response(status=304, headers=headers)
        return Response(self.success(data=document), headers=headers)

    def create(self, request: Request) -> Response:
        sent = object_of(request.data)
        draft = draft_of(accepted(ContactCreate, sent), sent, is_new=True)
        contact = services.create_contact(draft, actor=self.actor)
        return Response(self.success(created_id=contact.number))

    def partial_update(self, request: Request, identifier: str) -> Response:
        sent = object_of(request.data)
        held = self.contact_to_change(identifier)
        shown = written_contact(held.pk)[0]
        said = accepted(ContactChange, news_in(sent, shown))
        check_still_named(said, shown)
        if may_be_as_shown(said, held):
            said = without_what_is_shown(said, sent, shown)
        contact = services.update_contact(held, draft_of(said, sent, is_new=False), actor=self.actor)
        document, version = written_contact(contact.pk)
        return Response(self.success(data=document), headers={"ETag": etag_of(version, document)})

    def destroy(self, request: Request, identifier: str) -> Response:
        contact = self.contact_to_change(identifier)
        services.delete_contact(contact, actor=self.actor)
        return Response(self.success(deleted_id=contact.number))

    def contact_to_change(self, identifier: str) -> Contact:
        """The contact with this id, held at a version the request's ``If-Match`` accepts.

        Raises ``ContactNotFound``, also for what is no id, and ``PreconditionFailed``.
        """
        contact = self.get_queryset().filter(number=number_of(identifier)).first()
        if contact is None:
            raise ContactNotFound(identifier)
        header = self.request.headers.get("If-Match")
        versions = None if header is None else versions_in(header)
        if versions is not None:
            services.hold_contact(contact, versions, actor=self.actor)
        return contact

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Invalid):
            exc = Invalid(in_wire_words(fault) for fault in exc.errors)
        return super().handle_exception(exc)

    def problem_headers(self, error: Exception) -> dict[str, str]:
        """Points to the contact that has the address, when the asker may see it (CONTRACTS 7.8)."""
        if not isinstance(error, DuplicateContact) or error.existing_id is None:
            return {}
        existing = self.get_queryset().filter(pk=error.existing_id).first()
        return {} if existing is None else {"Link": f'</api/contacts/{existing.number}>; rel="duplicate"'}


class LookupViewSet(EstatePrimeViewSet):
    """Sources, tags and custom fields, read only; the team makes them in the dashboard (CONTRACTS E-S11)."""

    grants = {
        "sources": Right.READ_CONTACTS,
        "tags": Right.READ_CONTACTS,
        "custom_fields": Right.READ_CONTACTS,
    }
    operations = LOOKUP_OPERATIONS

    def sources(self, request: Request) -> Response:
        return self._lookup(Source.objects.values_list("number", "name"))

    def tags(self, request: Request) -> Response:
        return self._lookup(Tag.objects.values_list("number", "name"))

    def custom_fields(self, request: Request) -> Response:
        return Response(self.success(data=[_described(field) for field in fields_in_order()]))

    def _lookup(self, rows: Any) -> Response:
        return Response(self.success(data=[{"id": number, "name": name} for number, name in rows]))


def _described(field: CustomField) -> dict[str, Any]:
    described: dict[str, Any] = {"id": field.number, "name": field.name, "type": field.kind}
    if field.has_options:
        described["options"] = [{"id": option.number, "name": option.name} for option in field.options.all()]
    return described


def number_of(identifier: str) -> int:
    """A contact's number in a path. Raises ``ContactNotFound`` for what is none."""
    number = number_in_address(identifier)
    if number is None:
        raise ContactNotFound(identifier)
    return number


# The domain's field names in this wire's words, for faults found below the wire.
_WIRE_NAMES = {
    "source": "source_id",
    "assigned_to": "users",
    "further_assignees": "users",
    "related_people": "contact_details",
    "phone": "phones",
    "phone_label": "phones",
    "phone_note": "phones",
    "further_phones": "phones",
    "email": "emails",
    "email_label": "emails",
    "email_note": "emails",
    "further_emails": "emails",
    "full_name": "first_name",
}


def in_wire_words(fault: FieldError) -> FieldError:
    """A fault the domain found, under the key the client knows."""
    outer, _, inner = fault.field.partition(".")
    name = _WIRE_NAMES.get(outer, outer)
    return FieldError(f"{name}.{inner}" if inner else name, fault.code, fault.facts, fault.message)

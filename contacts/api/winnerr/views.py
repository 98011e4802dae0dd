"""Winnerr's contacts (CONTRACTS 1.4)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from accounts.tenancy import current_organization_id
from config.wires.fields import validated
from config.wires.filters import BadValue
from config.wires.keyset import with_tie_break
from config.wires.pages import cursor_page, limit_of
from config.wires.winnerr import WinnerrViewSet, object_of
from contacts import services
from contacts.api.winnerr.filters import DEFAULT_LIMIT, LARGEST_LIMIT, ContactFilters, sort_keys
from contacts.api.winnerr.serializers import (
    CONTACT_DOCUMENTS,
    WIRE_NAMES,
    ContactWrite,
    cursor_kind,
    draft_of,
)
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact
from contacts.querysets import ContactQuerySet


class ContactViewSet(WinnerrViewSet):
    """List, read, create, change and delete contacts."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "update": Right.WRITE_CONTACTS,
        "partial_update": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    filterset_class = ContactFilters
    serializer_class = ContactWrite

    def get_queryset(self) -> ContactQuerySet[Contact]:
        return Contact.objects.active().visible_to(self.actor)

    def list(self, request: Request) -> Response:
        query = request.query_params
        limit = limit_of(query.get("limit", ""), default=DEFAULT_LIMIT, largest=LARGEST_LIMIT)
        found, filters = self.filterset_class.filtered(query, self.get_queryset())
        order = with_tie_break(_sort_keys(query.get("sort", "")), "id")
        page = cursor_page(
            found.with_tag_names().with_secondary_phone(),
            CONTACT_DOCUMENTS.columns,
            order,
            limit=limit,
            cursor=query.get("cursor", ""),
            binding=f"{current_organization_id()}|{order}|{filters}",
            kind_of=cursor_kind,
        )
        pagination = {
            "hasMore": page.next_cursor is not None,
            "nextCursor": page.next_cursor,
            "total": found.count(),
            "limit": limit,
        }
        return Response(self.success([CONTACT_DOCUMENTS.document(row) for row in page.rows], pagination=pagination))

    def retrieve(self, request: Request, identifier: str) -> Response:
        found = self.get_queryset().with_winnerr_id(identifier).with_tag_names().with_secondary_phone()
        row = found.values_list(*CONTACT_DOCUMENTS.columns).first()
        if row is None:
            raise ContactNotFound(identifier)
        return Response(self.success(CONTACT_DOCUMENTS.document(row)))

    def create(self, request: Request) -> Response:
        accepted = validated(ContactWrite(data=object_of(request.data)))
        score = accepted.get("calculateLeadScore", True)
        contact = services.create_contact(draft_of(accepted), actor=self.actor, score=score)
        return Response(self.success(_document(contact)), status=201, headers={"Location": _address(contact)})

    def update(self, request: Request, identifier: str) -> Response:
        accepted = validated(ContactWrite(data=object_of(request.data), partial=True))
        contact = self._contact(identifier)
        score = accepted.get("calculateLeadScore", False)
        try:
            services.update_contact(contact, draft_of(accepted), actor=self.actor, score=score)
        except ContactNotFound as error:
            # Deleted between the look and the lock: the caller's own spelling of the id goes back.
            raise ContactNotFound(identifier) from error
        return Response(self.success(_document(contact)))

    def partial_update(self, request: Request, identifier: str) -> Response:
        return self.update(request, identifier)

    def destroy(self, request: Request, identifier: str) -> Response:
        try:
            services.delete_contact(self._contact(identifier), actor=self.actor)
        except ContactNotFound as error:
            raise ContactNotFound(identifier) from error
        return Response({"success": True, "message": "Contact deleted successfully"})

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Invalid):
            exc = Invalid(_in_wire_words(fault) for fault in exc.errors)
        return super().handle_exception(exc)

    def problem_headers(self, error: Exception) -> dict[str, str]:
        """Points to the contact that has the address, when the asker may see it (CONTRACTS 7.8)."""
        if not isinstance(error, DuplicateContact) or error.existing_id is None:
            return {}
        existing = self.get_queryset().filter(pk=error.existing_id).first()
        return {} if existing is None else {"Link": f'<{_address(existing)}>; rel="duplicate"'}

    def _contact(self, identifier: str) -> Contact:
        contact = self.get_queryset().with_winnerr_id(identifier).first()
        if contact is None:
            raise ContactNotFound(identifier)
        return contact


def _document(contact: Contact) -> dict[str, Any]:
    """What the requester just wrote, even where the write took it out of their sight: an agent may hand a contact over."""
    rows = Contact.objects.filter(pk=contact.pk).with_tag_names().with_secondary_phone()
    return CONTACT_DOCUMENTS.document(rows.values_list(*CONTACT_DOCUMENTS.columns).get())


def _address(contact: Contact) -> str:
    return f"/v1/contacts/{contact.winnerr_id}"


def _sort_keys(text: str) -> Any:
    try:
        return sort_keys(text)
    except BadValue as error:
        raise Invalid([FieldError("sort", error.code, message=error.message)]) from error


def _in_wire_words(fault: FieldError) -> FieldError:
    """A fault the domain found, under the key the client knows."""
    for name, wire_name in sorted(WIRE_NAMES.items(), key=lambda pair: -len(pair[0])):
        if fault.field == name or fault.field.startswith(f"{name}."):
            field = wire_name + fault.field.removeprefix(name)
            return FieldError(field, fault.code, fault.facts, fault.message)
    return fault

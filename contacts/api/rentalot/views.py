"""Rentalot's contacts (CONTRACTS 2.4)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from config.wires.conditions import etag_of, is_known
from config.wires.fields import accepted
from config.wires.strict_json import object_of
from contacts import services
from contacts.api.rentalot.filters import ContactFilters
from contacts.api.rentalot.openapi import CONTACT_OPERATIONS
from contacts.api.rentalot.queries import list_query
from contacts.api.rentalot.reading import ORDER, list_page, single_contact
from contacts.api.rentalot.resource import ContactResource, address_of
from contacts.api.rentalot.serializers import ContactCreate, ContactWrite, change_draft_of, new_draft_of
from contacts.exceptions import ContactNotFound
from contacts.listing import NEAR, Listing, slots


class ContactViewSet(ContactResource):
    """List, read, create, change and delete contacts."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "partial_update": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    # Changing a contact costs no write (CONTRACTS 2.4).
    resource = "contacts"
    metered = frozenset({"create", "destroy"})
    operations = CONTACT_OPERATIONS
    filterset_class = ContactFilters
    serializer_class = ContactWrite

    def list(self, request: Request) -> Response:
        asked = list_query(request.META["QUERY_STRING"], self.limits.largest_page)
        page, is_near = asked.page, asked.page.first + asked.page.limit <= NEAR
        listing = Listing.of(asked.selection, ORDER, page.limit, actor=self.actor, is_numbered=True, is_near=is_near)
        values = slots(asked.selection, actor=self.actor, first=page.first)
        return Response(page.enveloped(*list_page(listing, values)))

    def retrieve(self, request: Request, identifier: str) -> Response:
        found = single_contact(identifier, actor=self.actor)
        if found is None:
            raise ContactNotFound(identifier)
        document, version = found
        if is_known(request.headers.get("If-None-Match"), etag_of(version)):
            return Response(status=304, headers={"ETag": etag_of(version)})
        return Response(self.enveloped(document), headers={"ETag": etag_of(version)})

    def create(self, request: Request) -> Response:
        said = accepted(ContactCreate, object_of(request.data))
        contact = services.create_contact(new_draft_of(said), actor=self.actor)
        return self.answer(contact, status=201, headers={"Location": address_of(contact)})

    def partial_update(self, request: Request, identifier: str) -> Response:
        said = accepted(ContactWrite, object_of(request.data), partial=True)
        contact = self.contact_to_change(identifier)
        services.update_contact(contact, change_draft_of(said, contact), actor=self.actor)
        return self.answer(contact)

    def destroy(self, request: Request, identifier: str) -> Response:
        services.delete_contact(self.contact_to_change(identifier), actor=self.actor)
        return Response(status=204)

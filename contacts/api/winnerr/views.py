"""Winnerr's contacts (CONTRACTS 1.4)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from accounts.tenancy import current_organization_id
from config.wires.conditions import etag_of, is_known
from config.wires.fields import accepted
from config.wires.pages import cursor_after, position_in
from config.wires.strict_json import object_of
from contacts import services
from contacts.api.winnerr.filters import ContactFilters
from contacts.api.winnerr.includes import EMBEDDED, includes_asked
from contacts.api.winnerr.openapi import CONTACT_OPERATIONS
from contacts.api.winnerr.queries import list_query
from contacts.api.winnerr.reading import fields_asked, list_page, single_contact
from contacts.api.winnerr.resource import ContactResource, address_of
from contacts.api.winnerr.serializers import ContactWrite, cursor_kind, draft_of
from contacts.exceptions import ContactNotFound
from contacts.listing import Listing, slots
from contacts.models import Contact


class ContactViewSet(ContactResource):
    """List, read, create, change and delete contacts."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "update": Right.WRITE_CONTACTS,
        "partial_update": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    operations = CONTACT_OPERATIONS
    filterset_class = ContactFilters
    serializer_class = ContactWrite

    def list(self, request: Request) -> Response:
        asked = list_query(request.META["QUERY_STRING"])
        binding = f"{current_organization_id()}|{asked.canonical}"
        position = position_in(asked.cursor, Contact.objects, asked.order, binding=binding, kind_of=cursor_kind)
        listing = Listing.of(asked.selection, asked.order, asked.limit + 1, actor=self.actor, position=position)
        values = slots(asked.selection, actor=self.actor, position=position)
        page = list_page(listing, asked.fields, asked.includes, values)
        has_more = len(page.documents) > asked.limit
        pagination = {
            "hasMore": has_more,
            "nextCursor": cursor_after(page.position(asked.limit - 1), binding=binding) if has_more else None,
            "total": page.total,
            "limit": asked.limit,
        }
        return Response(self.success(page.documents[: asked.limit], pagination=pagination))

    def retrieve(self, request: Request, identifier: str) -> Response:
        query = request.query_params
        fields = fields_asked(query)
        # Asked for some keys only, a contact carries nothing that was not named.
        includes = includes_asked(query, default=() if query.get("fields") else EMBEDDED)
        found = single_contact(identifier, fields, includes, actor=self.actor)
        if found is None:
            raise ContactNotFound(identifier)
        document, version = found
        if not includes and is_known(request.headers.get("If-None-Match"), etag_of(version)):
            return Response(status=304, headers={"ETag": etag_of(version)})
        return Response(self.success(document), headers={"ETag": etag_of(version)})

    def create(self, request: Request) -> Response:
        said = accepted(ContactWrite, object_of(request.data))
        score = said.get("calculateLeadScore", True)
        contact = services.create_contact(draft_of(said), actor=self.actor, score=score)
        return self.answer(contact, status=201, headers={"Location": address_of(contact)})

    def update(self, request: Request, identifier: str) -> Response:
        said = accepted(ContactWrite, object_of(request.data), partial=True)
        contact = self.contact_to_change(identifier)
        score = said.get("calculateLeadScore", False)
        services.update_contact(contact, draft_of(said), actor=self.actor, score=score)
        return self.answer(contact)

    def partial_update(self, request: Request, identifier: str) -> Response:
        return self.update(request, identifier)

    def destroy(self, request: Request, identifier: str) -> Response:
        services.delete_contact(self.contact_to_change(identifier), actor=self.actor)
        return Response({"success": True, "message": "Contact deleted successfully"})

"""Winnerr's contacts (CONTRACTS 1.4)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from accounts.tenancy import current_organization_id
from config.wires.conditions import etag_of, is_known
from config.wires.fields import validated
from config.wires.pages import cursor_after, limit_of, position_in, sort_keys
from config.wires.winnerr import object_of
from contacts import services
from contacts.api.winnerr.filters import DEFAULT_LIMIT, DEFAULT_SORT, LARGEST_LIMIT, SORT_COLUMNS, ContactFilters
from contacts.api.winnerr.includes import EMBEDDED, includes_asked
from contacts.api.winnerr.openapi import CONTACT_OPERATIONS
from contacts.api.winnerr.reading import fields_asked, list_page, single_contact
from contacts.api.winnerr.resource import ContactResource, address_of
from contacts.api.winnerr.serializers import ContactWrite, cursor_kind, draft_of
from contacts.exceptions import ContactNotFound
from contacts.listing import Listing, slots, total_order
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
        query = request.query_params
        limit = limit_of(query.get("limit", ""), default=DEFAULT_LIMIT, largest=LARGEST_LIMIT)
        selection, filters = self.filterset_class.selection(query)
        includes = includes_asked(query)
        order = total_order(sort_keys(query.get("sort", ""), SORT_COLUMNS, DEFAULT_SORT))
        binding = f"{current_organization_id()}|{order}|{filters}"
        position = position_in(
            query.get("cursor", ""), Contact.objects.all(), order, binding=binding, kind_of=cursor_kind
        )
        listing = Listing.of(selection, order, limit + 1, actor=self.actor, position=position)
        values = slots(selection, actor=self.actor, position=position)
        page = list_page(listing, fields_asked(query), includes, values)
        has_more = len(page.documents) > limit
        pagination = {
            "hasMore": has_more,
            "nextCursor": cursor_after(page.position(limit - 1), binding=binding) if has_more else None,
            "total": page.total,
            "limit": limit,
        }
        return Response(self.success(page.documents[:limit], pagination=pagination))

    def retrieve(self, request: Request, identifier: str) -> Response:
        query = request.query_params
        fields = fields_asked(query)
        # Asked for some keys only, a contact carries nothing that was not named.
        includes = includes_asked(query, default=() if query.get("fields") else EMBEDDED)
        found = single_contact(identifier, fields, includes, actor=self.actor)
        if found is None:
            raise ContactNotFound(identifier)
        document, version = found
        if not includes and is_known(request.headers.get("If-None-Match"), version):
            return Response(status=304, headers={"ETag": etag_of(version)})
        return Response(self.success(document), headers={"ETag": etag_of(version)})

    def create(self, request: Request) -> Response:
        accepted = validated(ContactWrite(data=object_of(request.data)))
        score = accepted.get("calculateLeadScore", True)
        contact = services.create_contact(draft_of(accepted), actor=self.actor, score=score)
        return self.answer(contact, status=201, headers={"Location": address_of(contact)})

    def update(self, request: Request, identifier: str) -> Response:
        accepted = validated(ContactWrite(data=object_of(request.data), partial=True))
        contact = self.contact_to_change(identifier)
        score = accepted.get("calculateLeadScore", False)
        services.update_contact(contact, draft_of(accepted), actor=self.actor, score=score)
        return self.answer(contact)

    def partial_update(self, request: Request, identifier: str) -> Response:
        return self.update(request, identifier)

    def destroy(self, request: Request, identifier: str) -> Response:
        services.delete_contact(self.contact_to_change(identifier), actor=self.actor)
        return Response({"success": True, "message": "Contact deleted successfully"})

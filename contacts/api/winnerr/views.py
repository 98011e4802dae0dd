"""Winnerr's contacts (CONTRACTS 1.4)."""

from __future__ import annotations

from functools import lru_cache

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from accounts.tenancy import current_organization_id
from config.wires.conditions import etag_of
from config.wires.fields import Documents, validated
from config.wires.keyset import with_tie_break
from config.wires.pages import cursor_page, limit_of, sort_keys
from config.wires.winnerr import object_of
from contacts import services
from contacts.api.winnerr.filters import DEFAULT_LIMIT, DEFAULT_SORT, LARGEST_LIMIT, SORT_COLUMNS, ContactFilters
from contacts.api.winnerr.includes import EMBEDDED, embed, includes_asked
from contacts.api.winnerr.openapi import CONTACT_OPERATIONS
from contacts.api.winnerr.resource import ContactResource, address_of
from contacts.api.winnerr.serializers import (
    CONTACT_DOCUMENTS,
    CONTACT_FIELDS,
    ContactWrite,
    cursor_kind,
    draft_of,
)
from contacts.exceptions import ContactNotFound


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
        found, filters = self.filterset_class.filtered(query, self.get_queryset())
        includes = includes_asked(query)
        documents = _documents_asked(query)
        order = with_tie_break(sort_keys(query.get("sort", ""), SORT_COLUMNS, DEFAULT_SORT), "id")
        page = cursor_page(
            found.with_tag_names().with_secondary_phone(),
            documents.columns,
            order,
            limit=limit,
            cursor=query.get("cursor", ""),
            binding=f"{current_organization_id()}|{order}|{filters}",
            kind_of=cursor_kind,
        )
        # The order ends with the primary key.
        contacts = {row[-1]: documents.document(row) for row in page.rows}
        embed(contacts, includes)
        pagination = {
            "hasMore": page.next_cursor is not None,
            "nextCursor": page.next_cursor,
            "total": found.count(),
            "limit": limit,
        }
        return Response(self.success([*contacts.values()], pagination=pagination))

    def retrieve(self, request: Request, identifier: str) -> Response:
        query = request.query_params
        documents = _documents_asked(query)
        # Asked for some keys only, a contact carries nothing that was not named.
        includes = includes_asked(query, default=() if query.get("fields") else EMBEDDED)
        found = self.get_queryset().with_winnerr_id(identifier).with_tag_names().with_secondary_phone()
        row = found.values_list(*documents.columns, "id", "version").first()
        if row is None:
            raise ContactNotFound(identifier)
        *values, contact_id, version = row
        document = documents.document(values)
        embed({contact_id: document}, includes)
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


def _documents_asked(query: QueryDict) -> Documents:
    """Exactly the keys named in ``fields``, all of them without it; unknown names are ignored (CONTRACTS W-C4, W-S16)."""
    text = ",".join(query.getlist("fields"))
    if not text.strip():
        return CONTACT_DOCUMENTS
    known = {field.name for field in CONTACT_FIELDS}
    return _documents_of(frozenset(name for part in text.split(",") if (name := part.strip()) in known))


@lru_cache(maxsize=256)
def _documents_of(names: frozenset[str]) -> Documents:
    return Documents(field for field in CONTACT_FIELDS if field.name in names)

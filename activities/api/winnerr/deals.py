"""Winnerr's deals (CONTRACTS 1.3, 7.7)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.ordering import with_tie_break
from accounts.roles import Right
from accounts.tenancy import current_organization_id
from activities import services
from activities.api.winnerr.activities import ACTIVITY_DOCUMENTS, activity_document
from activities.api.winnerr.drafts import agents_named, contacts_named, draft_of
from activities.api.winnerr.filters import (
    DEFAULT_SORT,
    INCLUDES,
    LIST_INCLUDES,
    SORT_COLUMNS,
    DealFilters,
    cursor_kind,
    includes_asked,
    with_order_columns,
)
from activities.api.winnerr.openapi import DEAL_OPERATIONS, DEFAULT_LIMIT, LARGEST_LIMIT
from activities.api.winnerr.serializers import EMBEDDED, DealChange, DealCreate, deal_documents, name_team
from activities.exceptions import DealNotFound
from activities.models import Deal
from activities.querysets import NEWEST, live_deals, shown_activities, with_winnerr_id
from config.wires.fields import validated
from config.wires.pages import cursor_page, limit_of, sort_keys
from config.wires.strict_json import object_of
from config.wires.winnerr import WinnerrViewSet
from contacts.exceptions import ContactNotFound
from contacts.models import Contact


class DealViewSet(WinnerrViewSet):
    """List, read, begin, change and give up deals with contacts the requester may see."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "update": Right.WRITE_CONTACTS,
        "partial_update": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    operations = DEAL_OPERATIONS
    filterset_class = DealFilters
    serializer_class = DealCreate

    def get_queryset(self) -> QuerySet[Deal]:
        return live_deals(self.actor)

    def list(self, request: Request) -> Response:
        query = request.query_params
        limit = limit_of(query.get("limit", ""), default=DEFAULT_LIMIT, largest=LARGEST_LIMIT)
        found, filters = DealFilters.filtered(query, self.get_queryset())
        asked = includes_asked(query, LIST_INCLUDES)
        documents = deal_documents(EMBEDDED if asked is None else asked)
        order = with_tie_break(sort_keys(query.get("sort", ""), SORT_COLUMNS, DEFAULT_SORT), "id")
        page = cursor_page(
            with_order_columns(found),
            documents.columns,
            order,
            limit=limit,
            cursor=query.get("cursor", ""),
            binding=f"deals|{current_organization_id()}|{order}|{filters}",
            kind_of=cursor_kind,
        )
        deals = documents.documents(page.rows)
        name_team(deals)
        return Response(self.success(deals, pagination=page.pagination()))

    def retrieve(self, request: Request, identifier: str) -> Response:
        asked = includes_asked(request.query_params, INCLUDES)
        documents = deal_documents(EMBEDDED if asked is None else asked & EMBEDDED)
        row = with_winnerr_id(self.get_queryset(), identifier).values_list(*documents.columns, "contact_id").first()
        if row is None:
            raise DealNotFound(identifier)
        document = documents.document(row)
        name_team([document])
        if asked is not None and "activities" in asked:
            # An activity is a contact's; a deal shows those of its contact.
            newest = shown_activities().filter(contact_id=row[-1]).order_by("-created_at", "-id")[:NEWEST]
            document["activities"] = [activity_document(row) for row in newest.values_list(*ACTIVITY_DOCUMENTS.columns)]
        return Response(self.success(document))

    def create(self, request: Request) -> Response:
        body = object_of(request.data)
        context = {"agents": agents_named(body), "contacts": contacts_named(body, self.actor)}
        accepted = validated(DealCreate(data=body, context=context))
        contact = Contact(pk=accepted["contactId"])
        try:
            deal = services.create_deal(contact, draft_of(accepted), actor=self.actor)
        except ContactNotFound as error:
            # Deleted between the look and the lock.
            raise Invalid([FieldError("contactId", "not_found", message="was not found")]) from error
        location = f"/v1/deals/{deal.winnerr_id}"
        return Response(self.success(_document_of(deal)), status=201, headers={"Location": location})

    def update(self, request: Request, identifier: str) -> Response:
        body = object_of(request.data)
        deal = self._locked(identifier)
        context = {"agents": agents_named(body), "contact": deal.contact.winnerr_id}
        accepted = validated(DealChange(data=body, context=context))
        services.update_deal(deal, draft_of(accepted, deal), actor=self.actor)
        return Response(self.success(_document_of(deal)))

    def partial_update(self, request: Request, identifier: str) -> Response:
        return self.update(request, identifier)

    def destroy(self, request: Request, identifier: str) -> Response:
        services.delete_deal(self._locked(identifier), actor=self.actor)
        return Response({"success": True, "message": "Deal deleted successfully"})

    def _locked(self, identifier: str) -> Deal:
        """The deal with its contact, held until the request ends: its objects are merged with what was sent."""
        deals = with_winnerr_id(self.get_queryset(), identifier).select_related("contact")
        deal = deals.select_for_update(of=("self",)).first()
        if deal is None:
            raise DealNotFound(identifier)
        return deal


def _document_of(deal: Deal) -> dict[str, Any]:
    documents = deal_documents()
    document = documents.document(Deal.objects.filter(pk=deal.pk).values_list(*documents.columns).get())
    name_team([document])
    return document

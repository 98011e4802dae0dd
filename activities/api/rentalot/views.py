"""Rentalot's conversations and their messages, to be read (CONTRACTS 2.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.identifiers import canonical_uuid
from accounts.ordering import Counted
from accounts.roles import Right
from activities.api.rentalot.filters import SPELLINGS, ConversationFilters, MessageSearch
from activities.api.rentalot.openapi import CONVERSATION_OPERATIONS, DEFAULT_HITS, MOST_HITS_ON_A_PAGE
from activities.api.rentalot.serializers import CONVERSATIONS, HITS, MESSAGES
from activities.exceptions import ConversationNotFound
from activities.models import Communication, Conversation
from activities.querysets import live_conversations, messages_of_conversation, with_contact_uuid
from activities.search import search_communications
from config.wires.filters import all_of, respelt
from config.wires.rentalot import NumberedPage, RentalotViewSet
from contacts.stretches import IsOneOf

# Of rows before a page: more than anybody has, and no more than a database counts to.
FARTHEST = 2**31


class ConversationViewSet(RentalotViewSet):
    """What was said with contacts the requester may see."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "messages": Right.READ_CONTACTS,
        "search": Right.READ_CONTACTS,
    }
    operations = CONVERSATION_OPERATIONS
    filterset_class = ConversationFilters

    def get_queryset(self) -> QuerySet[Conversation]:
        return live_conversations(self.actor)

    def list(self, request: Request) -> Response:
        query = respelt(request.query_params, SPELLINGS)
        page, (found, _) = all_of(
            lambda: NumberedPage.asked(query, largest=self.limits.largest_page),
            lambda: ConversationFilters.filtered(query, self.get_queryset()),
        )
        rows = _rows(found, page)
        return Response(page.enveloped(CONVERSATIONS.documents(rows), _total(found, page, rows)))

    def retrieve(self, request: Request, identifier: str) -> Response:
        row = with_contact_uuid(self._with_id(identifier)).values_list(*CONVERSATIONS.columns).first()
        if row is None:
            raise ConversationNotFound(identifier)
        return Response(self.enveloped(CONVERSATIONS.document(row)))

    def messages(self, request: Request, identifier: str) -> Response:
        page = NumberedPage.asked(request.query_params, largest=self.limits.largest_page)
        said = messages_of_conversation(MESSAGES.columns, first=_first(page), limit=page.limit)
        # The count is kept in the transaction of each message, by whoever holds the contact's row: it is exact.
        row = self._with_id(identifier).annotate(messages=said).values_list("message_count", "messages").first()
        if row is None:
            raise ConversationNotFound(identifier)
        total, rows = row
        return Response(page.enveloped(MESSAGES.documents(rows), total))

    def search(self, request: Request) -> Response:
        query = respelt(request.query_params, SPELLINGS)
        largest = min(MOST_HITS_ON_A_PAGE, self.limits.largest_page)
        page, text = all_of(
            lambda: NumberedPage.asked(query, default=DEFAULT_HITS, largest=largest), lambda: MessageSearch.text(query)
        )
        hits = search_communications(text, actor=self.actor, first=page.first, limit=page.limit)
        found = Communication.objects.filter(pk__in=hits.ids).order_by("-occurred_at", "-id")
        rows = list(found.values_list(*HITS.columns)) if hits.ids else []
        # Nothing is left out in silence.
        headers = {"X-Search-Truncated": "true"} if hits.is_cut_off else {}
        return Response(page.enveloped(HITS.documents(rows), hits.total), headers=headers)

    def _with_id(self, identifier: str) -> QuerySet[Conversation]:
        uuid = canonical_uuid(identifier.lower())
        return self.get_queryset().none() if uuid is None else self.get_queryset().filter(uuid=uuid)


def _rows(found: QuerySet[Conversation], page: NumberedPage) -> list[tuple[Any, ...]]:
    """A page of conversations as tuples of their columns, newest message first, each with the number of all at its end.

    Found in an index alone, and only then joined with what is printed.
    """
    if found.query.is_empty():
        return []
    order = ("-last_message_at", "-id")
    keys = Subquery(found.order_by(*order).values("pk")[_first(page) : _first(page) + page.limit])
    rows = with_contact_uuid(Conversation.objects.filter(IsOneOf(F("pk"), keys))).order_by(*order)
    return list(
        rows.annotate(total=Counted(found.order_by().values("pk"))).values_list(*CONVERSATIONS.columns, "total")
    )


def _first(page: NumberedPage) -> int:
    return min(page.first, FARTHEST)


def _total(found: QuerySet[Conversation], page: NumberedPage, rows: Sequence[tuple[Any, ...]]) -> int:
    """What stands beside the rows. A page without any is the first of nothing, or beyond the last."""
    if rows:
        return int(rows[0][-1])
    return found.count() if page.first else 0

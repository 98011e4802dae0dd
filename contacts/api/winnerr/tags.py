"""Winnerr's tags: the catalogue with its counts, and tags on one contact (CONTRACTS 1.3, W-S5, W-S6)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from config.wires.fields import Document, Texts, validated
from config.wires.winnerr import object_of
from contacts import services
from contacts.api.winnerr.resource import ContactResource
from contacts.drafts import ContactDraft
from contacts.listing import tags_by_use
from contacts.rules import LONGEST_TAG, MOST_TAGS


class TagNames(Document):
    """Names to add or take away; an empty list asks for nothing and is refused."""

    tags = Texts(LONGEST_TAG, MOST_TAGS, at_least=1)


class TagViewSet(ContactResource):
    """The catalogue, and the tags of one contact; changing those answers the whole contact."""

    grants = {
        "list": Right.READ_CONTACTS,
        "add": Right.WRITE_CONTACTS,
        "remove": Right.WRITE_CONTACTS,
        "remove_one": Right.WRITE_CONTACTS,
    }

    def list(self, request: Request) -> Response:
        tags = tags_by_use(self.actor)
        return Response(self.success([{"name": name, "color": color, "count": uses} for name, color, uses in tags]))

    def add(self, request: Request, identifier: str) -> Response:
        return self._change(identifier, ContactDraft(added_tags=_names(request)))

    def remove(self, request: Request, identifier: str) -> Response:
        return self._change(identifier, ContactDraft(removed_tags=_names(request)))

    def remove_one(self, request: Request, identifier: str, name: str) -> Response:
        return self._change(identifier, ContactDraft(removed_tags=(name,)))

    def _change(self, identifier: str, draft: ContactDraft) -> Response:
        contact = self.contact_to_change(identifier)
        services.update_contact(contact, draft, actor=self.actor)
        return self.answer(contact)


def _names(request: Request) -> tuple[str, ...]:
    accepted: dict[str, Any] = validated(TagNames(data=object_of(request.data)))
    return tuple(accepted["tags"])

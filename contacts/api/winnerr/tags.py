"""Winnerr's tags: the catalogue with its counts, and tags on one contact (CONTRACTS 1.3, W-S5, W-S6)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from config.wires.fields import Document, Documents, Texts, WireField, validated
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.operations import Answer, Operation, Parameter
from config.wires.openapi.shapes import TEXT, array, whole
from config.wires.openapi.winnerr import TAGS, success
from config.wires.strict_json import object_of
from contacts import services
from contacts.api.winnerr.openapi import CONTACT_RESPONSE, NAMED_CONTACT
from contacts.api.winnerr.resource import ContactResource
from contacts.drafts import ContactDraft
from contacts.listing import tags_by_use
from contacts.rules import LONGEST_TAG, MOST_TAGS


class TagNames(Document):
    """Names to add or take away; an empty list asks for nothing and is refused."""

    tags = Texts(LONGEST_TAG, MOST_TAGS, at_least=1)


TAG_FIELDS: tuple[WireField, ...] = (
    WireField("name", ("name",), str, prints=TEXT),
    WireField("color", ("color",), str, prints={"type": "string", "pattern": "^#[0-9a-f]{6}$"}),
    WireField("count", ("uses",), int, prints=whole(0, 2**53)),
)
TAG_DOCUMENTS = Documents(TAG_FIELDS)

TAG = printed_document("Tag", TAG_FIELDS, prose={"count": "How many contacts have it."})
TAG_NAMES = sent_document("TagNames", TagNames(), prose={})
_CHANGED = Answer(description="The whole contact, with its tags now.", shape=CONTACT_RESPONSE, headers=("ETag",))
TAG_OPERATIONS = {
    "list": Operation(
        name="listTags",
        tag=TAGS,
        summary="List the tags",
        description="All tags of the organization, those on most contacts first.",
        answer=Answer(
            description="Every tag, with the number of contacts that have it.",
            shape=success("TagListResponse", array(TAG)),
            examples={
                "tags": {"success": True, "data": [{"name": "first-time-buyer", "color": "#2563eb", "count": 45}]}
            },
        ),
    ),
    "add": Operation(
        name="addContactTags",
        tag=TAGS,
        summary="Add tags to a contact",
        description="Tags it has already stay where they are; unknown ones are made.",
        path=NAMED_CONTACT,
        body=TAG_NAMES,
        body_examples={"two": {"tags": ["investor", "cash-buyer"]}},
        answer=_CHANGED,
        conditional=True,
    ),
    "remove": Operation(
        name="removeContactTags",
        tag=TAGS,
        summary="Take tags off a contact",
        description="Tags it does not have are passed over. The catalogue keeps them.",
        path=NAMED_CONTACT,
        body=TAG_NAMES,
        body_examples={"one": {"tags": ["investor"]}},
        answer=_CHANGED,
        conditional=True,
    ),
    "remove_one": Operation(
        name="removeContactTag",
        tag=TAGS,
        summary="Take one tag off a contact",
        path={**NAMED_CONTACT, "name": Parameter(name="name", shape=TEXT, description="The tag.")},
        answer=_CHANGED,
        conditional=True,
    ),
}


class TagViewSet(ContactResource):
    """The catalogue, and the tags of one contact; changing those answers the whole contact."""

    grants = {
        "list": Right.READ_CONTACTS,
        "add": Right.WRITE_CONTACTS,
        "remove": Right.WRITE_CONTACTS,
        "remove_one": Right.WRITE_CONTACTS,
    }
    operations = TAG_OPERATIONS

    def list(self, request: Request) -> Response:
        return Response(self.success(TAG_DOCUMENTS.documents(tags_by_use(self.actor))))

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

"""What Rentalot's document says about conversations, beyond what their fields, filters and grants declare."""

from __future__ import annotations

from typing import Any, Final

from accounts.plans import LIMITS, Plan
from activities.api.rentalot.filters import LONGEST_QUERY, ConversationFilters
from activities.api.rentalot.serializers import CONVERSATION_FIELDS, HIT_FIELDS, MESSAGE_FIELDS
from activities.search import MOST_HITS
from config.wires.openapi.fields import printed_document
from config.wires.openapi.filters import filter_parameters
from config.wires.openapi.operations import Answer, Operation, Parameter
from config.wires.openapi.rentalot import CONVERSATIONS, UUID, enveloped, enveloped_page, page_parameters
from config.wires.problems import Problem
from config.wires.rentalot import DEFAULT_LIMIT

DEFAULT_HITS: Final = 10
MOST_HITS_ON_A_PAGE: Final = 50
_LARGEST: Final = LIMITS[Plan.UNLIMITED].largest_page

_CHANNEL: Final = "How it was said; `call`, `in_person` and `other` for what was not written in a message."
_CONTENT: Final = "The text, else the subject; empty when neither was written down."
CONVERSATION: Final = printed_document(
    "Conversation",
    CONVERSATION_FIELDS,
    prose={
        "propertyId": "Always null: properties are not kept here.",
        "channel": f"{_CHANNEL} A contact has one conversation for each.",
        "status": "Whether it was put away; a new message makes it `active`.",
        "startedAt": "When its first message was sent.",
        "lastMessageAt": "When its last message was sent.",
        "messageCount": "How many messages it has.",
    },
)
MESSAGE: Final = printed_document(
    "Message",
    MESSAGE_FIELDS,
    prose={
        "direction": "`inbound` from the contact, `outbound` from the team.",
        "content": _CONTENT,
        "channel": _CHANNEL,
        "metadata": "`subject`, where there is one; and what came with it and is no text: `attachments`, `location`.",
        "createdAt": "When it was written down here.",
    },
)
HIT: Final = printed_document(
    "MessageHit",
    HIT_FIELDS,
    prose={"content": _CONTENT, "channel": _CHANNEL, "contactName": "The contact's `name`."},
)

_NAMED: Final = {
    "identifier": Parameter(
        name="id",
        shape=UUID,
        description="The conversation's id.",
        missing=Problem(kind="not_found", status=404, resource="conversation", identifier="550e8400"),
    )
}
_ID: Final = "0198e9a4-7c11-7b3a-9d52-6f0f3a1f2c44"
_MESSAGE_ID: Final = "0198e9a4-7c12-7a10-8c3e-1d2b5e6f7a80"
_FLAT: Final[dict[str, Any]] = {
    "id": _ID,
    "contactId": "550e8400-e29b-41d4-a716-446655440000",
    "propertyId": None,
    "channel": "whatsapp",
    "status": "active",
    "startedAt": "2026-02-10T14:30:00Z",
    "lastMessageAt": "2026-02-10T15:05:00Z",
    "messageCount": 2,
    "createdAt": "2026-02-10T14:30:02Z",
    "updatedAt": "2026-02-10T15:05:01Z",
}
_SAID: Final[dict[str, Any]] = {
    "direction": "inbound",
    "content": "Is the flat still free?",
    "channel": "whatsapp",
    "sentAt": "2026-02-10T15:05:00Z",
    "conversationId": _ID,
}
_ANSWERED: Final = {"id": _MESSAGE_ID, **_SAID, "metadata": {}, "createdAt": "2026-02-10T15:05:01Z"}
_FOUND: Final = {"messageId": _MESSAGE_ID, **_SAID, "contactName": "Jane Smith"}


def _page_of(document: dict[str, Any], limit: int) -> dict[str, Any]:
    return {"data": [document], "pagination": {"page": 1, "limit": limit, "total": 1, "totalPages": 1}}


CONVERSATION_OPERATIONS: Final[dict[str, Operation]] = {
    "list": Operation(
        name="listConversations",
        tag=CONVERSATIONS,
        summary="List conversations",
        description="The one with the newest message first. Those with a deleted contact are hidden until it is restored.",
        query=(
            *page_parameters(default=DEFAULT_LIMIT, largest=_LARGEST),
            *filter_parameters(ConversationFilters),
        ),
        answer=Answer(
            description="A page of conversations.",
            shape=enveloped_page("ConversationListResponse", CONVERSATION),
            examples={"page": _page_of(_FLAT, DEFAULT_LIMIT)},
        ),
    ),
    "retrieve": Operation(
        name="getConversation",
        tag=CONVERSATIONS,
        summary="Read a conversation",
        path=_NAMED,
        answer=Answer(
            description="The conversation.",
            shape=enveloped("ConversationResponse", CONVERSATION),
            examples={"flat": {"data": _FLAT}},
        ),
    ),
    "messages": Operation(
        name="listMessages",
        tag=CONVERSATIONS,
        summary="List a conversation's messages",
        description="The newest first.",
        path=_NAMED,
        query=page_parameters(default=DEFAULT_LIMIT, largest=_LARGEST),
        answer=Answer(
            description="A page of messages.",
            shape=enveloped_page("MessageListResponse", MESSAGE),
            examples={"page": _page_of(_ANSWERED, DEFAULT_LIMIT)},
        ),
    ),
    "search": Operation(
        name="searchMessages",
        tag=CONVERSATIONS,
        summary="Search messages",
        description="Finds messages that hold every word in some part of their text or subject, whatever its case, accents "
        f"or order; the newest first. Of more than {MOST_HITS:,} hits the newest {MOST_HITS:,} are counted and paged, and "
        "`X-Search-Truncated` says so.",
        query=(
            *page_parameters(default=DEFAULT_HITS, largest=MOST_HITS_ON_A_PAGE),
            Parameter(
                name="query",
                shape={"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY, "pattern": r"\S"},
                description="What to look for. `q` is another name for it.",
                required=True,
            ),
        ),
        answer=Answer(
            description="A page of hits.",
            shape=enveloped_page("MessageSearchResponse", HIT),
            headers=("X-Search-Truncated",),
            examples={"page": _page_of(_FOUND, DEFAULT_HITS)},
        ),
    ),
}

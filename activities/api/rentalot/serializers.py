"""Rentalot's conversation, message and search hit: their keys in order, each declared once (CONTRACTS 2.8, R-C7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from accounts.prepared import read_json
from activities.models import CommunicationKind, Direction
from activities.rules import BOOKKEEPING
from config.wires.fields import Documents, WireField, as_stored, seconds
from config.wires.openapi.rentalot import UUID as UUID_SHAPE
from config.wires.openapi.shapes import MOMENT, NULL, TEXT, Shape, nullable, one_of, whole

ACTIVE: Final = "active"
ARCHIVED: Final = "archived"

METADATA: Final[Shape] = {"type": "object", "properties": {"subject": TEXT}}
# The vendor's words where it has one; calls, meetings in person and everything else go by ours.
CHANNEL: Final = one_of(*CommunicationKind.values)
DIRECTION: Final = one_of(*Direction.values)


def _identifier(uuid: UUID | str) -> str:
    # Inside JSON SQLite has a UUID without its dashes.
    return str(uuid if isinstance(uuid, UUID) else UUID(uuid))


def _moment(moment: datetime | str) -> str | None:
    """A moment, also as the database writes it into JSON; what has no zone is UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return seconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _status(is_archived: bool) -> str:
    return ARCHIVED if is_archived else ACTIVE


def _content(body: str, subject: str) -> str:
    return body or subject


def _metadata(subject: str, stored: Any) -> dict[str, Any]:
    """The subject, and what came with a message and is no text."""
    # PostgreSQL hands on an object, SQLite its text.
    came_with = stored if isinstance(stored, dict) else read_json(stored)
    told = {name: value for name, value in came_with.items() if name not in BOOKKEEPING}
    return ({"subject": subject} if subject else {}) | told


def _contact_name(full_name: str, company_name: str) -> str | None:
    """The ``name`` that this wire's contact has."""
    return full_name or company_name or None


CONVERSATION_FIELDS: Final[tuple[WireField, ...]] = (
    WireField("id", ("uuid",), _identifier, prints=UUID_SHAPE),
    WireField("contactId", ("contact_uuid",), _identifier, prints=UUID_SHAPE),
    # A property is nothing we know.
    WireField("propertyId", (), lambda: None, prints=NULL),
    WireField("channel", ("kind",), as_stored, prints=CHANNEL),
    WireField("status", ("is_archived",), _status, prints=one_of(ACTIVE, ARCHIVED)),
    WireField("startedAt", ("started_at",), _moment, prints=MOMENT),
    WireField("lastMessageAt", ("last_message_at",), _moment, prints=MOMENT),
    WireField("messageCount", ("message_count",), as_stored, prints=whole(0, 2**31 - 1)),
    WireField("createdAt", ("created_at",), _moment, prints=MOMENT),
    WireField("updatedAt", ("updated_at",), _moment, prints=MOMENT),
)
_SENT_AT: Final = WireField("sentAt", ("occurred_at",), _moment, prints=MOMENT)
_CONTENT: Final = WireField("content", ("body", "subject"), _content, prints=TEXT)
_CHANNEL: Final = WireField("channel", ("kind",), as_stored, prints=CHANNEL)
_DIRECTION: Final = WireField("direction", ("direction",), as_stored, prints=DIRECTION)
_CONVERSATION_ID: Final = WireField("conversationId", ("conversation__uuid",), _identifier, prints=UUID_SHAPE)

MESSAGE_FIELDS: Final[tuple[WireField, ...]] = (
    WireField("id", ("uuid",), _identifier, prints=UUID_SHAPE),
    _CONVERSATION_ID,
    _DIRECTION,
    _CONTENT,
    _CHANNEL,
    WireField("metadata", ("subject", "metadata"), _metadata, prints=METADATA),
    _SENT_AT,
    WireField("createdAt", ("created_at",), _moment, prints=MOMENT),
)
HIT_FIELDS: Final[tuple[WireField, ...]] = (
    WireField("messageId", ("uuid",), _identifier, prints=UUID_SHAPE),
    _CONTENT,
    _DIRECTION,
    _CHANNEL,
    _SENT_AT,
    _CONVERSATION_ID,
    WireField("contactName", ("contact__full_name", "contact__company_name"), _contact_name, prints=nullable(TEXT)),
)
CONVERSATIONS: Final = Documents(CONVERSATION_FIELDS)
MESSAGES: Final = Documents(MESSAGE_FIELDS)
HITS: Final = Documents(HIT_FIELDS)

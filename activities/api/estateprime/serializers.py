"""EstatePrime's communication: its 12 keys in the printed order, each declared once (CONTRACTS 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from accounts.models import Member
from accounts.prepared import read_json
from activities.api.estateprime.fields import Identifiers, Moment
from activities.drafts import CommunicationDraft
from activities.models import CommunicationKind, Direction
from config.wires.estateprime import local_time
from config.wires.estateprime_values import Identifier
from config.wires.fields import Choice, Document, Documents, Text, WireField, as_stored
from config.wires.openapi.estateprime import IDENTIFIER, MOMENT
from config.wires.openapi.shapes import TEXT, array, nullable, one_of
from contacts.models import Contact

LONGEST_COMMENTS: Final = 10_000
# The vendor's five, and two it does not have: what is written, and how else people talk.
CHANNELS: Final[dict[int, tuple[CommunicationKind, str, str | None]]] = {
    1: (CommunicationKind.CALL, "Call", "phone"),
    2: (CommunicationKind.EMAIL, "Email", "email"),
    3: (CommunicationKind.SMS, "SMS", "sms"),
    4: (CommunicationKind.IN_PERSON, "In person", None),
    5: (CommunicationKind.OTHER, "Other", None),
    6: (CommunicationKind.WHATSAPP, "WhatsApp", None),
    7: (CommunicationKind.TELEGRAM, "Telegram", None),
}
DIRECTIONS: Final = {"incoming": Direction.INBOUND, "outgoing": Direction.OUTBOUND}
_CHANNEL_OF: Final = {kind.value: number for number, (kind, _, _) in CHANNELS.items()}
_TYPE_OF: Final = {direction.value: name for name, direction in DIRECTIONS.items()}


class Channel(Identifier):
    """A medium by its id; becomes its kind."""

    default_error_messages = {"not_found": "was not found"}

    def to_internal_value(self, data: Any) -> str:
        number = super().to_internal_value(data)
        if number not in CHANNELS:
            self.fail("not_found")
        return CHANNELS[number][0].value


class MemberReference(Identifier):
    """A member of the organization by number; becomes the primary key."""

    default_error_messages = {"not_found": "was not found"}

    def to_internal_value(self, data: Any) -> int:
        found = Member.objects.filter(number=super().to_internal_value(data)).values_list("pk", flat=True).first()
        if found is None:
            self.fail("not_found")
        return found


class ContactReference(Identifier):
    """A live contact by number that the ``actor`` of the context may see; becomes the contact."""

    default_error_messages = {"not_found": "was not found"}

    def to_internal_value(self, data: Any) -> Contact:
        seen = Contact.objects.active().visible_to(self.context["actor"])
        contact = seen.filter(number=super().to_internal_value(data)).first()
        if contact is None:
            self.fail("not_found")
        return contact


def _comments(body: str, subject: str) -> str | None:
    """The text; of what has none the subject, which this wire has no key for."""
    return body or subject or None


def _kept(key: str, nothing: Any = None) -> Callable[[str], Any]:
    """What was sent under a key that has no meaning here."""
    return lambda extra: read_json(extra).get(key, nothing)


COMMUNICATION_FIELDS: Final[tuple[WireField, ...]] = (
    WireField("id", ("number",), as_stored, prints=IDENTIFIER),
    WireField("date_created", ("created_at",), local_time, prints=MOMENT),
    WireField("communication_date", ("occurred_at",), local_time, Moment(source="occurred_at"), MOMENT),
    WireField(
        "user_id",
        ("member__number",),
        as_stored,
        MemberReference(source="member", required=True),
        nullable(IDENTIFIER),
    ),
    WireField("store_id", ("extra",), _kept("store_id"), Identifier(required=True), nullable(IDENTIFIER)),
    WireField("type", ("direction",), _TYPE_OF.__getitem__, Choice([*DIRECTIONS], required=True), one_of(*DIRECTIONS)),
    WireField("channel", ("kind",), _CHANNEL_OF.__getitem__, Channel(source="kind", required=True), IDENTIFIER),
    WireField(
        "contact_id",
        ("contact__number",),
        as_stored,
        ContactReference(source="contact", required=True),
        IDENTIFIER,
    ),
    WireField("request_id", ("extra",), _kept("request_id"), Identifier(allow_null=True), nullable(IDENTIFIER)),
    WireField("comments", ("body", "subject"), _comments, Text(LONGEST_COMMENTS), nullable(TEXT)),
    WireField("tags", ("extra",), _kept("tags", []), Identifiers(), array(IDENTIFIER)),
    WireField("listings", ("extra",), _kept("listings", []), Identifiers(), array(IDENTIFIER)),
)
COMMUNICATIONS: Final = Documents(COMMUNICATION_FIELDS)
# The order in which the live service asks for them: the first that is missing is the one that is named.
_ASKED_FOR: Final = ("channel", "user_id", "contact_id", "store_id", "type", "communication_date")


class CommunicationCreate(Document.of(COMMUNICATION_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a program may send. Its context has the ``actor``."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        return {name: fields[name] for name in dict.fromkeys((*_ASKED_FOR, *fields))}


def draft_of(accepted: dict[str, Any]) -> CommunicationDraft:
    """The draft of an accepted body."""
    extra = {key: accepted[key] for key in ("store_id", "request_id", "listings") if accepted.get(key)}
    if accepted.get("tags"):
        # In the order in which they are read (CONTRACTS E-S8).
        extra["tags"] = sorted(accepted["tags"])
    return CommunicationDraft(
        kind=accepted["kind"],
        direction=DIRECTIONS[accepted["type"]],
        body=accepted.get("comments") or "",
        occurred_at=accepted["occurred_at"],
        member=accepted["member"],
        extra=extra,
    )

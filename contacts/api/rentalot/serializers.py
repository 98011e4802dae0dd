"""Rentalot's contact: exactly 13 keys in the printed order, each declared once (CONTRACTS 2.3, 2.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from rest_framework import serializers
from rest_framework.fields import SkipField

from config.wires.fields import Choice, Document, Text, WireField, as_stored, seconds, text_or_null
from config.wires.openapi.fields import NOT_BLANK
from config.wires.openapi.shapes import EMAIL, MOMENT, TEXT, nullable
from contacts.api.fields import Email
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactRole, ContactStage

# The source of a contact that somebody's program made without saying where it came from (CONTRACTS 2.3).
DEFAULT_SOURCE: Final = "api"
LONGEST_NOTES: Final = 5_000
UUID_SHAPE: Final = {"type": "string", "format": "uuid", "examples": ["550e8400-e29b-41d4-a716-446655440000"]}
_PHONE: Final = re.compile(r"[+0-9 ()./x-]{3,30}", re.ASCII)


class Phone(Text):
    """A phone number, kept as sent (CONTRACTS R-S9)."""

    default_error_messages = {"invalid_value": "must be 3 to 30 characters of +0-9 ()-./x"}
    # Blanks around it go; empty is none.
    shape = {
        "pattern": r"^\s*([+0-9()./x-][+0-9 ()./x-]{1,28}[+0-9()./x-])?\s*$",
        "examples": ["+15551234567"],
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(maximum=30, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not _PHONE.fullmatch(text):
            self.fail("invalid_value")
        return text


class OptionalEmail(Email):
    """An acceptable address, or ``""``, which is none."""

    shape = {"anyOf": [{"format": "email"}, {"maxLength": 0}], "examples": ["jane.smith@example.com"]}


class Settled(Choice):
    """One of a closed list that is never empty: ``""`` says nothing, as the vendor's own programs send it."""

    def __init__(self, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.shape = {"enum": [*choices, ""]}

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and not data.strip():
            raise SkipField
        return super().to_internal_value(data)


def printed_name(full_name: str, company_name: str) -> str | None:
    """What somebody is called here: the name as it was written, else that of the company."""
    return full_name or company_name or None


CONTACT_FIELDS: tuple[WireField, ...] = (
    WireField("id", ("uuid",), str, prints=UUID_SHAPE),
    # Required here, and null where the contact came in through a door that asks for something else.
    WireField(
        "name",
        ("full_name", "company_name"),
        printed_name,
        Text(200, required=True, source="full_name"),
        nullable(TEXT),
    ),
    WireField("email", ("email",), text_or_null, OptionalEmail(200), nullable(EMAIL)),
    WireField("phone", ("phone",), text_or_null, Phone(), nullable(TEXT)),
    WireField("status", ("stage",), as_stored, Settled(ContactStage.values, source="stage")),
    WireField("role", ("role",), as_stored, Settled(ContactRole.values)),
    WireField(
        "channelPreference",
        ("channel_preference",),
        text_or_null,
        Text(50, source="channel_preference"),
        nullable(TEXT),
    ),
    WireField("source", ("source",), text_or_null, Text(100), nullable(TEXT)),
    WireField("referralSource", ("referral_source",), text_or_null, Text(200, source="referral_source")),
    WireField("language", ("language",), as_stored, Text(10), TEXT),
    WireField("appliedAt", ("applied_at",), seconds, prints=nullable(MOMENT)),
    WireField("createdAt", ("created_at",), seconds, prints=MOMENT),
    WireField("updatedAt", ("updated_at",), seconds, prints=MOMENT),
)
# The domain's field names in this wire's words, for faults found below the wire.
WIRE_NAMES = {field.write.source or field.name: field.name for field in CONTACT_FIELDS if field.write is not None}


class ContactWrite(Document.of(CONTACT_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a program may send. ``notes`` go into the team's own, and never come back (CONTRACTS R-C8)."""

    notes = Text(LONGEST_NOTES)


class ContactCreate(ContactWrite):
    """The same for a new contact, of which nothing is known yet: it needs a way to be reached, too."""

    shape = {
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "string", "pattern": NOT_BLANK}}}
            for name in ("email", "phone")
        ]
    }

    def to_internal_value(self, data: Any) -> Any:
        faults: dict[str, Any] = {}
        accepted: Any = {}
        try:
            accepted = super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults = dict(error.detail)  # type: ignore[arg-type]  # an object's faults are by key
        if isinstance(data, dict) and not any(_is_said(data.get(name)) for name in ("email", "phone")):
            missing = serializers.ErrorDetail("or phone is required", code="required")
            faults = {"email": [missing], **faults}
        if faults:
            raise serializers.ValidationError(faults)
        return accepted


def _is_said(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


# What cannot be empty: cleared, these say nothing.
_NEVER_EMPTY: Final = ("stage", "role", "language")


def new_draft_of(accepted: dict[str, Any]) -> ContactDraft:
    """The draft of a new contact. Empty text and ``null`` are as good as absent (CONTRACTS 2.9)."""
    said = {name: value for name, value in accepted.items() if value}
    return ContactDraft(**({"source": DEFAULT_SOURCE} | said), is_reachable=True)


def change_draft_of(accepted: dict[str, Any], contact: Contact) -> ContactDraft:
    """The draft of a change. Empty text and ``null`` clear what can be empty (CONTRACTS R-S7).

    The name sent back as it was read changes nothing: a company's may stand in another column.
    """
    said: dict[str, Any] = {name: value or "" for name, value in accepted.items() if value or name not in _NEVER_EMPTY}
    if "full_name" in said and said["full_name"] == printed_name(contact.full_name, contact.company_name):
        del said["full_name"]
    return ContactDraft(**said, is_reachable=True)

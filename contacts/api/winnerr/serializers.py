"""Winnerr's contact: its 19 keys in the printed order, each declared once (CONTRACTS 1.3, 1.4, 7.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from accounts.identifiers import parse_public_id, public_id
from accounts.models import Member
from accounts.tenancy import current_organization
from config.wires.fields import Choice, Document, Flag, Number, Text, Texts, WireField, as_stored, seconds, text_or_null
from config.wires.openapi.shapes import EMAIL, MOMENT, TEXT, identifier, nullable, whole
from contacts.api.fields import Email
from contacts.drafts import UNSET, ContactDraft, PreferencesDraft, PriceRange
from contacts.models import ContactStatus, ContactType
from contacts.rules import LARGEST_PRICE, LONGEST_PREFERENCE, LONGEST_TAG, MOST_PREFERENCES, MOST_TAGS


class Agent(Text):
    """A member by the public id ``agent_<uuid>``; becomes the member's primary key."""

    default_error_messages = {"not_found": "was not found"}
    shape = identifier("agent")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(maximum=100, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not text:
            return None
        uuid = parse_public_id("agent", text)
        member_id = uuid and Member.objects.filter(uuid=uuid).values_list("id", flat=True).first()
        if not member_id:
            self.fail("not_found")
        return member_id


class Address(Document):
    """A postal address; parts left out stay as they are."""

    street = Text(200)
    city = Text(200)
    state = Text(200)
    zipCode = Text(200, source="zip_code")
    country = Text(200)


class Price(Document):
    """What somebody wants to spend."""

    shape = {"description": "`min` is at most `max`."}

    min = Number(0, LARGEST_PRICE)
    max = Number(0, LARGEST_PRICE)


class Preferences(Document):
    """What somebody looks for; parts left out stay as they are."""

    communicationMethod = Text(LONGEST_PREFERENCE, source="communication_method")
    propertyTypes = Texts(LONGEST_PREFERENCE, MOST_PREFERENCES, source="property_types")
    priceRange = Price(required=False, allow_null=True, source="price_range")
    locations = Texts(LONGEST_PREFERENCE, MOST_PREFERENCES)


def _contact_id(winnerr_key: str | None, uuid: UUID | str) -> str:
    return winnerr_key or public_id("contact", uuid)


def _agent_id(uuid: UUID | str | None) -> str | None:
    return None if uuid is None else public_id("agent", uuid)


def _address(street: str, city: str, state: str, zip_code: str, country: str) -> dict[str, str | None] | None:
    if not (street or city or state or zip_code or country):
        return None
    return {
        "street": street or None,
        "city": city or None,
        "state": state or None,
        "zipCode": zip_code or None,
        "country": country or None,
    }


def _preferences(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    # PostgreSQL keeps the keys of a document in an order of its own, so the nested one is spelt out too.
    stored = orjson.loads(text)
    price = stored.get("price_range")
    return {
        "communicationMethod": stored.get("communication_method") or None,
        "propertyTypes": stored.get("property_types") or [],
        "priceRange": price and {"min": price.get("min"), "max": price.get("max")},
        "locations": stored.get("locations") or [],
    }


def _organization_id() -> str:
    return current_organization().public_id


CONTACT_FIELDS: tuple[WireField, ...] = (
    WireField("id", ("winnerr_key", "uuid"), _contact_id, prints=identifier("contact")),
    WireField("organizationId", (), _organization_id, prints=identifier("org")),
    # Required here, and null where the contact came in through a door that does not ask for them.
    WireField(
        "firstName", ("first_name",), text_or_null, Text(100, required=True, source="first_name"), nullable(TEXT)
    ),
    WireField("lastName", ("last_name",), text_or_null, Text(100, required=True, source="last_name"), nullable(TEXT)),
    WireField("email", ("email",), text_or_null, Email(254, required=True), nullable(EMAIL)),
    WireField("phone", ("phone",), text_or_null, Text(40)),
    WireField("secondaryPhone", ("secondary_phone",), text_or_null, Text(40, source="secondary_phone")),
    WireField(
        "address",
        ("street", "city", "state", "zip_code", "country"),
        _address,
        Address(required=False, allow_null=True),
    ),
    WireField("type", ("type",), as_stored, Choice(ContactType.values)),
    WireField("status", ("status",), as_stored, Choice(ContactStatus.values)),
    WireField("source", ("source",), text_or_null, Text(50)),
    WireField("leadScore", ("lead_score",), as_stored, prints=whole(0, 100)),
    WireField("tags", ("tag_names",), as_stored, Texts(LONGEST_TAG, MOST_TAGS)),
    WireField("notes", ("notes",), text_or_null, Text(10_000)),
    WireField("preferences", ("preferences",), _preferences, Preferences(required=False, allow_null=True)),
    WireField("assignedTo", ("assigned_to__uuid",), _agent_id, Agent(source="assigned_to")),
    WireField("createdAt", ("created_at",), seconds, prints=MOMENT),
    WireField("updatedAt", ("updated_at",), seconds, prints=MOMENT),
    WireField("lastContactedAt", ("last_contacted_at",), seconds, prints=nullable(MOMENT)),
)
# The domain's field names in this wire's words, for faults found below the wire.
WIRE_NAMES = {field.write.source or field.name: field.name for field in CONTACT_FIELDS if field.write is not None} | {
    "street": "address.street",
    "city": "address.city",
    "state": "address.state",
    "zip_code": "address.zipCode",
    "country": "address.country",
    "preferences.communication_method": "preferences.communicationMethod",
    "preferences.property_types": "preferences.propertyTypes",
    "preferences.price_range": "preferences.priceRange",
}


class ContactWrite(Document.of(CONTACT_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a client may send; ``calculateLeadScore`` is never echoed (CONTRACTS W-C5)."""

    calculateLeadScore = Flag(required=False)


ADDRESS_PARTS = ("street", "city", "state", "zip_code", "country")
_CLEARED = dict.fromkeys(ADDRESS_PARTS, "")


def draft_of(accepted: dict[str, Any]) -> ContactDraft:
    """The draft of an accepted body. ``null`` clears; a type or status of ``null`` says nothing, for neither can be empty."""
    said = {name: value for name, value in accepted.items() if name != "calculateLeadScore"}
    if "address" in said:
        address = said.pop("address")
        said |= _CLEARED if address is None else {name: value or "" for name, value in address.items()}
    if "preferences" in said:
        said["preferences"] = _preferences_draft(said["preferences"])
    if "tags" in said:
        said["tags"] = tuple(said["tags"] or ())
    for name in ("type", "status"):
        if said.get(name, "") is None:
            del said[name]
    texts = {name: "" for name, value in said.items() if value is None and name not in ("assigned_to", "preferences")}
    return ContactDraft(**(said | texts))


def _preferences_draft(sent: dict[str, Any] | None) -> PreferencesDraft | None:
    if sent is None:
        return None
    price = sent.get("price_range", UNSET)
    return PreferencesDraft(
        communication_method=sent.get("communication_method", UNSET),
        property_types=_words(sent, "property_types"),
        locations=_words(sent, "locations"),
        price_range=price if price in (None, UNSET) else PriceRange(**price),
    )


def _words(sent: dict[str, Any], name: str) -> Any:
    return tuple(sent[name] or ()) if name in sent else UNSET


def cursor_kind(column: str) -> type[Any]:
    """What a sort column holds, for checking a cursor."""
    return {"lead_score": int, "id": int, "created_at": datetime, "updated_at": datetime}.get(
        column, datetime if column == "last_contacted_order" else str
    )

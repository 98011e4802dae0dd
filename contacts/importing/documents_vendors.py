"""Winnerr's and Rentalot's contacts, as the vendors' documents and our own wires print them (CONTRACTS 1.3, 2.3).

A moment without a zone is in UTC, as both print them.
"""

from __future__ import annotations

from typing import Any, Final

from accounts.identifiers import parse_public_id
from contacts.drafts import UNSET
from contacts.importing.documents_own import preferences_of
from contacts.importing.documents_reading import COMPUTED, FOLLOWS, DocumentInterpreter
from contacts.importing.documents_values import Part

_SEPARATE: Final = "is not a part of the contact"
_PREFERENCES: Final = {
    "communication_method": "communicationMethod",
    "property_types": "propertyTypes",
    "price_range": "priceRange",
    "locations": "locations",
}


class WinnerrInterpreter(DocumentInterpreter):
    """Understands Winnerr's contact. Its id is kept: as the UUID that is in it, else as it is."""

    columns = {
        "id": "winnerr_key",
        "firstName": "first_name",
        "lastName": "last_name",
        "email": "email",
        "phone": "phone",
        "secondaryPhone": "secondary_phone",
        "address.street": "street",
        "address.city": "city",
        "address.state": "state",
        "address.zipCode": "zip_code",
        "address.country": "country",
        "type": "type",
        "status": "status",
        "source": "source",
        "tags": "tags",
        "notes": "notes",
        "preferences.communicationMethod": "preferences.communication_method",
        "preferences.propertyTypes": "preferences.property_types",
        "preferences.priceRange": "preferences.price_range",
        "preferences.locations": "preferences.locations",
        "assignedTo": "assigned_to",
        "createdAt": "created_at",
        "lastContactedAt": "last_contacted_at",
    }
    unused = {
        "organizationId": "the organization is the one that is imported into",
        "leadScore": COMPUTED,
        "updatedAt": FOLLOWS,
        "deals": _SEPARATE,
        "communications": _SEPARATE,
        "activities": _SEPARATE,
    }
    deletions = ("deletedAt",)

    def column_of(self, name: str) -> str:
        if name == "uuid":
            return "id"
        return super().column_of("secondary_phone" if name.startswith("further_phones.") else name)

    def read(self, document: Part) -> dict[str, Any]:
        said: dict[str, Any] = {
            "first_name": document.text("firstName"),
            "last_name": document.text("lastName"),
            "email": document.text("email"),
            "phone": document.text("phone"),
            "secondary_phone": document.text("secondaryPhone"),
            "type": document.choice("type"),
            "status": document.choice("status"),
            "source": document.text("source"),
            "tags": document.texts("tags"),
            "notes": document.text("notes"),
            "assigned_to": self._agent(document),
            "created_at": document.moment("createdAt"),
            "last_contacted_at": document.moment("lastContactedAt"),
        }
        if address := document.part("address"):
            said |= {name: address.text(name) for name in ("street", "city", "state", "country")}
            said["zip_code"] = address.text("zipCode")
        if preferences := document.part("preferences"):
            said["preferences"] = preferences_of(preferences, _PREFERENCES)
        return said | _kept_id(document)

    def _agent(self, document: Part) -> Any:
        agent = document.text("assignedTo")
        if not agent:
            return UNSET
        if agent not in self.context.members_by_id:
            self.noted.note(f"assignedTo {agent}", "is nobody of the organization")
        return self.context.members_by_id.get(agent, UNSET)


def _kept_id(document: Part) -> dict[str, Any]:
    identifier = document.text("id")
    if not identifier:
        return {}
    uuid = parse_public_id("contact", identifier)
    return {"winnerr_key": identifier} if uuid is None else {"uuid": uuid}


class RentalotInterpreter(DocumentInterpreter):
    """Understands Rentalot's contact. Its id is kept as the UUID."""

    columns = {
        "id": "uuid",
        "name": "full_name",
        "email": "email",
        "phone": "phone",
        "status": "stage",
        "role": "role",
        "channelPreference": "channel_preference",
        "source": "source",
        "referralSource": "referral_source",
        "language": "language",
        # Only ever sent, but a team may have kept its own (CONTRACTS R-C8).
        "notes": "notes",
        "createdAt": "created_at",
    }
    unused = {"appliedAt": "follows from the status", "updatedAt": FOLLOWS}
    deletions = ("deletedAt",)

    def read(self, document: Part) -> dict[str, Any]:
        texts = ("name", "email", "phone", "channelPreference", "source", "referralSource", "language", "notes")
        return {
            **{self.columns[key]: document.text(key) for key in texts},
            "uuid": document.uuid("id"),
            "stage": document.choice("status"),
            "role": document.choice("role"),
            "created_at": document.moment("createdAt"),
        }

"""What a contact has to be after any write through any door, in plain Python.

Written from CONTRACTS, DESIGN section 4 and the papers about the wires, and apart from ``split_name`` without the
product's code: what both get wrong, neither copied from the other. A ``Known`` is one contact; the functions change it
as a write does or raise ``Refused`` and leave it in whatever state, so they are given a copy.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from contacts.normalise import split_name

# A moment that only the server knows: during the write that made it.
NOW = "now"
ADDRESS = ("street", "city", "state", "zipCode", "country")
DEFAULTED_SOURCES = {"", "api", "email", "sms", "telegram", "whatsapp"}

Document = dict[str, Any]


class Refused(Exception):
    """The write is wrong, together with what is stored: ``invalid`` or ``duplicate``."""


class Entry(NamedTuple):
    """A phone or an e-mail address."""

    value: str = ""
    label: str = ""
    note: str = ""


NO_ENTRY: Final = Entry()


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What contacts refer to: agents by member number, names of sources and tags with their numbers, own fields in order."""

    organization: str
    owner: int
    agents: Mapping[int, str]
    sources: Mapping[str, int]
    tags: Mapping[str, int]
    fields: tuple[int, ...]


@dataclass(kw_only=True)
class Known:
    """One contact. Moments are text as Winnerr prints them."""

    number: int = 0
    uuid: str = ""
    created: str = NOW
    updated: str = NOW
    version: int = 1
    created_by: int = 0
    is_live: bool = True
    first: str = ""
    last: str = ""
    full: str = ""
    is_company: bool = False
    company: str = ""
    email: Entry = NO_ENTRY
    further_emails: list[Entry] = field(default_factory=list)
    phone: Entry = NO_ENTRY
    further_phones: list[Entry] = field(default_factory=list)
    address: dict[str, str] = field(default_factory=lambda: dict.fromkeys(ADDRESS, ""))
    type: str = "LEAD"
    status: str = "ACTIVE"
    stage: str = "prospect"
    role: str = "prospect"
    source: str = ""
    referral: str = ""
    channel: str = ""
    language: str = "en"
    preferences: dict[str, Any] = field(default_factory=dict)
    notes: str = ""
    assigned: int | None = None
    further_assigned: list[int] = field(default_factory=list)
    people: list[Document] = field(default_factory=list)
    custom: dict[int, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    score: int = 0
    applied: str | None = None
    converted: str | None = None

    def copy(self) -> Known:
        return copy.deepcopy(self)

    # What follows from what.

    def call(self, **parts: str) -> None:
        """Other parts make another name; the same ones leave it as it was written."""
        if parts != {name: getattr(self, name) for name in parts}:
            self.first, self.last = parts.get("first", self.first), parts.get("last", self.last)
            self.full = " ".join(f"{self.first} {self.last}".split())

    def call_whole(self, full: str, *, is_company_said: bool = False) -> None:
        """Another name makes other parts; a company by itself has no parts, and is called by its own name."""
        if full == self.full:
            return
        if self.is_company_alone and full and not is_company_said:
            self.company, self.full = full, ""
        elif self.is_company_alone:
            self.full = full
        else:
            self.full = full
            self.first, self.last = split_name(full)

    def settle_company(self, former: str = "") -> None:
        """The name of a company by itself is kept once."""
        if self.is_company_alone and self.full in (self.company, former):
            self.full = ""

    @property
    def is_company_alone(self) -> bool:
        return self.is_company and not (self.first or self.last)

    def become(self, type: str) -> None:
        """Leaving LEAD is a conversion, coming back undoes it."""
        if type == "LEAD":
            self.converted = None
        elif self.type == "LEAD":
            self.converted = NOW
        self.type = type

    def enter(self, stage: str) -> None:
        self.stage = stage
        self.applied = (self.applied or NOW) if stage == "applicant" else None

    def write_to(self, email: str) -> None:
        self.email = self.email._replace(value=email) if email else NO_ENTRY

    def ring(self, phone: str) -> None:
        self.phone = self.phone._replace(value=phone) if phone else NO_ENTRY

    def rate(self) -> None:
        """CONTRACTS W-S26."""
        wishes = self.preferences
        source = self.source.casefold()
        points = {"referral": 20, "website": 10}.get(source, 0 if source in DEFAULTED_SOURCES else 5)
        tens = (self.email.value, self.phone.value, wishes.get("priceRange"))
        fives = (
            self.further_phones,
            any(self.address.values()),
            wishes.get("propertyTypes"),
            wishes.get("communicationMethod"),
            wishes.get("locations"),
            self.notes,
            self.assigned,
        )
        self.score = min(100, points + 10 * sum(map(bool, tens)) + 5 * sum(map(bool, fives)))

    @property
    def is_reachable(self) -> bool:
        return bool(self.email.value or self.phone.value)

    @property
    def rentalot_name(self) -> str | None:
        return self.full or self.company or None

    @property
    def phones(self) -> list[Entry]:
        return [entry for entry in (self.phone, *self.further_phones) if entry.value]

    @property
    def emails(self) -> list[Entry]:
        return [entry for entry in (self.email, *self.further_emails) if entry.value]

    @property
    def users(self) -> list[int]:
        return once(number for number in (self.assigned, *self.further_assigned) if number is not None)


def once(values: Iterable[Any]) -> list[Any]:
    """In their order, none twice."""
    return list(dict.fromkeys(values))


def check_somebody(known: Known) -> None:
    """There is nothing to find it by, and nobody to reach."""
    if not (known.full or known.company or known.is_reachable):
        raise Refused("invalid")


# The three documents.


def winnerr_document(known: Known, catalogue: Catalogue) -> Document:
    return {
        "id": f"contact_{known.uuid}",
        "organizationId": catalogue.organization,
        "firstName": known.first or None,
        "lastName": known.last or None,
        "email": known.email.value or None,
        "phone": known.phone.value or None,
        "secondaryPhone": known.further_phones[0].value if known.further_phones else None,
        "address": {part: text or None for part, text in known.address.items()}
        if any(known.address.values())
        else None,
        "type": known.type,
        "status": known.status,
        "source": known.source or None,
        "leadScore": known.score,
        "tags": known.tags,
        "notes": known.notes or None,
        "preferences": _wishes(known.preferences),
        "assignedTo": catalogue.agents.get(known.assigned or 0),
        "createdAt": known.created,
        "updatedAt": known.updated,
        "lastContactedAt": None,
    }


def _wishes(said: Document) -> Document | None:
    if not any(said.values()):
        return None
    return {
        "communicationMethod": said.get("communicationMethod") or None,
        "propertyTypes": said.get("propertyTypes") or [],
        "priceRange": said.get("priceRange"),
        "locations": said.get("locations") or [],
    }


def rentalot_document(known: Known, catalogue: Catalogue) -> Document:
    return {
        "id": known.uuid,
        "name": known.rentalot_name,
        "email": known.email.value or None,
        "phone": known.phone.value or None,
        "status": known.stage,
        "role": known.role,
        "channelPreference": known.channel or None,
        "source": known.source or None,
        "referralSource": known.referral or None,
        "language": known.language,
        "appliedAt": known.applied,
        "createdAt": known.created,
        "updatedAt": known.updated,
    }


def estateprime_document(known: Known, catalogue: Catalogue) -> Document:
    return {
        "id": known.number,
        "first_name": known.first,
        "last_name": known.last,
        "source_id": catalogue.sources.get(known.source),
        "is_lead": known.type == "LEAD",
        "is_company": known.is_company,
        "company_name": known.company or None,
        "phones": [{"type": entry.label, "number": entry.value, "notes": entry.note} for entry in known.phones],
        "emails": [{"type": entry.label, "email_address": entry.value, "notes": entry.note} for entry in known.emails],
        "notes": known.notes,
        "custom_fields": [
            {"custom_field_id": number, "value": known.custom[number]}
            for number in catalogue.fields
            if number in known.custom
        ],
        "contact_details": known.people,
        "tags": sorted(catalogue.tags[name] for name in known.tags),
        "date_created": _local(known.created),
        "created_by": known.created_by,
        "users": known.users,
        "date_updated": _local(known.updated),
        "date_converted_to_client": known.converted and _local(known.converted),
    }


def _local(moment: str) -> str:
    """The organization's clock is that of UTC."""
    return moment if moment == NOW else moment.replace("T", " ").removesuffix("Z")


DOCUMENTS = {"winnerr": winnerr_document, "rentalot": rentalot_document, "estateprime": estateprime_document}
_MOVING = {"updatedAt", "date_updated"}


def shown(known: Known, catalogue: Catalogue) -> dict[str, Document]:
    """What each wire shows of it."""
    return {wire: document(known, catalogue) for wire, document in DOCUMENTS.items()}


def moved(before: Known, after: Known, catalogue: Catalogue) -> set[str]:
    """The keys, on any wire, under which a write shows something new; ``full`` where the team alone may see it."""
    old, new = shown(before, catalogue), shown(after, catalogue)
    news = {key for wire in old for key in old[wire] if old[wire][key] != new[wire][key]} - _MOVING
    return news | ({"full"} if before.full != after.full else set())

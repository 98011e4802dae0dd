"""The project's own JSON; ``contacts.importing.documents`` says what it looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from contacts.drafts import UNSET, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft, Unset
from contacts.importing.context import Context
from contacts.importing.documents_reading import COMPUTED, FOLLOWS, DocumentInterpreter
from contacts.importing.documents_values import Part, plain_json
from contacts.importing.records import Record

TEXTS: Final = (
    "first_name",
    "last_name",
    "full_name",
    "company_name",
    "email",
    "email_label",
    "email_note",
    "phone",
    "phone_label",
    "phone_note",
    "secondary_phone",
    "street",
    "city",
    "state",
    "zip_code",
    "country",
    "source",
    "referral_source",
    "channel_preference",
    "language",
    "notes",
)
_CHOICES: Final = ("type", "status", "stage", "role", "winnerr_key")
_FLAGS: Final = ("is_company", "is_lead")
PERSON: Final = ("first_name", "last_name", "mobile", "email", "notes")
# What other programs call what is one text here; an object or an array under such a name is something else.
_SYNONYMS: Final = {
    "name": "full_name",
    "givenname": "first_name",
    "familyname": "last_name",
    "surname": "last_name",
    "company": "company_name",
    "emailaddress": "email",
    "mobile": "phone",
    "mobilephone": "phone",
    "phonenumber": "phone",
    "telephone": "phone",
    "zip": "zip_code",
    "postalcode": "zip_code",
    "postcode": "zip_code",
}
# Beside another number.
_FURTHER: Final = dict.fromkeys(("mobile", "mobilephone", "phonenumber", "telephone"), "secondary_phone")
_JOINTS: Final = re.compile(r"[\s_-]+")
_MOMENTS: Final = ("created_at", "last_contacted_at")


class OwnInterpreter(DocumentInterpreter):
    """Understands what ``export_contacts --format json`` writes. What a document says to be empty is made empty."""

    says_empty = True
    columns = {
        name: name
        for name in (
            "uuid",
            "number",
            *TEXTS,
            *_CHOICES,
            *_FLAGS,
            "further_emails",
            "further_phones",
            "related_people",
            "tags",
            "do_not_contact_by",
            "assigned_to",
            "further_assignees",
            "created_by",
            "preferences.communication_method",
            "preferences.property_types",
            "preferences.price_range",
            "preferences.locations",
            "extra",
            *_MOMENTS,
        )
    } | {"custom_fields": "custom_values"}
    unused = {
        "lead_score": COMPUTED,
        "updated_at": FOLLOWS,
        "applied_at": "follows from the stage",
        "converted_at": "follows from the type",
    }
    deletions = ("deleted_at",)
    inner = {
        "further_emails": ("email", "label", "note"),
        "further_phones": ("phone", "label", "note"),
        "related_people": PERSON,
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._spelled = {_joined(key): key for key in self._known}

    def _values_of(self, record: Record) -> Mapping[str, Any] | None:
        values = super()._values_of(record)
        if values is None or values.keys() <= self._known:
            return values
        named = dict(values)
        # The exact key counts, else the first other spelling, else the first synonym; what is left over is listed.
        for meanings in (self._spelled, _SYNONYMS, _FURTHER):
            for key in [key for key in named if key not in self._known]:
                name = meanings.get(_joined(key))
                is_text = not isinstance(named[key], dict | list)
                if name and name not in named and (is_text or meanings is self._spelled):
                    named[name] = named.pop(key)
        return named

    def column_of(self, name: str) -> str:
        head, _, number = name.partition(".")
        if head == "custom_fields" and number.isdecimal() and (field := self.fields.by_number.get(int(number))):
            return f"custom_fields.{field.name}"
        return super().column_of(name)

    def read(self, document: Part) -> dict[str, Any]:
        said: dict[str, Any] = {name: document.text(name) for name in TEXTS}
        said |= {name: document.choice(name) for name in _CHOICES}
        said |= {name: document.flag(name) for name in _FLAGS}
        said |= {name: document.moment(name) for name in _MOMENTS}
        said |= {
            "uuid": document.uuid("uuid"),
            "number": document.whole("number"),
            "tags": document.texts("tags"),
            "do_not_contact_by": document.texts("do_not_contact_by"),
            "further_emails": document.drafts("further_emails", _email),
            "further_phones": document.drafts("further_phones", _phone),
            "related_people": document.drafts("related_people", person_of),
            "preferences": _preferences(document),
            "extra": _extra(document),
            "custom_values": self._custom_values(document),
        }
        return said | self._members(document)

    def _members(self, document: Part) -> dict[str, Any]:
        addresses = document.texts("further_assignees")
        further = [self._member(document, "further_assignees", address) for address in addresses or ()]
        assigned_to = self._member(document, "assigned_to", document.text("assigned_to"))
        return {
            # Nobody, where the document says so.
            "assigned_to": None if document.is_emptied("assigned_to") else assigned_to,
            "further_assignees": UNSET if addresses is UNSET else tuple(member for member in further if member),
            "created_by": self._member(document, "created_by", document.text("created_by")),
        }

    def _member(self, document: Part, key: str, address: str | Unset) -> int | Unset:
        if not address:
            return UNSET
        member = self.context.members.get(address.strip().casefold())
        return member or document.fault(key, "not_found", "must be the e-mail address of an active member")

    def _custom_values(self, document: Part) -> Any:
        part = document.part("custom_fields")
        if part is UNSET:
            return UNSET
        values: dict[int, Any] = {}
        for name, value in part.values.items():
            self.custom_value(self.fields.named(name), f"custom_fields.{name}", _bare(value), values)
        return values


def _joined(key: str) -> str:
    """A key without what differs between ``First Name``, ``firstName``, ``first-name`` and ``first_name``."""
    return _JOINTS.sub("", key).casefold()


def _bare(value: Any) -> Any:
    """A custom value without the reader's own numbers in it; what JSON cannot store is left for the field to refuse."""
    try:
        return plain_json(value)
    except TypeError:
        return value


def _email(part: Part) -> EmailDraft:
    return EmailDraft(email=part.text("email") or "", label=part.text("label") or "", note=part.text("note") or "")


def _phone(part: Part) -> PhoneDraft:
    return PhoneDraft(phone=part.text("phone") or "", label=part.text("label") or "", note=part.text("note") or "")


def person_of(part: Part) -> RelatedPersonDraft | None:
    """Somebody related, as our documents and EstatePrime's have them; None where nothing is said of them."""
    said = {name: part.text(name) or "" for name in PERSON}
    return RelatedPersonDraft(**said) if any(said.values()) else None


def _preferences(document: Part) -> Any:
    if document.is_emptied("preferences"):
        return None
    part = document.part("preferences")
    return UNSET if part is UNSET else preferences_of(part, _OWN_NAMES)


_OWN_NAMES: Final = {name: name for name in ("communication_method", "property_types", "price_range", "locations")}


def preferences_of(part: Part, names: Mapping[str, str]) -> Any:
    """What somebody looks for; ``names`` are the document's, by the draft's. ``UNSET`` where nothing is said."""
    price = part.part(names["price_range"])
    said: dict[str, Any] = {
        "communication_method": part.text(names["communication_method"]),
        "property_types": part.texts(names["property_types"]),
        "locations": part.texts(names["locations"]),
        "price_range": UNSET if price is UNSET else PriceRange(min=price.amount("min"), max=price.amount("max")),
    }
    if part.is_emptied(names["price_range"]):
        said["price_range"] = None
    is_said = any(value is not UNSET and value != PriceRange() for value in said.values())
    return PreferencesDraft(**said) if is_said else UNSET


def _extra(document: Part) -> Any:
    part = document.part("extra")
    if part is UNSET:
        return UNSET
    try:
        return plain_json(part.values)
    except TypeError:
        return document.fault("extra", "invalid_value", "cannot be stored")

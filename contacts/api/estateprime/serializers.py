"""EstatePrime's contact: its 18 keys in the printed order, each declared once (CONTRACTS 3.3, 3.4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from rest_framework import serializers

from accounts.exceptions import FieldError, Invalid
from accounts.models import Member
from accounts.prepared import read_json
from config.wires.estateprime import local_time
from config.wires.estateprime_values import Identifier
from config.wires.fields import Document, Flag, Text, WireField, as_stored, text_or_null
from config.wires.openapi.estateprime import IDENTIFIER
from config.wires.openapi.fields import NOT_BLANK
from config.wires.openapi.shapes import TEXT, Component, Shape, array, closed, nullable
from contacts.api.fields import Email
from contacts.drafts import UNSET, ContactDraft, EmailDraft, PhoneDraft, RelatedPersonDraft
from contacts.field_types import FIELD_TYPES
from contacts.models import Contact, ContactType, Source, Tag
from contacts.models.custom_field import key_of
from contacts.querysets import as_list
from contacts.rules import MOST_CHILD_ROWS, MOST_TAGS

# Only ever asked to validate.
_IDENTIFIED: Final = Identifier()


class KnownFlag(Flag):
    """A flag that is never unknown: ``null`` is said, and wrong."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None:
            self.fail("invalid_type")
        return super().validate_empty_values(data)


class Rows(serializers.ListField):
    """An array with one document or id for each row; ``null`` is the empty array."""

    default_error_messages = {
        "not_a_list": "must be an array",
        "too_long": "must have at most {maximum} items",
        "null": "must be an array",
    }

    def __init__(self, child: serializers.Field[Any, Any, Any, Any], items: int, **kwargs: Any) -> None:
        super().__init__(child=child, required=False, allow_null=True, **kwargs)
        self.items = items
        self.shape = {"maxItems": items}

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > self.items:
            self.fail("too_long", maximum=self.items)
        return super().to_internal_value(data)


class Phone(Document):
    """One phone, kept as sent."""

    type = Text(50)
    number = Text(40, required=True)
    notes = Text(500)


class EmailEntry(Document):
    """One address; programs that saw the live service call it ``email`` (CONTRACTS E-C11)."""

    type = Text(50)
    email_address = Email(254, required=True)
    notes = Text(500)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and "email_address" not in data and "email" in data:
            data = {**data, "email_address": data["email"]}
        return super().to_internal_value(data)


class Person(Document):
    """Somebody to speak to at a contact's."""

    first_name = Text(100)
    last_name = Text(100)
    mobile = Text(40)
    email = Email(254)
    notes = Text(2_000)


class Reference(Identifier):
    """A row of the organization by its id; becomes what ``column`` of it says."""

    default_error_messages = {"not_found": "was not found"}

    def __init__(self, model: Any, column: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.column = column

    def to_internal_value(self, data: Any) -> Any:
        number = super().to_internal_value(data)
        found = self.model.objects.filter(number=number).values_list(self.column, flat=True).first()
        if found is None:
            self.fail("not_found")
        return found


class References(Rows):
    """Several of them, in the order sent and none twice, looked up at once."""

    default_error_messages = {"not_found": "was not found"}

    def __init__(self, model: Any, column: str, items: int, **kwargs: Any) -> None:
        super().__init__(Identifier(), items, **kwargs)
        self.model = model
        self.column = column

    def to_internal_value(self, data: Any) -> list[Any]:
        numbers = list(dict.fromkeys(super().to_internal_value(data)))
        found = dict(self.model.objects.filter(number__in=numbers).values_list("number", self.column))
        if len(found) < len(numbers):
            self.fail("not_found")
        return [found[number] for number in numbers]


class CustomValues(serializers.Field[Any, Any, Any, Any]):
    """``[{"custom_field_id", "value"}]``, or the object by id that the live service has (CONTRACTS 3.5)."""

    default_error_messages = {"invalid_type": "must be an array", "null": "must be an array"}
    shape = {
        "type": ["array", "object"],
        "items": {
            "type": "object",
            "required": ["custom_field_id", "value"],
            "properties": {"custom_field_id": Identifier.shape, "value": {}},
        },
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> dict[int, Any]:
        pairs = data.items() if isinstance(data, dict) else [self._pair(entry) for entry in self._entries(data)]
        values: dict[int, Any] = {}
        for key, value in pairs:
            number = _IDENTIFIED.run_validation(key)
            if number in values:
                # Whichever were taken, the other would be lost in silence.
                fault = serializers.ErrorDetail("must be said once", code="invalid_value")
                raise serializers.ValidationError({str(number): fault})
            values[number] = value
        return values

    def _entries(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid_type")
        return data

    def _pair(self, entry: Any) -> tuple[Any, Any]:
        if not isinstance(entry, dict) or entry.get("custom_field_id") is None:
            self.fail("invalid_type")
        number = _IDENTIFIED.run_validation(entry["custom_field_id"])
        if "value" not in entry:
            # Only ``null`` takes a value away.
            missing = serializers.ErrorDetail("is required", code="required")
            raise serializers.ValidationError({str(number): missing})
        return number, entry["value"]

    def to_representation(self, value: Any) -> Any:
        return value


def _phones(phone: str, label: str, note: str, further: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    rows = [(phone, label, note), *further] if phone else [*further]
    return [{"type": label, "number": number, "notes": note} for number, label, note in rows]


def _emails(email: str, label: str, note: str, further: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    rows = [(email, label, note), *further] if email else [*further]
    return [{"type": label, "email_address": address, "notes": note} for address, label, note in rows]


def _people(rows: Iterable[Sequence[str]]) -> list[dict[str, str | None]]:
    return [
        {"first_name": first, "last_name": last, "mobile": mobile or None, "email": email or None, "notes": notes}
        for first, last, mobile, email, notes in rows
    ]


def _custom_fields(values: str, definitions: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """The values of the fields there are, in the fields' order; ``definitions`` as ``definition_rows`` has them."""
    stored = read_json(values)
    if not stored:
        return []
    printed = []
    for number, generation, kind, options in definitions:
        value = stored.get(key_of(number, generation))
        left = None if value is None else FIELD_TYPES[kind].offered(value, as_list(options))
        if left is not None:
            printed.append({"custom_field_id": number, "value": FIELD_TYPES[kind].to_wire(left)})
    return printed


def _users(assigned_to: int | None, further: Iterable[int]) -> list[int]:
    """Once each: who is responsible may have been among the others before."""
    return list(dict.fromkeys([*([] if assigned_to is None else [assigned_to]), *further]))


def _is_lead(type: str) -> bool:
    return type == ContactType.LEAD


def _printed_rows(name: str, properties: dict[str, Shape]) -> Shape:
    return array(Component(name, closed(properties)))


_MOMENT: Final = {"type": "string", "examples": ["2025-01-15 18:00:05"], "description": "On the organization's clock."}
_PHONES: Final = _printed_rows("Phone", {"type": TEXT, "number": TEXT, "notes": TEXT})
_EMAILS: Final = _printed_rows("Email", {"type": TEXT, "email_address": TEXT, "notes": TEXT})
_PEOPLE: Final = _printed_rows(
    "ContactDetail",
    {"first_name": TEXT, "last_name": TEXT, "mobile": nullable(TEXT), "email": nullable(TEXT), "notes": TEXT},
)
_VALUE: Final = {"type": ["string", "number", "boolean", "array"], "description": "Of the kind its field has."}
_CUSTOM: Final = _printed_rows("CustomFieldValue", {"custom_field_id": IDENTIFIER, "value": _VALUE})

# What is read only is printed under its key and ignored when it is sent back.
CONTACT_FIELDS: tuple[WireField, ...] = (
    WireField("id", ("number",), as_stored, prints=IDENTIFIER),
    WireField("first_name", ("first_name",), as_stored, Text(100), TEXT),
    WireField("last_name", ("last_name",), as_stored, Text(100), TEXT),
    WireField(
        "source_id",
        ("source_number",),
        as_stored,
        Reference(Source, "name", source="source", allow_null=True),
        nullable(IDENTIFIER),
    ),
    WireField("is_lead", ("type",), _is_lead, KnownFlag(required=False), {"type": "boolean"}),
    WireField("is_company", ("is_company",), bool, KnownFlag(required=False), {"type": "boolean"}),
    WireField("company_name", ("company_name",), text_or_null, Text(200)),
    WireField(
        "phones",
        ("phone", "phone_label", "phone_note", "further_phone_rows"),
        _phones,
        Rows(Phone(), MOST_CHILD_ROWS),
        _PHONES,
    ),
    WireField(
        "emails",
        ("email", "email_label", "email_note", "further_email_rows"),
        _emails,
        Rows(EmailEntry(), MOST_CHILD_ROWS),
        _EMAILS,
    ),
    WireField("notes", ("notes",), as_stored, Text(10_000), TEXT),
    WireField("custom_fields", ("custom_values", "definitions"), _custom_fields, CustomValues(), _CUSTOM),
    WireField("contact_details", ("related_rows",), _people, Rows(Person(), MOST_CHILD_ROWS), _PEOPLE),
    WireField("tags", ("tag_numbers",), sorted, References(Tag, "name", MOST_TAGS), array(IDENTIFIER)),
    WireField("date_created", ("created_at",), local_time, prints=_MOMENT),
    WireField(
        "created_by",
        ("created_by__number",),
        as_stored,
        Reference(Member, "id", allow_null=True),
        nullable(IDENTIFIER),
    ),
    WireField(
        "users",
        ("assigned_to__number", "further_assignee_numbers"),
        _users,
        References(Member, "id", MOST_CHILD_ROWS),
        array(IDENTIFIER),
    ),
    WireField("date_updated", ("updated_at",), local_time, prints=_MOMENT),
    WireField("date_converted_to_client", ("converted_at",), local_time, prints=nullable(_MOMENT)),
)
# What the live service asks for and nobody documents: taken, kept, and told to nobody (CONTRACTS E-C5).
KEPT_UNREAD: Final = ("full_name", "vat_number", "id_number", "is_active", "office_id", "language_id", "country")


_SAID: Final = {"type": "string", "pattern": NOT_BLANK}


class ContactWrite(Document.of(CONTACT_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a program may send."""


class ContactChange(ContactWrite):
    """The same for a contact there is, of which it stays who made it."""

    created_by = None


def _missing_name(attributes: Mapping[str, Any]) -> str | None:
    """What is missing to call a contact by, None when nothing is."""
    if any(attributes.get(name) for name in ("first_name", "last_name")):
        return None
    if not attributes.get("is_company"):
        return "first_name"
    return None if attributes.get("company_name") else "company_name"


_NAMES: Final = ("first_name", "last_name", "company_name")


def check_still_named(said: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """A change may not take away all that a contact is called by. Raises ``Invalid``, as for a new one (CONTRACTS E-C5).

    A company's name will do for a person that is there. One that came without any name, by a message or another wire, is
    changed like any other.
    """
    after = {**shown, **said}
    missing = _missing_name(after)
    if missing and not after["company_name"] and any(shown[name] for name in _NAMES):
        raise Invalid([FieldError(missing, "required")])


class ContactCreate(ContactWrite):
    """The same for a new contact, which needs a name (CONTRACTS E-C5)."""

    shape = {
        "anyOf": [
            *({"required": [name], "properties": {name: _SAID}} for name in ("first_name", "last_name")),
            {
                "required": ["is_company", "company_name"],
                "properties": {"is_company": {"const": True}, "company_name": _SAID},
            },
        ]
    }

    def validate(self, attributes: dict[str, Any]) -> dict[str, Any]:
        if missing := _missing_name(attributes):
            raise serializers.ValidationError({missing: serializers.ErrorDetail("is required", code="required")})
        return attributes


def may_be_as_shown(accepted: dict[str, Any], contact: Contact) -> bool:
    """Whether what an accepted change says might be what the contact shows already, though it is stored otherwise."""
    return (
        ("phones" in accepted and not contact.phone)
        or ("emails" in accepted and not contact.email)
        or "users" in accepted
        or bool(accepted.get("custom_fields"))
        or ("source" in accepted and accepted["source"] is None and bool(contact.source))
    )


def without_what_is_shown(accepted: dict[str, Any], sent: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """An accepted change without what the contact's document says already.

    A contact without a phone of its own shows the further ones, and a source outside the catalogue shows as null. Sent
    back as they were read these say nothing; taken at their word they would change what other wires show, and a value
    that points to somebody deleted would be refused.
    """
    said = dict(accepted)
    if "users" in said and list(dict.fromkeys(int(number) for number in sent["users"] or ())) == shown["users"]:
        del said["users"]
    for key in ("phones", "emails"):
        if key in said and [_entry_shown(entry) for entry in said[key] or ()] == shown[key]:
            del said[key]
    if "source" in said and said["source"] is None and shown["source_id"] is None:
        del said["source"]
    if said.get("custom_fields"):
        said["custom_fields"] = _other_values(said["custom_fields"], shown["custom_fields"])
    return said


def _other_values(said: dict[int, Any], shown: list[dict[str, Any]]) -> dict[int, Any]:
    """Without those that are shown already: what one of them pointed to may be deleted meanwhile."""
    # As JSON: to Python True is 1, and to a field of numbers it is a mistake. Not orjson, which knows no large integers.
    held = {row["custom_field_id"]: json.dumps(row["value"]) for row in shown}
    return {number: value for number, value in said.items() if json.dumps(value) != held.get(number)}


def _entry_shown(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "", "notes": ""} | {key: value or "" for key, value in entry.items()}


def draft_of(accepted: dict[str, Any], sent: dict[str, Any], *, is_new: bool) -> ContactDraft:
    """The draft of an accepted body; ``sent`` is the whole of it. Lists replace as a whole (CONTRACTS E-S12)."""
    said = dict(accepted)
    for key, write in _LISTS.items():
        if key in said:
            said |= write(said.pop(key) or [])
    for key in ("first_name", "last_name", "company_name", "source", "notes"):
        if said.get(key, "") is None:
            said[key] = ""
    if said.get("created_by", UNSET) is None:
        # As it was read of a contact that nobody in particular made.
        del said["created_by"]
    if is_new:
        said.setdefault("is_lead", False)
    if "custom_fields" in said:
        said["custom_values"] = said.pop("custom_fields") or {}
    kept: dict[str, Any] = {key: sent[key] for key in KEPT_UNREAD if key in sent}
    return ContactDraft(**said, extra=kept or UNSET)


def _phone_drafts(entries: list[dict[str, Any]]) -> dict[str, Any]:
    first, *rest = entries or [{"number": ""}]
    return {
        "phone": first["number"],
        "phone_label": first.get("type") or "",
        "phone_note": first.get("notes") or "",
        "further_phones": tuple(
            PhoneDraft(phone=entry["number"], label=entry.get("type") or "", note=entry.get("notes") or "")
            for entry in rest
        ),
    }


def _email_drafts(entries: list[dict[str, Any]]) -> dict[str, Any]:
    first, *rest = entries or [{"email_address": ""}]
    return {
        "email": first["email_address"],
        "email_label": first.get("type") or "",
        "email_note": first.get("notes") or "",
        "further_emails": tuple(
            EmailDraft(email=entry["email_address"], label=entry.get("type") or "", note=entry.get("notes") or "")
            for entry in rest
        ),
    }


def _people_drafts(entries: list[dict[str, Any]]) -> dict[str, Any]:
    people = ({name: value or "" for name, value in entry.items()} for entry in entries)
    return {"related_people": tuple(RelatedPersonDraft(**person) for person in people)}


def _user_drafts(members: list[int]) -> dict[str, Any]:
    return {"assigned_to": members[0] if members else None, "further_assignees": tuple(members[1:])}


_LISTS: Final[dict[str, Callable[[list[Any]], dict[str, Any]]]] = {
    "phones": _phone_drafts,
    "emails": _email_drafts,
    "contact_details": _people_drafts,
    "users": _user_drafts,
    # In no order here, and in one on another wire.
    "tags": lambda names: {"tag_set": tuple(names)},
}

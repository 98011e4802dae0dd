"""EstatePrime's contacts, as the vendor's documents, its live service and our own wire print them (CONTRACTS 3.3).

Times are the organization's (DESIGN section 4, decision 7). Tags and sources are ids, which mean something only to the
system that gave them: they are imported where the document carries their names, and listed where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from contacts.drafts import UNSET, EmailDraft, PhoneDraft
from contacts.field_types.base import EMPTY, is_digits
from contacts.importing.documents_own import PERSON, person_of
from contacts.importing.documents_reading import FOLLOWS, DocumentInterpreter
from contacts.importing.documents_values import LARGEST_NUMBER, Part, plain_json, shown

# What the live service prints and nobody documents: kept as our wire keeps it (CONTRACTS E-C5).
_KEPT_UNREAD: Final = ("full_name", "vat_number", "id_number", "is_active", "office_id", "language_id", "country")
_NAMELESS: Final = "is an id without a name, and ids of another system mean nothing here"
_NOBODY: Final = "is nobody of the organization"


class EstatePrimeInterpreter(DocumentInterpreter):
    """Understands EstatePrime's contact. Its id is kept as the number."""

    columns = {
        "id": "number",
        "first_name": "first_name",
        "last_name": "last_name",
        "source": "source",
        "source_name": "source",
        "is_lead": "is_lead",
        "is_company": "is_company",
        "company_name": "company_name",
        "phones": "further_phones",
        "emails": "further_emails",
        "notes": "notes",
        "custom_fields": "custom_values",
        "contact_details": "related_people",
        "tags": "tags",
        "date_created": "created_at",
        "created_by": "created_by",
        "users": "assigned_to",
        **dict.fromkeys(_KEPT_UNREAD, "extra"),
    }
    unused = {
        "source_id": _NAMELESS,
        "date_updated": FOLLOWS,
        "date_converted_to_client": "follows from the type",
    }
    deletions = ("date_deleted", "deleted_at")
    inner = {
        "phones": ("number", "type", "notes"),
        "emails": ("email_address", "email", "type", "notes"),
        "contact_details": PERSON,
    }

    def column_of(self, name: str) -> str:
        head, _, rest = name.partition(".")
        if head in _ROWS:
            key, columns = _ROWS[head]
            index, _, inner = rest.partition(".")
            # The first of them is the contact's own, which stands beside the others in the draft.
            place = int(index) + 1 if head.startswith("further_") and index.isdecimal() else index
            return f"{key}.{place}.{columns.get(inner, inner)}" if inner else key
        return _FIRST.get(name) or ("users" if head == "further_assignees" else super().column_of(name))

    def read(self, document: Part) -> dict[str, Any]:
        return {
            "number": document.whole("id"),
            **{name: document.text(name) for name in ("first_name", "last_name", "company_name", "notes")},
            **{name: document.flag(name) for name in ("is_lead", "is_company")},
            "source": self._source(document),
            "related_people": document.drafts("contact_details", person_of),
            "tags": self._tags(document),
            "custom_values": self._custom_values(document),
            "created_at": document.moment("date_created", self.context.time_zone),
            "created_by": self._member("created_by", document.whole("created_by")),
            "extra": _extra(document),
            **_points(document, "phones", ("number",), "phone", PhoneDraft),
            **_points(document, "emails", ("email_address", "email"), "email", EmailDraft),
            **self._users(document),
        }

    def _source(self, document: Part) -> Any:
        if isinstance(document.values.get("source"), Mapping):
            source = document.part("source")
            name = source.text("name") if source else UNSET
            if name is UNSET and source and source.values.get("id") is not None:
                self.noted.note(f"source {shown(source.values['id'])}", _NAMELESS)
            return name
        return document.text("source") or document.text("source_name")

    def _tags(self, document: Part) -> Any:
        names = []
        for tag in document.array("tags"):
            name = tag.get("name") if isinstance(tag, Mapping) else tag
            if isinstance(name, str) and not name.strip():
                continue
            if isinstance(name, str) and not is_digits(name):
                names.append(name.strip())
            else:
                self.noted.note(f"tags {shown(tag)}", _NAMELESS)
        return tuple(names) or UNSET

    def _users(self, document: Part) -> dict[str, Any]:
        found = [self._member("users", user) for user in document.array("users")]
        members = list(dict.fromkeys(member for member in found if member is not UNSET))
        if not members:
            return {}
        return {"assigned_to": members[0]} | ({"further_assignees": tuple(members[1:])} if members[1:] else {})

    def _member(self, key: str, user: Any) -> Any:
        """By e-mail address or name. By its number alone a user of another system would become whoever has it here."""
        if user is UNSET:
            return UNSET
        if not isinstance(user, Mapping):
            self.noted.note(f"{key} {shown(user)}", _NAMELESS)
            return UNSET
        name = f"{user.get('first_name') or ''} {user.get('last_name') or ''}"
        known = (self.context.members.get(str(said).strip().casefold()) for said in (user.get("email"), name) if said)
        member = next((key for key in known if key is not None), None)
        if member is None:
            self.noted.note(f"{key} {shown(user)}", _NOBODY)
        return member or UNSET

    def _custom_values(self, document: Part) -> Any:
        values: dict[int, Any] = {}
        for identifier, name, value in _custom_entries(document):
            known = self.fields.by_number.get(int(identifier)) if is_digits(identifier) else None
            field = self.fields.named(name) if name else known
            self.custom_value(field, f"custom_fields {name or identifier}", value, values)
        return values or UNSET


def _custom_entries(document: Part) -> Iterator[tuple[str, str, Any]]:
    """Id, name and value of each: an array of objects in the documents, an object by id in the live service."""
    values = document.values.get("custom_fields")
    if isinstance(values, Mapping):
        yield from ((key, "", value) for key, value in values.items() if value not in EMPTY)
        return
    for entry in document.parts("custom_fields") or ():
        if entry.values.get("value") not in EMPTY:
            yield _identifier(entry.values.get("custom_field_id")), entry.text("name") or "", entry.values["value"]


def _identifier(value: Any) -> str:
    """An id as text, however it is written; empty for what is none."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER:
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _extra(document: Part) -> Any:
    kept = {key: document.values[key] for key in _KEPT_UNREAD if document.values.get(key) not in (None, "", [], {})}
    try:
        return plain_json(kept) if kept else UNSET
    except TypeError:
        return document.fault("extra", "invalid_value", "cannot be stored")


def _points(
    document: Part, key: str, value_keys: tuple[str, ...], field: str, draft_of: Callable[..., Any]
) -> dict[str, Any]:
    """The first phone or e-mail as the contact's own, the others as further ones; entries that say nothing are left out."""
    entries = []
    for entry in document.parts(key) or ():
        value = next((text for name in value_keys if (text := entry.text(name))), "")
        if value:
            entries.append((value, entry.text("type") or "", entry.text("notes") or ""))
    if not entries:
        return {}
    (value, label, note), *further = entries
    said: dict[str, Any] = {field: value, f"{field}_label": label or UNSET, f"{field}_note": note or UNSET}
    if further:
        drafts = (draft_of(**{field: value, "label": label, "note": note}) for value, label, note in further)
        said[f"further_{field}s"] = tuple(drafts)
    return said


_ROWS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "further_phones": ("phones", {"phone": "number", "label": "type", "note": "notes"}),
    "further_emails": ("emails", {"email": "email_address", "label": "type", "note": "notes"}),
    "related_people": ("contact_details", {}),
}
_FIRST: Final = {
    "phone": "phones.0.number",
    "phone_label": "phones.0.type",
    "phone_note": "phones.0.notes",
    "email": "emails.0.email_address",
    "email_label": "emails.0.type",
    "email_note": "emails.0.notes",
}

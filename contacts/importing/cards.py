"""Contacts as vCards, of any version and any program (RFC 6350, RFC 2426, vCard 2.1).

What a contact has a place for goes there; what else a card says goes to the organization's custom field of that name, and
where there is none it is not imported, and listed. One property that cannot be used leaves the others alone: an address or
number that the rules refuse, and a value that its field cannot hold, are faults of the card; everything else is listed.

Our own cards (``contacts.exporting.vcards``) say in ``X-LATCHKEY`` what no other program has a property for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

from contacts.drafts import UNSET, ContactDraft
from contacts.field_types import BadFieldValue
from contacts.importing.cards_contact import Card, addresses_of, names_of, note_of, points_of, tags_of
from contacts.importing.cards_lines import MOST_LINES, Lines, Property, lines_of
from contacts.importing.cards_people import ANDROID, PEOPLE, is_pointer, people_of
from contacts.importing.cards_values import MEDIA, parts_of
from contacts.importing.context import Context, KnownField
from contacts.importing.documents_own import OwnInterpreter
from contacts.importing.documents_reading import MOST_NOTED, FieldsByName, Noted, object_of
from contacts.importing.documents_values import Part, moment_of, shown, uuid_of
from contacts.importing.records import IgnoredColumn, Interpreted, Interpreter, Record, RowFault, UsedColumn

# The reader leaves pictures out; nobody writes this much otherwise.
MOST_BYTES: Final = 4 * 2**20
# By property, what becomes of it.
_USED: Final = {
    "N": "first_name",
    "FN": "full_name",
    "ORG": "company_name",
    "KIND": "is_company",
    "X-ABSHOWAS": "is_company",
    "EMAIL": "email",
    "TEL": "phone",
    "ADR": "street",
    "LABEL": "street",
    "NOTE": "notes",
    "CATEGORIES": "tags",
    "LANG": "language",
    "CREATED": "created_at",
    "UID": "uuid",
    "RELATED": "related_people",
    "X-ABRELATEDNAMES": "related_people",
    "X-SPOUSE": "related_people",
    "AGENT": "related_people",
}
_COLUMNS: Final = {
    "first_name": "N",
    "last_name": "N",
    **dict.fromkeys(("full_name",), "FN"),
    **dict.fromkeys(("company_name", "is_company"), "ORG"),
    **dict.fromkeys(("email", "email_label", "email_note", "further_emails"), "EMAIL"),
    **dict.fromkeys(("phone", "phone_label", "phone_note", "further_phones"), "TEL"),
    **dict.fromkeys(("street", "city", "state", "zip_code", "country"), "ADR"),
    "notes": "NOTE",
    "tags": "CATEGORIES",
    "language": "LANG",
    "created_at": "CREATED",
    "uuid": "UID",
    "related_people": "RELATED",
}
# What a program says of the card itself, or of another property.
_SILENT: Final = frozenset(
    {
        *("VERSION", "PRODID", "PROFILE", "SOURCE", "NAME", "XML", "SORT-STRING", "CLASS", "MAILER", "CLIENTPIDMAP"),
        *("X-ABADR", "X-ABUID", "X-EVOLUTION-FILE-AS", "X-EVOLUTION-KIND", "X-ADDRESSBOOKSERVER-KIND"),
        *("X-MS-TEL", "X-MS-SIGNATURE", "X-MS-OL-DEFAULT-POSTAL-ADDRESS", "X-LATCHKEY", "X-IMPORT-ERROR"),
    }
)
_IGNORED: Final = {
    "REV": "says when the card was written, and not when the contact was made",
    **dict.fromkeys(sorted(MEDIA), "pictures, sounds and keys are not kept"),
}
_NO_FIELD: Final = "no custom field has this name"
# Custom fields that hold the same under other names; any other property is looked for by its own name.
_FIELD_NAMES: Final = {
    "BDAY": ("Birthday", "Birth date", "Date of birth", "BDAY"),
    "ANNIVERSARY": ("Anniversary",),
    "URL": ("Website", "Web site", "Web page", "Homepage", "URL"),
    "TITLE": ("Job title", "Title", "Position"),
    "ROLE": ("Role", "Profession"),
    "NICKNAME": ("Nickname",),
    "IMPP": ("Instant messaging", "IM", "IMPP"),
    "DEPARTMENT": ("Department",),
}
_FIELD_PREFIXES: Final = re.compile(r"X-(?:MS-|EVOLUTION-|KADDRESSBOOK-X-|PHONETIC-)?", re.IGNORECASE)
_DATE: Final = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2}):?(\d{2})(?:\.\d+)?(Z|[+-]\d{2}(?::?\d{2})?)?)?", re.ASCII
)
_FOREIGN_MAIL: Final = frozenset({"x400", "tlx"})
_POINTS: Final = ("email", "phone")

_UNASKED: Final = frozenset({*_USED, *PEOPLE, *_SILENT, *_IGNORED, ANDROID})


class CardInterpreter(Interpreter):
    """Understands the bytes of a card."""

    def __init__(self, context: Context) -> None:
        self.fields = FieldsByName(context.fields)
        self.noted = Noted()
        self._own = OwnInterpreter(context)
        self._places: dict[str, KnownField | None] = {}

    def interpret(self, record: Record) -> Interpreted:
        if len(record.raw) > MOST_BYTES:
            return _unreadable(f"is longer than {MOST_BYTES // 2**20} MiB without its pictures")
        lines = lines_of(record.raw)
        if lines.is_cut:
            return _unreadable(f"has more than {MOST_LINES:,} lines")
        card = Card(lines.properties)
        if "group" in (card.text("KIND").lower(), card.text("X-ADDRESSBOOKSERVER-KIND").lower()):
            return Interpreted(ContactDraft(), [RowFault("KIND", "group", "invalid_value", "is a list of contacts")])
        if "EMAIL" in card.named:
            self._leave_out_x400(card)
        faults: list[RowFault] = []
        return Interpreted(ContactDraft(**self._said(card, lines, faults)), faults)

    def column_of(self, name: str) -> str:
        head, _, rest = name.partition(".")
        if head == "custom_fields":
            places = (column for column, field in self._places.items() if field and str(field.number) == rest)
            return next(places, name)
        return _COLUMNS.get(head, name)

    def used(self) -> list[UsedColumn]:
        fields = {column: field.name for column in _FIELD_NAMES if (field := self._place(column))}
        return [UsedColumn(column, target) for column, target in {**_USED, **fields}.items()]

    def ignored(self) -> list[IgnoredColumn]:
        return [IgnoredColumn(column, reason) for column, reason in _IGNORED.items()] + self.noted.columns()

    def _said(self, card: Card, lines: Lines, faults: list[RowFault]) -> dict[str, Any]:
        own = self._own_said(card, faults)
        addresses = addresses_of(card)
        rest: dict[str, Any] = {
            **(addresses[0].parts if addresses else {}),
            "notes": note_of(card, addresses[1:]),
            "tags": tags_of(card),
            "language": card.text("LANG"),
            "related_people": () if "related_people" in own else people_of(card, lines.inner),
            "uuid": uuid_of(card.text("UID")),
            "created_at": self._created_at(card),
            "custom_values": own.get("custom_values", {}) | self._custom_values(card, faults),
        }
        self._note_what_says_nothing(card, lines)
        return {
            **own,
            **names_of(card),
            **points_of(card, are_all_further=frozenset(name for name in _POINTS if own.get(name) == "")),
            **{name: value for name, value in rest.items() if value},
        }

    def _note_what_says_nothing(self, card: Card, lines: Lines) -> None:
        if lines.strays:
            self.noted.note("(no property)", "is a line without a name and a colon")
        for name in PEOPLE & card.named.keys():
            if any(map(is_pointer, card.named[name])):
                self.noted.note(f"{name} (not a name)", "points to another card")

    def _leave_out_x400(self, card: Card) -> None:
        kept = [found for found in card.named["EMAIL"] if not _FOREIGN_MAIL.intersection(found.head.types)]
        if len(kept) < len(card.named["EMAIL"]):
            self.noted.note("EMAIL;TYPE=X400", "is no address of internet mail")
            card.named["EMAIL"] = kept

    def _own_said(self, card: Card, faults: list[RowFault]) -> dict[str, Any]:
        found = card.best("X-LATCHKEY")
        values = object_of(found.text) if found else None
        if values is None:
            return {}
        said = self._own.read(Part(values, faults, path="X-LATCHKEY.", says_empty=True))
        return {name: value for name, value in said.items() if value is not UNSET}

    def _created_at(self, card: Card) -> Any:
        text = card.text("CREATED")
        moment = (moment_of(text, UTC) or moment_of(_plain_date(text), UTC)) if text else None
        if text and moment is None:
            self.noted.note("CREATED", "is no moment where it is not like 2026-02-10T14:30:00Z")
        return moment

    def _custom_values(self, card: Card, faults: list[RowFault]) -> dict[int, Any]:
        values: dict[int, Any] = {}
        for column, found in _leftovers(card):
            field = self._place(column)
            if field is None:
                self.noted.note(column, _NO_FIELD)
            elif field.number in values:
                self.noted.note(f"{column} (further ones)", "the field holds one value")
            else:
                self._put(column, found, field, values, faults)
        return values

    def _place(self, column: str) -> KnownField | None:
        """The custom field that holds a property, None where there is none."""
        if column in self._places:
            return self._places[column]
        bare = _FIELD_PREFIXES.sub("", column, count=1)
        place = self.fields.named(*_FIELD_NAMES.get(bare, ()), column, bare.replace("-", " "))
        if len(self._places) < MOST_NOTED:
            self._places[column] = place
        return place

    def _put(self, column: str, text: str, field: KnownField, values: dict[int, Any], faults: list[RowFault]) -> None:
        if field.type.name in ("date", "datetime"):
            text = _plain_date(text)
            if text.startswith("--"):
                self.noted.note(f"{column} without a year", "is no date")
                return
        elif field.type.name == "url" and text.lower().startswith("www."):
            text = f"http://{text}"
        try:
            values[field.number] = field.type.from_cell(text, field.definition)
        except BadFieldValue as error:
            faults.append(RowFault(column, shown(text), "invalid_value", str(error)))


def _unreadable(message: str) -> Interpreted:
    return Interpreted(ContactDraft(), [RowFault("", "", "unreadable", message)])


def _leftovers(card: Card) -> Iterator[tuple[str, str]]:
    """What the card says beyond what a contact has a place for, by property; the preferred value of each first."""
    for name, lines in card.named.items():
        if name not in _UNASKED:
            yield from ((name, found.text) for found in sorted(lines, key=lambda line: line.preference))
    for found in card.named.get("ORG", ()):
        if units := [unit for unit in parts_of(found.value, ";")[1:] if unit]:
            yield "DEPARTMENT", ", ".join(units)
    for found in card.named.get(ANDROID, ()):
        yield from _android(found)


def _android(found: Property) -> Iterator[tuple[str, str]]:
    kind, value, *_ = [*parts_of(found.value, ";"), ""]
    name = kind.rpartition("/")[2].upper()
    if value and name != "RELATION":
        yield name or ANDROID, value


def _plain_date(text: str) -> str:
    """A day or moment as the fields read it, whether or not it was written with signs between its numbers."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return text
    year, month, day, hour, minute, second, zone = match.groups()
    return f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second}{zone or ''}" if hour else "")

"""Contacts as vCards of version 3.0 (RFC 2426).

iPhones, Google, Outlook and Thunderbird all take 3.0; Outlook takes no 4.0. What 3.0 has no property for stands in one that
later versions have (``KIND``, ``LANG``, ``CREATED``) or that Apple made and others followed (``X-ABLabel``,
``X-ABRELATEDNAMES``), and what no program has a property for in ``X-LATCHKEY``, as JSON: ``contacts.importing.cards`` reads
everything back. Written without vobject, which takes twenty times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Final

import orjson

from contacts.normalise import join_name

_LONGEST_LINE: Final = 75
# Labels that every program has a type for; any other is said in words of its own.
_TYPES: Final = {
    "home": "HOME",
    "work": "WORK",
    "mobile": "CELL",
    "fax": "FAX",
    "pager": "PAGER",
    "home fax": "HOME,FAX",
    "work fax": "WORK,FAX",
    "work mobile": "WORK,CELL",
}
_ADDRESS: Final = ("street", "city", "state", "zip_code", "country")
# What has a property, and what is computed from the rest.
_SAID_ELSEWHERE: Final = frozenset(
    {
        *("first_name", "last_name", "full_name", "is_company", "company_name"),
        *(
            "email",
            "email_label",
            "email_note",
            "further_emails",
            "phone",
            "phone_label",
            "phone_note",
            "further_phones",
        ),
        *_ADDRESS,
        *("notes", "tags", "language", "created_at", "uuid"),
        *("lead_score", "updated_at", "applied_at", "converted_at", "deleted_at"),
    }
)
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


def card_of(document: Mapping[str, Any]) -> bytes:
    """The card of a contact, of its document in the project's own JSON (``contacts.importing.documents``)."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", *_lines(document), "END:VCARD", ""]
    return b"\r\n".join(map(_folded, lines))


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _names(document)
    # Named as Apple names them, which is how other programs know them.
    groups = (f"item{number}" for number in count(1))
    yield from _points(document, "email", "EMAIL", ("INTERNET",), groups)
    yield from _points(document, "phone", "TEL", (), groups)
    address = [escaped(document.get(name)) for name in _ADDRESS]
    if any(address):
        yield f"ADR:;;{';'.join(address)}"
    for name, key in (("NOTE", "notes"), ("LANG", "language")):
        if document.get(key):
            yield f"{name}:{escaped(document[key])}"
    if document.get("tags"):
        yield f"CATEGORIES:{','.join(map(escaped, document['tags']))}"
    for person in document.get("related_people") or ():
        yield from _person(person, next(groups))
    yield from _bookkeeping(document)


def _names(document: Mapping[str, Any]) -> Iterator[str]:
    first, last = document.get("first_name") or "", document.get("last_name") or ""
    company = document.get("company_name") or ""
    # It may not be empty: some programs leave a card out that has no name.
    whole = document.get("full_name") or join_name(first, last) or company
    yield f"N:{escaped(last)};{escaped(first)};;;"
    yield f"FN:{escaped(whole or document.get('email') or document.get('phone'))}"
    if company:
        yield f"ORG:{escaped(company)}"
    if document.get("is_company") is not None:
        yield f"KIND:{'org' if document['is_company'] else 'individual'}"
    if document.get("is_company"):
        yield "X-ABShowAs:COMPANY"


def _points(
    document: Mapping[str, Any], field: str, name: str, types: tuple[str, ...], groups: Iterator[str]
) -> Iterator[str]:
    if document.get(field):
        label, note = document.get(f"{field}_label") or "", document.get(f"{field}_note") or ""
        yield from _point(name, (*types, "PREF"), (document[field], label, note), groups)
    for further in document.get(f"further_{field}s") or ():
        values = (further[field], further.get("label") or "", further.get("note") or "")
        yield from _point(name, types, values, groups)


def _point(name: str, types: tuple[str, ...], values: tuple[str, str, str], groups: Iterator[str]) -> Iterator[str]:
    """A phone or address; its label and note hang on it by the name of a group."""
    value, label, note = values
    known = _TYPES.get(label)
    types = (*types, known) if known else types
    line = f"{name};TYPE={','.join(types)}:{escaped(value)}" if types else f"{name}:{escaped(value)}"
    if not note and (known or not label):
        yield line
        return
    group = next(groups)
    yield f"{group}.{line}"
    if label and not known:
        yield f"{group}.X-ABLabel:{escaped(label)}"
    if note:
        yield f"{group}.X-LATCHKEY-NOTE:{escaped(note)}"


def _person(person: Mapping[str, Any], group: str) -> Iterator[str]:
    """For other programs; our own reads the whole of it in ``X-LATCHKEY``."""
    name = join_name(person.get("first_name") or "", person.get("last_name") or "")
    if name:
        yield f"{group}.X-ABRELATEDNAMES:{escaped(name)}"
        yield f"{group}.X-ABLabel:{escaped(person.get('notes') or 'other')}"


def _bookkeeping(document: Mapping[str, Any]) -> Iterator[str]:
    rest = {key: value for key, value in document.items() if key not in _SAID_ELSEWHERE and value not in _EMPTY}
    for field in ("email", "phone"):
        if document.get(f"further_{field}s") and not document.get(field):
            # Otherwise the first of them would be taken for the contact's own.
            rest[field] = ""
    if rest:
        yield f"X-LATCHKEY:{escaped(orjson.dumps(rest).decode())}"
    for name, key in (("CREATED", "created_at"), ("REV", "updated_at")):
        if document.get(key):
            yield f"{name}:{document[key]}"
    if document.get("uuid"):
        yield f"UID:urn:uuid:{document['uuid']}"


def escaped(text: str | None) -> str:
    """Text as a value has it (RFC 2426, section 4); empty for None."""
    if not text:
        return ""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> bytes:
    """The line in UTF-8, in pieces of at most 75 octets of which none ends inside a character."""
    data = line.encode("utf-8", "replace")
    return data if len(data) <= _LONGEST_LINE else b"\r\n ".join(_pieces(data))


def _pieces(data: bytes) -> Iterable[bytes]:
    start, room = 0, _LONGEST_LINE
    while len(data) - start > room:
        end = start + room
        while data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        # The blank in front of it counts.
        start, room = end, _LONGEST_LINE - 1
    yield data[start:]

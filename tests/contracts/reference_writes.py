"""What each kind of write makes of a contact, in plain Python (see ``reference``).

Bodies are the wires' own with three words for ids that only a database knows: members are their numbers, EstatePrime's
tags and sources their names. ``translated`` makes them what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contracts.reference import (
    ADDRESS,
    NO_ENTRY,
    Catalogue,
    Document,
    Entry,
    Known,
    Refused,
    check_somebody,
    once,
)

# Winnerr.


def winnerr_put(known: Known, body: Document) -> None:
    """What is absent stays, ``null`` clears, ``tags`` replaces (docs/winnerr.md)."""
    known.call(**{part: body[key] for part, key in (("first", "firstName"), ("last", "lastName")) if key in body})
    for key, say in _WINNERR.items():
        if key in body:
            say(known, body[key])
    if body.get("preferences", ...) is None:
        known.preferences = {}
    else:
        _wish(known, body.get("preferences", {}))
    check_somebody(known)
    if body.get("calculateLeadScore"):
        known.rate()


def _say_address(known: Known, said: Document | None) -> None:
    known.address |= {part: (said or {}).get(part) or "" for part in (ADDRESS if said is None else said)}


def _say_secondary(known: Known, number: str | None) -> None:
    first, rest = known.further_phones[:1], known.further_phones[1:]
    entry = first[0]._replace(value=number) if first and number else Entry(number or "")
    known.further_phones = [entry, *rest] if number else rest


def _wish(known: Known, said: Document) -> None:
    known.preferences |= {key: value for key, value in said.items() if key != "priceRange"}
    if said.get("priceRange", ...) is None:
        known.preferences["priceRange"] = None
    elif "priceRange" in said:
        bounds = {"min": None, "max": None} | (known.preferences.get("priceRange") or {}) | said["priceRange"]
        lowest, highest = bounds["min"], bounds["max"]
        if lowest is not None and highest is not None and lowest > highest:
            raise Refused("invalid")
        known.preferences["priceRange"] = None if (lowest, highest) == (None, None) else bounds


def is_impossible(body: Document) -> bool:
    """Whether a body contradicts itself, so that no contact could have it."""
    bounds = (body.get("preferences") or {}).get("priceRange") or {}
    lowest, highest = bounds.get("min"), bounds.get("max")
    return lowest is not None and highest is not None and lowest > highest


def _say(name: str) -> Callable[[Known, Any], None]:
    """Text as it is; ``null`` is empty."""
    return lambda known, value: setattr(known, name, value or "")


def _say_if_said(say: Callable[[Known, Any], None]) -> Callable[[Known, Any], None]:
    """For what cannot be empty."""
    return lambda known, value: say(known, value) if value else None


_WINNERR: dict[str, Callable[[Known, Any], None]] = {
    "email": Known.write_to,
    "phone": lambda known, value: known.ring(value or ""),
    "secondaryPhone": _say_secondary,
    "address": _say_address,
    "type": _say_if_said(Known.become),
    "status": _say_if_said(_say("status")),
    "source": _say("source"),
    "tags": lambda known, value: setattr(known, "tags", once(value or ())),
    "notes": _say("notes"),
    "assignedTo": lambda known, value: setattr(known, "assigned", value),
}


def winnerr_create(known: Known, body: Document) -> None:
    winnerr_put(known, {"calculateLeadScore": True} | body)
    # Who was never a lead was not converted.
    known.converted = None


def add_tags(known: Known, body: Document) -> None:
    known.tags = once([*known.tags, *body["tags"]])


def remove_tags(known: Known, body: Document) -> None:
    known.tags = [name for name in known.tags if name not in body["tags"]]


# Rentalot.


def rentalot_patch(known: Known, body: Document) -> None:
    """Empty text and ``null`` clear what can be empty; the last way to reach somebody stays (docs/rentalot.md)."""
    was_reachable = known.is_reachable
    if body.get("name", known.rentalot_name) != known.rentalot_name:
        known.call_whole(body["name"])
    for key, say in _RENTALOT.items():
        if key in body:
            say(known, body[key])
    if was_reachable and not known.is_reachable:
        raise Refused("invalid")
    check_somebody(known)


_RENTALOT: dict[str, Callable[[Known, Any], None]] = {
    "email": lambda known, value: known.write_to(value or ""),
    "phone": lambda known, value: known.ring(value or ""),
    "status": _say_if_said(Known.enter),
    "role": _say_if_said(_say("role")),
    "channelPreference": _say("channel"),
    "source": _say("source"),
    "referralSource": _say("referral"),
    "language": _say_if_said(_say("language")),
    "notes": _say("notes"),
}


def rentalot_create(known: Known, body: Document) -> None:
    if not (body.get("email") or body.get("phone")):
        raise Refused("invalid")
    rentalot_patch(known, body | {"source": body.get("source") or "api"})
    known.rate()


# EstatePrime.


def estateprime_patch(known: Known, body: Document) -> None:
    """Lists replace as a whole, ``custom_fields`` merge by id; what is shown already says nothing (docs/estateprime.md)."""
    former = known.company
    known.is_company = body.get("is_company", known.is_company)
    known.call(
        **{part: body[key] or "" for part, key in (("first", "first_name"), ("last", "last_name")) if key in body}
    )
    if body.get("is_lead", known.type == "LEAD") != (known.type == "LEAD"):
        known.become("LEAD" if body["is_lead"] else "CLIENT")
    for key, say in _ESTATEPRIME.items():
        if key in body:
            say(known, body[key])
    known.settle_company(former)
    check_somebody(known)


def _say_phones(known: Known, said: list[Document] | None) -> None:
    entries = [Entry(row["number"], row.get("type") or "", row.get("notes") or "") for row in said or ()]
    if entries != known.phones:
        known.phone, known.further_phones = entries[0] if entries else NO_ENTRY, entries[1:]


def _say_emails(known: Known, said: list[Document] | None) -> None:
    entries = [Entry(row["email_address"], row.get("type") or "", row.get("notes") or "") for row in said or ()]
    if entries != known.emails:
        known.email, known.further_emails = entries[0] if entries else NO_ENTRY, entries[1:]


def _say_users(known: Known, said: list[int] | None) -> None:
    users = once(said or ())
    if users != known.users:
        known.assigned, known.further_assigned = users[0] if users else None, users[1:]


def _say_tags(known: Known, said: list[str] | None) -> None:
    """They have no order here, and Winnerr's stays."""
    names = said or []
    known.tags = once([*(name for name in known.tags if name in names), *names])


def _say_custom(known: Known, said: list[Document] | None) -> None:
    known.custom |= {row["custom_field_id"]: row["value"] for row in said or ()}
    known.custom = {number: value for number, value in known.custom.items() if value not in (None, "", [])}


def _say_people(known: Known, said: list[Document] | None) -> None:
    empty = {"first_name": "", "last_name": "", "mobile": None, "email": None, "notes": ""}
    known.people = [empty | row for row in said or ()]


def _say_source(known: Known, said: str | None) -> None:
    """A source outside of the catalogue is shown as ``null``; sent back, that says nothing."""
    if said is not None or known.source in SOURCES:
        known.source = said or ""


# The catalogue's.
SOURCES = ("Open house", "REFERRAL")
_ESTATEPRIME: dict[str, Callable[[Known, Any], None]] = {
    "source_id": _say_source,
    "company_name": _say("company"),
    "phones": _say_phones,
    "emails": _say_emails,
    "notes": _say("notes"),
    "custom_fields": _say_custom,
    "contact_details": _say_people,
    "tags": _say_tags,
    "users": _say_users,
}


def estateprime_create(known: Known, body: Document) -> None:
    named = body.get("first_name") or body.get("last_name") or (body.get("is_company") and body.get("company_name"))
    if not named:
        raise Refused("invalid")
    known.created_by = body.get("created_by", known.created_by)
    known.type = "LEAD" if body.get("is_lead") else "CLIENT"
    estateprime_patch(known, {"is_lead": False} | body)
    known.rate()


# The dashboard.


def admin_save(known: Known, form: Document) -> None:
    """A save says only what was changed, and works the score out again where anything was."""
    changed = {name: value for name, value in form.items() if value != _ADMIN_SHOWS[name](known)}
    known.is_company = changed.get("is_company", known.is_company)
    parts = {part: changed[key] for part, key in (("first", "first_name"), ("last", "last_name")) if key in changed}
    known.call(**parts)
    if "full_name" in changed:
        _call_as_written(known, changed, are_parts_said=bool(parts))
    former = "" if changed.get("full_name") else known.company
    for name, say in _ADMIN.items():
        if name in changed:
            say(known, changed[name])
    known.settle_company(former)
    check_somebody(known)
    if changed:
        known.rate()


def _call_as_written(known: Known, changed: Document, *, are_parts_said: bool) -> None:
    """Who types the parts as well, or the company's name, means both."""
    if are_parts_said and (known.first or known.last):
        known.full = changed["full_name"]
    else:
        known.call_whole(changed["full_name"], is_company_said=bool(changed.get("company_name")))


_ADMIN: dict[str, Callable[[Known, Any], None]] = {
    "company_name": _say("company"),
    "email": Known.write_to,
    "phone": Known.ring,
    "type": Known.become,
    "status": _say("status"),
    "notes": _say("notes"),
    "source": _say("source"),
    "city": lambda known, value: known.address.update(city=value),
    "tag_names": lambda known, value: setattr(known, "tags", once(value)),
    "stage": Known.enter,
    "role": _say("role"),
    "channel_preference": _say("channel"),
    "referral_source": _say("referral"),
    "assigned_to": lambda known, value: setattr(known, "assigned", value),
}
_ADMIN_SHOWS: dict[str, Callable[[Known], Any]] = {
    "first_name": lambda known: known.first,
    "last_name": lambda known: known.last,
    "full_name": lambda known: known.full,
    "is_company": lambda known: known.is_company,
    "company_name": lambda known: known.company,
    "email": lambda known: known.email.value,
    "phone": lambda known: known.phone.value,
    "type": lambda known: known.type,
    "status": lambda known: known.status,
    "notes": lambda known: known.notes,
    "source": lambda known: known.source,
    "city": lambda known: known.address["city"],
    "tag_names": lambda known: known.tags,
    "stage": lambda known: known.stage,
    "role": lambda known: known.role,
    "channel_preference": lambda known: known.channel,
    "referral_source": lambda known: known.referral,
    "assigned_to": lambda known: known.assigned,
}


# What is sent.


def translated(body: Document, wire: str, catalogue: Catalogue) -> Document:
    """The body with the ids that the database gave."""
    sent = dict(body)
    if wire == "winnerr" and sent.get("assignedTo"):
        sent["assignedTo"] = catalogue.agents[sent["assignedTo"]]
    if wire == "estateprime" and sent.get("tags"):
        sent["tags"] = [catalogue.tags[name] for name in sent["tags"]]
    if wire == "estateprime" and sent.get("source_id"):
        sent["source_id"] = catalogue.sources[sent["source_id"]]
    return sent

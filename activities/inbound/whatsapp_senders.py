"""By which names WhatsApp knows whoever wrote (RELIABILITY 3.1).

A telephone, unless the person hides it behind a user name; a user id that is the business portfolio's own (Meta's
"BSUID"), and one of the group of portfolios. The ids are opaque, and change when the person changes their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from activities.arrivals import Identity, Sender, storable
from activities.inbound.reading import cut
from activities.models import IdentityKind
from contacts.normalise import normalise_phone

LONGEST_NAME: Final = 200
_LONGEST_ID: Final = 255
# E.164 without the plus: how WhatsApp writes telephones.
_TELEPHONE: Final = re.compile(r"\+?([0-9]{4,15})", re.ASCII)


def sender_of(message: Mapping[str, Any], contact: Mapping[str, Any]) -> Sender | None:
    """Who wrote a message, by it and by the contact that came beside it; None when neither says."""
    written = _first(message.get("from"), contact.get("wa_id"))
    phone = _phone(written)
    user_id = _first(message.get("from_user_id"), contact.get("user_id"), "" if phone else written)
    parent = _first(message.get("from_parent_user_id"), contact.get("parent_user_id"))
    identities = _identities([(IdentityKind.WHATSAPP, user_id), (IdentityKind.WHATSAPP_PARENT, parent)], [phone])
    if not identities:
        return None
    # WhatsApp has made sure of the number; it is not the sender who says it.
    return Sender(identities=identities, name=_name_of(contact), phone=phone, proven_phone=phone)


def renamed(message: Mapping[str, Any], told: Mapping[str, Any]) -> Sender | None:
    """Who is known by further names from now on, the old ones first; None when no name is told."""
    before = _first(message.get("from"), told.get("customer"))
    after = _first(told.get("wa_id"), told.get("new_wa_id"))
    ids = [
        (IdentityKind.WHATSAPP, _first(told.get("previous_user_id"))),
        (IdentityKind.WHATSAPP_PARENT, _first(told.get("previous_parent_user_id"))),
        (IdentityKind.WHATSAPP, _first(message.get("from_user_id"), "" if _phone(before) else before)),
        (IdentityKind.WHATSAPP_PARENT, _first(message.get("from_parent_user_id"))),
    ]
    new_ids = [
        (IdentityKind.WHATSAPP, _first(told.get("user_id"), "" if _phone(after) else after)),
        (IdentityKind.WHATSAPP_PARENT, _first(told.get("parent_user_id"))),
    ]
    known = [*_identities(ids, [_phone(before)]), *_identities(new_ids, [_phone(after)])]
    return Sender(identities=tuple(dict.fromkeys(known))) if known else None


def username_of(contact: Mapping[str, Any]) -> str:
    """The name somebody chose to be found by, without its sign; it changes, and identifies nobody."""
    profile = contact.get("profile")
    return _first(profile.get("username") if isinstance(profile, dict) else "").removeprefix("@")


def names_in(contact: Mapping[str, Any]) -> list[str]:
    """All names under which a message may mean this contact."""
    return [name for key in ("wa_id", "user_id", "parent_user_id") if (name := _first(contact.get(key)))]


def names_of_sender(message: Mapping[str, Any]) -> list[str]:
    """All names a message has for who wrote it."""
    return [name for key in ("from_user_id", "from", "from_parent_user_id") if (name := _first(message.get(key)))]


def _identities(ids: Iterable[tuple[str, str]], phones: Iterable[str]) -> tuple[Identity, ...]:
    """As the directory of senders has them: telephones in the form in which contacts are compared."""
    opaque = [Identity(kind, value) for kind, value in ids if value]
    dialled = [Identity(IdentityKind.PHONE, normalise_phone(phone, None)) for phone in phones if phone]
    return (*opaque, *dialled)


def _phone(written: str) -> str:
    match = _TELEPHONE.fullmatch(written)
    return f"+{match[1]}" if match else ""


def _name_of(contact: Mapping[str, Any]) -> str:
    profile = contact.get("profile")
    name = cut(storable(profile.get("name")).strip(), LONGEST_NAME) if isinstance(profile, dict) else ""
    username = username_of(contact)
    return name or (f"@{username}" if username else "")


def _first(*values: Any) -> str:
    """The first that can be somebody's name; longer ones than any are nobody's."""
    texts = (storable(value).strip() for value in values)
    return next((text for text in texts if 0 < len(text) <= _LONGEST_ID), "")

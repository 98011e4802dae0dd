"""By what a contact is found: the same key, the same contact.

By its primary e-mail, by its primary telephone together with its name, by an id that another system gave together with
its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.normalise import fold

# What a key begins with.
EMAIL, PHONE, PHONE_ALONE, UUID_OF, WINNERR_KEY, NUMBER = "e", "p", "q", "u", "w", "n"
IDS: Final = {UUID_OF: "uuid", WINNERR_KEY: "winnerr_key", NUMBER: "number"}
BETWEEN: Final = "\x00"


def keys_of(contact: Contact, *, has_own_uuid: bool = True) -> list[str]:
    """The keys a contact has, the strongest first. ``has_own_uuid`` is False for one that was just made up.

    ``PHONE_ALONE`` is the telephone of somebody without a primary e-mail.
    """
    keys = [EMAIL + contact.email_norm] if contact.email_norm else []
    name = name_key(contact)
    if contact.phone_norm:
        keys.append(f"{PHONE}{contact.phone_norm}{BETWEEN}{name}")
        if not contact.email_norm:
            keys.append(f"{PHONE_ALONE}{contact.phone_norm}{BETWEEN}{name}")
    if has_own_uuid:
        keys.append(f"{UUID_OF}{contact.uuid}{BETWEEN}{name}")
    if contact.winnerr_key:
        keys.append(f"{WINNERR_KEY}{contact.winnerr_key}{BETWEEN}{name}")
    # Numbers are small, and every system has a contact 7: without a name that says nothing.
    if contact.number and name:
        keys.append(f"{NUMBER}{contact.number}{BETWEEN}{name}")
    return keys


def asked_keys(keys: Sequence[str], *, brings_id: bool) -> list[str]:
    """Those of a row's keys that somebody may be found by.

    Two e-mail addresses on one telephone are one person where the names say so. They are two where there is no name to say
    it (two companies at one switchboard), and where the row is a contact of its own in the system it comes from.
    """
    telephone = next((key for key in keys if key[0] == PHONE), None)
    if telephone is None or keys[0][0] != EMAIL:
        return [key for key in keys if key[0] != PHONE_ALONE]
    is_weak = brings_id or telephone.endswith(BETWEEN)
    return [PHONE_ALONE + key[1:] if key is telephone and is_weak else key for key in keys]


def name_key(contact: Contact) -> str:
    """What two contacts are called when they are called the same: '' for one without a name."""
    name = f"{contact.first_name_norm} {contact.last_name_norm}".strip()
    return name or fold(contact.full_name or contact.company_name)


def kept_ids(draft: ContactDraft) -> list[str]:
    """The ids a row brings along from another system."""
    if not (draft.uuid or draft.number or draft.winnerr_key):
        return []
    ids = ((UUID_OF, draft.uuid), (NUMBER, draft.number), (WINNERR_KEY, draft.winnerr_key))
    return [f"{kind}{value}" for kind, value in ids if value]

"""What this wire cannot say about a contact, and so leaves as it is when a list is sent back (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from contacts.drafts import UNSET, ContactDraft
from contacts.models import Contact, TaggedContact


def kept_in_place(draft: ContactDraft, contact: Contact) -> ContactDraft:
    """The draft without what it does not mean.

    Tags are read in ascending order: those that stay keep the order that other wires show. A contact whose first phone
    or address is a further one on another wire keeps it there when the list is sent back as it was read.
    """
    changes: dict[str, Any] = {}
    if draft.tags is not UNSET:
        changes["tags"] = tuple(_in_stored_order(draft.tags, contact))
    changes |= _without_unmoved("phone", draft, contact) | _without_unmoved("email", draft, contact)
    return replace(draft, **changes) if changes else draft


def _in_stored_order(names: Sequence[str], contact: Contact) -> Iterator[str]:
    tagged = TaggedContact.objects.filter(content_object=contact).order_by("position", "id")
    stored = list(tagged.values_list("tag__name", flat=True))
    yield from (name for name in stored if name in names)
    yield from (name for name in names if name not in stored)


def _without_unmoved(name: str, draft: ContactDraft, contact: Contact) -> dict[str, Any]:
    """The keys of a list of phones or addresses, unset when it is the one of a contact that has further ones alone."""
    first = getattr(draft, name)
    if first in (UNSET, "") or getattr(contact, name):
        return {}
    keys = (name, f"{name}_label", f"{name}_note")
    said = [
        tuple(getattr(draft, key) for key in keys),
        *((getattr(row, name), row.label, row.note) for row in getattr(draft, f"further_{name}s")),
    ]
    stored = getattr(contact, f"further_{name}s").order_by("position", "id").values_list(name, "label", "note")
    return dict.fromkeys((*keys, f"further_{name}s"), UNSET) if said == list(stored) else {}

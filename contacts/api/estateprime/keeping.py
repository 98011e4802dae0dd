"""What this wire cannot say about a contact, and so leaves as it is when a document is sent back (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from config.wires.strict_json import write
from contacts.drafts import UNSET, ContactDraft
from contacts.models import Contact, TaggedContact


def news_in(sent: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a body the contact's document does not say already.

    A document says less than there is: a source that is none of the team's has no id, a first phone may be another
    wire's second. Sent back as it was read it means none of that.
    """
    # As JSON: to Python, true is 1.
    return {key: value for key, value in sent.items() if key not in document or write(document[key]) != write(value)}


def tags_in_place(draft: ContactDraft, contact: Contact) -> ContactDraft:
    """The draft with the tags that stay in the order of other wires; this one reads them ascending (CONTRACTS E-S8)."""
    return draft if draft.tags is UNSET else replace(draft, tags=tuple(_in_stored_order(draft.tags, contact)))


def _in_stored_order(names: Sequence[str], contact: Contact) -> Iterator[str]:
    tagged = TaggedContact.objects.filter(content_object=contact).order_by("position", "id")
    stored = list(tagged.values_list("tag__name", flat=True))
    yield from (name for name in stored if name in names)
    yield from (name for name in names if name not in stored)

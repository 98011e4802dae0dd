"""The people a vCard names beside the one whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from contacts.drafts import RelatedPersonDraft
from contacts.importing.cards_contact import Card, names_of, points_of
from contacts.importing.cards_lines import Property, lines_of
from contacts.importing.cards_values import parts_of
from contacts.normalise import join_name, split_name

# By property, who it names (Apple's and RFC 6350's say it themselves).
_RELATIONS: Final = {
    "X-SPOUSE": "spouse",
    "X-MS-SPOUSE": "spouse",
    "X-EVOLUTION-SPOUSE": "spouse",
    "X-KADDRESSBOOK-X-SPOUSESNAME": "spouse",
    "X-ASSISTANT": "assistant",
    "X-MS-ASSISTANT": "assistant",
    "X-EVOLUTION-ASSISTANT": "assistant",
    "X-KADDRESSBOOK-X-ASSISTANTSNAME": "assistant",
    "X-MANAGER": "manager",
    "X-MS-MANAGER": "manager",
    "X-EVOLUTION-MANAGER": "manager",
    "X-KADDRESSBOOK-X-MANAGERSNAME": "manager",
    "X-MS-CHILD": "child",
    "AGENT": "agent",
    "RELATED": "",
    "X-ABRELATEDNAMES": "",
}
PEOPLE: Final = frozenset(_RELATIONS)
ANDROID: Final = "X-ANDROID-CUSTOM"
_ANDROID_RELATION: Final = "vnd.android.cursor.item/relation"
# Android's numbers of its relations (ContactsContract.CommonDataKinds.Relation).
_ANDROID_RELATIONS: Final = {
    **{"1": "assistant", "2": "brother", "3": "child", "4": "domestic partner", "5": "father", "6": "friend"},
    **{"7": "manager", "8": "mother", "9": "parent", "10": "partner", "11": "referred by", "12": "relative"},
    **{"13": "sister", "14": "spouse"},
}


def people_of(card: Card, inner: Iterable[list[Property]]) -> tuple[RelatedPersonDraft, ...]:
    """Those whom the card names beside its own; a pointer to another card names nobody."""
    named = [found for name, lines in card.named.items() if name in PEOPLE for found in lines]
    people = [person for found in named if (person := _person(card, found))]
    people += [person for properties in inner if (person := _whole_person(Card(properties)))]
    return (*people, *_android_people(card))


def _person(card: Card, found: Property) -> RelatedPersonDraft | None:
    text = found.text
    if "BEGIN:VCARD" in text.upper():
        return _whole_person(Card(lines_of(text.encode("utf-8", "replace")).properties))
    relation = _RELATIONS[found.head.name] or card.label(found)
    scheme, _, rest = text.partition(":")
    if scheme.lower() in ("mailto", "tel"):
        return RelatedPersonDraft(**{"email" if scheme.lower() == "mailto" else "mobile": rest}, notes=relation)
    return None if is_pointer(found) else _named_person(text, notes=relation)


def is_pointer(found: Property) -> bool:
    """Whether somebody is only pointed to, in another card or place."""
    return found.text.partition(":")[0].lower() in ("urn", "http", "https", "cid", "data")


def _named_person(name: str, **more: str) -> RelatedPersonDraft:
    first, last = split_name(" ".join(name.split()))
    return RelatedPersonDraft(first_name=first, last_name=last, **more)


def _whole_person(card: Card) -> RelatedPersonDraft | None:
    """Somebody with a card inside the card."""
    said = names_of(card) | points_of(card, are_all_further=frozenset())
    name = said.get("full_name") or join_name(said.get("first_name", ""), said.get("last_name", ""))
    reached = {"mobile": said.get("phone", ""), "email": said.get("email", "")}
    notes = "\n".join(text for text in ("agent", card.text("TITLE"), card.text("NOTE")) if text)
    name = name or said.get("company_name", "")
    return _named_person(name, notes=notes, **reached) if name or any(reached.values()) else None


def _android_people(card: Card) -> Iterator[RelatedPersonDraft]:
    for found in card.named.get(ANDROID, ()):
        kind, name, number, label, *_ = [*parts_of(found.value, ";"), "", "", ""]
        if kind == _ANDROID_RELATION and name:
            yield _named_person(name, notes=label or _ANDROID_RELATIONS.get(number, ""))

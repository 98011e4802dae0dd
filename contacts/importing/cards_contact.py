"""What the properties of a vCard say of somebody: names, addresses, numbers, tags and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from contacts.drafts import EmailDraft, PhoneDraft
from contacts.importing.cards_lines import Property
from contacts.importing.cards_values import between, parts_of, plain
from contacts.normalise import join_name, phone_digits

# Types that tell nothing apart, in phones and e-mail addresses alike.
_SILENT: Final = frozenset(
    {"pref", "voice", "internet", "msg", "text", "video", "postal", "parcel", "intl", "dom", "inet", "smtp", "none"}
)
_LABELS: Final = {"cell": "mobile", "homefax": "home fax", "workfax": "work fax", "otherfax": "other fax"}
_BUILT_IN: Final = re.compile(r"_\$!<(.*)>!\$_\Z", re.DOTALL)
_EXTENSION: Final = re.compile(r";ext=([0-9A-Za-z.-]+)\Z", re.IGNORECASE)
# What Google puts on everybody.
_EVERYBODY: Final = frozenset({"mycontacts", "* mycontacts"})


class Card:
    """The properties of a card by name, without those that say nothing."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self.named: dict[str, list[Property]] = {}
        labels: dict[str, str] = {}
        notes: dict[str, str] = {}
        for found in properties:
            if found.head.name == "X-ABLABEL":
                labels[found.head.group] = _label_said(found.text)
            elif found.head.name == "X-LATCHKEY-NOTE":
                notes[found.head.group] = found.text
            elif found.value and not found.value.isspace():
                self.named.setdefault(found.head.name, []).append(found)
        self._labels = labels
        self._notes = notes

    def text(self, name: str) -> str:
        """The preferred value of a name as text, empty where there is none."""
        found = self.best(name)
        return found.text if found else ""

    def best(self, name: str) -> Property | None:
        """The preferred property of a name, the first where none is."""
        found = self.named.get(name)
        if not found:
            return None
        return found[0] if len(found) == 1 else min(found, key=lambda line: line.preference)

    def label(self, found: Property) -> str:
        """What the card calls a phone, an address or somebody: in words of its own, else by the types."""
        said = self._labels.get(found.head.group) if found.head.group else ""
        return said or _label_of(found.head.types)

    def note(self, found: Property) -> str:
        """The note that our own cards have of a phone or an address."""
        return self._notes.get(found.head.group, "") if found.head.group else ""


def _label_said(text: str) -> str:
    """A label; those that Apple translates are in brackets of their own."""
    match = _BUILT_IN.match(text)
    return _LABELS.get(match[1].lower(), match[1].lower()) if match else text


def _label_of(types: Iterable[str]) -> str:
    words = dict.fromkeys(_LABELS.get(word, word.removeprefix("x-")) for word in types if word not in _SILENT)
    return "iphone" if "iphone" in words else " ".join(words)


def names_of(card: Card) -> dict[str, Any]:
    """What somebody is called. Middle names are with the first name and suffixes with the last; a title is a part of the
    whole name only. ``FN`` is that as it was written.

    A company is what says so, and what has a company's name and no other.
    """
    last, first, middle, prefix, suffix = _name_parts(card)
    parts = {"first_name": join_name(first, middle), "last_name": join_name(last, suffix)}
    said: dict[str, Any] = {name: value for name, value in parts.items() if value}
    company = next(iter(parts_of(card.named["ORG"][0].value, ";")), "") if "ORG" in card.named else ""
    whole = " ".join(card.text("FN").split())
    if not said and whole in (company, card.text("EMAIL"), card.text("TEL")):
        # It has to say something, whatever that is.
        whole = ""
    if prefix and said and not whole:
        whole = join_name(prefix, *parts.values())
    kind = _kind_of(card)
    if kind == "org" or (company and not said and not whole and kind != "individual"):
        said["is_company"] = True
        if not company and not any(parts.values()):
            company, whole = whole, ""
    elif kind == "individual":
        said["is_company"] = False
    return said | {name: value for name, value in (("company_name", company), ("full_name", whole)) if value}


def _kind_of(card: Card) -> str:
    said = (card.text("KIND") or card.text("X-ABSHOWAS") or card.text("X-EVOLUTION-KIND")).lower()
    return "org" if said in ("company", "organization") else said


def _name_parts(card: Card) -> list[str]:
    found = card.best("N")
    if found is None:
        return [""] * 5
    if card.text("VERSION") == "2.1":
        parts = parts_of(found.value, ";")
    else:
        # Of later versions each part is a list.
        parts = [" ".join(parts_of(part, ",")) for part in between(found.value, ";")]
    return (parts + [""] * 5)[:5]


class _Point(NamedTuple):
    preference: tuple[int, bool]
    value: str
    label: str
    note: str


def points_of(card: Card, *, are_all_further: frozenset[str]) -> dict[str, Any]:
    """E-mail addresses and phones: the preferred ones, else the first, and the others behind them.

    Where nothing is preferred, a telephone is to a fax. ``are_all_further`` names those (``email``, ``phone``) of which
    none is the first.
    """
    emails = [(found, _address_in(found.text)) for found in card.named.get("EMAIL", ())]
    numbers = [(found, _number_in(found.text)) for name in ("TEL", "X-MS-TEL") for found in card.named.get(name, ())]
    return {
        **_points("email", EmailDraft, _distinct(card, emails, str.casefold), has_first="email" not in are_all_further),
        **_points("phone", PhoneDraft, _distinct(card, numbers, _digits), has_first="phone" not in are_all_further),
    }


def _points(field: str, draft_of: Any, points: list[_Point], *, has_first: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if points and has_first:
        first = points.pop(min(range(len(points)), key=lambda index: points[index].preference))
        said = {field: first.value, f"{field}_label": first.label, f"{field}_note": first.note}
    if points:
        said[f"further_{field}s"] = tuple(
            draft_of(**{field: point.value, "label": point.label, "note": point.note}) for point in points
        )
    return {name: value for name, value in said.items() if value}


def _distinct(card: Card, found: list[tuple[Property, str]], form_of: Any) -> list[_Point]:
    """Each once: programs that gather a card from several accounts repeat themselves."""
    points: dict[tuple[str, str, str], _Point] = {}
    for line, value in found:
        if value:
            label, note = card.label(line), card.note(line)
            point = _Point((line.preference, "fax" in line.head.types), value, label, note)
            points.setdefault((form_of(value), label, note), point)
    return list(points.values())


def _digits(number: str) -> str:
    return phone_digits(number) or number


def _address_in(text: str) -> str:
    text = text[7:] if text[:7].lower() == "mailto:" else text
    _, opened, inner = text.rpartition("<")
    return inner.rstrip("> ").strip() if opened and text.rstrip().endswith(">") else text


def _number_in(text: str) -> str:
    if text[:4].lower() != "tel:":
        return text
    return _EXTENSION.sub(r" ext. \1", text[4:])


class Address(NamedTuple):
    """A postal address; ``label`` says whose or where."""

    parts: dict[str, str]
    label: str

    def __str__(self) -> str:
        where = f" ({self.label})" if self.label else ""
        return f"Address{where}: {', '.join(part for part in self.parts.values() if part)}"


def addresses_of(card: Card) -> list[Address]:
    """The postal addresses, the preferred one first; where there is none, what a label on a parcel would say."""
    found = sorted(card.named.get("ADR", ()), key=lambda line: line.preference)
    addresses = [Address(parts, card.label(line)) for line in found if any((parts := _address_parts(line)).values())]
    if not addresses and (label := card.text("LABEL")):
        addresses.append(Address({"street": _in_one_line(label)}, ""))
    return addresses


def _address_parts(found: Property) -> dict[str, str]:
    box, extended, street, city, state, zip_code, country = (
        [_in_one_line(part) for part in parts_of(found.value, ";")] + [""] * 7
    )[:7]
    parts = {
        "street": ", ".join(part for part in (street, extended, box) if part),
        "city": city,
        "state": state,
        "zip_code": zip_code,
        "country": country,
    }
    if not any(parts.values()):
        parts["street"] = _in_one_line(found.head.parameters.get("LABEL", "").replace("\\n", "\n"))
    return parts


def _in_one_line(text: str) -> str:
    if "\n" not in text:
        return text.strip()
    return ", ".join(line for part in text.split("\n") if (line := part.strip(" ,\r\t")))


def tags_of(card: Card) -> tuple[str, ...]:
    """The categories, each once, without those that Google puts on everything."""
    separator = ";" if card.text("VERSION") == "2.1" and not _has_commas(card.named) else ","
    found = [tag for line in card.named.get("CATEGORIES", ()) for tag in parts_of(line.value, separator)]
    tags: dict[str, str] = {}
    for tag in found:
        if tag and tag.casefold() not in _EVERYBODY:
            tags.setdefault(tag.casefold(), tag)
    return tuple(tags.values())


def _has_commas(named: Mapping[str, list[Property]]) -> bool:
    return any("," in line.value for line in named.get("CATEGORIES", ()))


def note_of(card: Card, addresses: Iterable[Address]) -> str:
    """The notes, and the addresses for which a contact has no other place."""
    texts = [plain(found.value).strip() for found in card.named.get("NOTE", ())]
    return "\n".join([*texts, *map(str, addresses)])

"""What a WhatsApp message says: its text, as people read it, and what came with it (RELIABILITY 3.1).

Nothing is fetched: pictures and documents are described by what is needed to ask Meta for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from activities.arrivals import storable
from activities.inbound.reading import cut, document_of, objects

# How those that carry a file read to a person who sees none of it.
_MEDIA: Final = {
    "image": "Image",
    "video": "Video",
    "audio": "Audio",
    "voice": "Voice message",
    "document": "Document",
    "sticker": "Sticker",
}
# What WhatsApp says of the advertisement somebody came by.
_REFERRAL: Final = {
    "sourceUrl": "source_url",
    "sourceType": "source_type",
    "sourceId": "source_id",
    "headline": "headline",
    "body": "body",
    "mediaType": "media_type",
    "clickId": "ctwa_clid",
}
_LONGEST_DETAIL: Final = 500
_LONGEST_FORM: Final = 10_000
# Of cards, articles and answers to a form; there is room for a few hundred characters of each.
_MOST_OF_A_KIND: Final = 20
# Below ``rules.LARGEST_METADATA``, also with what is added later.
_LARGEST_METADATA: Final = 15_000


class Content(NamedTuple):
    """The text of a message and its metadata."""

    text: str
    metadata: dict[str, Any]


def content_of(message: Mapping[str, Any]) -> Content | None:
    """What a message says; None when its type is unknown, or when what the type promises is not there."""
    reader = _READERS.get(storable(message.get("type")))
    content = reader(message) if reader else None
    if content is None:
        return None
    return Content(content.text, _bounded({**content.metadata, **_surroundings(message)}))


def is_known(message: Mapping[str, Any]) -> bool:
    """Whether messages of this one's type are read."""
    return storable(message.get("type")) in _READERS


def _text(message: Mapping[str, Any]) -> Content | None:
    body = storable(_part(message, "text").get("body"))
    return Content(body, {}) if body else None


def _media(kind: str, message: Mapping[str, Any]) -> Content | None:
    part = _part(message, kind)
    if not part:
        return None
    # A recording made in the chat comes as audio that says so; ``voice`` as a type is older.
    label = _MEDIA["voice"] if part.get("voice") is True else _MEDIA[kind]
    name = _detail(part.get("filename"))
    described = _details(part, {"id": "id", "name": "filename", "type": "mime_type", "sha256": "sha256"})
    text = storable(part.get("caption")) or (f"[{label}: {name}]" if name else f"[{label}]")
    return Content(text, {"attachments": [{"kind": kind, **described}]})


def _location(message: Mapping[str, Any]) -> Content | None:
    part = _part(message, "location")
    latitude, longitude = part.get("latitude"), part.get("longitude")
    if not _is_angle(latitude) or not _is_angle(longitude):
        return None
    named = _details(part, {"name": "name", "address": "address"})
    words = ", ".join([*named.values(), str(latitude), str(longitude)])
    return Content(f"[Location: {words}]", {"location": {"latitude": latitude, "longitude": longitude, **named}})


def _is_angle(value: Any) -> bool:
    """Not for what JSON has beside numbers, and what it lets through as one: NaN is in no range."""
    return isinstance(value, int | float) and -360 <= value <= 360


def _contacts(message: Mapping[str, Any]) -> Content | None:
    cards = [_card(card) for card in objects(message.get("contacts"))[:_MOST_OF_A_KIND]]
    if not cards:
        return None
    lines = [" ".join([card["name"], *card["phones"], *card["emails"]]).strip() for card in cards]
    return Content("\n".join(f"[Contact: {line}]" if line else "[Contact]" for line in lines), {"contacts": cards})


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    name = _part(card, "name")
    parts = [_detail(name.get(part)) for part in ("first_name", "last_name")]
    phones = [_detail(row.get("phone")) or _detail(row.get("wa_id")) for row in objects(card.get("phones"))]
    emails = [_detail(row.get("email")) for row in objects(card.get("emails"))]
    return {
        "name": _detail(name.get("formatted_name")) or " ".join(filter(None, parts)),
        "phones": list(filter(None, phones))[:_MOST_OF_A_KIND],
        "emails": list(filter(None, emails))[:_MOST_OF_A_KIND],
    }


def _reaction(message: Mapping[str, Any]) -> Content | None:
    part = _part(message, "reaction")
    answered = _detail(part.get("message_id"))
    if not answered:
        return None
    # Without an emoji it takes back what was there before.
    emoji = _detail(part.get("emoji"))
    return Content(f"[Reaction: {emoji}]" if emoji else "[Reaction taken back]", {"replyTo": answered})


def _button(message: Mapping[str, Any]) -> Content | None:
    part = _part(message, "button")
    text = storable(part.get("text")) or storable(part.get("payload"))
    return Content(text, {"button": _details(part, {"payload": "payload"})}) if text else None


def _interactive(message: Mapping[str, Any]) -> Content | None:
    part = _part(message, "interactive")
    for kind in ("button_reply", "list_reply"):
        chosen = _part(part, kind)
        if title := storable(chosen.get("title")):
            return Content(title, {"chosen": _details(chosen, {"id": "id", "description": "description"})})
    form = _part(part, "nfm_reply")
    return _form(form) if form else None


def _form(form: Mapping[str, Any]) -> Content:
    """The answers somebody gave in a form; WhatsApp hands them over as JSON within JSON."""
    sent = document_of(storable(form.get("response_json")).encode()) or {}
    answers = {_detail(name): _answer(value) for name, value in sent.items() if name != "flow_token"}
    lines = [f"{name}: {value}" for name, value in answers.items() if name and value]
    title = _detail(form.get("name"))
    text = "\n".join([f"[Form: {title}]" if title else "[Form]", *lines])
    return Content(cut(text, _LONGEST_FORM), {"form": {name: value for name, value in answers.items() if name}})


def _answer(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_answer, value[:_MOST_OF_A_KIND])))
    return _detail(str(value)) if isinstance(value, str | int | float) else ""


def _order(message: Mapping[str, Any]) -> Content | None:
    part = _part(message, "order")
    items = [_article(row) for row in objects(part.get("product_items"))[:_MOST_OF_A_KIND]]
    if not items:
        return None
    lines = [f"{item['quantity'] or '1'} x {item['product']}" for item in items]
    said = storable(part.get("text"))
    text = "\n".join([*([said] if said else []), "[Order]", *lines])
    return Content(text, {"order": {**_details(part, {"catalog": "catalog_id"}), "items": items}})


def _article(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "product": _answer(row.get("product_retailer_id")),
        "quantity": _answer(row.get("quantity")),
        "price": _answer(row.get("item_price")),
        "currency": _answer(row.get("currency")),
    }


def _unsupported(message: Mapping[str, Any]) -> Content:
    """Somebody wrote something WhatsApp does not hand over: a poll, a picture to be seen once."""
    what = _detail(_part(message, "unsupported").get("type"))
    errors = [
        {"code": _answer(row.get("code")), "title": _detail(row.get("title"))}
        for row in objects(message.get("errors"))[:_MOST_OF_A_KIND]
    ]
    words = (
        f"[WhatsApp does not hand over this message: {what}]" if what else "[WhatsApp does not hand over this message]"
    )
    return Content(words, {"errors": errors} if errors else {})


def _surroundings(message: Mapping[str, Any]) -> dict[str, Any]:
    """What any message may come with: what it answers to, and how its sender came here."""
    context = _part(message, "context")
    found: dict[str, Any] = {}
    if answered := _detail(context.get("id")):
        found["replyTo"] = answered
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        found["isForwarded"] = True
    product = _details(_part(context, "referred_product"), {"catalog": "catalog_id", "product": "product_retailer_id"})
    referral = _details(_part(message, "referral"), _REFERRAL)
    return found | ({"product": product} if product else {}) | ({"referral": referral} if referral else {})


def _bounded(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """As much of it as a communication has room for; all of it is in the receipt."""
    kept: dict[str, Any] = {}
    for name, value in metadata.items():
        if len(json.dumps({**kept, name: value})) <= _LARGEST_METADATA:
            kept[name] = value
        else:
            kept["isCut"] = True
    return kept


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _details(part: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Texts of a part under our names, those that say something."""
    found = {ours: _detail(part.get(theirs)) for ours, theirs in names.items()}
    return {name: text for name, text in found.items() if text}


def _detail(value: Any) -> str:
    return cut(storable(value).strip(), _LONGEST_DETAIL)


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Content | None]]] = {
    "text": _text,
    **{kind: partial(_media, kind) for kind in _MEDIA},
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "unsupported": _unsupported,
    # What ``unsupported`` was called before.
    "unknown": _unsupported,
}

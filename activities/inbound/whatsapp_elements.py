"""What is in a call of WhatsApp's, one by one: many entries of many changes of many messages and statuses.

Each element is kept as a call that holds nothing else, so that it can be read again alone, by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from activities.arrivals import Arrival, EventType, InboundEvent, Sender, moment_of, storable
from activities.inbound.reading import cut, objects, raw, unreadable
from activities.inbound.whatsapp_content import content_of, is_known
from activities.inbound.whatsapp_senders import names_in, names_of_sender, renamed, sender_of, username_of
from activities.models import Delivery

MESSAGES: Final = "messages"
STATUSES: Final = "statuses"
# Beside what a change is about: where it came to, and who is spoken of.
_ADDRESS: Final = ("messaging_product", "metadata")
_AROUND: Final = (*_ADDRESS, "contacts")
_LONGEST_ID: Final = 255
_RENAMED: Final = ("user_changed_number", "customer_changed_number", "user_changed_user_id")
# Somebody has WhatsApp on another device: their messages are encrypted anew, and they are who they were.
_NEW_DEVICE: Final = ("customer_identity_changed", "user_identity_changed")


class Element(NamedTuple):
    """One thing of a call.

    ``document`` is a call with nothing else in it, ``topic`` the list of the change it stood in or the change's field,
    ``body`` what stood there when it is one thing, ``contact`` who it is from, and ``fault`` why it is nothing at all.
    ``phone_number_id`` is Meta's name for the number it came to, ``""`` when that is not told.
    """

    document: Mapping[str, Any]
    topic: str = ""
    body: Any = None
    contact: Mapping[str, Any] = {}
    phone_number_id: str = ""
    fault: str = ""


def is_call(document: Mapping[str, Any]) -> bool:
    """Whether a document has what a call of WhatsApp's consists of."""
    return isinstance(document.get("entry"), list)


def elements_of(document: Mapping[str, Any]) -> Iterator[Element]:
    """Everything in a call, in its order. What is malformed hides nothing of what stands beside it."""
    for entry in document["entry"]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(changes, list):
            yield Element({"object": document.get("object"), "entry": [entry]}, fault="an entry without changes")
            continue
        for change in changes:
            yield from _elements_of_change(change, partial(_call, document, entry))


def _call(document: Mapping[str, Any], entry: Mapping[str, Any], change: Any) -> dict[str, Any]:
    return {"object": document.get("object"), "entry": [{"id": entry.get("id"), "changes": [change]}]}


def _elements_of_change(change: Any, call: Callable[[Any], dict[str, Any]]) -> Iterator[Element]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        yield Element(call(change), fault="a change without a value")
        return
    number = _number_of(value)
    field = storable(change.get("field"))
    topics = [topic for topic in value if topic not in _AROUND] if field == MESSAGES else []
    if not topics:
        yield Element(call(change), "" if field == MESSAGES else field, phone_number_id=number)
    for topic in topics:
        for contact, part in _parts(value, topic):
            alone = {"field": field, "value": {**_address(value), **_beside(contact), topic: part}}
            body = part[0] if topic in (MESSAGES, STATUSES) and isinstance(part, list) and part else None
            yield Element(call(alone), topic, body, contact, number)


def _number_of(value: Mapping[str, Any]) -> str:
    (metadata,) = objects([value.get("metadata")]) or ({},)
    return cut(storable(metadata.get("phone_number_id")).strip(), _LONGEST_ID)


def _address(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value[name] for name in _ADDRESS if name in value}


def _beside(contact: Mapping[str, Any]) -> dict[str, Any]:
    return {"contacts": [contact]} if contact else {}


def _parts(value: Mapping[str, Any], topic: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Each message and status alone, with who it is from; anything else in one piece."""
    items = value[topic]
    if topic not in (MESSAGES, STATUSES) or not isinstance(items, list):
        yield {}, items
        return
    contacts = objects(value.get("contacts")) if topic == MESSAGES else []
    by_name = {name: contact for contact in contacts for name in names_in(contact)}
    for item in items:
        names = names_of_sender(item) if isinstance(item, dict) else []
        contact = next((by_name[name] for name in names if name in by_name), None)
        # WhatsApp's id of somebody is not always their number. Where there is one of each, they belong together.
        if contact is None and len(contacts) == len(items) == 1:
            contact = contacts[0]
        yield contact or {}, [item]


def read_element(element: Element) -> Arrival:
    """An element as an arrival."""
    payload = raw(element.document)
    if element.fault:
        return unreadable(payload, element.fault)
    if element.topic not in (MESSAGES, STATUSES):
        named = f": {cut(element.topic, 50)}" if element.topic.isascii() and element.topic.isidentifier() else ""
        return replace(unreadable(payload, f"a change that is no message{named}"), is_ignored=True)
    if not isinstance(element.body, dict) or not _id_of(element.body):
        return unreadable(payload, f"malformed: one of the {element.topic} without an id")
    return _status(element.body, payload) if element.topic == STATUSES else _message(element, payload)


def _id_of(body: Mapping[str, Any]) -> str:
    return cut(storable(body.get("id")), _LONGEST_ID)


def _status(body: Mapping[str, Any], payload: bytes) -> Arrival:
    status, sent_at = storable(body.get("status")), moment_of(body.get("timestamp"))
    key = f"status:{_id_of(body)}:{status}"
    if status not in Delivery.values:
        return Arrival(key=key, payload=payload, sent_at=sent_at, reason="a status of an unknown kind", is_ignored=True)
    event = InboundEvent(type=EventType.STATUS, message_id=_id_of(body), status=status)
    return Arrival(key=key, payload=payload, sent_at=sent_at, event=event)


def _message(element: Element, payload: bytes) -> Arrival:
    body = element.body
    kind, sent_at = storable(body.get("type")), moment_of(body.get("timestamp"))
    prefix = kind if kind in ("edit", "revoke") else "message"
    arrival = partial(Arrival, key=f"{prefix}:{_id_of(body)}", payload=payload, sent_at=sent_at)
    if body.get("group_id"):
        return arrival(reason="not a private conversation", is_ignored=True)
    if kind == "request_welcome":
        return arrival(reason="opened the conversation and said nothing", is_ignored=True)
    if kind == "system":
        return _system(body, arrival)
    if kind in ("edit", "revoke"):
        return _correction(element, kind, arrival)
    return _said(element, arrival)


def _said(element: Element, arrival: Callable[..., Arrival]) -> Arrival:
    sender = sender_of(element.body, element.contact)
    if sender is None:
        return arrival(reason="no sender")
    content = content_of(element.body)
    if content is None:
        return arrival(reason="malformed" if is_known(element.body) else "an unknown type of message")
    username = username_of(element.contact)
    event = InboundEvent(
        type=EventType.MESSAGE,
        message_id=_id_of(element.body),
        sender=sender,
        text=content.text,
        metadata={**content.metadata, **({"username": username} if username else {})},
    )
    return arrival(event=event)


def _correction(element: Element, kind: str, arrival: Callable[..., Arrival]) -> Arrival:
    """An edit or a revocation. WhatsApp hands over those of numbers that are also used in its own application."""
    (told,) = objects([element.body.get(kind)]) or ({},)
    sender = sender_of(element.body, element.contact)
    message_id = cut(storable(told.get("original_message_id")), _LONGEST_ID)
    if not message_id:
        return arrival(reason="malformed")
    if kind == "revoke":
        return arrival(event=InboundEvent(type=EventType.REVOCATION, message_id=message_id, sender=sender))
    (now,) = objects([told.get("message")]) or ({},)
    content = content_of(now)
    if content is None:
        return arrival(reason="malformed" if is_known(now) else "an unknown type of message")
    return arrival(event=InboundEvent(type=EventType.EDIT, message_id=message_id, sender=sender, text=content.text))


def _system(body: Mapping[str, Any], arrival: Callable[..., Arrival]) -> Arrival:
    """What WhatsApp itself says about somebody. Nothing was said by them, so it makes no contact and no message."""
    (told,) = objects([body.get("system")]) or ({},)
    kind = told.get("type")
    if kind in _NEW_DEVICE:
        return arrival(reason="has WhatsApp on another device", is_ignored=True)
    sender: Sender | None = renamed(body, told) if kind in _RENAMED else None
    if sender is None:
        return arrival(reason="malformed" if kind in _RENAMED else "an unknown type of system message")
    return arrival(event=InboundEvent(type=EventType.IDENTITY, sender=sender))

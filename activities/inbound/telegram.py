"""Telegram's Bot API: one ``Update`` per call, with the bot's secret in a header (RELIABILITY 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender, moment_of, storable
from activities.inbound.base import Channel, Refused
from activities.inbound.reading import cut, document_of, objects, unreadable
from activities.models import ChannelKind, IdentityKind, InboundChannel
from contacts.normalise import normalise_phone

HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
# At most one of them is in an update. The others that exist, and those to come, are kept and not for us.
_SAID: Final = ("message", "business_message")
_EDITED: Final = ("edited_message", "edited_business_message")
# What a message may carry beside its text, and how it reads to a person.
_ATTACHMENTS: Final = {
    "photo": "Photo",
    "video": "Video",
    "video_note": "Video message",
    "animation": "Animation",
    "audio": "Audio",
    "voice": "Voice message",
    "document": "Document",
    "sticker": "Sticker",
}


class TelegramChannel(Channel):
    """A bot. Telegram keeps updates it cannot deliver for 24 hours, and numbers them: ``update_id`` comes once."""

    kind = ChannelKind.TELEGRAM

    def verify_secret(self) -> None:
        # A secret both sides know, not a signature: it proves who calls, and nothing about the body.
        offered = self.request.headers.get(HEADER)
        if offered is None:
            raise Refused(f"no {HEADER}", 401)
        if not self.is_secret(offered):
            raise Refused(f"wrong {HEADER}")

    def arrivals(self) -> Iterable[Arrival]:
        body = self.request.body
        return [self.read_again(body, self.channel) or unreadable(body, "not an update")]

    @classmethod
    def read_again(cls, payload: bytes, channel: InboundChannel) -> Arrival | None:
        update = document_of(payload)
        if update is None or not isinstance(update.get("update_id"), int):
            return None
        return read_update(update, payload)


def read_update(update: Mapping[str, Any], payload: bytes) -> Arrival:
    """An update as an arrival."""
    key = f"update:{update['update_id']}"
    for name, event_type in (*((name, EventType.MESSAGE) for name in _SAID), *((n, EventType.EDIT) for n in _EDITED)):
        message = update.get(name)
        if isinstance(message, dict):
            return _message(key, message, payload, event_type)
    return Arrival(key=key, payload=payload, reason="an update that is no message", is_ignored=True)


def _message(key: str, message: Mapping[str, Any], payload: bytes, event_type: EventType) -> Arrival:
    if reason := _not_for_us(message):
        return Arrival(key=key, payload=payload, reason=reason, is_ignored=True, sent_at=moment_of(message.get("date")))
    user, chat = message["from"], message["chat"]
    text = storable(message.get("text")) or storable(message.get("caption"))
    metadata = _metadata(message)
    event = InboundEvent(
        type=event_type,
        message_id=f"{chat['id']}:{message.get('message_id')}",
        sender=_sender(user, message),
        text=text or _in_words(message),
        metadata=metadata,
    )
    sent_at = moment_of(message.get("edit_date") if event_type is EventType.EDIT else message.get("date"))
    return Arrival(key=key, payload=payload, event=event, sent_at=sent_at)


def _not_for_us(message: Mapping[str, Any]) -> str:
    """Why a message makes no contact; ``""`` when it may. Only people in private chats write to a team."""
    chat, user = message.get("chat"), message.get("from")
    if not isinstance(chat, dict) or not isinstance(chat.get("id"), int) or chat.get("type") != "private":
        return "not a private chat"
    if not isinstance(user, dict) or not isinstance(user.get("id"), int):
        return "no sender"
    if user.get("is_bot"):
        return "sent by a bot"
    # A message sent on behalf of a connected business account, by its owner, is in the chat of somebody else.
    if user["id"] != chat["id"]:
        return "not written by the person of the chat"
    return "" if _has_content(message) else "a service message"


def _has_content(message: Mapping[str, Any]) -> bool:
    return any(message.get(name) for name in ("text", "caption", "contact", "location", "venue", "poll", *_ATTACHMENTS))


def _sender(user: Mapping[str, Any], message: Mapping[str, Any]) -> Sender:
    names = [storable(user.get(part)).strip() for part in ("first_name", "last_name")]
    username = storable(user.get("username"))
    phone = _own_phone(user, message)
    return Sender(
        identities=(Identity(IdentityKind.TELEGRAM, str(user["id"])), *_identities_of_phone(phone)),
        name=cut(" ".join(filter(None, names)) or (f"@{username}" if username else ""), 200),
        language=cut(storable(user.get("language_code")), 10),
        proven_phone=phone,
    )


def _own_phone(user: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """The telephone of a shared contact that is the sender's own; anybody can share anybody's card."""
    (contact,) = objects([message.get("contact")]) or ({},)
    if contact.get("user_id") != user["id"]:
        return ""
    digits = storable(contact.get("phone_number")).strip()
    return cut(digits if digits.startswith("+") or not digits else f"+{digits}", 30)


def _identities_of_phone(phone: str) -> list[Identity]:
    """A telephone that Telegram has verified is a name of its owner. Those it sells itself are none of any country's."""
    form = normalise_phone(phone, None)
    return [Identity(IdentityKind.PHONE, form)] if form.startswith("+") else []


def _in_words(message: Mapping[str, Any]) -> str:
    """What a message without text says, for people who read the timeline."""
    for name, words in _ATTACHMENTS.items():
        if message.get(name):
            return f"[{words}]"
    if contact := objects([message.get("contact")]):
        names = " ".join(filter(None, (storable(contact[0].get(part)) for part in ("first_name", "last_name"))))
        return f"[Contact: {' '.join(filter(None, (names, storable(contact[0].get('phone_number')))))}]"
    if place := objects([message.get("location")]):
        return f"[Location: {place[0].get('latitude')}, {place[0].get('longitude')}]"
    return "[Message]"


def _metadata(message: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    attachments = [_attachment(name, message[name]) for name in _ATTACHMENTS if message.get(name)]
    if attachments:
        found["attachments"] = attachments
    if place := objects([message.get("location")]):
        found["location"] = {key: place[0][key] for key in ("latitude", "longitude") if key in place[0]}
    if reply := objects([message.get("reply_to_message")]):
        found["replyTo"] = str(reply[0].get("message_id", ""))
    return found


def _attachment(name: str, value: Any) -> dict[str, Any]:
    """What is needed to fetch it from Telegram; a photo comes in several sizes, the largest last."""
    described = objects(value)[-1:] if isinstance(value, list) else objects([value])
    facts = described[0] if described else {}
    kept = {"id": facts.get("file_id"), "name": facts.get("file_name"), "type": facts.get("mime_type")}
    return {"kind": name, **{key: storable(text) for key, text in kept.items() if isinstance(text, str)}}

"""Reading messages and statuses of Twilio: from what it posts, and from the list of messages its API keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final, NamedTuple

from accounts.tenancy import current_organization
from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender, storable
from activities.inbound.reading import cut, raw, unreadable
from activities.models import Delivery, IdentityKind, InboundChannel
from activities.services.senders import identity_of_phone
from contacts.normalise import normalise_phone

# What a message is made of: said twice in different words, nobody knows what was meant.
_DECISIVE: Final = ("MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "MessageStatus", "From", "To", "Body")
_RECEIVED: Final = ("", "received", "receiving")
_DELIVERIES: Final = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "read": Delivery.READ,
}
# What Twilio's Advanced Opt-Out made of a message, also of words an account has chosen for itself. HELP is neither.
_OPT_OUTS: Final = {"STOP": False, "START": True}
_ATTACHMENTS: Final = {"image": "Photo", "video": "Video", "audio": "Audio", "application": "Document", "text": "File"}
_CARDS: Final = ("text/vcard", "text/x-vcard", "text/directory")
_PLACES: Final = {"city": "FromCity", "state": "FromState", "zip": "FromZip", "country": "FromCountry"}
_FACTS: Final = {
    "replyTo": "OriginalRepliedMessageSid",
    "buttonPayload": "ButtonPayload",
    "messagingService": "MessagingServiceSid",
}
_LOCATION: Final = {"latitude": "Latitude", "longitude": "Longitude", "address": "Address", "label": "Label"}
# Twilio sends ten at most; a sender of a signed call may claim any number.
_MOST_ATTACHMENTS: Final = 50

_SHORT_CODE: Final = re.compile(r"\+?[0-9]{1,6}|[0-9]{7,8}")
_TELEPHONE: Final = re.compile(r"\+?[0-9]{7,15}")
# Opaque, and never a telephone: a country, a dot, an id (RELIABILITY 3.1).
_WHATSAPP_USER: Final = re.compile(r"[A-Z]{2}\.[0-9A-Za-z.]{1,200}")

Said = Mapping[str, str]


class Stranger(NamedTuple):
    """A sender who becomes no contact, and why. ``is_ignored``: there is nothing for people to decide."""

    reason: str
    is_ignored: bool = False


def read_form(parameters: Iterable[tuple[bytes, bytes]], payload: bytes, channel: InboundChannel) -> Arrival:
    """What Twilio posted as a form. What says two things at once is for people to look at."""
    values: dict[str, set[str]] = {}
    for name, value in parameters:
        values.setdefault(_text(name), set()).add(_text(value))
    if any(len(values.get(name, ())) > 1 for name in _DECISIVE):
        return unreadable(payload, "a parameter was sent twice")
    return read_said({name: min(each) for name, each in values.items()}, payload, channel)


def _text(encoded: bytes) -> str:
    return storable(encoded.decode("utf-8", "replace"))


def read_document(document: Mapping[str, Any], payload: bytes, channel: InboundChannel) -> Arrival:
    """What Twilio posted as JSON: the parameters of a form as the members of an object."""
    said = {storable(name): _plain(value) for name, value in document.items()}
    return read_said(said, payload, channel)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else storable(value)


# A message of the API under the names it has in a posted form.
_NAMES_IN_LIST: Final = {
    "sid": "MessageSid",
    "account_sid": "AccountSid",
    "messaging_service_sid": "MessagingServiceSid",
    "from": "From",
    "to": "To",
    "body": "Body",
    "num_media": "NumMedia",
}


def is_inbound(resource: Mapping[str, Any]) -> bool:
    """Whether a message of the API was sent to us; the others are ``outbound-api``, ``outbound-reply`` and the like."""
    return resource.get("direction") == "inbound"


def is_addressed_to(resource: Mapping[str, Any], channel: InboundChannel) -> bool:
    """Whether a message of the API is for a channel's own number; an account may have many."""
    return not _address_fault(_said_in_list(resource), channel)


def read_resource(resource: Mapping[str, Any], channel: InboundChannel) -> Arrival:
    """A message of the API. Unlike what is posted it tells when it was sent; of attachments it only tells where to ask."""
    said = _said_in_list(resource)
    sent_at = _moment(resource.get("date_sent")) or _moment(resource.get("date_created"))
    return read_said(said, raw(resource), channel, sent_at=sent_at)


def _said_in_list(resource: Mapping[str, Any]) -> dict[str, str]:
    said = {name: _plain(resource.get(key)) for key, name in _NAMES_IN_LIST.items()}
    elsewhere = resource.get("subresource_uris")
    if isinstance(elsewhere, dict) and said["NumMedia"] not in ("", "0"):
        said["MediaList"] = storable(elsewhere.get("media"))
    return said


def _moment(text: Any) -> datetime | None:
    """``Wed, 18 Aug 2027 20:01:40 +0000``; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def read_said(said: Said, payload: bytes, channel: InboundChannel, *, sent_at: datetime | None = None) -> Arrival:
    """A message or a status by its parameters, whichever way they came; everything becomes an arrival."""
    sid = said.get("MessageSid") or said.get("SmsMessageSid") or said.get("SmsSid") or ""
    if not sid.strip():
        return unreadable(payload, "no MessageSid")
    status = said.get("MessageStatus", "").lower()
    if status not in _RECEIVED:
        return _status(sid, status, said, payload, channel)
    kept = partial(Arrival, key=f"message:{sid}", payload=payload, sent_at=sent_at)
    if fault := _account_fault(said, channel) or _address_fault(said, channel):
        return kept(reason=fault)
    sender = _sender(said)
    if isinstance(sender, Stranger):
        return kept(reason=sender.reason, is_ignored=sender.is_ignored)
    metadata = _metadata(said)
    event = InboundEvent(
        type=EventType.MESSAGE,
        message_id=sid,
        sender=sender,
        text=said.get("Body") or _in_words(said, metadata),
        consent=_OPT_OUTS.get(said.get("OptOutType", "").upper()),
        metadata=metadata,
    )
    return kept(event=event)


def _status(sid: str, status: str, said: Said, payload: bytes, channel: InboundChannel) -> Arrival:
    """How far a message of the team's got. Each status of it comes once; they overtake each other."""
    kept = partial(Arrival, key=f"status:{sid}:{status}", payload=payload)
    if fault := _account_fault(said, channel):
        return kept(reason=fault)
    if status not in _DELIVERIES:
        return kept(reason="a status that says nothing about delivery", is_ignored=True)
    return kept(event=InboundEvent(type=EventType.STATUS, message_id=sid, status=_DELIVERIES[status]))


def _account_fault(said: Said, channel: InboundChannel) -> str:
    """Quarantined, not refused: the signature is right, so it may be a subaccount that somebody forgot to enter."""
    account = said.get("AccountSid", "")
    return "of another account than the channel's" if channel.account and account not in ("", channel.account) else ""


def _address_fault(said: Said, channel: InboundChannel) -> str:
    """``address`` is a number in any spelling, a short code, or the SID of a messaging service."""
    if not channel.address:
        return ""
    region = current_organization().phone_region
    reached = {said.get("MessagingServiceSid", ""), said.get("To", ""), _telephone_form(said.get("To", ""), region)} - {
        ""
    }
    wanted = {channel.address, _telephone_form(channel.address, region)}
    return "to another number than the channel's" if reached and not reached & wanted else ""


def _telephone_form(text: str, region: str) -> str:
    return normalise_phone(text.rpartition(":")[2], region)


def _sender(said: Said) -> Sender | Stranger:
    via, rest = _split(said.get("From", ""))
    name = cut(said.get("ProfileName", "").strip(), 200)
    users = [Identity(IdentityKind.WHATSAPP, user) for user in _whatsapp_users(via, rest, said)]
    if _TELEPHONE.fullmatch(rest) and (via or not _SHORT_CODE.fullmatch(rest)):
        identity = _identity(rest)
        phone = identity.value if identity.value.startswith("+") else rest
        reached = _split(said.get("To", ""))[1]
        return Sender(identities=(identity, *users), name=name, phone=phone, wrote_to=cut(reached, 30))
    if users:
        return Sender(identities=tuple(users), name=name)
    return _stranger(via, rest)


def _split(address: str) -> tuple[str, str]:
    """``whatsapp:+15550100`` is a telephone on another network, written by Twilio into the same parameter."""
    via, _, rest = address.strip().rpartition(":")
    return via.lower(), rest.strip()


def _whatsapp_users(via: str, rest: str, said: Said) -> list[str]:
    """The ids of somebody who shows a user name in place of the telephone, or beside it."""
    offered = [rest, said.get("ExternalUserId", "")] if via == "whatsapp" else []
    return [user for user in offered if _WHATSAPP_USER.fullmatch(user)]


def _identity(telephone: str) -> Identity:
    """Twilio writes E.164; a number without its plus is read as international when the region has no such number."""
    identity = identity_of_phone(telephone)
    if identity.value.startswith("+") or telephone.startswith("+"):
        return identity
    return identity_of_phone(f"+{telephone}")


def _stranger(via: str, rest: str) -> Stranger:
    if not rest:
        return Stranger("no sender")
    if via:
        return Stranger("a sender of an unknown kind")
    # Codes, parcels and banks: programs, whom nobody can answer. Kept, but no people to make contacts of.
    if _SHORT_CODE.fullmatch(rest):
        return Stranger("sent by a short code", is_ignored=True)
    return Stranger("sent under a name, which nobody can answer", is_ignored=True)


def _metadata(said: Said) -> dict[str, Any]:
    """What came beside the text. Attachments are described and never fetched: an address is the sender's to choose."""
    via = _split(said.get("From", ""))[0]
    found: dict[str, Any] = {"to": said.get("To", ""), "via": via, "attachments": _attachments(said)}
    found |= {key: said.get(name, "") for key, name in _FACTS.items()}
    found["origin"] = {key: said[name] for key, name in _PLACES.items() if said.get(name)}
    found["location"] = {key: said[name] for key, name in _LOCATION.items() if said.get(name)}
    found["attachmentList"] = said.get("MediaList", "")
    return {key: value for key, value in found.items() if value}


def _attachments(said: Said) -> list[dict[str, str]]:
    numbered = [str(number) for number in range(_MOST_ATTACHMENTS)]
    return [
        {
            "kind": _kind_of(said.get(f"MediaContentType{number}", "")),
            "url": _web_address(said.get(f"MediaUrl{number}", "")),
            "type": said.get(f"MediaContentType{number}", ""),
        }
        for number in numbered
        if said.get(f"MediaUrl{number}") or said.get(f"MediaContentType{number}")
    ]


def _web_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def _kind_of(content_type: str) -> str:
    if content_type.partition(";")[0].strip().lower() in _CARDS:
        return "Contact card"
    return _ATTACHMENTS.get(content_type.partition("/")[0].lower(), "Attachment")


def _in_words(said: Said, metadata: Mapping[str, Any]) -> str:
    """What a message without text says, for people who read the timeline."""
    if attachments := metadata.get("attachments"):
        return " ".join(f"[{attachment['kind']}]" for attachment in attachments)
    if location := metadata.get("location"):
        return f"[Location: {', '.join(location.values())}]"
    return "[Attachment]" if said.get("MediaList") else "[Message]"

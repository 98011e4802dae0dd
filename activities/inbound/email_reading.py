"""A message as an arrival: who wrote, what it says, and what came with it.

An e-mail proves nothing about who wrote it. Its ``From`` names the sender, ``Reply-To`` never does; the message goes to
the contact with that address and says that it is unverified, and nothing of it overwrites what is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender, storable
from activities.inbound.email_bodies import MOST_ATTACHMENTS, attachments_of, text_of, tidy
from activities.inbound.email_calls import Mail
from activities.inbound.email_guards import reason_to_ignore
from activities.inbound.email_headers import (
    Mailbox,
    mailboxes_in,
    message_ids_in,
    moment_in,
    value_of,
    values_of,
)
from activities.inbound.reading import cut
from activities.models import IdentityKind
from activities.rules import LARGEST_METADATA, LONGEST_BODY, LONGEST_PROVIDER_ID, LONGEST_SUBJECT
from contacts.normalise import normalise_email

# A sender's clock is believed when it is this far behind: mail waits for some days at most.
OLDEST_DATE: Final = timedelta(days=30)
_LONGEST_NAME: Final = 200
_LONGEST_ID: Final = 170
_LONGEST_REFERENCE: Final = 200
_MOST_REFERENCES: Final = 20
_MOST_RECIPIENTS: Final = 20
# Room for what is added when the message is applied.
_ROOM: Final = 1_000


def arrival_of(mail: Mail) -> Arrival:
    """What is kept of a message. The organization is in scope: its own addresses are looked up."""
    message = mail.message
    if message is None:
        return Arrival(key=key_of(mail, ""), payload=mail.payload, reason=mail.reason, sent_at=mail.sent_at)
    key = key_of(mail, _message_id(mail))
    sender = next((each for value in values_of(message, "From") for each in mailboxes_in(value)), None)
    sent_at = mail.sent_at or _believable(moment_in(value_of(message, "Date")))
    if reason := reason_to_ignore(message, sender, message.envelope_sender):
        return Arrival(key=key, payload=mail.payload, reason=reason, is_ignored=True, sent_at=sent_at)
    if sender is None:
        return Arrival(key=key, payload=mail.payload, reason="no sender's address", sent_at=sent_at)
    return Arrival(key=key, payload=mail.payload, event=_event(mail, sender), sent_at=sent_at)


def key_of(mail: Mail, message_id: str) -> str:
    """The provider's own name for a message; else the digest of all of it, with its Message-ID.

    A Message-ID alone is the sender's to choose: whoever knew another's could have their message taken for a repetition.
    """
    if mail.identifier:
        return f"{mail.provider}:{mail.identifier}"
    return f"mail:{mail.digest}" + (f":{message_id[:_LONGEST_ID]}" if message_id else "")


def _message_id(mail: Mail) -> str:
    values = values_of(mail.message, "Message-ID") if mail.message is not None else []
    value = values[0] if values else ""
    return next(iter(message_ids_in(value)), storable(value.strip("<> ")))


def _believable(moment: datetime | None) -> datetime | None:
    now = timezone.now()
    return moment if moment is not None and now - OLDEST_DATE <= moment <= now else None


def _event(mail: Mail, sender: Mailbox) -> InboundEvent:
    message = mail.message
    if message is None:
        raise TypeError("a message that could not be read says nothing")
    attachments = attachments_of(message)
    text = tidy(message.stripped_text or "") or text_of(message) or _in_words(attachments)
    return InboundEvent(
        type=EventType.MESSAGE,
        message_id=cut(_message_id(mail), LONGEST_PROVIDER_ID),
        sender=Sender(
            identities=(Identity(IdentityKind.EMAIL, normalise_email(sender.address)),),
            name=cut(sender.name, _LONGEST_NAME),
            email=sender.address,
        ),
        subject=cut(value_of(message, "Subject"), LONGEST_SUBJECT),
        text=cut(text, LONGEST_BODY),
        metadata=_bounded(_metadata(mail, sender, attachments, is_cut=len(text) > LONGEST_BODY)),
    )


def _in_words(attachments: Iterable[dict[str, Any]]) -> str:
    """What a message without text says, for people who read the timeline."""
    return "\n".join(f"[Attachment: {each.get('name') or each['type']}]" for each in list(attachments)[:10])


def _metadata(mail: Mail, sender: Mailbox, attachments: list[dict[str, Any]], *, is_cut: bool) -> dict[str, Any]:
    message = mail.message
    if message is None:
        return {}
    found = {
        "from": sender.address,
        "replyTo": _addresses(values_of(message, "Reply-To")),
        "to": _addresses(values_of(message, "To")),
        "cc": _addresses(values_of(message, "Cc")),
        "deliveredTo": cut(storable(message.envelope_recipient), _LONGEST_REFERENCE),
        "inReplyTo": _references(values_of(message, "In-Reply-To"))[:1],
        "references": _references(values_of(message, "References"))[-_MOST_REFERENCES:],
        "date": cut(value_of(message, "Date"), 100),
        "attachments": attachments[:MOST_ATTACHMENTS],
        "attachmentsLeftOut": max(len(attachments) - MOST_ATTACHMENTS, 0),
        "provider": mail.provider,
        # What the provider checked, where no sender can write; headers that claim as much are not believed.
        "authentication": dict(mail.told),
        "isCut": is_cut,
        "isPayloadCut": mail.is_payload_cut,
    }
    return {"isVerified": False} | {name: value for name, value in found.items() if value}


def _addresses(values: Iterable[str]) -> list[str]:
    return [each.address for value in values for each in mailboxes_in(value)][:_MOST_RECIPIENTS]


def _references(values: Iterable[str]) -> list[str]:
    return [cut(identifier, _LONGEST_REFERENCE) for value in values for identifier in message_ids_in(value)]


def _bounded(metadata: dict[str, Any]) -> dict[str, Any]:
    """No larger than a communication keeps: the longest list loses its last half until it fits."""
    while len(json.dumps(metadata, ensure_ascii=False)) > LARGEST_METADATA - _ROOM:
        lists = {name: value for name, value in metadata.items() if isinstance(value, list)}
        longest = max(lists, key=lambda name: len(json.dumps(lists[name])))
        kept = lists[longest][: len(lists[longest]) // 2]
        metadata = {**metadata, longest: kept, "isMetadataCut": True}
    return metadata

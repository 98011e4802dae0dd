"""One call of a provider of mail, the messages that were in it, and how to look into what providers post."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from anymail.inbound import AnymailInboundMessage
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from activities.arrivals import storable
from activities.inbound.email_forms import Form
from activities.inbound.email_mime import parse_mime
from activities.inbound.reading import raw

# Of one message, with its attachments; above this their contents are not kept.
LARGEST_KEPT: Final = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One message a provider told us of, or why it could not be read (``message`` None).

    ``payload`` is what is kept of it, ``digest`` the SHA-256 of all of it. ``identifier`` is the provider's own name
    for it, empty when it has none; ``told`` is what the provider itself found out about it, never what the sender wrote.
    """

    payload: bytes
    digest: str
    provider: str = ""
    message: AnymailInboundMessage | None = None
    reason: str = ""
    identifier: str = ""
    sent_at: datetime | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    is_payload_cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a provider: its body, and the form or the JSON value in it, None for what it has not."""

    request: HttpRequest
    body: bytes
    form: Form | None
    document: Any


def mail_in_mime(content: bytes, digest: str = "", **facts: Any) -> Mail:
    """A message as it travels. ``digest`` is that of more than this, where not all of it was read."""
    message = parse_mime(content)
    return Mail(
        payload=content[:LARGEST_KEPT],
        digest=digest or hashlib.sha256(content).hexdigest(),
        message=message,
        reason="" if message is not None else "built to break readers",
        is_payload_cut=len(content) > LARGEST_KEPT,
        **facts,
    )


def unread(payload: bytes, reason: str, provider: str = "") -> Mail:
    """What could not be read."""
    digest = hashlib.sha256(payload).hexdigest()
    return Mail(payload=payload[:LARGEST_KEPT], digest=digest, reason=reason, provider=provider)


def delivered(content: bytes, call: Any, provider: str, *, sender: str | None, recipient: str, **facts: Any) -> Mail:
    """The raw message a provider hands on, with what it says of the envelope.

    ``call`` is what is kept where there is no message: bytes, or a JSON value.
    """
    if not content:
        return unread(call if isinstance(call, bytes) else raw(call), "no message in it", provider)
    mail = mail_in_mime(content, provider=provider, **facts)
    if mail.message is not None:
        mail.message.envelope_sender, mail.message.envelope_recipient = sender, recipient
    return mail


def text_at(value: Any, *path: str) -> str:
    """A text inside a document, ``""`` where there is none; a number as its digits."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else storable(value)


def letters_at(document: Any, *path: str, is_base64: bool = False) -> bytes:
    """A raw message inside a document."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    if not isinstance(document, str):
        return b""
    if not is_base64:
        return document.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(document)
    except (binascii.Error, ValueError):
        return b""


def told(**facts: str) -> dict[str, str]:
    """What a provider says it found out, as far as it says anything."""
    return {name: value[:100] for name, value in facts.items() if value}


def moment_at(text: str) -> datetime | None:
    """A moment as ISO 8601 writes it, with its zone; None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def envelope_sender(document: Any, name: str) -> str | None:
    """The envelope's sender, empty for the null one; None where it is not told."""
    value = document.get(name) if isinstance(document, dict) else None
    return storable(value).strip("<>") if isinstance(value, str) else None

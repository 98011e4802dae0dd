"""What providers tell us, in one form for all of them: read at the door, kept as JSON beside the raw payload.

Every value is text or a number of JSON's, so that an event written today can be applied by a later release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any, Final, NamedTuple, Self

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class EventType(StrEnum):
    """What happened, as far as we do anything about it."""

    MESSAGE = "message"
    EDIT = "edit"
    REVOCATION = "revocation"
    STATUS = "status"
    # A sender is now known by further names; nothing was said.
    IDENTITY = "identity"


class Identity(NamedTuple):
    """One name of a sender: a kind of ``IdentityKind`` and the normalised value."""

    kind: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who wrote. ``identities`` begin with the one that identifies best.

    ``phone`` and ``email`` are what a new contact gets, as the provider writes them; ``language`` is a code of at most
    ten characters. ``proven_phone`` is a telephone the sender has shown to be theirs, which is among the ``identities``: their
    contact gets it when it has none.
    ``wrote_to`` is the telephone they wrote to: numbers stored without their country may be of the same one.
    """

    identities: tuple[Identity, ...]
    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    proven_phone: str = ""
    wrote_to: str = ""


@dataclass(frozen=True, kw_only=True)
class InboundEvent:
    """One thing a provider told us.

    ``message_id`` is the provider's id of the message that was sent, edited, revoked or delivered. ``sender`` is None
    for a status. ``text`` is what the message says or says now. ``status`` is a value of ``Delivery``. ``consent`` is what
    the provider takes the message for: consent to further ones, or an objection; None leaves it to its words. ``metadata``
    is a JSON object: what came with the message and is no text.
    """

    type: EventType
    message_id: str = ""
    sender: Sender | None = None
    subject: str = ""
    text: str = ""
    status: str = ""
    consent: bool | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The event as a receipt keeps it, with nothing in it that a database refuses; what says nothing is left out."""
        return {name: _storable_json(value) for name, value in asdict(self).items() if value not in (None, "", {})}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The event again."""
        sender = stored.get("sender")
        return cls(
            **{
                **stored,
                "type": EventType(stored["type"]),
                "sender": _sender_from(sender) if sender else None,
            }
        )


def _storable_json(value: Any) -> Any:
    """Python reads and writes more than JSON has: texts with NUL, and numbers that are none."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {_storable_json(name): _storable_json(inner) for name, inner in value.items()}
    return [_storable_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def _sender_from(stored: Mapping[str, Any]) -> Sender:
    identities = tuple(Identity(kind, value) for kind, value in stored["identities"])
    return Sender(**{**stored, "identities": identities})


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One thing to be kept as a receipt.

    ``key`` is the provider's name for it, at most 255 characters; ``payload`` its raw text. Without an ``event`` it goes
    into quarantine, or with ``is_ignored`` is kept as not for us, with the ``reason``. ``sent_at`` is the provider's
    time, None when it tells none.
    """

    key: str
    payload: bytes
    event: InboundEvent | None = None
    sent_at: datetime | None = None
    reason: str = ""
    is_ignored: bool = False


def moment_of(seconds: Any) -> datetime | None:
    """A Unix time in whole seconds, as a number or as digits; None for anything else, before 1970 and beyond the year 9999."""
    try:
        # What is near the first year there is could not be shown in every time zone.
        return datetime.fromtimestamp(int(seconds), UTC) if int(seconds) >= 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def storable(text: Any) -> str:
    """A text any database stores: NUL and lone surrogates become the replacement character. ``""`` for what is no text."""
    if not isinstance(text, str):
        return ""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)

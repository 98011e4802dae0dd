"""Mail as bytes, and mail as django-anymail assembles it, read the same tolerant way afterwards."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from anymail.inbound import AnymailInboundMessage

from activities.inbound.email_bodies import DEEPEST, parts_of


def parse_mime(raw: bytes) -> AnymailInboundMessage | None:
    """The message in these bytes, however broken; None for one that is built to break readers."""
    try:
        # The old policy keeps headers as they are written. The new one interprets them, and raises on some.
        message: AnymailInboundMessage = BytesParser(AnymailInboundMessage, policy=compat32).parsebytes(raw)
    except (RecursionError, ValueError):
        # Nested some hundred parts deep, or with a boundary spread over numbers of some thousand digits.
        return None
    return message


def read_tolerantly(message: AnymailInboundMessage) -> AnymailInboundMessage:
    """The same message, whose headers nobody interprets any more when they are asked for."""
    _relax(message, DEEPEST)
    return message


def _relax(part: Message, depth: int) -> None:
    part.policy = compat32
    for each in parts_of(part) if depth else ():
        _relax(each, depth - 1)

"""Public identifiers: time-ordered UUIDs and the prefixed form the wires print."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A version 7 UUID (RFC 9562): 48 bits of Unix milliseconds, then random bits, so that new rows land together in an index."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def public_id(prefix: str, uuid: UUID | str) -> str:
    """``agent_123e4567-...``: the printed form of an id."""
    return f"{prefix}_{uuid}"


def parse_public_id(prefix: str, text: str) -> UUID | None:
    """The UUID in ``<prefix>_<uuid>``; None for any other spelling, so that one row has exactly one id on a wire."""
    head, separator, tail = text.partition("_")
    if head != prefix or not separator:
        return None
    return canonical_uuid(tail)


def canonical_uuid(text: str) -> UUID | None:
    """The UUID when ``text`` is its canonical lower-case form, else None (``UUID()`` accepts braces, URNs and missing dashes)."""
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None

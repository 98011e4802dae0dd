"""Reading what providers send: tolerant of everything a signed message may hold, because refusing it would lose it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from activities.arrivals import Arrival


def document_of(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body; None for anything else, however broken or deep."""
    document = value_of_json(body)
    return document if isinstance(document, dict) else None


def value_of_json(body: bytes) -> Any:
    """The JSON value in a body, None for anything else, however broken or deep."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def unreadable(payload: bytes, reason: str) -> Arrival:
    """What nobody understands, for the quarantine, under its digest: it has no name we know."""
    return Arrival(key=f"sha256:{hashlib.sha256(payload).hexdigest()}", payload=payload, reason=reason)


def objects(values: Any) -> list[dict[str, Any]]:
    """Those of a list's values that are objects; none when it is no list."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, Iterable) else []


def cut(text: str, longest: int) -> str:
    """At most so many code points."""
    return text[:longest]


def raw(value: Any) -> bytes:
    """A part of a document as JSON again, to be kept."""
    return json.dumps(value, separators=(",", ":")).encode()

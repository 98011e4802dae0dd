"""What a provider sent, as text that people can read. Never markup: the page escapes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from activities.arrivals import storable

# A page, not a download: in characters shown, and in bytes that are worth setting out in lines.
MOST_SHOWN: Final = 20_000
LARGEST_SET_OUT: Final = 200_000


@dataclass(frozen=True)
class Shown:
    """A text, and how many bytes there are of which it is only the beginning; 0 when it is all."""

    text: str
    cut_from: int = 0


def payload_as_text(payload: bytes) -> Shown:
    """A payload: JSON set out in lines, anything else as it is, with signs for what is no text."""
    text = _set_out(payload) if len(payload) <= LARGEST_SET_OUT else None
    if text is None:
        text = payload[: MOST_SHOWN * 4].decode("utf-8", "replace")
    is_cut = len(text) > MOST_SHOWN or (len(payload) > LARGEST_SET_OUT)
    return Shown(storable(text[:MOST_SHOWN]), len(payload) if is_cut else 0)


def event_as_text(event: Any) -> str:
    """What was read, ``""`` for nothing; the text of the message included."""
    return storable(json.dumps(event, indent=2, ensure_ascii=False)[:MOST_SHOWN]) if event is not None else ""


def _set_out(payload: bytes) -> str | None:
    """None for what is no JSON object or list, and for one nested too deep."""
    try:
        document = json.loads(payload)
        return json.dumps(document, indent=2, ensure_ascii=False) if isinstance(document, dict | list) else None
    except (ValueError, RecursionError):
        return None

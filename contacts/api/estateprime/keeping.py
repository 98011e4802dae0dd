"""What this wire cannot say about a contact, and so leaves as it is when a document is sent back (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.wires.strict_json import write


def news_in(sent: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a body the contact's document does not say already.

    A document says less than there is: a source that is none of the team's has no id, a first phone may be another
    wire's second. Sent back as it was read it means none of that.
    """
    # As JSON: to Python, true is 1.
    return {key: value for key, value in sent.items() if key not in document or write(document[key]) != write(value)}

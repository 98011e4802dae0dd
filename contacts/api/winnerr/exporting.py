"""Winnerr's list of contacts as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.wires.keyset import encode_cursor
from config.wires.strict_json import write
from config.wires.winnerr import WinnerrViewSet
from contacts.api.winnerr.filters import LARGEST_LIMIT
from contacts.api.winnerr.reading import documents_by_key
from contacts.exporting.pages import PageWriter


class WinnerrWriter(PageWriter):
    """The largest pages there are, the newest contact first."""

    suffix = ".winnerr.jsonl"
    order = ("-created_at", "-pk")
    slice_size = LARGEST_LIMIT

    def documents_of(self, keys: Sequence[int]) -> list[dict[str, Any]]:
        return documents_by_key(keys)

    def enveloped(self, documents: list[dict[str, Any]], keys: Sequence[int]) -> bytes:
        pagination = {
            "hasMore": not self.is_last,
            # The next page is the next line. Bound to no list of the wire, which refuses it instead of going on elsewhere.
            "nextCursor": None if self.is_last else encode_cursor([keys[-1]], binding="export"),
            "total": self.total,
            "limit": self.slice_size,
        }
        return write(WinnerrViewSet.success(documents, pagination=pagination))

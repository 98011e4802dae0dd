"""Rentalot's list of contacts as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.plans import LIMITS, Plan
from config.wires.rentalot import NumberedPage
from config.wires.strict_json import write
from contacts.api.rentalot.reading import documents_by_key
from contacts.exporting.pages import PageWriter


class RentalotWriter(PageWriter):
    """The largest pages that any plan allows, the newest contact first."""

    suffix = ".rentalot.jsonl"
    order = ("-created_at", "-pk")
    slice_size = LIMITS[Plan.UNLIMITED].largest_page

    def documents_of(self, keys: Sequence[int]) -> list[dict[str, Any]]:
        return documents_by_key(keys)

    def enveloped(self, documents: list[dict[str, Any]], keys: Sequence[int]) -> bytes:
        return write(NumberedPage(self.page, self.slice_size).enveloped(documents, self.total))

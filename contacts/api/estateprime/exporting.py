"""EstatePrime's list of contacts as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.wires.estateprime import PAGE_SIZE, FixedPage
from config.wires.strict_json import write
from contacts.api.estateprime.reading import documents_by_key
from contacts.exporting.pages import PageWriter


class EstatePrimeWriter(PageWriter):
    """The newest number first."""

    suffix = ".estateprime.jsonl"
    order = ("-number", "-pk")
    slice_size = PAGE_SIZE

    def documents_of(self, keys: Sequence[int]) -> list[dict[str, Any]]:
        return documents_by_key(keys)

    def enveloped(self, documents: list[dict[str, Any]], keys: Sequence[int]) -> bytes:
        return write(FixedPage(self.page).enveloped(documents, self.total))

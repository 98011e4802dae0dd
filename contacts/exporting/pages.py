"""Contacts as a wire prints them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from contacts.exporting.formats import Writer


class PageWriter(Writer):
    """The pages of a list, one on each line: what a program would get that asked for all of them.

    A page has ``slice_size`` contacts, and fewer where some were deleted since the export began.
    """

    content_type = "application/x-ndjson"

    def __init__(self, total: int) -> None:
        super().__init__(total)
        # The page that is being written, from 1.
        self.page = 0

    def add(self, keys: Sequence[int]) -> bytes:
        self.page += 1
        documents = self.documents_of(keys)
        self.contacts += len(documents)
        return self.enveloped(documents, keys) + b"\n"

    def end(self) -> Iterator[bytes]:
        if not self.page:
            # Of a list with nothing on it there is a page too.
            self.page = 1
            yield self.enveloped([], ()) + b"\n"

    @property
    def is_last(self) -> bool:
        return self.page * self.slice_size >= self.total

    @abstractmethod
    def documents_of(self, keys: Sequence[int]) -> list[dict[str, Any]]:
        """The contacts with these primary keys that are still there, in this order."""

    @abstractmethod
    def enveloped(self, documents: list[dict[str, Any]], keys: Sequence[int]) -> bytes:
        """The page as the wire answers it."""

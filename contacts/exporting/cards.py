"""Contacts as vCards."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.exporting.documents import ContactDocuments
from contacts.exporting.formats import Writer
from contacts.exporting.vcards import card_of


class CardWriter(Writer):
    """One card after the other."""

    suffix = ".vcf"
    content_type = "text/vcard; charset=utf-8"

    documents: ContactDocuments

    def begin(self) -> bytes:
        self.documents = ContactDocuments()
        return b""

    def add(self, keys: Sequence[int]) -> bytes:
        documents = self.documents.of(keys)
        self.contacts += len(documents)
        return b"".join(map(card_of, documents))

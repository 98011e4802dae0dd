"""Contacts as vCards."""

from __future__ import annotations

from typing import Any

from contacts.exporting.documents import DocumentWriter
from contacts.exporting.vcards import card_of


class CardWriter(DocumentWriter):
    """One card after the other."""

    suffix = ".vcf"
    content_type = "text/vcard; charset=utf-8"

    def written(self, document: dict[str, Any]) -> bytes:
        return card_of(document)

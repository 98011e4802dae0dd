"""Contacts as lines of JSON: one document for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

from contacts.exporting.documents import ContactDocuments
from contacts.exporting.formats import Writer


class JsonWriter(Writer):
    """One object a line (JSON Lines), as ``contacts.exporting.documents`` makes it."""

    suffix = ".jsonl"
    content_type = "application/x-ndjson"

    documents: ContactDocuments

    def begin(self) -> bytes:
        self.documents = ContactDocuments()
        return b""

    def add(self, keys: Sequence[int]) -> bytes:
        documents = self.documents.of(keys)
        self.contacts += len(documents)
        return b"".join(map(line_of, documents))


def line_of(document: dict[str, Any]) -> bytes:
    """A document as a line; integers to the last digit."""
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # orjson writes no integer wider than 64 bits, and ``extra`` may hold one.
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

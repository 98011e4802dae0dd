"""Contacts as lines of JSON: one document for each."""

from __future__ import annotations

import json
from typing import Any

import orjson

from contacts.exporting.documents import DocumentWriter


class JsonWriter(DocumentWriter):
    """One object a line (JSON Lines), as ``contacts.exporting.documents`` makes it."""

    suffix = ".jsonl"
    content_type = "application/x-ndjson"

    def written(self, document: dict[str, Any]) -> bytes:
        """The document as a line; integers to the last digit."""
        try:
            return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:
            # orjson writes no integer wider than 64 bits, and ``extra`` may hold one.
            return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

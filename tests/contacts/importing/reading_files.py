"""Files that tests read contacts from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contacts.importing.reading import open_source
from contacts.importing.records import Record, RowFault, Source, Unreadable

SAMPLES = Path(__file__).parents[2] / "payloads/imports/reading"


class Reading:
    """Opens what a test says is in a file, or one of the committed samples, and closes it behind the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources: list[Source] = []

    def sample(self, name: str) -> bytes:
        return (SAMPLES / name).read_bytes()

    def open(self, content: bytes, format: str = "auto") -> Source:
        path = self.folder / f"file-{len(self.sources)}"
        path.write_bytes(content)
        self.sources.append(open_source(path, format))
        return self.sources[-1]

    def rows(self, content: bytes) -> list[Any]:
        return [record.raw for record in self.open(content).records()]

    def failed(self, source: Source, records: Sequence[Record]) -> bytes:
        """The file of failed rows of all the records: with the fault each has, or else with one of its e-mail address."""
        stream = io.BytesIO()
        fault = RowFault("Email", "x", "invalid_email", 'is no address, "x"; see above')
        written = source.write_failed(stream, ((record, [record.fault or fault]) for record in records))
        assert written == len(records)
        return stream.getvalue()

    def close(self) -> None:
        for source in self.sources:
            source.close()


def until_unreadable(source: Source, after: int = 0, line: int = 0) -> list[Record | str]:
    """The records and, where the rest cannot be read, the sentence about that."""
    found: list[Record | str] = []
    try:
        found.extend(source.records(after, line))
    except Unreadable as error:
        found.append(str(error))
    return found

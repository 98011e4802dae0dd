"""A column on the way to what it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contacts.importing.columns.samples import Samples
from contacts.importing.columns.spelling import Heading

UNKNOWN: Final = "Nothing here is called that. Make a custom field of this name, or map it to notes, to keep it."


@dataclass(slots=True)
class Candidate:
    """``identifier`` is a target's, or one of the open words of ``headings`` until it is decided; None with the reason."""

    heading: Heading
    samples: Samples
    identifier: str | None = None
    parameter: str = ""
    reason: str = UNKNOWN
    is_certain: bool = True

    @property
    def number(self) -> int:
        """The heading's number, 1 where it has none."""
        return self.heading.number or 1

    @property
    def filled(self) -> int:
        """How many of the first rows say something here."""
        return len(self.samples.cells)

    @property
    def target(self) -> str | None:
        """As a mapping says it."""
        if self.identifier is None:
            return None
        return f"{self.identifier}:{self.parameter}" if self.parameter else self.identifier

    def become(self, target: str | None, reason: str = "") -> None:
        """Decide for a target with its parameter, or for nothing with the reason."""
        identifier, _, parameter = (target or "").partition(":")
        self.identifier, self.parameter, self.reason = identifier or None, parameter, "" if target else reason

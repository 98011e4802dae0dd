"""What the first rows of a column look like: a second opinion beside its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from contacts.importing.columns.column import Column
from contacts.importing.columns.targets import Choice
from contacts.importing.context import Context
from contacts.importing.records import LONGEST_VALUE_SHOWN, RowFault
from contacts.normalise import fold, phone_digits

MOST_ROWS: Final = 200
_EXAMPLES: Final = 3
_EMAIL: Final = re.compile(
    r"(?:[^<>]*<)?(?:mailto:)?[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+>?(?:\s*(?:,|;|:::).*)?\Z", re.DOTALL
)
_PHONE: Final = re.compile(
    r"(?:\+|00|\()\(?\d[\d .()/-]{5,20}\d(?: ?(?:x|ext)\.? ?\d+)?\Z|\d{2,5}[ ./-]\d[\d ./-]{3,14}\d\Z", re.ASCII
)
_DATE: Final = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}\Z", re.ASCII)
_DIGITS: Final = re.compile(r"\d{10,15}\Z", re.ASCII)
_NAME: Final = re.compile(r"[^\W\d_][^\d@/:;|()]*\s[^\W\d_][^\d@/:;|()]*\Z")
_MADE_UP: Final = re.compile(r"Column \d+\Z")
_HONORIFICS: Final = """mr|mrs|ms|miss|mx|dr|prof|professor|sir|rev|herr|frau|m|mme|mlle|sr|sra|srta|sig|dott|dhr|mevr
    |pan|pani|bay|bayan"""
_HONORIFIC_WORDS: Final = frozenset(word.strip() for word in _HONORIFICS.split("|"))
_FEWEST_DIGITS: Final = 7


class Samples:
    """What the cells of a column in the first rows say, as much of each as it takes to recognise it."""

    def __init__(self, heading: str, cells: Sequence[str]) -> None:
        self.heading = heading
        self.cells = [text for cell in cells if (text := cell.strip()[:LONGEST_VALUE_SHOWN])]

    def examples(self) -> tuple[str, ...]:
        """A few of them, none twice."""
        return tuple(list(dict.fromkeys(self.cells))[:_EXAMPLES])

    def _are_all(self, pattern: re.Pattern[str]) -> bool:
        return bool(self.cells) and all(pattern.match(text) for text in self.cells)

    def have(self, sign: str) -> bool:
        """Whether any of them has a sign in it."""
        return any(sign in text for text in self.cells)

    @property
    def is_made_up(self) -> bool:
        """Whether the file has no heading for the column."""
        return bool(_MADE_UP.match(self.heading))

    @property
    def are_emails(self) -> bool:
        return self._are_all(_EMAIL)

    @property
    def are_phones(self) -> bool:
        """Numbers as only telephones are written; bare digits are one where nothing says what else they could be."""
        if not self.cells or any(_DATE.match(text) for text in self.cells):
            return False
        written = [bool(_PHONE.match(text)) and len(phone_digits(text)) >= _FEWEST_DIGITS for text in self.cells]
        return all(written) or (self.is_made_up and self._are_all(_DIGITS))

    @property
    def are_names(self) -> bool:
        return self._are_all(_NAME)

    @property
    def are_honorifics(self) -> bool:
        return bool(self.cells) and all(
            fold(word).strip(".") in _HONORIFIC_WORDS for text in self.cells for word in text.split()
        )

    def readable(self, choice: Choice, context: Context) -> float:
        """The share of the cells that could become this; 1 where there are none."""
        if not self.cells:
            return 1.0
        column = Column(0, self.heading, choice.target.identifier, choice.parameter)
        reading = choice.target.reader([column], context)
        faults: list[RowFault] = []
        for text in self.cells:
            values: dict[str, Any] = {}
            for step in reading.steps:
                step([text], values, faults)
        return 1 - len(faults) / len(self.cells)


def samples_of(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Samples]:
    """The samples of each column; rows may be shorter than the headings."""
    shown = rows[:MOST_ROWS]
    return [
        Samples(heading, [row[index] for row in shown if index < len(row)]) for index, heading in enumerate(headers)
    ]

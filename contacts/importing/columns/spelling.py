"""Headings as they are compared, and what is known by them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile
from typing import Final

from contacts.importing.columns.headings import HEADINGS, LABELS, MEANINGLESS
from contacts.normalise import fold

# No heading is longer; what stands there instead of one is a text.
_LONGEST: Final = 120
_CAMEL: Final = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_BESIDE_DIGITS: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_SIGNS: Final = re.compile(r"[\W_]+")
# What may be said of them that somebody has several of.
LABELLED: Final = frozenset(
    {"email", "phone", "street", "address", "city", "state", "zip_code", "country", "email_label", "phone_label"}
)
# Labels that are a telephone by themselves.
_TELEPHONES: Final = frozenset({"Mobile", "Fax"})
_MOST_OF_A_KIND: Final = 99


@dataclass(frozen=True, slots=True)
class Heading:
    """The words of a heading without its number (``E-mail 2 - Value`` has 2), and whether words come after that."""

    words: tuple[str, ...]
    number: int | None = None
    is_numbered_inside: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a heading is known as: a target or one of the words of ``headings``, what is said of it, how certainly."""

    identifier: str
    label: str = ""
    is_certain: bool = True


def words_of(heading: str) -> list[str]:
    """The words of a heading, without capitals, accents and signs: ``firstName``, ``FIRST_NAME`` and ``First name`` are one."""
    spaced = _BESIDE_DIGITS.sub(" ", _CAMEL.sub(" ", heading[:_LONGEST]))
    return _SIGNS.sub(" ", fold(spaced)).split()


def read_heading(heading: str) -> Heading:
    """A heading as it is looked up."""
    words = words_of(heading)
    place = next((index for index, word in enumerate(words) if _is_number(word)), None)
    if place is None or len(words) == 1:
        return Heading(tuple(words))
    return Heading((*words[:place], *words[place + 1 :]), int(words[place]), place < len(words) - 1)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and 0 < int(word[:4]) <= _MOST_OF_A_KIND


def recognise(heading: Heading) -> Recognised | None:
    """What a heading is known as, None where nobody calls anything so."""
    if found := _known().get("".join(heading.words)):
        return Recognised(*found)
    labels = [label for word in heading.words if (label := _labels().get(word))]
    for words, said in _variants(heading.words, labels):
        found = _known().get("".join(words))
        if found and (found[0] in LABELLED or not said):
            named = [found[1]] if found[1] not in said else []
            return Recognised(found[0], _in_one([*said, *named]), is_certain=False)
    is_telephone = set(labels) & _TELEPHONES and all(word in _labels() for word in heading.words)
    return Recognised("phone", _in_one(labels), is_certain=False) if is_telephone else None


def _variants(words: Sequence[str], labels: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """A heading without the words that only say whose or which it is, fewer and fewer: some are parts of other words."""
    yield list(dropwhile(_is_filler, words)), []
    rest = [word for word in words if not _labels().get(word)]
    yield rest, labels
    yield list(dropwhile(_is_filler, rest)), labels
    yield [word for word in rest if not _is_filler(word)], labels


def _is_filler(word: str) -> bool:
    return _labels().get(word) == ""


def _in_one(labels: list[str]) -> str:
    """``Home fax``, whichever of the words comes first."""
    ordered = sorted(dict.fromkeys(filter(None, labels)), key=lambda label: label in _TELEPHONES)
    return ordered[0] if len(ordered) == 1 else " ".join(ordered).capitalize()


def is_meaningless(heading: Heading) -> bool:
    """Whether a heading is one of those that say nothing of a person."""
    return "".join(heading.words) in _meaningless()


@cache
def _known() -> dict[str, tuple[str, str]]:
    """Identifier and label by the words of a heading without blanks between them."""
    known: dict[str, tuple[str, str]] = {}
    for target, spellings in HEADINGS.items():
        identifier, _, label = target.partition(":")
        for spelling in _spellings(spellings):
            known.setdefault(spelling, (identifier, label))
    return known


@cache
def _meaningless() -> frozenset[str]:
    return frozenset(_spellings(MEANINGLESS))


@cache
def _labels() -> dict[str, str]:
    return {fold(word): label for label, words in LABELS.items() for word in words.split()}


def _spellings(text: str) -> Iterator[str]:
    for spelling in text.split("|"):
        yield "".join(word for word in words_of(spelling.strip()) if not _is_number(word))

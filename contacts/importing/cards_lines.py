"""The properties of a vCard, out of its bytes: versions 2.1, 3.0 and 4.0 as programs write them, not as they should.

vobject is not what reads them: of real cards it loses a tenth to a quarter (quoted-printable line ends, legacy charsets,
lines without a colon), and it takes seven times as long for the others. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from contacts.importing.cards_values import MEDIA, NO_HEAD, Head, plain, quoted_text, value_of

# No person has more to say of another; behind it a file only wants to keep us busy.
MOST_LINES: Final = 5_000
LONGEST_HEAD: Final = 4_000
_FOLD: Final = re.compile(r"\n[ \t]")
_HEAD: Final = re.compile(r"[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)?[ \t]*+(?=[;:])")
_CARETS: Final = re.compile(r"\^([n'^])")
_ENCODINGS: Final = {"QUOTED-PRINTABLE": "Q", "BASE64": "B", "B": "B", "Q": "Q"}
_BETWEEN_TYPES: Final = re.compile(r"[,;]")
# A label of somebody's own, as Android writes it.
_CUSTOM: Final = re.compile(r"X-CUSTOM\(CHARSET=([\w-]+),ENCODING=QUOTED-PRINTABLE,([^)]*)\)", re.IGNORECASE)
# What stands in a bare parameter of 2.1 and is not a type (2.1, section 2.1.4).
_PLACES: Final = frozenset({"INLINE", "CONTENT-ID", "CID", "URL"})
# What people write lines in.
_RUNNING: Final = frozenset({"NOTE", "LABEL", "ADR"})


class Property(NamedTuple):
    """A line of a card. ``value`` is text in which ``;``, ``,`` and line ends are still escaped."""

    head: Head
    value: str

    @property
    def text(self) -> str:
        """The whole value as one text."""
        return plain(self.value).strip()

    @property
    def preference(self) -> int:
        """How much it is preferred to others of its name: 1 most, 100 at least, 101 when nothing is said of it."""
        if "pref" in self.head.types:
            return 1
        said = self.head.parameters.get("PREF", "")
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 101


class Lines(NamedTuple):
    """A card taken apart: its properties, those of each card inside it (2.1 writes an agent so), the lines that are no
    properties, and whether there were more than anybody reads."""

    properties: list[Property]
    inner: list[list[Property]]
    strays: list[str]
    is_cut: bool


def lines_of(card: bytes) -> Lines:
    """The properties between ``BEGIN`` and ``END``, in their order.

    A line that is no property goes on the one before it where that holds running text, as when a program forgot to fold;
    otherwise it is a stray.
    """
    text, is_decoded = _text_of(card)
    reading = _Reading(is_decoded=is_decoded)
    for count, line in enumerate(_unfolded(text)):
        if count >= MOST_LINES:
            return reading.lines(is_cut=True)
        reading.take(line)
    return reading.lines(is_cut=False)


class _Reading:
    """A card while it is read. A value is a list of lines until the end, for there may be many."""

    def __init__(self, *, is_decoded: bool) -> None:
        self.is_decoded = is_decoded
        self.depth = 0
        self.found: list[tuple[Head, list[str]]] = []
        self.outer = self.found
        self.inner: list[list[tuple[Head, list[str]]]] = []
        self.strays: list[str] = []

    def take(self, line: str) -> None:
        head, value = _parted(line)
        if head is None:
            self._go_on(line)
        elif head.name in ("BEGIN", "END"):
            self._nest(1 if head.name == "BEGIN" else -1)
        else:
            self.found.append((head, [value_of(head, value, is_decoded=self.is_decoded)]))

    def _nest(self, step: int) -> None:
        self.depth += step
        if self.depth <= 1:
            self.found = self.outer
        elif step > 0:
            self.found = []
            self.inner.append(self.found)

    def _go_on(self, line: str) -> None:
        head, values = self.found[-1] if self.found else (NO_HEAD, [])
        if head.name in _RUNNING:
            values.append(value_of(head, line, is_decoded=self.is_decoded))
        elif head.name not in MEDIA:
            self.strays.append(line)

    def lines(self, *, is_cut: bool) -> Lines:
        return Lines(_joined(self.outer), [_joined(card) for card in self.inner], self.strays, is_cut)


def _joined(found: list[tuple[Head, list[str]]]) -> list[Property]:
    return [Property(head, values[0] if len(values) == 1 else "\\n".join(values)) for head, values in found]


def _text_of(card: bytes) -> tuple[str, bool]:
    """The card as text, and whether its characters are what they mean.

    Where they are not, each stands for a byte, for every property may be in another charset.
    """
    if card[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        card = card.decode("utf-16", "replace").encode("utf-8", "replace")
    capitals = card.upper()
    if b"CHARSET" not in capitals and b"QUOTED-PRINTABLE" not in capitals:
        try:
            return _with_plain_ends(card.decode("utf-8-sig")), True
        except UnicodeDecodeError:
            pass
    return _with_plain_ends(card.removeprefix(codecs.BOM_UTF8).decode("latin-1")), False


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _unfolded(text: str) -> Iterator[str]:
    """The lines as they were before they were folded: with a blank in front of what goes on, which 2.1 means and later
    versions do not, or in quoted-printable with a sign at the end."""
    is_old = "VERSION:2.1" in text[:200].upper()
    if not is_old:
        text = _FOLD.sub("", text)
    parts: list[str] = []
    for following in text.split("\n"):
        is_blank_first = following[:1] in (" ", "\t")
        if parts and parts[-1].endswith("=") and _is_quoted(parts[0]):
            parts[-1] = parts[-1][:-1]
            parts.append(following[1:] if is_blank_first else following)
        elif is_old and is_blank_first:
            parts.append(following)
        else:
            yield from _whole(parts)
            parts = [following]
    yield from _whole(parts)


def _whole(parts: list[str]) -> Iterator[str]:
    line = parts[0] if len(parts) == 1 else "".join(parts)
    if line and not line.isspace():
        yield line


def _is_quoted(line: str) -> bool:
    return "QUOTED-PRINTABLE" in line[:LONGEST_HEAD].partition(":")[0].upper()


def _parted(line: str) -> tuple[Head | None, str]:
    """The head of a line and what follows the colon; no head where the line is no property."""
    match = _HEAD.match(line)
    if match is None:
        return None, line
    end = line.find(":", match.end())
    if '"' in line[match.end() : end]:
        end = _end_of_quotes(line, match.end())
    if end < 0 or end > LONGEST_HEAD:
        return None, line
    return _head(line[:end]), line[end + 1 :]


def _end_of_quotes(line: str, start: int) -> int:
    """Where the head ends whose parameters may have colons in quotes; its first colon where the quotes never end."""
    is_quoted = False
    for place in range(start, min(len(line), LONGEST_HEAD)):
        if line[place] == '"':
            is_quoted = not is_quoted
        elif line[place] == ":" and not is_quoted:
            return place
    return line.find(":", start)


@lru_cache(maxsize=2_048)
def _head(text: str) -> Head:
    name, *parts = _parts(text)
    group, _, name = name.strip().upper().rpartition(".")
    types: list[str] = []
    parameters: dict[str, str] = {}
    encoding = ""
    for part in parts:
        key, is_named, value = part.partition("=")
        key, value = key.strip().upper(), _unquoted(value.strip())
        if match := _CUSTOM.fullmatch(part.strip()):
            types.append(quoted_text(match[2], match[1]))
        elif not is_named and key in _ENCODINGS:
            encoding = _ENCODINGS[key]
        elif not is_named and key not in _PLACES:
            types.append(_unquoted(part.strip()).lower())
        elif key == "TYPE":
            types += [word.strip().lower() for word in _BETWEEN_TYPES.split(value)]
        elif key == "ENCODING":
            encoding = _ENCODINGS.get(value.upper(), "")
        elif key not in parameters:
            parameters[key] = value
    return Head(group, name, tuple(word for word in types if word), parameters, encoding)


def _parts(text: str) -> list[str]:
    """The head between its semicolons, of which some may stand in quotes."""
    if '"' not in text:
        return text.split(";")
    parts, is_quoted = [""], False
    for character in text:
        is_quoted ^= character == '"'
        if character == ";" and not is_quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _unquoted(value: str) -> str:
    """A parameter's value without its quotes, and with what RFC 6868 writes for characters that cannot stand there."""
    value = value.replace('"', "")
    return _CARETS.sub(lambda match: {"n": "\n", "'": '"', "^": "^"}[match[1]], value) if "^" in value else value

"""Values of a vCard's properties: how they are encoded, which charset they are in, and where they part."""

from __future__ import annotations

import binascii
import codecs
import re
from functools import lru_cache
from typing import Final, NamedTuple

_HALF: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "N": "\n", ",": ",", ";": ";", ":": ":", "\\": "\\"}
# Charsets, and none of the other things that Python has codecs for.
_WRITTEN: Final = (
    *("utf-", "utf_", "iso", "cp", "koi8", "mac", "shift_jis"),
    *("euc", "gb", "big5", "hz", "johab", "tis", "ptcp"),
)
# Their bytes are not looked at.
MEDIA: Final = frozenset({"PHOTO", "LOGO", "SOUND", "KEY", "X-MS-CARDPICTURE", "X-MS-OL-DESIGN", "THUMBNAIL"})


class Head(NamedTuple):
    """What stands before the colon: the name and the parameters' names in capitals, types in small letters."""

    group: str
    name: str
    types: tuple[str, ...]
    parameters: dict[str, str]
    encoding: str


NO_HEAD: Final = Head("", "", (), {}, "")


def value_of(head: Head, value: str, *, is_decoded: bool) -> str:
    """What follows the colon as text. Unless ``is_decoded`` each of its characters stands for a byte."""
    if head.encoding == "B" and head.name not in MEDIA:
        return _escaped(_decoded(_from_base64(value), head.parameters.get("CHARSET", "")))
    if is_decoded:
        return value
    charset = head.parameters.get("CHARSET", "")
    return quoted_text(value, charset) if head.encoding == "Q" else _decoded(value, charset)


def quoted_text(value: str, charset: str) -> str:
    """What stands in quoted-printable, each character of which stands for a byte."""
    value = binascii.a2b_qp(value.encode("latin-1", "replace")).decode("latin-1")
    return _decoded(value.replace("\r\n", "\n").replace("\r", "\n"), charset)


def _from_base64(value: str) -> str:
    try:
        return binascii.a2b_base64(value.encode("latin-1", "replace")).decode("latin-1")
    except binascii.Error:
        return value


def _escaped(text: str) -> str:
    """What base64 hides is one text: its semicolons part nothing."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _decoded(value: str, charset: str) -> str:
    """Text of which each character stands for a byte: in the charset that is named, else in UTF-8, else as Windows writes."""
    if value.isascii() and not charset:
        return value
    data = value.encode("latin-1", "replace")
    for name in (_codec(charset), "utf-8", "cp1252"):
        try:
            text = data.decode(name)
        except ValueError:
            continue
        # UTF-7 spells halves of characters, too, which are no text.
        if _HALF.search(text) is None:
            return text
    return value


@lru_cache(maxsize=100)
def _codec(charset: str) -> str:
    """Python's name of a charset that people write in; UTF-8 for any other."""
    try:
        name = codecs.lookup(charset[:40]).name
    except (LookupError, ValueError):
        return "utf-8"
    if name in ("iso8859-1", "ascii"):
        # Named by programs that mean what Windows has in their place, as every browser knows.
        return "cp1252"
    return name if name.startswith(_WRITTEN) else "utf-8"


def plain(value: str) -> str:
    """A value without its escapes."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[0]), value)


def parts_of(value: str, separator: str) -> list[str]:
    """A value between its separators, without escapes and blanks around the parts."""
    if "\\" not in value:
        return [part.strip() for part in value.split(separator)]
    return [plain(part).strip() for part in between(value, separator)]


def between(value: str, separator: str) -> list[str]:
    """A value between its separators, with the escapes still in the parts."""
    parts: list[str] = []
    start = place = 0
    while place < len(value):
        if value[place] == "\\":
            place += 1
        elif value[place] == separator:
            parts.append(value[start:place])
            start = place + 1
        place += 1
    return [*parts, value[start:]]

"""The objects of a JSON text, one after another: found by their brackets, so that one at fault leaves the rest readable.

A parser of whole documents stops at the first thing it does not like; here it is given one object at a time.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contacts.importing.reading.encodings import TextFile
from contacts.importing.records import Unreadable

LONGEST_ELEMENT: Final = 1024 * 1024
DEEPEST: Final = 32
MOST_DIGITS: Final = 30
# Arrays and pages around an element. Three are in use.
MOST_CONTAINERS: Final = 7
_BLOCK: Final = 256 * 1024
_AHEAD: Final = 64 * 1024

_BETWEEN: Final = re.compile(rb"[\s,]*")
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_KEY: Final = re.compile(rb"(" + _STRING + rb")(\s*:\s*)?", re.DOTALL)
_SCALAR: Final = re.compile(rb"[^\s,\[\]{}:\"]+")
# A mark alone opens a string that does not end in the block.
_TOKEN: Final = re.compile(_STRING + rb'|["{}\[\]]', re.DOTALL)
_STREAMED: Final = re.compile(rb'\\.|["{}\[\]]', re.DOTALL)
_OPENS: Final = re.compile(rb"\s*:\s*[\[{]")
_TRAILING_COMMA: Final = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class BadElement(ValueError):
    """An element that is no contact; the message is a sentence."""


class Element(NamedTuple):
    """A value of a JSON text: its bytes, None where it is too large to be read; where it ends, and within how many arrays
    and pages that is."""

    data: bytes | None
    end: int
    depth: int


def value_of(data: bytes | None) -> dict[str, Any]:
    """The object that an element's bytes say, commas behind its last members forgiven.

    Raises ``BadElement`` for anything else, and for what no contact holds and no database stores: depth beyond 32, a name
    given twice, a number that is none or has more than 30 digits, NUL or half of a surrogate pair in a text.
    """
    if data is None:
        raise BadElement("It is larger than 1 MiB.")
    if data.count(b"{") + data.count(b"[") > DEEPEST and (closing := _closing(data, 0)) and closing[1] > DEEPEST:
        raise BadElement(f"It is nested more than {DEEPEST} levels deep.")
    try:
        value = _parsed(data.decode())
    except UnicodeDecodeError:
        raise BadElement("It is not valid UTF-8.") from None
    except RecursionError:
        # Brackets that are never closed.
        raise BadElement("It is not valid JSON.") from None
    if not isinstance(value, dict):
        raise BadElement("It is no JSON object.")
    if any(map(_UNSTORABLE.search, _texts(value))):
        raise BadElement("A text in it holds the character NUL or half of a surrogate pair.")
    return value


def is_page(line: bytes) -> bool:
    """Whether a line begins an answer with contacts in it."""
    return _is_page(line, len(line) - len(line.lstrip()), None)


def is_whole_contact(line: bytes) -> bool:
    """Whether a line is one object by its brackets, and no answer with contacts in it."""
    line = line.strip()
    closing = _closing(line, 0) if line.startswith(b"{") else None
    return closing is not None and closing[0] == len(line) and not is_page(line)


def _parsed(text: str) -> Any:
    try:
        return _loaded(text)
    except json.JSONDecodeError:
        pass
    try:
        return _loaded(_TRAILING_COMMA.sub(lambda found: found[1] or "", text))
    except json.JSONDecodeError as error:
        raise BadElement(f"It is not valid JSON: {error.msg} at character {error.pos + 1:,}.") from None


def _loaded(text: str) -> Any:
    return json.loads(
        text, object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_refuse_constant
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadElement("An object in it gives one name twice.")
    return members


def _integer(literal: str) -> int:
    if len(literal.lstrip("-")) > MOST_DIGITS:
        raise BadElement(f"A number in it has more than {MOST_DIGITS} digits.")
    return int(literal)


def _real(literal: str) -> float:
    value = float(literal) if len(literal) <= MOST_DIGITS else math.inf
    if math.isinf(value):
        raise BadElement(f"A number in it is too large, or has more than {MOST_DIGITS} digits.")
    return value


def _refuse_constant(name: str) -> Any:
    raise BadElement(f"{name} is no JSON value.")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def elements(text: TextFile, offset: int, depth: int) -> Iterator[Element]:
    """The elements behind ``offset``, which is within ``depth`` arrays and pages: the members of arrays, those of every
    page's ``data``, and objects that stand one after another. What else a page holds is passed over.

    Raises ``Unreadable`` behind the last one that can be told apart.
    """
    block, base, at = b"", offset, 0
    while True:
        if len(block) - at < _AHEAD and base + len(block) < text.size:
            base, at, block = base + at, 0, text.read(_BLOCK, base + at)
        found = _BETWEEN.match(block, at)
        at = found.end() if found else at
        mark = block[at : at + 1]
        if not mark:
            if base + at < text.size:
                continue
            if depth:
                raise Unreadable("The file ends in the middle: what comes behind the last contact is missing.")
            return
        if mark in b"[]}":
            at += 1
            depth = _moved(depth, 1 if mark == b"[" else -1, base + at)
            continue
        if mark == b'"' and depth and (key := _KEY.match(block, at)) and key[2]:
            at = key.end()
            if key[1] != b'"data"' or block[at : at + 1] not in (b"[", b"{"):
                base, at, block = _passed_over(text, base + at), 0, b""
            continue
        block, base, at, end = _whole(text, block, base, at)
        if mark == b"{" and _is_page(block, at, end):
            at += 1
            depth = _moved(depth, 1, base + at)
        elif end is not None and end - at <= LONGEST_ELEMENT:
            yield Element(block[at:end], base + end, depth)
            at = end
        else:
            base, at, block = _passed_over(text, base + at), 0, b""
            yield Element(None, base, depth)


def _moved(depth: int, step: int, offset: int) -> int:
    if not 0 <= depth + step <= MOST_CONTAINERS:
        raise Unreadable(f"The file is not valid JSON: its brackets do not fit at byte {offset:,}.")
    return depth + step


def _whole(text: TextFile, block: bytes, base: int, at: int) -> tuple[bytes, int, int, int | None]:
    """The block and, where it does, where the value ends that begins at ``at``; a longer block where only that holds it."""
    end = _value_end(block, at)
    if end is None and base + len(block) < text.size and len(block) - at <= LONGEST_ELEMENT:
        block, base, at = text.read(LONGEST_ELEMENT + 1, base + at), base + at, 0
        end = _value_end(block, at)
    return block, base, at, end


def _closing(block: bytes, at: int) -> tuple[int, int] | None:
    """Where the brackets close that open at ``at``, and how deep they are nested; None where they do not."""
    depth = deepest = 0
    for found in _TOKEN.finditer(block, at):
        mark = found[0]
        if mark in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth <= 0:
                return found.end(), deepest
        elif mark == b'"':
            return None
    return None


def _value_end(block: bytes, at: int) -> int | None:
    mark = block[at : at + 1]
    if mark == b"{":
        closing = _closing(block, at)
        return closing[0] if closing else None
    found = (_TOKEN if mark == b'"' else _SCALAR).match(block, at)
    return found.end() if found and found[0] != b'"' and found.end() < len(block) else None


def _is_page(block: bytes, at: int, end: int | None) -> bool:
    """Whether the object that begins at ``at`` has a member ``data`` with objects in it: it is an answer, no contact."""
    end = len(block) if end is None else end
    if block.find(b'"data"', at, end) < 0:
        return False
    depth = 0
    for found in _TOKEN.finditer(block, at, end):
        mark = found[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
        elif mark == b'"data"' and depth == 1 and _OPENS.match(block, found.end()):
            return True
    return False


def _passed_over(text: TextFile, offset: int) -> int:
    """Where the value ends that begins at ``offset``, of any size. Raises ``Unreadable`` where the text ends before."""
    depth, is_in_string, start = 0, False, offset
    while block := text.read(_BLOCK, start):
        while block.endswith(b"\\") and (more := text.read(1, start + len(block))):
            block += more
        if start == offset and block[:1] not in (b"{", b"[", b'"'):
            found = _SCALAR.match(block)
            if found is None:
                raise Unreadable(f"The file is not valid JSON at byte {offset:,}.")
            if found.end() < len(block) or start + len(block) >= text.size:
                return start + found.end()
            raise Unreadable(f"The file is not valid JSON: there is a word of more than {_BLOCK:,} letters.")
        for found in _STREAMED.finditer(block):
            mark = found[0]
            if mark == b'"':
                is_in_string = not is_in_string
            elif is_in_string or len(mark) > 1:
                continue
            else:
                depth += 1 if mark in b"{[" else -1
            if depth <= 0 and not is_in_string:
                return start + found.end()
        start += len(block)
    raise Unreadable("The file ends in the middle: its last contact is not whole.")

"""JSON from strangers: one reading of every body, or a refusal, in time proportional to its length.

Python's own parser does the reading. What it lets through and we do not: numbers that are none, names given twice, text
no database stores, and sizes that are cheap to send and expensive to hold.
"""

import json
import math
import re
from itertools import accumulate
from typing import Any, Final

import orjson

MAXIMUM_BODY: Final = 1024 * 1024
"""Bytes of a request body. The caller enforces it, before reading more."""
MAXIMUM_DEPTH: Final = 32
MAXIMUM_KEYS: Final = 1_000
MAXIMUM_DIGITS: Final = 30

# Possessive, so that no text makes it go back; an unclosed string reaches to the end, where the parser will object.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z|\\\Z)', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = tuple(1 if byte in b"[{" else -1 for byte in range(256))

_SURROGATE_PAIR: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class MalformedJSON(ValueError):
    """The body is not JSON we accept. `reason` is fit to be shown: it never quotes the body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def object_of(body: Any) -> dict[str, Any]:
    """A body that is an object. Raises MalformedJSON for any other value (CONTRACTS W-S1)."""
    if not isinstance(body, dict):
        raise MalformedJSON("The body must be a JSON object")
    return body


def parse(body: bytes) -> Any:
    """The value of a JSON text: UTF-8 without a byte order mark, nothing but blanks around the value.

    Raises MalformedJSON for a syntax error, NaN and Infinity (also by overflow: 1e400), a name given twice in one
    object, NUL or a lone surrogate in a string, depth beyond 32, more than 1,000 names in all and a number of more than
    30 digits. Any value may stand alone; an empty body is refused like any other that has no value.
    (RELIABILITY 6.20, CONTRACTS 7.2)
    """
    _refuse_depth(body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise MalformedJSON("The body is not valid UTF-8") from None
    _refuse_unstorable_text(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_Names().collect,
            parse_int=_integer,
            parse_float=_real,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJSON(f"Syntax error at line {error.lineno} column {error.colno}") from None


def write(value: Any) -> bytes:
    """The JSON text of a value that ``parse`` may have read: UTF-8, keys in their order, integers to the last digit."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # orjson writes no integer wider than 64 bits, and an object of a client's own making may hold one.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _refuse_depth(body: bytes) -> None:
    # Outside its strings, up to where the parser would stop at an error, the brackets of a text are its nesting.
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAXIMUM_DEPTH:
        raise MalformedJSON(f"Nested more than {MAXIMUM_DEPTH} levels deep")


def _refuse_unstorable_text(text: str) -> None:
    if "\\u" not in text:
        return
    # An escaped backslash is no part of an escape after it. A blank in its place keeps its neighbours apart.
    escapes = text.replace("\\\\", " ")
    if "\\u0000" in escapes:
        raise MalformedJSON("A string holds the character NUL")
    if _SURROGATE.search(_SURROGATE_PAIR.sub("", escapes)):
        raise MalformedJSON("A string holds half of a surrogate pair")


class _Names:
    """Counts the names of one text's objects while the parser completes them."""

    def __init__(self) -> None:
        self.count = 0

    def collect(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.count += len(pairs)
        if self.count > MAXIMUM_KEYS:
            raise MalformedJSON(f"More than {MAXIMUM_KEYS:,} names")
        members = dict(pairs)
        if len(members) != len(pairs):
            raise MalformedJSON("An object gives one name twice")
        return members


def _refuse_long_number(literal: str) -> None:
    if sum(map(str.isdigit, literal)) > MAXIMUM_DIGITS:
        raise MalformedJSON(f"A number has more than {MAXIMUM_DIGITS} digits")


def _integer(literal: str) -> int:
    if len(literal) > MAXIMUM_DIGITS:
        _refuse_long_number(literal)
    return int(literal)


def _real(literal: str) -> float:
    if len(literal) > MAXIMUM_DIGITS:
        _refuse_long_number(literal)
    value = float(literal)
    if math.isinf(value):
        raise MalformedJSON("A number is too large")
    return value


def _refuse_constant(name: str) -> Any:
    raise MalformedJSON(f"{name} is not a JSON value")

"""Pages by position: each page starts after the last row of the one before, whatever was written in between.

A cursor holds the values of that row's sort columns, signed for one query of one asker. What comes after them is found
by ``accounts.ordering``.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from django.core.signing import BadSignature, Signer

MAXIMUM_CURSOR: Final = 2_000
"""Characters of a cursor: together with the rest of an address they fit the request line that servers accept."""

CursorValue: TypeAlias = str | int | bool | datetime
Kind: TypeAlias = type[str] | type[int] | type[bool] | type[datetime]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Changes with the layout of a cursor, so that a cursor of an older release is refused and not misread.
_SALT: Final = "config.wires.keyset.1"


class BadCursor(ValueError):
    """Not a cursor we gave for this query: altered, cut off, too long, or another query's or asker's."""


def encode_cursor(values: Sequence[CursorValue], *, binding: str) -> str:
    """An opaque, URL-safe cursor of at most `MAXIMUM_CURSOR` characters that only `binding` can decode.

    `binding` is the canonical text of what the cursor belongs to: organization, sort and filters. It is not in the
    cursor. The values are, readable by who holds it: they are those of a row the holder was shown. Moments must have a
    time zone. Raises ValueError when the values are too long even compressed; several columns of some hundred
    characters fit.
    """
    text = json.dumps([_plain(value) for value in values], ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(text.encode("utf-8", "surrogatepass"), wbits=-zlib.MAX_WBITS)
    cursor = _signer(binding).sign(base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii"))
    if len(cursor) > MAXIMUM_CURSOR:
        raise ValueError("the values of a cursor are too long")
    return cursor


def decode_cursor(cursor: str, *, binding: str, kinds: Sequence[Kind]) -> list[CursorValue]:
    """The values exactly as they were encoded: text, integers, booleans, and moments in UTC with their microseconds.

    `kinds` are the types of the order's columns. Raises BadCursor for any text that `encode_cursor` did not return for
    the same binding, and for values of other kinds. Signatures are compared in constant time; those of
    SECRET_KEY_FALLBACKS hold as well.
    """
    if len(cursor) > MAXIMUM_CURSOR or not cursor.isascii():
        raise BadCursor
    try:
        payload = _signer(binding).unsign(cursor)
    except BadSignature:
        raise BadCursor from None
    # From here on the text is our own.
    packed = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    text = zlib.decompress(packed, wbits=-zlib.MAX_WBITS).decode("utf-8", "surrogatepass")
    values = [_value(plain) for plain in json.loads(text)]
    if [type(value) for value in values] != list(kinds):
        raise BadCursor
    return values


def _signer(binding: str) -> Signer:
    digest = hashlib.sha256(binding.encode("utf-8", "surrogatepass")).hexdigest()
    return Signer(salt=f"{_SALT}:{digest}", sep=".")


def _plain(value: CursorValue) -> str | int | list[int]:
    """A moment becomes its microseconds since 1970 in a list, to tell it from a number."""
    if isinstance(value, datetime):
        return [(value - _EPOCH) // _MICROSECOND]
    if isinstance(value, str | int):
        return value
    raise TypeError(f"a cursor cannot hold {type(value).__name__}")


def _value(plain: str | int | list[int]) -> CursorValue:
    return _EPOCH + plain[0] * _MICROSECOND if isinstance(plain, list) else plain

"""Pages by position: each page starts after the last row of the one before, whatever was written in between.

A cursor holds the values of that row's sort columns, signed for one query of one asker. What comes after them is found
by ``accounts.ordering``.
"""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

from django.conf import settings

MAXIMUM_CURSOR: Final = 2_000
"""Characters of a cursor: together with the rest of an address they fit the request line that servers accept."""

CursorValue: TypeAlias = str | int | bool | datetime
Kind: TypeAlias = type[str] | type[int] | type[bool] | type[datetime]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PLAIN: Final = b"\x00"
_COMPRESSED: Final = b"\x01"
_SHORT: Final = 200
# Changes with the layout of a cursor, so that a cursor of an older release is refused and not misread.
_SALT: Final = "config.wires.keyset.2"


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
    packed = text.encode("utf-8", "surrogatepass")
    # Most are too short to gain by it.
    packed = _COMPRESSED + zlib.compress(packed, wbits=-zlib.MAX_WBITS) if len(packed) > _SHORT else _PLAIN + packed
    payload = _base64(packed)
    cursor = f"{payload}.{_signature(payload, binding, settings.SECRET_KEY)}"
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
    payload, _, signature = cursor.rpartition(".")
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(signature, _signature(payload, binding, secret)) for secret in secrets):
        raise BadCursor
    # From here on the text is our own.
    packed = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    text = zlib.decompress(packed[1:], wbits=-zlib.MAX_WBITS) if packed[:1] == _COMPRESSED else packed[1:]
    values = [_value(plain) for plain in json.loads(text.decode("utf-8", "surrogatepass"))]
    if [type(value) for value in values] != list(kinds):
        raise BadCursor
    return values


def _signature(payload: str, binding: str, secret: str) -> str:
    bound = hashlib.sha256(binding.encode("utf-8", "surrogatepass")).digest()
    return _base64(hmac.digest(_key(secret), bound + payload.encode(), "sha256"))


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), _SALT.encode(), "sha256")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _plain(value: CursorValue) -> str | int | list[int]:
    """A moment becomes its microseconds since 1970 in a list, to tell it from a number."""
    if isinstance(value, datetime):
        return [(value - _EPOCH) // _MICROSECOND]
    if isinstance(value, str | int):
        return value
    raise TypeError(f"a cursor cannot hold {type(value).__name__}")


def _value(plain: str | int | list[int]) -> CursorValue:
    return _EPOCH + plain[0] * _MICROSECOND if isinstance(plain, list) else plain

"""Bytes of mail as text, whatever charset they claim to be in."""

from __future__ import annotations

import codecs
from typing import Final

# What a browser reads for these labels: senders who say Latin-1 mean Windows' superset of it.
_MEANT: Final = {"iso8859-1": "cp1252", "ascii": "cp1252"}
# Python's codecs that are no charset of any mail, and take very long for long texts or know no replacement.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})


def decoded(content: bytes, charset: str) -> str:
    """The text; never raises. UTF-8 where that fits although the charset is unknown or is said to be ASCII.

    Bytes that are nothing in the charset become the replacement character.
    """
    name = _codec_of(charset)
    if name in ("", "ascii", "utf-8"):
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            # Text of before UTF-8 is far more often in this than in anything else.
            return content.decode("cp1252", "replace")
    return content.decode(_MEANT.get(name, name), "replace")


def _codec_of(charset: str) -> str:
    """Python's name for a charset; ``""`` for one it does not know."""
    try:
        codec = codecs.lookup(charset.strip())
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Compressions and the like are codecs, too; what they make is no text.
    is_text = getattr(codec, "_is_text_encoding", False)
    return codec.name if is_text and codec.name.replace("_", "-") not in _NO_CHARSETS else ""

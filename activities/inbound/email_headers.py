"""Headers of mail as it really comes: folded, encoded twice, in bytes of no charset, with commas nobody quoted.

Every function is total: no header, however broken, makes one raise. The library's own reader of structured headers
raises on some of them, and drops what is before an unquoted comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_tz
from typing import Any, Final, NamedTuple

from activities.arrivals import storable
from activities.inbound.email_charsets import decoded

LONGEST_HEADER: Final = 10_000
LONGEST_ADDRESS: Final = 254
# Some dozens of mailboxes. What looks for quotes takes time by the square of it: some hundredths of a second here.
_LONGEST_LIST: Final = 1_500
_BLANKS: Final = re.compile(r"\s+")
_ENCODED_WORD: Final = re.compile(r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=")
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,500})>")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]:;,\"@\\\x00-\x20\x7f]+@[^\s<>();,\"@\\\x00-\x20\x7f]+")
_ANGLE: Final = re.compile(r"<([^<>]*)>")


class Mailbox(NamedTuple):
    """Whom a header names."""

    name: str
    address: str


def values_of(message: Message, name: str) -> list[str]:
    """The values of all headers of this name, unfolded, as they were written; bytes beyond ASCII as what they most likely are."""
    wanted = name.lower()
    # As parsed: asking the message itself would have its policy interpret the value.
    return [_unfolded(value) for key, value in message.raw_items() if key.lower() == wanted]


def value_of(message: Message, name: str) -> str:
    """The first header of this name, decoded; ``""`` when there is none."""
    values = values_of(message, name)
    return in_words(values[0]) if values else ""


def in_words(value: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded, on one line."""
    return storable(_BLANKS.sub(" ", "".join(_decoded_parts(value)))).strip()


def _unfolded(value: Any) -> str:
    text = str(value)[:LONGEST_HEADER]
    try:
        # How the parser hands on bytes that are not ASCII.
        text = decoded(text.encode("utf-8", "surrogateescape"), "utf-8")
    except UnicodeEncodeError:
        # Halves of surrogate pairs, from JSON.
        text = storable(text)
    return _BLANKS.sub(" ", text).strip()


def _decoded_parts(value: str) -> Iterator[str]:
    if not _ENCODED_WORD.search(value):
        yield value
        return
    try:
        parts = decode_header(value)
    except (MessageError, ValueError):
        yield value
        return
    for part, charset in parts:
        yield part if isinstance(part, str) else decoded(part, charset or "latin-1")


def mailboxes_in(value: str) -> Iterator[Mailbox]:
    """The mailboxes an address header names, in its order, each in its own words.

    Group names are left out. What is between commas and names nobody belongs to the name that follows: ``Doe, Jane
    <jane@example.com>`` is one person.
    """
    pending: list[str] = []
    for piece in _pieces(value[:_LONGEST_LIST]):
        mailbox = _mailbox_in(piece)
        if mailbox is None:
            pending.append(_name_in(piece))
            continue
        name = ", ".join(filter(None, (*pending, mailbox.name)))
        yield Mailbox(name=name, address=mailbox.address)
        pending = []


def _pieces(value: str) -> Iterator[str]:
    """Between commas and semicolons that are in no quotes, comment or angle brackets; a group's name ends at its colon."""
    closing, start, position = "", 0, 0
    while position < len(value):
        character = value[position]
        if character == "\\" and closing in ('"', ")"):
            position += 1
        elif closing:
            closing = "" if character == closing else closing
        elif character in _OPENING:
            # An opening sign that is never closed is a letter like any other.
            closing = _OPENING[character] if _OPENING[character] in value[position + 1 :] else ""
        elif character in ",;:":
            if character != ":":
                yield value[start:position]
            start = position + 1
        position += 1
    yield value[start:]


_OPENING: Final = {'"': '"', "(": ")", "<": ">"}
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_COMMENT: Final = re.compile(r"\(((?:[^()\\]|\\.)*)\)")
_ESCAPED: Final = re.compile(r"\\(.)")


def _mailbox_in(piece: str) -> Mailbox | None:
    """What is in angle brackets is the address, whatever the name looks like."""
    bare = _QUOTED.sub(" ", piece)
    in_brackets = _ANGLE.search(bare)
    found = _ADDRESS.search(in_brackets[1] if in_brackets else _COMMENT.sub(" ", bare))
    if found is None or len(found[0]) > LONGEST_ADDRESS:
        return None
    address = storable(found[0])
    if in_brackets:
        return Mailbox(name=_name_in(_ANGLE.sub(" ", piece)), address=address)
    comment = _COMMENT.search(bare)
    return Mailbox(name=in_words(comment[1]) if comment else "", address=address)


def _name_in(piece: str) -> str:
    """A display name: quotes and escapes gone, encoded words decoded afterwards, so that their commas are no separators."""
    bare = _COMMENT.sub(" ", _QUOTED.sub(lambda quoted: _ESCAPED.sub(r"\1", quoted[1]), piece))
    return in_words(bare).strip(" \"'")


def message_ids_in(value: str) -> list[str]:
    """The ids in a Message-ID, In-Reply-To or References header, without their brackets."""
    found = _MESSAGE_ID.findall(value)
    return [storable(identifier) for identifier in found]


def moment_in(value: str) -> datetime | None:
    """When a Date header says; in UTC where it names no zone. None for what is no date."""
    try:
        parts = parsedate_tz(value)
        if parts is None:
            return None
        naive = datetime(*parts[:6], tzinfo=UTC)
        return datetime.fromtimestamp(naive.timestamp() - (parts[9] or 0), UTC)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None

"""What a mail says, and what is attached to it."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, Final

from activities.arrivals import storable
from activities.inbound.email_charsets import decoded
from activities.inbound.email_headers import in_words
from activities.inbound.email_html import text_of_html
from activities.inbound.reading import cut

MOST_ATTACHMENTS: Final = 50
# Deeper ones are made to break readers.
DEEPEST: Final = 30
# Twice what a communication keeps, in bytes of the widest characters.
_LARGEST_PART: Final = 1024 * 1024
_LONGEST_NAME: Final = 150
_TEXTS: Final = ("text/plain", "text/html")


def text_of(message: Message) -> str:
    """The body as people read it, plain text before HTML; ``""`` when there is none."""
    return tidy(_text_in(message, DEEPEST))


def tidy(text: str) -> str:
    """A text with one kind of line end, nothing at its ends and nothing no database stores."""
    lines = storable(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n").strip()


def attachments_of(message: Message) -> list[dict[str, Any]]:
    """Name, type and size in bytes of what is attached, in its order; pictures in the text count."""
    return [_described(part) for part in _attachments_in(message, DEEPEST)]


def parts_of(message: Message) -> list[Message]:
    """The parts a message is made of; none for one that is not multipart. An attached message is one part."""
    payload = message.get_payload() if message.get_content_maintype() == "multipart" else None
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _text_in(part: Message, depth: int) -> str:
    if _is_attachment(part) or depth == 0:
        return ""
    if part.get_content_maintype() == "multipart":
        texts = [(each, _text_in(each, depth - 1)) for each in parts_of(part)]
        if part.get_content_subtype() == "alternative":
            return _best(texts)
        return "\n\n".join(text for _, text in texts if text.strip())
    content_type = part.get_content_type()
    return _text(part, content_type) if content_type in _TEXTS else ""


def _best(texts: list[tuple[Message, str]]) -> str:
    """Of alternatives that say the same the plain one, unless it says nothing."""
    ranked = sorted(texts, key=lambda each: each[0].get_content_type() != "text/plain")
    return next((text for _, text in ranked if text.strip()), "")


def _text(part: Message, content_type: str) -> str:
    text = decoded(_content_of(part)[:_LARGEST_PART], _parameter(part, "charset", "content-type") or "ascii")
    return text_of_html(text) if content_type == "text/html" else text


def _parameter(part: Message, name: str, header: str) -> str:
    """A parameter of a part's header, ``""`` when it has none that can be read."""
    try:
        value = part.get_param(name, header=header)
        return collapse_rfc2231_value(value) if value is not None else ""
    except (ValueError, UnicodeError, LookupError):
        # A continuation (RFC 2231) with a number of some thousand digits, a charset with a NUL in its name.
        return ""


def _content_of(part: Message) -> bytes:
    """The bytes of a part, its transfer encoding undone as far as it can be."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, UnicodeError):
        # Letters beyond ASCII in what should be base64.
        content = None
    return content if isinstance(content, bytes) else b""


def _is_attachment(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or _parameter(part, "filename", "content-disposition"):
        return True
    return part.get_content_maintype() != "multipart" and part.get_content_type() not in _TEXTS


def _attachments_in(part: Message, depth: int) -> Iterator[Message]:
    if _is_attachment(part):
        yield part
    elif depth:
        for each in parts_of(part):
            yield from _attachments_in(each, depth - 1)


def _described(part: Message) -> dict[str, Any]:
    name = _parameter(part, "filename", "content-disposition") or _parameter(part, "name", "content-type")
    facts = {
        "name": cut(in_words(name), _LONGEST_NAME),
        "type": cut(storable(part.get_content_type()), _LONGEST_NAME),
        "size": _size_of(part),
    }
    return {key: value for key, value in facts.items() if value != ""}


def _size_of(part: Message) -> int:
    """In bytes, once its transfer encoding is undone; of a multipart the sum of its parts."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return sum(len(_content_of(each)) for inner in payload if isinstance(inner, Message) for each in inner.walk())
    return len(_content_of(part))

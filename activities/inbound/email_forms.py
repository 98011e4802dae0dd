"""Forms that hold mail: larger than Django reads them, in a charset per field, and with files in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from activities.arrivals import storable
from activities.inbound.email_charsets import decoded

# Providers send some thirty fields, and a file per attachment.
MOST_FIELDS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a form; ``filename`` is None for what is no file, ``charset`` empty when none is named."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = ""
    charset: str = ""


class Form:
    """A form's fields, in their order."""

    def __init__(self, fields: list[Field]) -> None:
        self.fields = fields
        self._charsets = self._named_charsets()

    def __contains__(self, name: str) -> bool:
        return any(field.name == name and field.filename is None for field in self.fields)

    def content(self, name: str) -> bytes:
        """The bytes of a field, the last of that name; empty when there is none."""
        return next(
            (field.content for field in reversed(self.fields) if field.name == name and field.filename is None), b""
        )

    def text(self, name: str) -> str:
        """The text of a field, the last of that name; ``""`` when there is none."""
        return decoded(self.content(name), self._charsets.get(name, "utf-8"))

    def give_to(self, request: HttpRequest) -> None:
        """Make it the request's ``POST`` and ``FILES``, which Django would refuse to read at this size."""
        texts = QueryDict(mutable=True)
        files: MultiValueDict[str, Any] = MultiValueDict()
        for field in self.fields:
            if field.filename is not None:
                files.appendlist(field.name, _uploaded(field))
            # Which charset a field is in is not for anybody to undo once more.
            elif field.name != "charsets":
                texts.appendlist(field.name, decoded(field.content, self._charset_of(field)))
        request._post, request._files = texts, files  # type: ignore[attr-defined]  # where POST and FILES keep them

    def _charset_of(self, field: Field) -> str:
        return self._charsets.get(field.name) or field.charset or "utf-8"

    def _named_charsets(self) -> dict[str, str]:
        """SendGrid hands texts on in the charset they came in, and says which in a field of its own."""
        charsets = next((field.content for field in self.fields if field.name == "charsets"), b"{}")
        try:
            named = json.loads(charsets)
        except (ValueError, RecursionError):
            return {}
        return {key: value for key, value in named.items() if isinstance(value, str)} if isinstance(named, dict) else {}


def form_in(content_type: str, body: bytes) -> Form | None:
    """The form in a body; None when it is none. A broken one has the fields that could be read."""
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type()
    if kind == "application/x-www-form-urlencoded":
        return Form(list(_urlencoded(body)))
    try:
        boundary = header.get_param("boundary")
    except ValueError:
        return None
    if kind != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        return None
    return Form(list(_multipart(body, b"--" + boundary.encode("utf-8", "replace"))))


def _urlencoded(body: bytes) -> Iterator[Field]:
    for pair in body.split(b"&", MOST_FIELDS)[:MOST_FIELDS]:
        name, _, value = pair.partition(b"=")
        yield Field(name=decoded(_unquoted(name), "utf-8"), content=_unquoted(value))


def _unquoted(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))


def _multipart(body: bytes, delimiter: bytes) -> Iterator[Field]:
    """From one delimiter at the start of a line to the next."""
    start = body.find(delimiter)
    for _ in range(MOST_FIELDS):
        if start < 0 or body.startswith(b"--", start + len(delimiter)):
            return
        end = body.find(b"\r\n" + delimiter, start + len(delimiter))
        head = body.find(b"\r\n\r\n", start)
        stop = end if end >= 0 else len(body)
        if 0 <= head < stop:
            field = _field(body[start + len(delimiter) : head], body[head + 4 : stop])
            if field is not None:
                yield field
        start = end + 2 if end >= 0 else -1


def _field(head: bytes, content: bytes) -> Field | None:
    headers = BytesHeaderParser().parsebytes(head.lstrip())
    try:
        name = headers.get_param("name", header="content-disposition")
        filename = headers.get_filename()
        charset = headers.get_content_charset("")
    except ValueError:
        return None
    if not isinstance(name, str):
        return None
    return Field(
        name=_repaired(name),
        content=content,
        filename=None if filename is None else _repaired(filename),
        content_type=headers.get_content_type() if "content-type" in headers else "",
        charset=charset,
    )


def _repaired(text: str) -> str:
    """A name sent in bytes of UTF-8."""
    try:
        return decoded(text.encode("utf-8", "surrogateescape"), "utf-8")
    except UnicodeEncodeError:
        return storable(text)


def _uploaded(field: Field) -> SimpleUploadedFile:
    # Django refuses names that are paths; these are shown, and never a file's.
    name = (field.filename or "").replace("/", "_").replace("\\", "_").strip(". ") or "attachment"
    return SimpleUploadedFile(name[:200], field.content, field.content_type or "application/octet-stream")

"""Providers of inbound mail inside a test: how they post, sign and name themselves."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.test import Client

from activities.models import InboundChannel
from tests.inbound import SECRET, payload

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

RAW = "message/rfc822"
_BOUNDARY = "xYzZY"


def password(text: str = f"anybody:{SECRET}") -> dict[str, str]:
    """HTTP basic authentication."""
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


def fields(name: str) -> dict[str, Any]:
    """A recorded form, by its path below ``tests/payloads/inbound``; what is no text is a file or in another charset."""
    recorded: dict[str, Any] = json.loads(payload(name))
    return recorded


def signed(
    form: dict[str, Any], *, secret: str = SECRET, token: str = "t" * 50, at: float | None = None
) -> dict[str, Any]:
    """The form as Mailgun signs it."""
    timestamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {**form, "timestamp": timestamp, "token": token, "signature": signature}


def multipart(form: dict[str, Any]) -> tuple[bytes, str]:
    """A form as providers encode one that has files in it: its body and content type."""
    parts = [_part(name, value) for name, value in form.items()]
    body = b"".join(b"--%s\r\n%s\r\n" % (_BOUNDARY.encode(), part) for part in parts)
    return body + b"--%s--\r\n" % _BOUNDARY.encode(), f"multipart/form-data; boundary={_BOUNDARY}"


def _part(name: str, value: Any) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, bytes):
        return head.encode() + b"\r\n\r\n" + value
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}".encode()
    if "latin-1" in value:
        return head.encode() + b"\r\n\r\n" + value["latin-1"].encode("latin-1")
    return f'{head}; filename="{value["filename"]}"\r\nContent-Type: {value["type"]}\r\n\r\n{value["content"]}'.encode()


def post(
    channel: InboundChannel,
    body: bytes,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
    query: str = "",
) -> Response:
    """One call, authenticated by password when no headers are given; errors come back as answers."""
    client = Client(raise_request_exception=False)
    sent = password() if headers is None else headers
    return client.generic("POST", f"{channel.path}{query}", body, content_type=content_type, headers=sent)


def post_form(channel: InboundChannel, form: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """One call with a form in parts."""
    return post(channel, *multipart(form), headers={} if headers is None else headers)


def post_urlencoded(channel: InboundChannel, form: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """One call with a form in one line, as it is posted without attachments."""
    texts = {name: value for name, value in form.items() if isinstance(value, str | bytes)}
    return post(
        channel,
        urlencode(texts).encode(),
        "application/x-www-form-urlencoded",
        headers={} if headers is None else headers,
    )

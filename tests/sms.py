"""Twilio inside a test: how it signs, what it posts, and its list of messages, on a server of this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.test import Client

from activities.models import InboundChannel
from tests.inbound import SECRET, payload

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

BASE = "http://127.0.0.1:8000"
ACCOUNT = "AC00000000000000000000000000000555"
NUMBER = "+15555550100"
FORM = "application/x-www-form-urlencoded"


def signed(address: str, form: bytes = b"", *, secret: str = SECRET) -> str:
    """``base64(HMAC-SHA1(secret, address + name + value + ...))``: sorted by name, each distinct value once."""
    values: dict[str, set[str]] = {}
    for name, value in pairs_of(form):
        values.setdefault(name, set()).add(value)
    said = "".join(name + value for name in sorted(values) for value in sorted(values[name])).encode("latin-1")
    return base64.b64encode(hmac.new(secret.encode(), address.encode() + said, hashlib.sha1).digest()).decode()


def pairs_of(form: bytes) -> list[tuple[str, str]]:
    """The names and values of a form, one character to a byte, so that none is taken for another."""
    return parse_qsl(form.decode("latin-1"), keep_blank_values=True, encoding="latin-1")


def recorded(name: str, **changes: str) -> bytes:
    """A recorded form, with other values where a test says so."""
    form = payload(f"sms/{name}.form")
    return urlencode(dict(parse_qsl(form.decode(), keep_blank_values=True)) | changes).encode() if changes else form


def post(
    channel: InboundChannel,
    body: bytes,
    *,
    signature: str | None = None,
    secret: str = SECRET,
    base: str = BASE,
    query: str = "",
    content_type: str = FORM,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One call of Twilio, signed as it signs unless a test says otherwise; ``""`` sends no signature."""
    path = channel.path + query
    if signature is None:
        signature = signed(base + path, body if content_type == FORM else b"", secret=secret)
    sent = {**({"X-Twilio-Signature": signature} if signature else {}), **(headers or {})}
    client = Client(raise_request_exception=False)
    return client.generic("POST", path, body, content_type=content_type, headers=sent)


@dataclass
class Answer:
    """What the stand-in says to one request; ``holds`` lets the asker wait until the test ends."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    holds: bool = False


@dataclass
class StandIn:
    """The provider's API: what it is going to answer, and what it was asked, with which login."""

    address: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def will_answer(self, *answers: Answer) -> None:
        """In this order; the last one again and again."""
        self.answers[:] = answers


def page(messages: Sequence[Mapping[str, Any]], following: Any = None) -> Answer:
    return Answer(json.dumps({"messages": messages, "next_page_uri": following}).encode())


def messages_of_list() -> list[dict[str, Any]]:
    """The recorded list: one message that a recorded form brings too, one with an attachment, and one the team sent."""
    listed: list[dict[str, Any]] = json.loads(payload("sms/list_page.json"))["messages"]
    return listed


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A small HTTP server on loopback, in a thread of its own."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append((self.path, self.headers.get("Authorization", "")))
            answer = provider.answers.pop(0) if len(provider.answers) > 1 else provider.answers[0]
            if answer.holds:
                released.wait()
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = StandIn(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def login(secret: str = SECRET) -> str:
    """The header of basic authentication for the account."""
    return "Basic " + base64.b64encode(f"{ACCOUNT}:{secret}".encode()).decode()

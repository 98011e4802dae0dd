"""Twilio's signature: over the address as Twilio called it, and over everything it posted (RELIABILITY 3.3)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

Parameters = Sequence[tuple[bytes, bytes]]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def parameters_of(form: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values of an urlencoded form as they were before encoding: blank ones kept, nothing trimmed.

    They stay bytes. Decoded leniently, different bytes would become one character, and one signature would fit both.
    """
    fields = (field.partition(b"=") for field in form.split(b"&") if field)
    return [(_decoded(name), _decoded(value)) for name, _, value in fields]


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def signature(secret: str, address: bytes, parameters: Iterable[tuple[bytes, bytes]]) -> str:
    """``base64(HMAC-SHA1(secret, address + name + value + name + value ...))``, by name and then by value.

    A value that comes twice under one name counts once.
    """
    signed = address + b"".join(name + value for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha1")).decode("ascii")


def is_signed(offered: str, secrets: Iterable[str], base: str, target: bytes, parameters: Parameters) -> bool:
    """Whether the signature is one that any of the secrets gives for this call.

    ``base`` is the public address up to the path, from our configuration: ``Host`` and what proxies add can be made up by
    anybody. ``target`` is the path with the query string, as received.
    """
    expected = [
        signature(secret, address.encode() + target, parameters) for secret in secrets for address in _spellings(base)
    ]
    # All are compared, whichever is right, in time that does not tell where they differ.
    matches = [hmac.compare_digest(each.encode(), offered.encode("utf-8", "surrogatepass")) for each in expected]
    return any(matches)


def _spellings(base: str) -> list[str]:
    """The address as configured, without its port, and with the default one: Twilio signs now one, now another."""
    parts = urlsplit(base)
    host = parts.netloc if parts.port is None else parts.netloc.rpartition(":")[0]
    hosts = dict.fromkeys([parts.netloc, host, f"{host}:{_DEFAULT_PORTS[parts.scheme]}"])
    return [urlunsplit(parts._replace(netloc=each)) for each in hosts]

"""What a call with mail carries to prove whose it is, strongest first: a signature, or a name and a password.

A channel's secret is one of three things: a key both sides sign with, a password, or the public key of a provider that
signs with its private one. A public key is no secret: nothing but a signature is ever checked with it, or whoever
looked it up could sign with it as if it were a shared key, or send it as the password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from django.http import HttpRequest

from activities.arrivals import moment_of
from activities.inbound.base import equal
from activities.inbound.email_forms import Form

# Mailgun tries again for eight hours, and nobody promises that it signs anew for it: whoever refuses older signatures
# may lose all mail of an outage. A signature is good for one message all the same, because its token names the receipt.
OLDEST_SIGNATURE: Final = timedelta(hours=9)
CLOCK_DIFFERENCE: Final = timedelta(minutes=5)

# A signature as a question about one secret.
Proof = Callable[[str], bool]


def signatures_of(request: HttpRequest, body: bytes, form: Form | None, now: datetime) -> Iterator[Proof]:
    """The signatures a call carries, right or wrong, whichever provider it says it is from."""
    headers = request.headers
    if form is not None and "signature" in form and "token" in form:
        yield _mailgun(form, now)
    if form is not None and "X-Mandrill-Signature" in headers:
        yield _mandrill(request, form)
    if "svix-signature" in headers:
        yield _svix(request, body, now)
    if "X-Twilio-Email-Event-Webhook-Signature" in headers:
        yield _sendgrid(request, body)
    if "X-Postal-Signature" in headers or "X-Postal-Signature-256" in headers:
        yield _postal(request, body)
    # "Signature" alone is MailerSend's; with the other header it is RFC 9421's, which a proxy may add.
    for name in ("Mailtrap-Signature", *(() if "Signature-Input" in headers else ("Signature",))):
        if name in headers:
            yield _hexadecimal(headers[name], body)


def offered_password(request: HttpRequest) -> str | None:
    """The ``user:password`` of a call by HTTP basic authentication; ``""`` for one nobody can read, None without any."""
    scheme, _, encoded = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        offered = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return offered if ":" in offered else ""


def is_password(offered: str, secrets: Sequence[str]) -> bool:
    """Whether ``user:password``, or its password alone, is one of the secrets; in constant time."""
    password = offered.partition(":")[2]
    matches = [equal(secret, each) for secret in secrets if not is_public_key(secret) for each in (offered, password)]
    return any(matches)


def is_public_key(secret: str) -> bool:
    """Whether a secret is a provider's public key, with the lines around it or without."""
    return _public_key(secret) is not None


def _public_key(secret: str) -> object | None:
    lines = [line for line in secret.strip().splitlines() if not line.startswith("-----")]
    try:
        return load_der_public_key(base64.b64decode("".join(lines), validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _digest(secret: str, message: bytes, algorithm: str) -> bytes:
    return hmac.new(secret.encode("utf-8", "surrogatepass"), message, algorithm).digest()


def _mailgun(form: Form, now: datetime) -> Proof:
    """Hex HMAC-SHA256 of timestamp and token. It covers nothing of the message."""
    timestamp, token, signature = (form.text(name) for name in ("timestamp", "token", "signature"))
    signed_at = moment_of(timestamp)
    is_current = signed_at is not None and now - OLDEST_SIGNATURE <= signed_at <= now + CLOCK_DIFFERENCE
    message = f"{timestamp}{token}".encode("utf-8", "surrogatepass")

    def holds(secret: str) -> bool:
        expected = _digest(secret, message, "sha256").hex()
        return equal(expected, signature) and is_current and bool(token) and not is_public_key(secret)

    return holds


def _hexadecimal(signature: str, body: bytes) -> Proof:
    """Hex HMAC-SHA256 of the body."""

    def holds(secret: str) -> bool:
        return equal(_digest(secret, body, "sha256").hex(), signature) and not is_public_key(secret)

    return holds


def _mandrill(request: HttpRequest, form: Form) -> Proof:
    """Base64 HMAC-SHA1 of the address as it was configured, and of the sorted fields with their values.

    The address is built from our own configuration, never from what the call says of its host. With a password in it,
    Mandrill signs that, too.
    """
    signature = request.headers["X-Mandrill-Signature"]
    scheme, _, rest = f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}".partition("://")
    password = offered_password(request)
    addresses = [f"{scheme}://{rest}", *([f"{scheme}://{password}@{rest}"] if password else [])]
    fields = "".join(f"{name}{form.text(name)}" for name in sorted({field.name for field in form.fields}))

    def holds(secret: str) -> bool:
        expected = [
            base64.b64encode(_digest(secret, f"{address}{fields}".encode("utf-8", "surrogatepass"), "sha1")).decode()
            for address in addresses
        ]
        return any(equal(each, signature) for each in expected) and not is_public_key(secret)

    return holds


def _svix(request: HttpRequest, body: bytes, now: datetime) -> Proof:
    """Resend's: base64 HMAC-SHA256 of id, time and body with the key behind ``whsec_``; several may be offered."""
    identifier, timestamp = (request.headers.get(f"svix-{name}", "") for name in ("id", "timestamp"))
    offered = [each.partition(",")[2] for each in request.headers["svix-signature"].split() if each.startswith("v1,")]
    signed_at = moment_of(timestamp)
    is_current = signed_at is not None and abs(now - signed_at) <= CLOCK_DIFFERENCE
    message = f"{identifier}.{timestamp}.".encode("utf-8", "surrogatepass") + body

    def holds(secret: str) -> bool:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            return False
        expected = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
        is_right = any(equal(expected, each) for each in offered)
        return is_right and is_current and bool(key) and not is_public_key(secret)

    return holds


def _sendgrid(request: HttpRequest, body: bytes) -> Proof:
    """Base64 ECDSA over the time and the body. One that comes again is stored once, however old it is."""
    timestamp = request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")
    signature = request.headers["X-Twilio-Email-Event-Webhook-Signature"]
    message = timestamp.encode("utf-8", "surrogatepass") + body

    def holds(secret: str) -> bool:
        key = _public_key(secret)
        return isinstance(key, EllipticCurvePublicKey) and _verifies(
            lambda decoded: key.verify(decoded, message, ECDSA(hashes.SHA256())), signature
        )

    return holds


def _postal(request: HttpRequest, body: bytes) -> Proof:
    """Base64 RSA over the body, with SHA-256 where the server is recent enough to send that as well."""
    stronger = request.headers.get("X-Postal-Signature-256")
    signature = request.headers["X-Postal-Signature"] if stronger is None else stronger
    algorithm = hashes.SHA1() if stronger is None else hashes.SHA256()  # noqa: S303 - what older servers sign with

    def holds(secret: str) -> bool:
        key = _public_key(secret)
        return isinstance(key, RSAPublicKey) and _verifies(
            lambda decoded: key.verify(decoded, body, PKCS1v15(), algorithm), signature
        )

    return holds


def _verifies(verify: Callable[[bytes], None], signature: str) -> bool:
    try:
        verify(base64.b64decode(signature, validate=True))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True

"""Whose mail is believed: signatures, passwords, and none of the weaker beside a wrong one of the stronger."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import OperationalError

from accounts.actor import Actor
from activities.models import InboundChannel, Receipt
from activities.services.channels import rotate_channel_secret
from tests.inbound import SECRET, channel_of, contacts_from, messages_of, payload, receipts_of, work
from tests.mail import RAW, fields, multipart, password, post, post_form, signed
from tests.worlds import World

POSTMARK = "email/postmark_reply.json"
FORM = "email/mailgun_parsed.form.json"
URLENCODED = "application/x-www-form-urlencoded"


def stored(world: World, channel: InboundChannel) -> int:
    return len(receipts_of(world, channel))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {SECRET}"}, 401),
        ({"Authorization": "Basic"}, 403),
        ({"Authorization": "Basic ***"}, 403),
        ({"Authorization": "Basic /w=="}, 403),
        (password("anybody:"), 403),
        (password(":"), 403),
        (password(SECRET), 403),
        (password(f"anybody:{SECRET[:-1]}"), 403),
        (password(f"anybody:{SECRET.upper()}"), 403),
        (password(f"anybody:{SECRET}x"), 403),
        ({"Authorization": f"{password()['Authorization']}, {password()['Authorization']}"}, 403),
    ],
)
def test_without_the_password_nothing_is_stored(north: World, headers: dict[str, str], status: int):
    channel = channel_of(north, "email")
    answer = post(channel, payload(POSTMARK), headers=headers)
    assert (answer.status_code, stored(north, channel)) == (status, 0)
    assert answer.headers.get("WWW-Authenticate", "").startswith("Basic") is (status == 401)
    assert SECRET.encode() not in answer.content


@pytest.mark.parametrize(
    ("text", "status"), [("anybody:horse:battery", 200), ("horse:battery", 200), ("other:battery", 403)]
)
def test_the_secret_is_a_password_of_anybody_or_a_whole_user_and_password(north: World, text: str, status: int):
    channel = channel_of(north, "email", secret="horse:battery")
    assert post(channel, payload(POSTMARK), headers=password(text)).status_code == status


def test_another_organizations_secret_opens_nothing(north: World, south: World):
    channel = channel_of(north, "email")
    channel_of(south, "email", secret="of-the-south")
    assert post(channel, payload(POSTMARK), headers=password("anybody:of-the-south")).status_code == 403
    assert post_form(channel, signed(fields(FORM), secret="of-the-south")).status_code == 403
    assert stored(north, channel) == 0


def test_an_old_password_is_good_until_the_overlap_ends(north: World):
    channel = channel_of(north, "email")
    actor = Actor.command("tests")
    with north.scope():
        rotate_channel_secret(channel, "new-secret", actor=actor)
    assert post(channel, payload(POSTMARK)).status_code == 200
    assert post(channel, payload(POSTMARK), headers=password("x:new-secret")).status_code == 200
    with north.scope():
        rotate_channel_secret(channel, "newest-secret", overlap=timedelta(0), actor=actor)
    assert post(channel, payload(POSTMARK), headers=password("x:new-secret")).status_code == 403


def test_a_channel_without_a_secret_is_off(north: World):
    channel = channel_of(north, "email")
    with north.scope():
        InboundChannel.objects.filter(pk=channel.pk).update(sealed_secret="")
    assert post(channel, payload(POSTMARK), headers=password("anybody:")).status_code == 404
    assert post_form(channel, signed(fields(FORM), secret="")).status_code == 404


@pytest.mark.parametrize(
    "spoil",
    [
        lambda form: {**form, "signature": ""},
        lambda form: {**form, "signature": form["signature"][:-1]},
        lambda form: {**form, "signature": form["signature"].upper()},
        lambda form: {**form, "signature": f"sha256={form['signature']}"},
        lambda form: {**form, "token": "u" * 50},
        lambda form: {**form, "token": ""},
        lambda form: {**form, "timestamp": str(int(form["timestamp"]) + 1)},
        lambda form: {**form, "timestamp": ""},
        lambda form: {**form, "timestamp": "soon"},
        lambda form: {**form, "timestamp": "9" * 5_000},
        lambda form: signed(form, at=time.time() - 10 * 3600),
        lambda form: signed(form, at=time.time() + 600),
        lambda form: signed(form, secret="another"),
        lambda form: signed(form, token=""),
    ],
)
@pytest.mark.parametrize("headers", [{}, password()])
def test_a_wrong_signature_of_mailgun_is_refused_also_beside_the_right_password(
    north: World, spoil: Callable[[dict[str, str]], dict[str, str]], headers: dict[str, str]
):
    channel = channel_of(north, "email")
    assert post_form(channel, spoil(signed(fields(FORM))), headers).status_code == 403
    assert stored(north, channel) == 0


def test_a_flipped_bit_anywhere_in_what_mailgun_signs_is_refused(north: World):
    channel = channel_of(north, "email")
    form = signed({name: text for name, text in fields(FORM).items() if isinstance(text, str)})
    for name in ("timestamp", "token", "signature"):
        for position in range(0, len(form[name]), 7):
            letters = form[name].encode()
            flipped = letters[:position] + bytes([letters[position] ^ 1]) + letters[position + 1 :]
            assert post_form(channel, {**form, name: flipped}).status_code == 403
    assert stored(north, channel) == 0


def test_mailgun_may_come_again_with_what_it_signed_hours_ago(north: World):
    """It tries for eight hours: an outage of ours must lose nothing."""
    channel = channel_of(north, "email")
    assert post_form(channel, signed(fields(FORM), at=time.time() - 8 * 3600)).status_code == 200
    assert stored(north, channel) == 1


def test_a_signature_of_mailgun_is_good_for_one_message(north: World):
    channel = channel_of(north, "email")
    form = signed(fields(FORM))
    for _ in range(20):
        assert post_form(channel, form).status_code == 200
    assert post_form(channel, {**form, "stripped-text": "Send the deposit elsewhere."}).status_code == 200
    work()
    assert [message.body for message in messages_of(north, channel)] == ["Is the rooftop shared?"]
    with north.scope():
        assert Receipt.objects.get(channel=channel).conflicts == 1


def test_the_same_message_again_is_stored_once_and_another_under_its_name_is_not_believed(north: World):
    channel = channel_of(north, "email")
    for number in range(50):
        assert post(channel, payload(POSTMARK), headers=password(f"user{number}:{SECRET}")).status_code == 200
    changed = json.loads(payload(POSTMARK))
    changed["StrippedTextReply"] = "Something else."
    assert post(channel, json.dumps(changed).encode()).status_code == 200
    work()
    assert [message.body for message in messages_of(north, channel)] == ["Saturday at ten suits me."]
    assert len(contacts_from(north, "email")) == 1
    with north.scope():
        assert Receipt.objects.get(channel=channel).conflicts == 1


def test_two_messages_with_one_message_id_are_two(north: World):
    """The id is the sender's to choose: nobody can keep another's message out by knowing it."""
    channel = channel_of(north, "email")
    first = payload("email/plain.eml")
    for body in (first, first.replace(b"libre", b"free"), first):
        assert post(channel, body, RAW).status_code == 200
    work()
    assert [message.body for message in messages_of(north, channel)] == ["Hola, ¿sigue libre?", "Hola, ¿sigue free?"]


def test_what_comes_while_the_database_cannot_store_is_to_be_sent_again(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = channel_of(north, "email")

    def fails(*arguments: object, **options: object) -> None:
        raise OperationalError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("activities.inbound.base.keep", fails)
        answer = post(channel, payload(POSTMARK))
    assert (answer.status_code, answer["Retry-After"], stored(north, channel)) == (503, "5", 0)
    assert post(channel, payload(POSTMARK)).status_code == 200


def hexadecimal(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("header", ["Signature", "Mailtrap-Signature"])
def test_mailersend_and_mailtrap_sign_the_body(north: World, header: str):
    channel = channel_of(north, "email")
    raw = payload("email/plain.eml").decode()
    body = json.dumps({"type": "inbound.message", "data": {"id": "made-up-1", "raw": raw}}).encode()
    assert post(channel, body, headers={header: hexadecimal(SECRET, body)}).status_code == 200
    assert receipts_of(north, channel)[0][0] == "mailersend:made-up-1"
    for wrong in ("", hexadecimal("other", body), hexadecimal(SECRET, body + b" ")):
        assert post(channel, body, headers={header: wrong}).status_code == 403
        assert post(channel, body, headers={header: wrong, **password()}).status_code == 403
    assert stored(north, channel) == 1


def test_mandrill_signs_the_configured_address_and_the_fields(north: World):
    channel = channel_of(north, "email")
    events = json.dumps([{"event": "inbound", "msg": {"raw_msg": payload("email/plain.eml").decode()}}])
    body = urlencode({"mandrill_events": events}).encode()

    def signature(address: str) -> dict[str, str]:
        signed_text = f"{address}{channel.path}mandrill_events{events}".encode()
        digest = hmac.new(SECRET.encode(), signed_text, hashlib.sha1).digest()
        return {"X-Mandrill-Signature": base64.b64encode(digest).decode(), "Host": "localhost"}

    assert post(channel, body, URLENCODED, signature(settings.PUBLIC_BASE_URL)).status_code == 200
    with_password = settings.PUBLIC_BASE_URL.replace("://", f"://u:{SECRET}@")
    both = {**signature(with_password), **password(f"u:{SECRET}")}
    assert post(channel, body, URLENCODED, both).status_code == 200
    assert post(channel, body, URLENCODED, signature("http://localhost")).status_code == 403
    assert post(channel, body + b"&a=b", URLENCODED, signature(settings.PUBLIC_BASE_URL)).status_code == 403
    assert stored(north, channel) == 1


def test_resend_signs_id_time_and_body(north: World):
    key = b"made up, and long enough"
    channel = channel_of(north, "email", secret=f"whsec_{base64.b64encode(key).decode()}")
    body = payload("email/resend_received.json")

    def headers(at: int, signed_body: bytes = body) -> dict[str, str]:
        digest = hmac.new(key, b"msg_1.%d." % at + signed_body, hashlib.sha256).digest()
        return {
            "svix-id": "msg_1",
            "svix-timestamp": str(at),
            "svix-signature": f"v1,{base64.b64encode(b'other').decode()} v1,{base64.b64encode(digest).decode()}",
        }

    now = int(time.time())
    assert post(channel, body, headers=headers(now)).status_code == 200
    assert post(channel, body, headers=headers(now - 600)).status_code == 403
    assert post(channel, body, headers=headers(now, b"{}")).status_code == 403
    assert post(channel, body, headers={**headers(now), "svix-signature": "v2,x"}).status_code == 403
    assert stored(north, channel) == 1


def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """As the provider shows it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def test_sendgrid_signs_with_a_key_of_its_own(north: World):
    key = ec.generate_private_key(ec.SECP256R1())
    channel = channel_of(north, "email", secret=public(key))
    body, content_type = multipart(fields("email/sendgrid_parsed.form.json"))
    signature = base64.b64encode(key.sign(b"1772442600" + body, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": "1772442600",
    }
    assert post(channel, body, content_type, headers).status_code == 200
    assert post(channel, body + b" ", content_type, headers).status_code == 403
    later = {**headers, "X-Twilio-Email-Event-Webhook-Timestamp": "1772442601"}
    assert post(channel, body, content_type, later).status_code == 403
    assert (
        post(channel, body, content_type, {**headers, "X-Twilio-Email-Event-Webhook-Signature": "*"}).status_code == 403
    )
    assert stored(north, channel) == 1


@pytest.mark.parametrize(
    ("header", "algorithm"),
    [
        ("X-Postal-Signature", hashes.SHA1()),  # noqa: S303 - what older servers sign with
        ("X-Postal-Signature-256", hashes.SHA256()),
    ],
)
def test_postal_signs_with_a_key_of_its_own(north: World, header: str, algorithm: hashes.HashAlgorithm):
    key = rsa.generate_private_key(65537, 2048)
    channel = channel_of(north, "email", secret=f"-----BEGIN PUBLIC KEY-----\n{public(key)}\n-----END PUBLIC KEY-----")
    body = payload("email/postal_raw.json")
    headers = {header: base64.b64encode(key.sign(body, padding.PKCS1v15(), algorithm)).decode()}
    assert post(channel, body, headers=headers).status_code == 200
    assert post(channel, body + b" ", headers=headers).status_code == 403
    assert post(channel, body, headers={**headers, "X-Postal-Signature-256": "AA=="}).status_code == 403
    assert stored(north, channel) == 1


def test_a_public_key_is_nobodys_password_and_signs_nothing(north: World):
    """Anybody may know it: it is in the provider's documents, or in the domain name system."""
    secret = public(rsa.generate_private_key(65537, 2048))
    channel = channel_of(north, "email", secret=secret)
    body = payload(POSTMARK)
    assert post(channel, body, headers=password(f"anybody:{secret}")).status_code == 403
    assert post(channel, body, headers={"Signature": hexadecimal(secret, body)}).status_code == 403
    assert post_form(channel, signed(fields(FORM), secret=secret)).status_code == 403
    assert stored(north, channel) == 0

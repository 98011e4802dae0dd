"""Who may call a WhatsApp channel: Meta's signature over the bytes as they came, and its handshake (RELIABILITY 2G)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from activities.models import InboundChannel, Receipt
from activities.services.channels import change_channel, rotate_channel_secret
from tests.activities.inbound.whatsapp import recorded, signature, signed, text_call, text_message, whatsapp
from tests.inbound import SECRET, deliver, messages_of, receipts_of, work
from tests.worlds import World

BODY = recorded("message_text")
GOOD = signature(BODY)
DIGEST = GOOD.removeprefix("sha256=")
TOKEN = "verify-me-please"
# Made once with ``openssl dgst -sha256 -hmac``, by which these tests and the product are measured.
VECTOR_BODY = b'{"object":"whatsapp_business_account","entry":[]}'
VECTOR_SECRET = "a0b1c2d3e4f5"
VECTOR = "3cd69e73633a55e7e1a0d82f1efd18d6d4a54826b3992f0c17b6ca517c8f8c86"
REFUSED = {"ok": False, "error": "This call could not be authenticated."}
MALFORMED = {
    "empty": "",
    "blank": " ",
    "no algorithm": DIGEST,
    "another algorithm": f"sha1={DIGEST[:40]}",
    "the older header's": f"sha1={DIGEST}",
    "upper case": f"sha256={DIGEST.upper()}",
    "truncated": GOOD[:-1],
    "longer": f"{GOOD}0",
    "a line break": f"{GOOD}\n",
    "two headers": f"{GOOD},{GOOD}",
    "two algorithms": f"sha1={DIGEST[:40]},{GOOD}",
    "no digest": "sha256=",
    "digits of another script": "sha256=" + "٣" * 64,
    "wrong": f"sha256={'0' * 64}",
    "of another body": signature(BODY + b" "),
    "with another secret": signature(BODY, "another-secret"),
    "with no secret": signature(BODY, ""),
    "of JSON written anew": signature(json.dumps(json.loads(BODY)).encode()),
}


def is_untouched(world: World, channel: InboundChannel) -> bool:
    with world.scope():
        return not Receipt.objects.filter(channel=channel).exists()


def test_a_signature_openssl_made_is_good(north: World):
    channel = whatsapp(north, secret=VECTOR_SECRET)
    answer = deliver(channel, VECTOR_BODY, {"X-Hub-Signature-256": f"sha256={VECTOR}"})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.parametrize("offered", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_signature_that_is_not_exactly_meta_s_is_refused(offered: str, north: World):
    channel = whatsapp(north)
    answer = deliver(channel, BODY, {"X-Hub-Signature-256": offered})
    assert (answer.status_code, answer.json()) == (403, REFUSED)
    assert is_untouched(north, channel)


@pytest.mark.parametrize("headers", [{}, {"X-Hub-Signature": f"sha1={DIGEST[:40]}"}])
def test_a_call_without_a_signature_is_not_authenticated(headers: dict[str, str], north: World):
    channel = whatsapp(north)
    answer = deliver(channel, BODY, headers)
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert is_untouched(north, channel)


def test_another_organization_s_secret_opens_nothing(north: World, south: World):
    channel, _ = whatsapp(north), whatsapp(south, secret="the-south-has-its-own")
    assert signed(channel, BODY, "the-south-has-its-own").status_code == 403
    assert is_untouched(north, channel)


def test_a_channel_without_a_secret_is_off(north: World):
    channel = whatsapp(north, verify_token=TOKEN)
    with north.scope():
        InboundChannel.objects.filter(pk=channel.pk).update(sealed_secret="")
    assert signed(channel, BODY, "").status_code == 404
    assert shake(channel).status_code == 404
    assert is_untouched(north, channel)


def test_every_byte_of_a_call_counts(north: World):
    channel = whatsapp(north)
    headers = {"X-Hub-Signature-256": GOOD}
    statuses = {
        deliver(channel, BODY[:place] + bytes([BODY[place] ^ 1 << place % 8]) + BODY[place + 1 :], headers).status_code
        for place in range(len(BODY))
    }
    assert statuses == {403}
    assert is_untouched(north, channel)


@pytest.mark.parametrize("escaped", [True, False])
def test_accents_and_emoji_are_verified_as_they_came(escaped: bool, north: World):
    channel = whatsapp(north)
    body = json.dumps(text_call(text_message("accents", "Ελένη 👋🏽 naïve")), ensure_ascii=escaped).encode()
    assert signed(channel, body).status_code == 200
    work()
    assert [message.body for message in messages_of(north, channel)] == ["Ελένη 👋🏽 naïve"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(min_size=1, max_size=200)
    | st.text(max_size=80).map(lambda text: json.dumps({"entry": [text]}).encode())
)
def test_any_signed_body_is_answered_and_no_other_is(body: bytes, north: World):
    channel = whatsapp(north)
    assert signed(channel, body).status_code == 200
    assert deliver(channel, body + b" ", {"X-Hub-Signature-256": signature(body)}).status_code == 403
    assert len(receipts_of(north, channel)) <= 1


def test_both_secrets_are_good_while_they_overlap_and_the_old_one_not_after(north: World):
    channel = whatsapp(north)
    with north.scope():
        rotate_channel_secret(channel, "the-new-one", actor=Actor.command("tests"))
    assert signed(channel, BODY).status_code == 200
    assert signed(channel, recorded("message_image"), "the-new-one").status_code == 200
    with north.scope():
        InboundChannel.objects.filter(pk=channel.pk).update(previous_until=timezone.now() - timedelta(seconds=1))
    assert signed(channel, recorded("message_video")).status_code == 403
    assert signed(channel, recorded("message_video"), "the-new-one").status_code == 200
    assert len(receipts_of(north, channel)) == 3


def shake(channel: InboundChannel, **changed: str | None):
    """The handshake as Meta does it; a parameter that is None is left out."""
    asked = {"mode": "subscribe", "verify_token": TOKEN, "challenge": "1158201444", **changed}
    parameters = {f"hub.{name}": value for name, value in asked.items() if value is not None}
    return Client(raise_request_exception=False).get(channel.path, parameters)


@pytest.mark.parametrize("challenge", ["1158201444", "<script>alert(1)</script>", "é 👍"])
def test_the_handshake_gives_the_challenge_back_as_plain_text(challenge: str, north: World):
    answer = shake(whatsapp(north, verify_token=TOKEN), challenge=challenge)
    headers = (answer["Content-Type"], answer["X-Content-Type-Options"])
    assert (answer.status_code, answer.content.decode()) == (200, challenge)
    assert headers == ("text/plain; charset=utf-8", "nosniff")


@pytest.mark.parametrize(
    "changed",
    [
        {"verify_token": "wrong"},
        {"verify_token": ""},
        {"verify_token": None},
        {"verify_token": SECRET},
        {"mode": "unsubscribe"},
        {"mode": None},
        {"challenge": None},
        {"challenge": ""},
    ],
)
def test_any_other_handshake_is_refused(changed: dict[str, str | None], north: World):
    answer = shake(whatsapp(north, verify_token=TOKEN), **changed)
    assert (answer.status_code, answer.json()) == (403, REFUSED)


@pytest.mark.parametrize("offered", ["", None, TOKEN])
def test_a_channel_without_a_verify_token_shakes_no_hands(offered: str | None, north: World):
    assert shake(whatsapp(north), verify_token=offered).status_code == 403


def test_a_channel_that_is_switched_off_leads_nowhere(north: World):
    channel = whatsapp(north, verify_token=TOKEN)
    with north.scope():
        change_channel(
            channel,
            name="off",
            address=channel.address,
            account="",
            is_active=False,
            most_new_contacts=10,
            actor=Actor.command("tests"),
        )
    assert signed(channel, BODY).status_code == 404
    assert shake(channel).status_code == 404


def test_other_methods_and_bodies_beyond_the_limit_are_refused(north: World):
    channel = whatsapp(north)
    assert Client().put(channel.path).status_code == 405
    large = b" " * (5 * 1024 * 1024 + 1)
    assert signed(channel, large).status_code == 413
    assert is_untouched(north, channel)

"""SMS: who is believed. Twilio signs the address it calls, and everything it posts there."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from activities.inbound.sms_signature import is_signed, parameters_of
from activities.services.channels import rotate_channel_secret
from tests.inbound import SECRET, channel_of, payload, receipts_of
from tests.sms import BASE, pairs_of, post, recorded, signed
from tests.worlds import World

VECTORS = json.loads(payload("sms/signatures.json"))


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_signatures_of_the_providers_own_libraries_are_accepted(vector: dict[str, Any]):
    form = vector.get("form", VECTORS["form"]).encode()
    call = (vector["base"], vector["target"].encode(), parameters_of(form))
    assert is_signed(vector["signature"], [VECTORS["secret"]], *call)
    assert not is_signed(vector["signature"], ["another"], *call)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_recorded_signatures_are_what_the_formula_gives(vector: dict[str, Any]):
    form = vector.get("form", VECTORS["form"]).encode()
    host = vector["base"].split("//")[1].split(":")[0]
    scheme = vector["base"].split(":")[0]
    spellings = {vector["base"], f"{scheme}://{host}", f"{scheme}://{host}:{ {'http': 80, 'https': 443}[scheme] }"}
    given = {signed(base + vector["target"], form, secret=VECTORS["secret"]) for base in spellings}
    assert vector["signature"] in given


def statuses_of(north: World, *calls: dict[str, Any], body: bytes | None = None) -> list[int]:
    channel = channel_of(north, "sms")
    return [post(channel, body or recorded("message_text"), **call).status_code for call in calls]


def test_a_call_without_a_signature_is_401_and_one_with_another_403(north: World):
    channel = channel_of(north, "sms")
    form = recorded("message_text")
    good = signed(BASE + channel.path, form)
    refused = [
        "AAAA" + good[4:],
        good[:-1],
        good + "=",
        good.lower(),
        f"{good}, {good}",
        f"sha1={good}",
        "é" * 28,
        signed(BASE + channel.path, recorded("message_media")),
        signed(BASE + channel.path, form, secret="of-somebody-else"),
        signed(BASE + channel.path, form, secret=""),
        signed(BASE + channel.path + "?a=1", form),
        signed("http://127.0.0.1:8001" + channel.path, form),
    ]
    assert post(channel, form, signature="").status_code == 401
    assert [post(channel, form, signature=each).status_code for each in refused] == [403] * len(refused)
    assert receipts_of(north, channel) == []
    assert post(channel, form, signature=good).status_code == 200


def test_a_call_for_another_organizations_channel_is_refused(north: World, south: World):
    ours, theirs = channel_of(north, "sms", secret="ours"), channel_of(south, "sms", secret="theirs")
    form = recorded("message_text")
    assert post(theirs, form, secret="ours").status_code == 403
    assert post(theirs, form, signature=signed(BASE + ours.path, form, secret="theirs")).status_code == 403
    assert (receipts_of(north, ours), receipts_of(south, theirs)) == ([], [])


@pytest.mark.parametrize(
    ("configured", "signed_for"),
    [
        ("https://crm.example.com", "https://crm.example.com"),
        ("https://crm.example.com", "https://crm.example.com:443"),
        ("https://crm.example.com:443", "https://crm.example.com"),
        ("http://crm.example.com", "http://crm.example.com:80"),
        ("https://crm.example.com:8443", "https://crm.example.com:8443"),
        ("https://crm.example.com/office", "https://crm.example.com/office"),
    ],
)
def test_the_address_is_the_configured_one_with_or_without_its_default_port(
    north: World, configured: str, signed_for: str
):
    with override_settings(PUBLIC_BASE_URL=configured):
        assert statuses_of(north, {"base": signed_for}) == [200]


def test_host_and_forwarded_headers_neither_break_nor_make_a_signature(north: World):
    proxied = {"Host": "10.0.0.7", "X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "http"}
    with override_settings(PUBLIC_BASE_URL="https://crm.example.com", ALLOWED_HOSTS=["*"]):
        calls = [
            {"base": "https://crm.example.com", "headers": proxied},
            {"base": "http://10.0.0.7", "headers": proxied},
            {"base": "http://evil.example.com", "headers": proxied},
        ]
        assert statuses_of(north, *calls) == [200, 403, 403]


def test_the_query_string_is_signed_as_received(north: World):
    assert statuses_of(north, {"query": "?source=%C3%A9&empty=&b=2&a=1"}) == [200]


def test_the_trailing_slash_an_operator_entered_is_part_of_the_address(north: World):
    assert statuses_of(north, {"query": "/"}) == [200]


def test_duplicates_blanks_whitespace_and_parameters_of_tomorrow_are_signed_as_sent(north: World):
    form = (
        b"MessageSid=SM77&From=%2B12025550143&To=%2B15555550100&Body=%20%0A+two+%09&FromZip=&ToZip="
        b"&Tomorrow=b&Tomorrow=a&Tomorrow=b&%C3%9Cmlaut=%F0%9F%8F%A0&tomorrow=lower"
    )
    assert statuses_of(north, {}, body=form) == [200]


def test_a_trimmed_a_dropped_and_an_added_value_are_refused(north: World):
    channel = channel_of(north, "sms")
    form = recorded("message_text")
    good = signed(BASE + channel.path, form)
    changed = [
        form.replace(b"Body=++Hi", b"Body=Hi"),
        form.replace(b"&SmsStatus=received", b""),
        form + b"&Price=0",
        form.replace(b"From=%2B12025550143", b"From=%2B12025550144"),
    ]
    assert all(each != form for each in changed)
    assert {post(channel, each, signature=good).status_code for each in changed} == {403}


def test_both_secrets_are_good_in_the_overlap_of_a_rotation(north: World):
    channel = channel_of(north, "sms", secret="the-old-one")
    form = recorded("message_text")
    with north.scope():
        rotate_channel_secret(channel, "the-new-one", overlap=timedelta(hours=1), actor=Actor.command("tests"))
    assert {post(channel, form, secret=each).status_code for each in ("the-old-one", "the-new-one")} == {200}
    with north.scope():
        rotate_channel_secret(channel, "the-newest", overlap=timedelta(0), actor=Actor.command("tests"))
    answers = [post(channel, form, secret=each).status_code for each in ("the-old-one", "the-new-one", "the-newest")]
    assert answers == [403, 403, 200]


def test_a_json_body_is_believed_by_the_digest_in_its_signed_address(north: World):
    channel = channel_of(north, "sms")
    body = json.dumps({"MessageSid": "SM5", "From": "+12025550143", "Body": "Ça va? 🏠", "NumMedia": 0}).encode()
    query = f"?bodySHA256={hashlib.sha256(body).hexdigest()}"
    as_json = {"content_type": "application/json"}
    assert post(channel, body, query=query, **as_json).status_code == 200  # type: ignore[arg-type]  # all are texts
    refused = [(body + b" ", query), (body, ""), (body, "?bodySHA256="), (body, query.upper())]
    answers = [post(channel, each, query=asked, **as_json).status_code for each, asked in refused]  # type: ignore[arg-type]  # as above
    assert answers == [403] * len(refused)
    assert receipts_of(north, channel) == [("message:SM5", "pending", "")]


def test_what_is_neither_a_form_nor_vouched_for_is_refused(north: World):
    kinds = ["text/plain", "application/json", "multipart/form-data; boundary=x", ""]
    assert statuses_of(north, *({"content_type": kind} for kind in kinds)) == [403] * 4


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_a_signed_form_can_be_changed(north: World, data: st.DataObject):
    name = data.draw(st.sampled_from(["message_text", "message_media", "message_whatsapp", "status_delivered"]))
    form = recorded(name)
    position = data.draw(st.integers(0, len(form) - 1))
    changed = bytearray(form)
    changed[position] ^= data.draw(st.integers(1, 255))
    target = b"/inbound/sms/token"
    good = signed(BASE + target.decode(), form)
    # An escape in capitals and one in small letters say the same.
    says_the_same = pairs_of(bytes(changed)) == pairs_of(form)
    assert is_signed(good, [SECRET], BASE, target, parameters_of(bytes(changed))) == says_the_same


def test_every_flipped_bit_of_a_posted_form_is_refused(north: World):
    """Over HTTP, one bit of each byte."""
    channel = channel_of(north, "sms")
    form = recorded("status_delivered")
    good = signed(BASE + channel.path, form)
    for position in range(len(form)):
        changed = bytearray(form)
        changed[position] ^= 1
        assert post(channel, bytes(changed), signature=good).status_code == 403, position
    assert receipts_of(north, channel) == []

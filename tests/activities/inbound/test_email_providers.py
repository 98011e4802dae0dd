"""Mail as its providers post it, each with a recorded call."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import b64decode
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.test import Client

from activities.models import Activity, Communication, InboundChannel, Receipt, SenderIdentity
from contacts.models import Contact, ContactChange
from tests.inbound import channel_of, contacts_from, messages_of, payload, receipts_of, work
from tests.mail import RAW, fields, password, post, post_form, post_urlencoded, signed
from tests.worlds import World

JANE = "jane@example.com"


def taken_in(world: World, channel: InboundChannel) -> tuple[Contact, Communication]:
    """The one contact and the one message that a call led to."""
    work()
    (contact,) = contacts_from(world, "email")
    (message,) = messages_of(world, channel)
    return contact, message


def test_postmark_posts_a_reply(north: World, south: World):
    channel = channel_of(north, "email", address="leads@inbound.example.net")
    answer = post(channel, payload("email/postmark_reply.json"))
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    contact, message = taken_in(north, channel)
    address = "odalys.brightwater@mailbox.example.com"
    facts = (contact.full_name, contact.email, contact.phone, contact.type, contact.source)
    assert facts == ("Odalys Brightwater", address, "", "LEAD", "email")
    assert (message.kind, message.direction, message.subject, message.body, message.provider_message_id) == (
        "email",
        "inbound",
        "Re: Is the flat on Calle Mayor still free?",
        "Saturday at ten suits me.",
        "reply-1@mailbox.example.com",
    )
    assert message.metadata == {
        "isVerified": False,
        "from": address,
        "replyTo": ["somebody.else@mailbox.example.com"],
        "to": ["leads@inbound.example.net"],
        "deliveredTo": "leads@inbound.example.net",
        "inReplyTo": ["question-1@harbour.example.net"],
        "references": ["start-1@mailbox.example.com", "question-1@harbour.example.net"],
        "date": "Mon, 02 Mar 2026 10:10:00 +0100",
        "attachments": [{"name": "floor plan.txt", "type": "text/plain", "size": 25}],
        "provider": "postmark",
    }
    assert receipts_of(north, channel) == [("postmark:73e6d360-66eb-11e1-8e72-a8904824019b", "applied", "")]
    assert contacts_from(south, "email") == []
    with north.scope():
        assert bytes(Receipt.objects.get(channel=channel).payload) == payload("email/postmark_reply.json")
        (activity,) = Activity.objects.filter(contact=contact)
        assert (activity.type, activity.communication_id) == ("EMAIL_RECEIVED", message.pk)
        assert {change.door for change in ContactChange.objects.filter(contact=contact)} == {"inbound"}
        (identity,) = SenderIdentity.objects.filter(contact=contact)
        assert (identity.kind, identity.value, identity.made_contact) == ("email", address, True)


def test_postmark_posts_the_raw_message_where_it_is_asked_to(north: World):
    channel = channel_of(north, "email")
    document = json.loads(payload("email/postmark_reply.json"))
    document["RawEmail"] = payload("email/plain.eml").decode()
    assert post(channel, json.dumps(document).encode()).status_code == 200
    _, message = taken_in(north, channel)
    assert (message.subject, message.body) == ("Is the flat still free?", "Saturday at ten suits me.")
    with north.scope():
        assert bytes(Receipt.objects.get(channel=channel).payload) == payload("email/plain.eml")


def test_mailgun_posts_a_parsed_message(north: World):
    channel = channel_of(north, "email")
    at = int(time.time()) - 60
    assert post_form(channel, signed(fields("email/mailgun_parsed.form.json"), at=at)).status_code == 200
    contact, message = taken_in(north, channel)
    assert (contact.full_name, contact.email) == ("Odalys Brightwater", "odalys.brightwater@mailbox.example.com")
    assert (message.subject, message.body, message.provider_message_id, message.occurred_at) == (
        "Rooftop",
        "Is the rooftop shared?",
        "rooftop-1@mailbox.example.com",
        datetime.fromtimestamp(at, UTC),
    )
    assert message.metadata["attachments"] == [{"name": "plan.pdf", "type": "application/pdf", "size": 16}]
    assert receipts_of(north, channel) == [(f"mailgun:{'t' * 50}", "applied", "")]
    with north.scope():
        kept = {each["name"]: each for each in json.loads(bytes(Receipt.objects.get(channel=channel).payload))["form"]}
    assert b64decode(kept["attachment-1"]["content"]) == b"%PDF-1.4 made up"
    assert {"signature", "token", "timestamp"}.isdisjoint(kept)


def test_mailgun_posts_the_raw_message(north: World):
    channel = channel_of(north, "email")
    form = {"recipient": "leads@inbound.example.net", "sender": "odalys.brightwater@mailbox.example.com"}
    form["body-mime"] = payload("email/legacy_charset.eml").decode("latin-1")
    assert (
        post_urlencoded(channel, signed({**form, "body-mime": payload("email/legacy_charset.eml")})).status_code == 200
    )
    contact, message = taken_in(north, channel)
    assert (contact.full_name, message.body) == ("Jörg Šimek", "Die Wohnung für 900 €, bitte mit Balkon.")
    assert message.metadata["deliveredTo"] == "leads@inbound.example.net"


def test_sendgrid_posts_a_parsed_message_in_the_charset_it_came_in(north: World):
    channel = channel_of(north, "email")
    assert post_form(channel, fields("email/sendgrid_parsed.form.json"), password()).status_code == 200
    contact, message = taken_in(north, channel)
    assert (contact.full_name, contact.email) == ("Tobias Wren", "tobias.wren@mailbox.example.com")
    assert (message.subject, message.body) == ("Café nebenan?", "Gibt es ein Café? Größe?")
    assert message.metadata["authentication"] == {"spf": "pass", "dkim": "{@mailbox.example.com : pass}"}
    ((key, state, _),) = receipts_of(north, channel)
    assert state == "applied"
    assert key.startswith("mail:")
    assert key.endswith(":cafe-1@mailbox.example.com")


def test_sendgrid_posts_the_raw_message(north: World):
    channel = channel_of(north, "email")
    raw = payload("email/plain.eml")
    form = {"email": raw, "envelope": '{"to":["leads@inbound.example.net"],"from":"odalys@mailbox.example.com"}'}
    assert post_form(channel, form, password()).status_code == 200
    contact, message = taken_in(north, channel)
    assert (contact.full_name, message.body) == ("Odalys Brightwater", "Hola, ¿sigue libre?")
    key = f"mail:{hashlib.sha256(raw).hexdigest()}:plain-1@mailbox.example.com"
    assert receipts_of(north, channel) == [(key, "applied", "")]


@pytest.mark.parametrize(
    ("name", "key", "contact_name", "body"),
    [
        ("mailjet_message.json", None, "Perpetua Quill", "Is the garden shared?"),
        ("postal_raw.json", "postal:4711", "Barnabas Thorne", "May I see it?"),
        ("brevo_attachment.json", "brevo:d31c6d3a-1d2b-4f2f-9f0a-1b2c3d4e5f60", "Ignatius Fernsby", "Here they are."),
        ("ses_sns.json", "ses:o3vrnil0e2ic28tr", "Cosima Larkspur", "Does it have one?"),
    ],
)
def test_other_providers_are_recognised_by_what_they_post(
    north: World, name: str, key: str | None, contact_name: str, body: str
):
    channel = channel_of(north, "email")
    assert post(channel, payload(f"email/{name}")).status_code == 200
    contact, message = taken_in(north, channel)
    assert (contact.full_name, message.body) == (contact_name, body)
    if key is not None:
        assert receipts_of(north, channel) == [(key, "applied", "")]


def test_what_a_provider_checked_is_kept_and_what_a_header_claims_is_not(north: World):
    channel = channel_of(north, "email")
    post(channel, payload("email/ses_sns.json"))
    _, message = taken_in(north, channel)
    assert message.metadata["authentication"] == {"spf": "pass", "dkim": "fail"}
    assert message.occurred_at == datetime(2026, 3, 2, 9, 10, 3, tzinfo=UTC)


def test_brevo_keeps_the_contents_of_attachments_and_tells_their_names(north: World):
    channel = channel_of(north, "email")
    post(channel, payload("email/brevo_attachment.json"))
    _, message = taken_in(north, channel)
    assert message.metadata["attachments"] == [{"name": "income.pdf", "type": "application/pdf", "size": 0}]


def test_mandrill_and_sparkpost_post_several_messages_at_once(north: World):
    channel = channel_of(north, "email")
    raws = [payload(f"email/{name}.eml").decode() for name in ("plain", "forwarded", "no_message_id")]
    events = [
        {"event": "inbound", "ts": 1772442600, "msg": {"raw_msg": raw, "email": "leads@x.example"}} for raw in raws
    ]
    form = {"mandrill_events": json.dumps(events)}
    assert post_urlencoded(channel, form, password()).status_code == 200
    relayed = [
        {
            "msys": {
                "relay_message": {
                    "content": {"email_rfc822": raw, "email_rfc822_is_base64": False},
                    "rcpt_to": "l@x.example",
                }
            }
        }
        for raw in raws
    ]
    assert post(channel, json.dumps([*relayed, {"msys": {}}]).encode()).status_code == 200
    work()
    assert [state for _, state, _ in receipts_of(north, channel)] == ["applied"] * 3
    assert [contact.full_name for contact in contacts_from(north, "email")] == ["Odalys Brightwater", "Perpetua Quill"]


def test_notices_of_messages_that_are_to_be_fetched_wait_in_the_quarantine(north: World):
    channel = channel_of(north, "email")
    assert post(channel, payload("email/resend_received.json")).status_code == 200
    assert receipts_of(north, channel)[0][1:] == (
        "quarantined",
        "Resend posts notices only; forward its mail another way",
    )


@pytest.mark.parametrize(
    ("body", "content_type", "query", "reason"),
    [
        (b"{}", "application/json", "", "no form of mail that is known"),
        (b"not json", "application/json", "", "no form of mail that is known"),
        (b"a=b", "application/x-www-form-urlencoded", "", "no form of mail that is known"),
        (b"--x", "multipart/form-data; boundary=x", "", "no form of mail that is known"),
        (b"{}", "application/json", "?provider=pigeon", "the address names a provider that is not known"),
        (b'{"RecordType": "Bounce"}', "application/json", "?provider=postmark", "the provider is set up to post"),
        (b'{"FromFull": 7, "Headers": 3}', "application/json", "", "could not be read ("),
        (b'{"Type": "SubscriptionConfirmation", "TopicArn": "a"}', "application/json", "", "SNS asks for something"),
        (b"[" * 100_000, "application/json", "", "no form of mail that is known"),
    ],
)
def test_what_is_not_understood_is_quarantined(north: World, body: bytes, content_type: str, query: str, reason: str):
    channel = channel_of(north, "email")
    assert post(channel, body, content_type, query=query).status_code == 200
    ((_, state, stored),) = receipts_of(north, channel)
    assert (state, stored.startswith(reason)) == ("quarantined", True)
    with north.scope():
        assert bytes(Receipt.objects.get(channel=channel).payload) == body


def test_the_address_may_say_which_provider_it_is_for(north: World):
    channel = channel_of(north, "email")
    assert post(channel, payload("email/plain.eml"), "text/plain", query="?provider=raw").status_code == 200
    assert taken_in(north, channel)[1].body == "Hola, ¿sigue libre?"


def test_a_form_may_be_larger_than_the_site_takes_elsewhere(north: World):
    channel = channel_of(north, "email")
    form = fields("email/mailgun_parsed.form.json")
    form["body-html"] = "<p>long</p>" * 600_000
    form["attachment-1"]["content"] = "x" * 12_000_000
    assert post_form(channel, signed(form)).status_code == 200
    _, message = taken_in(north, channel)
    assert message.metadata["attachments"] == [{"name": "plan.pdf", "type": "application/pdf", "size": 12_000_000}]
    with north.scope():
        receipt = Receipt.objects.get(channel=channel)
        kept = {each["name"]: each for each in json.loads(bytes(receipt.payload))["form"]}
    # Too large to be kept with it: what is left says what it was.
    assert kept["attachment-1"] == {
        "name": "attachment-1",
        "filename": "plan.pdf",
        "type": "application/pdf",
        "size": 12_000_000,
        "digest": hashlib.sha256(b"x" * 12_000_000).hexdigest(),
    }


def test_of_a_very_large_raw_message_the_beginning_is_kept_and_that_is_said(north: World):
    channel = channel_of(north, "email")
    body = payload("email/plain.eml") + b"x" * 70 * 160_000
    assert post(channel, body, RAW).status_code == 200
    _, message = taken_in(north, channel)
    assert (len(message.body), message.metadata["isCut"], message.metadata["isPayloadCut"]) == (100_000, True, True)
    with north.scope():
        assert bytes(Receipt.objects.get(channel=channel).payload) == body[: 10 * 1024 * 1024]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(north: World):
    channel = channel_of(north, "email")
    answer = post(channel, b"x" * (35 * 1024 * 1024 + 1), RAW)
    assert (answer.status_code, receipts_of(north, channel)) == (413, [])


def test_characters_no_database_stores_are_replaced(north: World):
    channel = channel_of(north, "email")
    document = json.loads(payload("email/postmark_reply.json"))
    document["FromFull"]["Name"] = "Odalys \x00\ud800"
    document["Subject"] = "Nul \x00 and half \udc00"
    document["StrippedTextReply"] = "a\x00b\ud83d"
    assert post(channel, json.dumps(document).encode()).status_code == 200
    contact, message = taken_in(north, channel)
    said = (contact.full_name, message.subject, message.body)
    assert said == ("Odalys \ufffd\ufffd", "Nul \ufffd and half \ufffd", "a\ufffdb\ufffd")


def test_a_provider_may_ask_whether_the_address_exists(north: World):
    channel = channel_of(north, "email")
    client = Client()
    assert client.head(channel.path).status_code == 200
    assert client.get(channel.path).status_code == 405
    assert client.head(f"/inbound/email/{quote('nobody')}").status_code == 404

"""Messages as they travel: what they say, who wrote them, and which of them no person wrote to us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from activities.inbound.email_headers import Mailbox, mailboxes_in
from activities.inbound.email_html import text_of_html
from activities.models import InboundChannel
from activities.services import limits
from contacts.models import Contact
from tests.inbound import channel_of, contacts_from, messages_of, payload, receipts_of, work
from tests.mail import RAW, password, post
from tests.worlds import MOMENT, World

OURS = "leads@inbound.example.net"


def received(world: World, name: str) -> tuple[str, str, dict[str, object], str]:
    """What a recorded message became: subject, text, metadata and the sender's name."""
    channel = channel_of(world, "email", address=OURS)
    assert post(channel, payload(f"email/{name}.eml"), RAW).status_code == 200
    work()
    (message,) = messages_of(world, channel)
    with world.scope():
        return message.subject, message.body, message.metadata, Contact.objects.get(pk=message.contact_id).full_name


def test_html_is_read_as_text(north: World):
    subject, text, _, name = received(north, "html_only")
    said = "Hello there,\nis this one (https://homes.example.com/7) free?\n\n- Tuesday\n- Friday"
    assert (subject, text, name) == ("Viewing", said, "Brightwater, Odalys")


def test_words_in_old_charsets_are_read(north: World):
    subject, text, _, name = received(north, "legacy_charset")
    said = ("Grüße und mehr", "Die Wohnung für 900 €, bitte mit Balkon.", "Jörg Šimek")
    assert (subject, text, name) == said


def test_attachments_are_named_and_their_words_are_nobodys(north: World):
    _, text, metadata, _ = received(north, "attachments")
    assert text == "As promised."
    assert metadata["attachments"] == [
        {"name": "Gehälter.pdf", "type": "application/pdf", "size": 16},
        {"type": "message/rfc822", "size": 23},
    ]
    assert metadata["cc"] == ["partner@mailbox.example.com"]


def test_a_forwarded_message_is_its_forwarders(north: World):
    _, text, _, name = received(north, "forwarded")
    assert name == "Odalys Brightwater"
    assert text.startswith("What do you make of this?")
    assert text.endswith("It ends in May.")


def test_broken_headers_lose_no_message(north: World):
    _, text, metadata, name = received(north, "broken_headers")
    assert (name, metadata["from"]) == ("Doe, Jane é", "doe@mailbox.example.com")
    assert text != ""


def test_a_message_without_an_id_is_named_by_its_digest(north: World):
    channel = channel_of(north, "email")
    for _ in range(3):
        post(channel, payload("email/no_message_id.eml"), RAW)
    ((key, state, _),) = receipts_of(north, channel)
    assert (key.startswith("mail:"), len(key), state) == (True, 69, "pending")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bounce", "a delivery report"),
        ("auto_reply", "written by a program (Auto-Submitted)"),
        ("mailing_list", "sent to a list"),
        ("own_address", "written by ourselves"),
    ],
)
def test_what_no_person_wrote_to_us_makes_no_contact(north: World, name: str, reason: str):
    channel = channel_of(north, "email", address=OURS)
    assert post(channel, payload(f"email/{name}.eml"), RAW).status_code == 200
    work()
    assert [row[1:] for row in receipts_of(north, channel)] == [("ignored", reason)]
    assert (contacts_from(north, "email"), messages_of(north, channel)) == ([], [])


@pytest.mark.parametrize(
    ("headers", "state"),
    [
        ("From: a@b.example.com\nReturn-Path: <>", "ignored"),
        ("From: Postmaster@b.example.com", "ignored"),
        ("From: MAILER-DAEMON@b.example.com", "ignored"),
        ("From: a@b.example.com\nAuto-Submitted: auto-generated", "ignored"),
        ("From: a@b.example.com\nAuto-Submitted: No", "pending"),
        ("From: a@b.example.com\nPrecedence: BULK", "ignored"),
        ("From: a@b.example.com\nPrecedence: list", "ignored"),
        ("From: a@b.example.com\nPrecedence: first-class", "pending"),
        ("From: a@b.example.com\nX-Loop: us", "ignored"),
        ("From: a@b.example.com\nX-Autoreply: yes", "ignored"),
        ("From: a@b.example.com\nX-Failed-Recipients: c@d.example.com", "ignored"),
        ("From: a@b.example.com\nList-Unsubscribe-Post: List-Unsubscribe=One-Click", "ignored"),
        ("From: Agent@North.example", "ignored"),
        ("From: agent@south.example", "pending"),
        ("To: us@b.example.com", "quarantined"),
        ("From: undisclosed:;", "quarantined"),
        ("From: <>", "quarantined"),
    ],
)
def test_guards(north: World, headers: str, state: str):
    channel = channel_of(north, "email", address=OURS)
    assert post(channel, f"{headers}\n\nHello".encode(), RAW).status_code == 200
    assert [row[1] for row in receipts_of(north, channel)] == [state]


def test_a_null_sender_told_by_the_provider_is_a_bounce(north: World):
    channel = channel_of(north, "email")
    body = payload("email/postal_raw.json").replace(b"barnabas.thorne@mailbox.example.com", b"<>", 1)
    assert post(channel, body).status_code == 200
    assert receipts_of(north, channel)[0][1] == "ignored"


def test_who_claims_a_contacts_address_is_put_there_unverified_and_changes_nothing(north: World, south: World):
    channel = channel_of(north, "email")
    jane = north.contact
    before = (jane.full_name, jane.email, jane.phone, jane.notes, jane.language)
    assert post(channel, payload("email/spoofed.eml"), RAW).status_code == 200
    work()
    (message,) = messages_of(north, channel)
    with north.scope():
        after = Contact.objects.get(pk=jane.pk)
    assert message.contact_id == jane.pk
    assert (after.full_name, after.email, after.phone, after.notes, after.language) == before
    assert (message.metadata["isVerified"], message.metadata["replyTo"]) == (False, ["impostor@elsewhere.example.com"])
    assert "authentication" not in message.metadata
    assert contacts_from(north, "email") == []
    with south.scope():
        assert Contact.objects.get(email_norm="jane@example.com").last_contacted_at == MOMENT


def letter(number: int, domain: str = "one.example.com") -> bytes:
    return (
        f"From: Sender {number} <sender{number}@{domain}>\nMessage-ID: <{number}@{domain}>\n\nNumber {number}".encode()
    )


def test_one_domain_makes_only_so_many_contacts_an_hour(north: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_NEW_PER_DOMAIN", 5)
    channel = channel_of(north, "email")
    for number in range(8):
        post(channel, letter(number), RAW)
    post(channel, letter(9, "two.example.com"), RAW)
    post(channel, letter(0).replace(b"Number", b"Once more"), RAW)
    work()
    assert [contact.full_name for contact in contacts_from(north, "email")] == [
        *(f"Sender {number}" for number in range(5)),
        "Sender 9",
    ]
    states = [row[1] for row in receipts_of(north, channel)]
    assert states == ["applied"] * 5 + ["quarantined"] * 3 + ["applied"] * 2


def test_a_loop_of_our_own_mail_makes_nothing(north: World):
    channel = channel_of(north, "email", address=OURS)
    for number in range(100):
        post(channel, f"From: {OURS}\nMessage-ID: <{number}@loop>\n\nAgain {number}".encode(), RAW)
    work()
    assert (contacts_from(north, "email"), messages_of(north, channel)) == ([], [])


@pytest.mark.parametrize(("age", "is_believed"), [(1, True), (24 * 20, True), (24 * 40, False), (-2, False)])
def test_a_senders_clock_is_believed_within_reason(north: World, age: int, is_believed: bool):
    channel = channel_of(north, "email")
    now = datetime.now(UTC).replace(microsecond=0)
    date = now - timedelta(hours=age)
    body = f"From: a@b.example.com\nDate: {format_datetime(date)}\n\nHello".encode()
    assert post(channel, body, RAW).status_code == 200
    work()
    (message,) = messages_of(north, channel)
    assert (message.occurred_at == date) is is_believed
    assert is_believed or now <= message.occurred_at <= datetime.now(UTC)
    assert message.metadata["date"] == format_datetime(date)


@pytest.mark.parametrize(
    ("value", "mailboxes"),
    [
        ("jane@x.example", [("", "jane@x.example")]),
        ("Jane <jane@x.example>", [("Jane", "jane@x.example")]),
        ("Doe, Jane <jane@x.example>", [("Doe, Jane", "jane@x.example")]),
        ('"Doe, Jane" <jane@x.example>', [("Doe, Jane", "jane@x.example")]),
        (r'"Jane \"JD\" Doe" <jane@x.example>', [('Jane "JD" Doe', "jane@x.example")]),
        ("jane@x.example (Jane Doe)", [("Jane Doe", "jane@x.example")]),
        ("=?utf-8?Q?Doe=2C_Jane?= <jane@x.example>", [("Doe, Jane", "jane@x.example")]),
        ("=?utf-8?Q?a=40x.example=2C?= <jane@x.example>", [("a@x.example,", "jane@x.example")]),
        ("Team: Jane <jane@x.example>, bob@x.example;", [("Jane", "jane@x.example"), ("", "bob@x.example")]),
        ("undisclosed-recipients:;", []),
        ("a@x.example, Bob <bob@x.example>", [("", "a@x.example"), ("Bob", "bob@x.example")]),
        ("bank@good.example <thief@bad.example>", [("bank@good.example", "thief@bad.example")]),
        ('"bank@good.example" <thief@bad.example>', [("bank@good.example", "thief@bad.example")]),
        ("jane@x.example <>", []),
        ("Jane <jane@x.example", [("", "jane@x.example")]),
        ("", []),
    ],
)
def test_mailboxes(value: str, mailboxes: list[tuple[str, str]]):
    assert list(mailboxes_in(value)) == [Mailbox(*each) for each in mailboxes]


@pytest.mark.parametrize(
    "html", ["<div>" * 20_000, "<" * 500_000, "&" * 500_000, "<!--" * 10_000, "<a href='" * 10_000, "<table><td>" * 300]
)
def test_html_made_to_keep_readers_busy_is_read_at_once(html: str):
    assert len(text_of_html(f"{html}said")) <= 600_000


@pytest.fixture
def mailbox(north: World) -> InboundChannel:
    return channel_of(north, "email")


_HEADERS = st.sampled_from(
    [
        b"From: ",
        b"Content-Type: multipart/mixed; boundary=",
        b"\n\n--x\n",
        b"Content-Type: ",
        b"Date: ",
        b"Message-ID: <",
    ]
    + [b"Subject: =?utf-8?B?", b"Content-Disposition: attachment; filename*0*=", b"Content-Transfer-Encoding: base64\n"]
)
_MAIL = st.lists(st.one_of(st.binary(max_size=40), _HEADERS), max_size=30).map(b"".join)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(_MAIL, st.sampled_from([RAW, "application/json", "multipart/form-data; boundary=x", "text/plain"]))
@example(b"Content-Type: multipart/mixed; boundary*" + b"9" * 5_000 + b"=x\n\n--x\n", RAW)
@example(b"From: a@b.example\nContent-Disposition: attachment; filename*" + b"9" * 5_000 + b"=x\n\n", RAW)
@example(b"From: a@b.example\nContent-Type: text/plain; charset=punycode\n\n" + b"\xff-" * 1_000, RAW)
@example(b"From: a@b.example\nContent-Type: text/plain; charset*=a\x00'b'c\n\nx", RAW)
@example(b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(600)), RAW)
@example(
    b"--x\r\nContent-Disposition: form-data; name*" + b"9" * 5_000 + b"=y\r\n\r\n", "multipart/form-data; boundary=x"
)
@example(b'{"FromFull":' * 900 + b"1" + b"}" * 900, "application/json")
@example(b'{"items": [{"Headers": 7}], "Uuid": 3}', "application/json")
@example(
    b'{"TopicArn": 1, "Type": "Notification", "Message": "{\\"content\\": 3, \\"receipt\\": []}"}', "application/json"
)
@example(
    b'[{"msys": {"relay_message": 3}}, {"msys": 4}, {"msys": {"relay_message": {"content": 5}}}]', "application/json"
)
@example(b'{"type": "inbound.message", "data": {"sender": 4, "raw": "From: a@b\\ud800"}}', "application/json")
@example(b'{"rcpt_to": [], "mail_from": {}, "message": "\\u0000\\ud800", "base64": true, "id": []}', "application/json")
def test_no_bytes_make_it_fail(mailbox: InboundChannel, body: bytes, content_type: str):
    assert post(mailbox, body, content_type, password()).status_code == (200 if body else 400)

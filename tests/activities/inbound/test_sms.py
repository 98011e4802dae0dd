"""SMS: messages as Twilio posts them, and what becomes of them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest

from activities.drafts import CommunicationDraft
from activities.models import Activity, Communication, Conversation, SenderIdentity
from activities.services import record_communication
from contacts.consent import may_be_contacted
from contacts.models import Consent
from tests.inbound import channel_of, contacts_from, messages_of, receipts_of, work
from tests.sms import ACCOUNT, NUMBER, post, recorded
from tests.worlds import MOMENT, World

PERSON = "+12025550143"
ANOTHER_ACCOUNT = "of another account than the channel's"
ANOTHER_NUMBER = "to another number than the channel's"
FIRST = "SM00000000000000000000000000000001"


def test_a_text_message_makes_its_sender_a_contact(north: World, south: World):
    channel = channel_of(north, "sms", address=NUMBER, account=ACCOUNT)
    answer = post(channel, recorded("message_text"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    work()
    (contact,) = contacts_from(north, "sms")
    (message,) = messages_of(north, channel)
    assert (contact.full_name, contact.phone, contact.email, contact.type) == (PERSON, PERSON, "", "LEAD")
    assert (message.kind, message.direction, message.provider_message_id) == ("sms", "inbound", FIRST)
    assert message.body == "  Hi! Is the flat on Elm Street still free? Ça va être long: 12 m² & more 🏠  \n"
    assert message.metadata == {"to": NUMBER, "origin": {"city": "SPRINGFIELD", "state": "CA", "country": "US"}}
    assert receipts_of(north, channel) == [(f"message:{FIRST}", "applied", "")]
    assert contacts_from(south, "sms") == []
    with north.scope():
        assert Conversation.objects.get(contact=contact).message_count == 1
        (activity,) = Activity.objects.filter(contact=contact)
        assert (activity.type, activity.communication_id) == ("SMS_RECEIVED", message.pk)
        (identity,) = SenderIdentity.objects.filter(contact=contact)
        assert (identity.kind, identity.value, identity.made_contact) == ("phone", PERSON, True)


def test_a_message_that_comes_twice_is_stored_once(north: World):
    channel = channel_of(north, "sms")
    for _ in range(3):
        assert post(channel, recorded("message_text")).status_code == 200
        work()
    assert len(contacts_from(north, "sms")) == 1
    assert len(messages_of(north, channel)) == 1


def test_one_person_writes_to_two_organizations_and_is_a_contact_of_each(north: World, south: World):
    for world in (north, south):
        assert post(channel_of(world, "sms"), recorded("message_text")).status_code == 200
    work()
    assert [len(contacts_from(world, "sms")) for world in (north, south)] == [1, 1]


def test_whatsapp_by_way_of_twilio_is_the_same_person_on_the_same_channel(north: World):
    channel = channel_of(north, "sms", address=NUMBER, account=ACCOUNT)
    for name in ("message_whatsapp", "message_text", "message_location"):
        post(channel, recorded(name))
        work()
    (contact,) = contacts_from(north, "sms")
    assert (contact.full_name, contact.phone) == ("Odalys Brightwater", PERSON)
    first, _, place = messages_of(north, channel)
    assert (first.kind, first.body) == ("sms", "Me again, from the other app")
    assert (first.metadata["via"], first.metadata["to"]) == ("whatsapp", f"whatsapp:{NUMBER}")
    assert place.body == "[Location: 51.5, -0.12, Elm Street 4]"
    assert place.metadata["location"] == {"latitude": "51.5", "longitude": "-0.12", "label": "Elm Street 4"}


def test_a_whatsapp_user_who_shows_no_telephone_is_known_by_the_user_id(north: World):
    channel = channel_of(north, "sms")
    post(channel, recorded("message_whatsapp_user"))
    work()
    (contact,) = contacts_from(north, "sms")
    assert (contact.full_name, contact.phone) == ("Quill Hartsong", "")
    with north.scope():
        (identity,) = SenderIdentity.objects.filter(contact=contact)
        assert (identity.kind, identity.value) == ("whatsapp", "US.13491208655302741918")


def test_attachments_are_described_and_nobody_fetches_them(north: World):
    channel = channel_of(north, "sms")
    post(channel, recorded("message_media"))
    work()
    (message,) = messages_of(north, channel)
    assert message.body == "[Photo] [Contact card]"
    assert message.metadata["attachments"] == [
        {"kind": "Photo", "url": "https://api.twilio.example.com/Media/ME1", "type": "image/jpeg"},
        {"kind": "Contact card", "url": "https://api.twilio.example.com/Media/ME2", "type": "text/vcard"},
    ]


def test_an_attachments_address_that_is_no_web_address_is_left_out(north: World):
    channel = channel_of(north, "sms")
    post(channel, recorded("message_media", MediaUrl0="javascript:alert(1)", MediaUrl1="file:///etc/passwd"))
    work()
    (message,) = messages_of(north, channel)
    assert [attachment["url"] for attachment in message.metadata["attachments"]] == ["", ""]


@pytest.mark.parametrize("name", ["message_stop", "message_opt_out_own_words"])
def test_an_objection_is_written_down_in_our_words_or_the_accounts_own(north: World, name: str):
    channel = channel_of(north, "sms")
    post(channel, recorded(name))
    work()
    (contact,) = contacts_from(north, "sms")
    (message,) = messages_of(north, channel)
    with north.scope():
        (consent,) = Consent.objects.filter(contact=contact)
        assert (consent.medium, consent.is_given, consent.words) == ("sms", False, message.body)
        assert consent.communication == message.uuid
        assert not may_be_contacted(contact, "sms")
    post(channel, recorded(name, MessageSid="SM1234", Body="Elm Street after all", OptOutType="START"))
    post(channel, recorded(name, MessageSid="SM1235", Body="HELP", OptOutType="HELP"))
    work()
    with north.scope():
        assert may_be_contacted(contact, "sms")
        assert Consent.objects.filter(contact=contact).count() == 2


@pytest.mark.parametrize(
    ("form", "receipt"),
    [
        (recorded("message_short_code"), ("message:SM7", "ignored", "sent by a short code")),
        (recorded("message_alphanumeric"), ("message:SM7", "ignored", "sent under a name, which nobody can answer")),
        (recorded("status_queued"), ("status:SM7:queued", "ignored", "a status that says nothing about delivery")),
        (recorded("status_sent", AccountSid="AC99"), ("status:SM7:sent", "quarantined", ANOTHER_ACCOUNT)),
        (recorded("message_text", From=""), ("message:SM7", "quarantined", "no sender")),
        (recorded("message_text", From="messenger:77"), ("message:SM7", "quarantined", "a sender of an unknown kind")),
        (recorded("message_text", AccountSid="AC99"), ("message:SM7", "quarantined", ANOTHER_ACCOUNT)),
        (recorded("message_text", To="+15555550199"), ("message:SM7", "quarantined", ANOTHER_NUMBER)),
    ],
)
def test_what_makes_no_contact_is_kept_with_the_reason(north: World, form: bytes, receipt: tuple[str, str, str]):
    channel = channel_of(north, "sms", address="+1 (555) 555-0100", account=ACCOUNT)
    named = urlencode({**dict(parse_qsl(form.decode(), keep_blank_values=True)), "MessageSid": "SM7"}).encode()
    assert post(channel, named).status_code == 200
    work()
    assert receipts_of(north, channel) == [receipt]
    assert contacts_from(north, "sms") == []


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (b"&&=&=1&a", "no MessageSid"),
        (b"%FF=%FE&%00=%ED%A0%80", "no MessageSid"),
        (b"MessageSid=%20&From=%2B12025550143", "no MessageSid"),
        (b"MessageSid=SM1&From=%2B12025550143&From=%2B12025550144", "a parameter was sent twice"),
        (b"MessageSid=SM1&Body=yes&Body=no", "a parameter was sent twice"),
    ],
)
def test_a_signed_form_nobody_understands_waits_for_people(north: World, form: bytes, reason: str):
    channel = channel_of(north, "sms")
    assert post(channel, form).status_code == 200
    ((key, state, why),) = receipts_of(north, channel)
    assert (key[:7], state, why) == ("sha256:", "quarantined", reason)


def test_statuses_tell_how_far_a_message_of_the_team_got_and_never_back(north: World):
    channel = channel_of(north, "sms", address=NUMBER, account=ACCOUNT)
    with north.scope():
        sent = CommunicationDraft(
            kind="sms",
            direction="outbound",
            body="Come and see it",
            occurred_at=MOMENT,
            provider_message_id=f"SM{99:032x}",
        )
        record_communication(north.contact, sent, actor=north.actor())
    for name in ("status_delivered", "status_sent", "status_sent"):
        assert post(channel, recorded(name)).status_code == 200
    work()
    with north.scope():
        assert Communication.objects.get(provider_message_id=f"SM{99:032x}").delivery == "delivered"
    assert [state for _, state, _ in receipts_of(north, channel)] == ["applied", "applied"]
    assert contacts_from(north, "sms") == []


def test_a_channel_for_a_messaging_service_takes_what_came_through_the_service(north: World):
    channel = channel_of(north, "sms", address="MG00000000000000000000000000000555")
    post(channel, recorded("message_text", MessagingServiceSid="MG00000000000000000000000000000555", To="+15555550177"))
    post(channel, recorded("message_media"))
    work()
    assert [state for _, state, _ in receipts_of(north, channel)] == ["applied", "quarantined"]


def test_the_same_sid_with_other_words_is_counted_and_not_believed(north: World):
    channel = channel_of(north, "sms")
    post(channel, recorded("message_text"))
    post(channel, recorded("message_text", Body="Something else"))
    work()
    (message,) = messages_of(north, channel)
    assert "Elm Street" in message.body
    with north.scope():
        assert channel.receipts.get().conflicts == 1

"""Telegram: updates as its Bot API posts them (RELIABILITY 3.2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Conversation, SenderIdentity
from activities.services.channels import change_channel, rotate_channel_secret
from contacts.consent import current_consents, may_be_contacted
from contacts.models import Contact, ContactChange
from contacts.services import delete_contact
from tests.inbound import SECRET, channel_of, contacts_from, deliver, messages_of, payload, receipts_of, work
from tests.worlds import World

HEADER = "X-Telegram-Bot-Api-Secret-Token"
SIGNED = {HEADER: SECRET}
SENT_AT = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_a_message_makes_its_sender_a_contact(north: World, south: World):
    channel = channel_of(north, "telegram")
    answer = deliver(channel, payload("telegram/message_text.json"), SIGNED)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    work()
    (contact,) = contacts_from(north, "telegram")
    (message,) = messages_of(north, channel)
    facts = (contact.full_name, contact.email, contact.phone, contact.language, contact.type, contact.last_contacted_at)
    assert facts == ("Odalys Brightwater", "", "", "es", "LEAD", SENT_AT)
    assert (message.kind, message.direction, message.occurred_at) == ("telegram", "inbound", SENT_AT)
    assert message.body == "Hola, ¿sigue libre el piso de la calle Mayor? 🏠"
    assert receipts_of(north, channel) == [("update:820114001", "applied", "")]
    assert contacts_from(south, "telegram") == []
    with north.scope():
        assert Conversation.objects.get(contact=contact).message_count == 1
        (activity,) = Activity.objects.filter(contact=contact)
        assert (activity.type, activity.communication_id) == ("TELEGRAM_RECEIVED", message.pk)
        assert {change.door for change in ContactChange.objects.filter(contact=contact)} == {"inbound"}
        (identity,) = SenderIdentity.objects.filter(contact=contact)
        assert (identity.kind, identity.value, identity.made_contact) == ("telegram", "5551000111222", True)


SAID = {
    "photo": ("La cocina que busco", [{"kind": "photo", "id": "AgACAgQAAx0large"}]),
    "voice": ("[Voice message]", [{"kind": "voice", "id": "AwACAgQAAxvoice", "type": "audio/ogg"}]),
    "document": (
        "[Document]",
        [{"kind": "document", "id": "BQACAgQAAxdoc", "name": "nómina.pdf", "type": "application/pdf"}],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_came_with_a_message_is_kept_by_its_name(north: World, name: str):
    channel = channel_of(north, "telegram")
    deliver(channel, payload(f"telegram/message_{name}.json"), SIGNED)
    work()
    (message,) = messages_of(north, channel)
    assert (message.body, message.metadata) == (SAID[name][0], {"attachments": SAID[name][1]})


def test_a_place_is_told_in_words_and_kept(north: World):
    channel = channel_of(north, "telegram")
    deliver(channel, payload("telegram/message_location.json"), SIGNED)
    work()
    (message,) = messages_of(north, channel)
    place = {"latitude": 40.4169, "longitude": -3.7035}
    assert (message.body, message.metadata) == ("[Location: 40.4169, -3.7035]", {"location": place})


NOT_FOR_US = {
    "group_message": ("update:820114011", "not a private chat"),
    "bot_message": ("update:820114012", "sent by a bot"),
    "channel_post": ("update:820114013", "an update that is no message"),
    "callback_query": ("update:820114014", "an update that is no message"),
    "service_message": ("update:820114015", "a service message"),
    "my_chat_member": ("update:820114016", "an update that is no message"),
}


@pytest.mark.parametrize("name", NOT_FOR_US)
def test_what_is_no_message_to_the_team_is_kept_and_makes_nobody(north: World, name: str):
    channel = channel_of(north, "telegram")
    assert deliver(channel, payload(f"telegram/{name}.json"), SIGNED).status_code == 200
    work()
    key, reason = NOT_FOR_US[name]
    assert receipts_of(north, channel) == [(key, "ignored", reason)]
    assert contacts_from(north, "telegram") == []


def test_an_edit_changes_what_was_said_and_keeps_what_it_was(north: World):
    channel = channel_of(north, "telegram")
    for name in ("message_text", "message_edited"):
        deliver(channel, payload(f"telegram/{name}.json"), SIGNED)
        work()
    message = messages_of(north, channel)[0]
    edited_at = (SENT_AT + timedelta(seconds=40)).isoformat()
    assert message.body == "Hola, ¿sigue libre el piso de la calle Menor?"
    original = "Hola, ¿sigue libre el piso de la calle Mayor? 🏠"
    assert message.metadata == {"editedAt": edited_at, "originalText": original}
    assert [state for _, state, _ in receipts_of(north, channel)] == ["applied", "applied"]
    with north.scope():
        assert Conversation.objects.get(pk=message.conversation_id).message_count == 1


def test_an_edit_that_comes_before_its_message_waits_for_it(north: World):
    channel = channel_of(north, "telegram")
    deliver(channel, payload("telegram/message_edited.json"), SIGNED)
    work()
    assert receipts_of(north, channel) == [("update:820114002", "pending", "speaks of a message that is not here")]
    deliver(channel, payload("telegram/message_text.json"), SIGNED)
    work()
    assert [state for _, state, _ in receipts_of(north, channel)] == ["pending", "applied"]


def test_a_shared_telephone_counts_when_it_is_the_senders_own(north: World):
    channel = channel_of(north, "telegram")
    for name in ("message_text", "contact_of_another"):
        deliver(channel, payload(f"telegram/{name}.json"), SIGNED)
    work()
    assert [contact.phone for contact in contacts_from(north, "telegram")] == [""]
    deliver(channel, payload("telegram/contact_own.json"), SIGNED)
    work()
    (contact,) = contacts_from(north, "telegram")
    assert (contact.phone, contact.phone_norm) == ("+34655501234", "+34655501234")
    assert [message.body for message in messages_of(north, channel)] == [
        "Hola, ¿sigue libre el piso de la calle Mayor? 🏠",
        "[Contact: Perpetua 34655509999]",
        "[Contact: Odalys Brightwater 34655501234]",
    ]


def test_a_word_that_stops_messages_is_written_down_with_its_message(north: World):
    channel = channel_of(north, "telegram")
    deliver(channel, payload("telegram/message_stop.json"), SIGNED)
    work()
    (contact,) = contacts_from(north, "telegram")
    (message,) = messages_of(north, channel)
    with north.scope():
        consent = current_consents(contact)["telegram"]
        said = (consent.is_given, consent.words, consent.communication, consent.actor_label, consent.stated_at)
        assert said == (False, "¡Baja!", message.uuid, "telegram line", message.occurred_at)
        assert not may_be_contacted(contact, "telegram")
        assert may_be_contacted(contact, "email")


def test_the_same_update_any_number_of_times_is_one_message(north: World):
    channel = channel_of(north, "telegram")
    for _ in range(3):
        assert deliver(channel, payload("telegram/message_text.json"), SIGNED).status_code == 200
        work()
    assert len(messages_of(north, channel)) == len(contacts_from(north, "telegram")) == 1


def test_the_first_of_two_contents_under_one_number_is_believed(north: World):
    channel = channel_of(north, "telegram")
    update = json.loads(payload("telegram/message_text.json"))
    deliver(channel, update, SIGNED)
    update["message"]["text"] = "something else"
    assert deliver(channel, update, SIGNED).status_code == 200
    work()
    (message,) = messages_of(north, channel)
    assert message.body.startswith("Hola")
    with north.scope():
        assert list(channel.receipts.values_list("conflicts", flat=True)) == [1]


def test_who_writes_again_is_the_same_contact(north: World):
    channel = channel_of(north, "telegram")
    for name in ("message_text", "message_photo", "message_without_username"):
        deliver(channel, payload(f"telegram/{name}.json"), SIGNED)
        work()
    first, second = contacts_from(north, "telegram")
    assert [first.full_name, second.full_name] == ["Odalys Brightwater", "Tarquin"]
    assert [message.contact_id for message in messages_of(north, channel)] == [first.pk, first.pk, second.pk]


def test_a_deleted_contact_is_not_revived_by_a_message(north: World):
    channel = channel_of(north, "telegram")
    deliver(channel, payload("telegram/message_text.json"), SIGNED)
    work()
    (gone,) = contacts_from(north, "telegram")
    with north.scope():
        delete_contact(gone, actor=north.actor())
    deliver(channel, payload("telegram/message_photo.json"), SIGNED)
    work()
    (fresh,) = contacts_from(north, "telegram")
    assert fresh.pk != gone.pk
    with north.scope():
        assert not Contact.objects.get(pk=gone.pk).is_live
        assert SenderIdentity.objects.get(value="5551000111222").contact_id == fresh.pk


# Authenticity.


FORGED: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {HEADER: ""},
    "another": {HEADER: "sesame-opens-another-one"},
    "a part of it": {HEADER: SECRET[:-1]},
    "more than it": {HEADER: f"{SECRET}x"},
    "in capitals": {HEADER: SECRET.upper()},
    "twice": {HEADER: f"{SECRET},{SECRET}"},
    "elsewhere": {"Authorization": f"Bearer {SECRET}"},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_call_without_the_secret_leaves_nothing(north: World, name: str):
    channel = channel_of(north, "telegram")
    answer = deliver(channel, payload("telegram/message_text.json"), FORGED[name])
    assert answer.status_code == (401 if HEADER not in FORGED[name] else 403)
    assert answer.json() == {"ok": False, "error": "This call could not be authenticated."}
    assert receipts_of(north, channel) == []


def test_a_strangers_secret_opens_nothing(north: World, south: World):
    ours = channel_of(north, "telegram")
    theirs = channel_of(south, "telegram", secret="their-own-secret")
    assert deliver(ours, payload("telegram/message_text.json"), {HEADER: "their-own-secret"}).status_code == 403
    assert (receipts_of(north, ours), receipts_of(south, theirs)) == ([], [])


def test_both_secrets_are_good_until_the_overlap_ends(north: World):
    channel = channel_of(north, "telegram")
    body = payload("telegram/message_text.json")
    with north.scope():
        rotate_channel_secret(channel, "a-new-secret", overlap=timedelta(hours=1), actor=north.actor())
    assert [deliver(channel, body, {HEADER: secret}).status_code for secret in (SECRET, "a-new-secret")] == [200, 200]
    with north.scope():
        rotate_channel_secret(channel, "the-newest", overlap=timedelta(0), actor=north.actor())
    offered = (SECRET, "a-new-secret", "the-newest")
    assert [deliver(channel, body, {HEADER: secret}).status_code for secret in offered] == [403, 403, 200]


def test_a_channel_that_is_off_is_not_there(north: World):
    channel = channel_of(north, "telegram")
    with north.scope():
        change_channel(
            channel, name="Bot", address="", account="", is_active=False, most_new_contacts=1, actor=north.actor()
        )
    answer = deliver(channel, payload("telegram/message_text.json"), SIGNED)
    assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "There is no such channel."})


# What a signed call may hold.

unreadable_bodies = st.one_of(
    st.binary(min_size=1, max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@given(body=unreadable_bodies)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_signed_is_kept(north: World, body: bytes):
    channel = channel_of(north, "telegram")
    assert deliver(channel, body, SIGNED).status_code == 200
    ((_, state, reason),) = receipts_of(north, channel)
    assert (state, reason) == ("quarantined", "not an update")


parts: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just([{}]) | st.just({})
)
KEYS = ("message_id", "from", "chat", "date", "text", "caption", "photo", "contact", "location", "voice")
odd_messages = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, parts))


@given(message=odd_messages, well_formed=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_message_however_odd_is_lost_or_fails(north: World, message: dict[str, Any], well_formed: bool):
    channel = channel_of(north, "telegram")
    update = json.loads(payload("telegram/message_text.json"))
    update["message"] = {**(update["message"] if well_formed else {}), **message}
    assert deliver(channel, update, SIGNED).status_code == 200
    work()
    ((_, state, _),) = receipts_of(north, channel)
    assert state in {"applied", "ignored"}


def test_text_no_database_stores_is_stored_without_it(north: World):
    channel = channel_of(north, "telegram")
    body = payload("telegram/message_text.json").replace(b"Hola,", rb"a\u0000b\ud800c")
    assert deliver(channel, body, SIGNED).status_code == 200
    work()
    (message,) = messages_of(north, channel)
    assert message.body.startswith("a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c")


def test_a_text_that_is_too_long_is_cut_and_says_so(north: World):
    channel = channel_of(north, "telegram")
    update = json.loads(payload("telegram/message_text.json"))
    update["message"] |= {"text": "ä" * 150_000}
    update["message"]["from"] |= {"first_name": "N" * 3_000}
    deliver(channel, update, SIGNED)
    work()
    (message,) = messages_of(north, channel)
    assert (len(message.body), message.metadata) == (100_000, {"isCut": True})


def test_a_body_that_is_too_large_is_refused(north: World):
    channel = channel_of(north, "telegram")
    assert deliver(channel, b" " * (5 * 1024 * 1024 + 1), SIGNED).status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_not_answered(north: World, method: str, client: Any):
    channel = channel_of(north, "telegram")
    answer = client.generic(method, channel.path)
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize(
    "path", ["/inbound/", "/inbound/telegram", "/inbound/telegram/none", "/inbound/fax/x", "/inbound/a/b/c"]
)
def test_an_address_that_leads_nowhere_is_told_in_json(north: World, path: str, client: Any):
    answer = client.post(path)
    assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "There is no such channel."})

"""What is in one call of WhatsApp's, whose it is, and what comes again (RELIABILITY G5, G7, A13)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from activities.inbound import base
from activities.models import Communication, InboundChannel, Receipt
from activities.services import receiving
from activities.services.channels import rotate_channel_secret
from tests.activities.inbound.whatsapp import NUMBER, receive, recorded, signed, text_call, text_message, whatsapp
from tests.inbound import contacts_from, messages_of, receipts_of, work
from tests.worlds import World

OTHER_NUMBER = "900555000999888"
FOREIGN = "for a number that is no channel's here"


def outcomes(world: World, channel: InboundChannel) -> list[tuple[str, str]]:
    return [(state, reason) for _, state, reason in receipts_of(world, channel)]


def bodies(world: World, channel: InboundChannel) -> list[str]:
    return [message.body for message in messages_of(world, channel)]


def test_what_is_malformed_or_unknown_hides_nothing_of_what_stands_beside_it(north: World):
    channel = whatsapp(north)
    receive(channel, "call_mixed")
    assert outcomes(north, channel) == [
        ("applied", ""),
        ("quarantined", "malformed: one of the messages without an id"),
        ("quarantined", "malformed: one of the messages without an id"),
        ("quarantined", "an unknown type of message"),
        ("quarantined", "malformed"),
        ("applied", ""),
        ("pending", "speaks of a message that is not here"),
        ("quarantined", "a change without a value"),
        ("ignored", "a change that is no message: phone_number_quality_update"),
        ("quarantined", "an entry without changes"),
        ("quarantined", "an entry without changes"),
        ("applied", ""),
        ("quarantined", FOREIGN),
    ]
    assert bodies(north, channel) == ["First of the call", "Second of the call", "Last of the call"]
    assert [contact.full_name for contact in contacts_from(north, "whatsapp")] == ["Guest One", "Guest Two"]


@pytest.mark.parametrize(
    "body", [b" ", b"null", b"[]", b"{}", b"{", b"\xff", b'{"entry":{}}', b'{"entry":1e999}', b"[" * 100_000]
)
def test_what_is_no_call_at_all_is_kept_and_answered(body: bytes, north: World):
    channel = whatsapp(north)
    assert signed(channel, body).status_code == 200
    assert outcomes(north, channel) == [("quarantined", "not a call of WhatsApp's")]
    with north.scope():
        assert bytes(Receipt.objects.get(channel=channel).payload) == body


def test_any_depth_is_answered(north: World):
    channel = whatsapp(north)
    for depth in range(100, 1_100, 25):
        nested = (
            b'{"entry":[{"changes":[{"field":"messages","value":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}]}]}"
        )
        assert signed(channel, nested).status_code == 200
    assert {state for state, _ in outcomes(north, channel)} <= {"ignored", "quarantined"}
    assert len(outcomes(north, channel)) == 40


@pytest.mark.parametrize("extreme", ["\x00", "\ud83d", "a" * 200_000, "e\u0301" * 5_000])
def test_texts_no_database_stores_are_stored_as_far_as_they_can_be(extreme: str, north: World):
    channel = whatsapp(north)
    message = text_message("extreme", f"Before {extreme} after")
    message |= {"context": {"id": extreme}, "referral": {"headline": extreme}}
    contacts = [{"profile": {"name": f"Ex {extreme}"[:300], "username": extreme}, "wa_id": message["from"]}]
    assert signed(channel, text_call(message, contacts=contacts)).status_code == 200
    work()
    assert outcomes(north, channel) == [("applied", "")]
    (stored,) = messages_of(north, channel)
    assert stored.body.startswith("Before ")


@pytest.mark.parametrize("moment", ["-62135596800", "99999999999999", "9" * 5_000, "soon", "", None, {}, 1e300])
def test_a_message_whose_time_is_none_was_sent_when_it_came(moment: Any, north: World):
    channel, before = whatsapp(north), timezone.now()
    assert signed(channel, text_call({**text_message("when", "When?"), "timestamp": moment})).status_code == 200
    work()
    (message,) = messages_of(north, channel)
    assert before <= message.occurred_at <= timezone.now()


def test_metadata_beyond_what_a_message_holds_is_left_to_the_receipt(north: World):
    channel = whatsapp(north)
    card = {
        "name": {"formatted_name": "N" * 600},
        "phones": [{"phone": "+1555"}] * 30,
        "emails": [{"email": "e" * 600}] * 30,
    }
    message = {
        **text_message("cards", ""),
        "type": "contacts",
        "contacts": [card] * 30,
        "context": {"id": "wamid.asked"},
    }
    signed(channel, text_call(message))
    work()
    (stored,) = messages_of(north, channel)
    assert (stored.metadata, stored.body[:10]) == ({"isCut": True, "replyTo": "wamid.asked"}, "[Contact: ")


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    ["from", "from_user_id", "id", "timestamp", "type", "text", "context", "referral", "group_id", "errors"]
    + [
        "image",
        "location",
        "contacts",
        "reaction",
        "button",
        "interactive",
        "order",
        "system",
        "edit",
        "revoke",
        "unsupported",
    ]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=PLACES, changed=st.dictionaries(PLACES, ODD, max_size=4), value=st.dictionaries(PLACES, ODD, max_size=2))
def test_whatever_a_message_holds_the_call_is_kept(
    kind: str, changed: dict[str, Any], value: dict[str, Any], north: World
):
    channel = whatsapp(north)
    message = {**text_message("odd", "Hello"), "type": kind, **changed}
    call = text_call(message, contacts=[value])
    call["entry"][0]["changes"][0]["value"] |= {"statuses": [changed], "more": value}
    assert signed(channel, call).status_code == 200
    kept = receipts_of(north, channel)
    assert len(kept) == 3
    assert all(state in {"pending", "ignored", "quarantined"} for _, state, _ in kept)


def test_a_call_that_comes_again_changes_nothing(north: World):
    channel = whatsapp(north)
    receive(channel, "message_text")
    before = (receipts_of(north, channel), bodies(north, channel))
    for _ in range(20):
        assert signed(channel, recorded("message_text")).status_code == 200
    # As Meta would write it another time.
    assert signed(channel, json.loads(recorded("message_text"))).status_code == 200
    work()
    assert (receipts_of(north, channel), bodies(north, channel)) == before
    with north.scope():
        assert Receipt.objects.get(channel=channel).conflicts == 0


def test_the_same_message_with_another_text_is_a_conflict_and_not_believed(north: World):
    channel = whatsapp(north)
    receive(channel, "message_text")
    other = json.loads(recorded("message_text"))
    other["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] = "Something else entirely"
    assert signed(channel, other).status_code == 200
    work()
    assert bodies(north, channel) == ["Καλημέρα! Is the flat on Mill Lane still free? 🏡"]
    with north.scope():
        assert Receipt.objects.get(channel=channel).conflicts == 1


def test_a_call_of_thousands_is_stored_once(north: World):
    channel = whatsapp(north)
    texts = [text_message(f"many{n}", f"Message {n}", sender=f"155501{n % 50:05d}", seconds=n) for n in range(4_000)]
    for call in (
        text_call(*texts),
        text_call(*reversed(texts)),
        text_call(*texts[:10], text_message("last", "The last")),
    ):
        assert signed(channel, call).status_code == 200
    with north.scope():
        assert Receipt.objects.filter(channel=channel, state="pending").count() == 4_001


@pytest.mark.parametrize(
    "call",
    [
        {"entry": [1] * 5_001},
        text_call(*[text_message("a", "b")] * 5_001),
        text_call(*[text_message("a", "b")] * 300, number="9" * 200_000),
    ],
)
def test_more_than_whatsapp_ever_sends_is_kept_in_one_piece(call: dict[str, Any], north: World):
    channel = whatsapp(north)
    assert signed(channel, call).status_code == 200
    ((state, reason),) = outcomes(north, channel)
    assert (state, reason) == ("quarantined", "more in one call than WhatsApp ever sends")


def test_a_call_that_cannot_be_stored_is_asked_for_again(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = whatsapp(north)

    def fail(*arguments: Any) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "_stored", fail)
        answer = signed(channel, recorded("message_text"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    receive(channel, "message_text")
    assert len(bodies(north, channel)) == 1


# Whose a message is.


def test_a_channel_without_an_address_takes_every_number_of_its_app(north: World):
    channel = whatsapp(north, address="")
    for number in (NUMBER, OTHER_NUMBER):
        signed(channel, text_call(text_message(f"to{number}", f"To {number}"), number=number))
    work()
    assert bodies(north, channel) == [f"To {NUMBER}", f"To {OTHER_NUMBER}"]


def test_another_number_of_the_app_goes_to_the_channel_that_has_it(north: World, south: World):
    called, sibling, foreign = whatsapp(north), whatsapp(north, address=OTHER_NUMBER), whatsapp(south, address="555")
    changes = [
        text_call(text_message(f"to{number}", f"To {number}"), number=number)["entry"][0]
        for number in (NUMBER, OTHER_NUMBER, "555", "556")
    ]
    for _ in range(2):
        assert signed(called, {"object": "whatsapp_business_account", "entry": changes}).status_code == 200
    work()
    assert bodies(north, called) == [f"To {NUMBER}"]
    assert bodies(north, sibling) == [f"To {OTHER_NUMBER}"]
    assert bodies(south, foreign) == ["To 555"]
    assert outcomes(north, called) == [("applied", ""), ("quarantined", FOREIGN)]
    assert len(contacts_from(south, "whatsapp")) == 1


def test_another_s_number_with_one_s_own_secret_reaches_nobody(north: World, south: World):
    """A13: whose a message is, is what the secret proves, and never what the call says."""
    called, victim = whatsapp(north), whatsapp(south, address=OTHER_NUMBER, secret="the-south-has-its-own")
    call = text_call(text_message("forged", "Forged"), number=OTHER_NUMBER)
    assert signed(called, call).status_code == 200
    assert signed(victim, call).status_code == 403
    work()
    assert receipts_of(south, victim) == []
    assert outcomes(north, called) == [("quarantined", FOREIGN)]
    assert contacts_from(north, "whatsapp") == contacts_from(south, "whatsapp") == []


def test_a_secret_the_other_channel_had_until_now_is_good_for_it_as_well(north: World, south: World):
    called, other = whatsapp(north), whatsapp(south, address=OTHER_NUMBER)
    with south.scope():
        rotate_channel_secret(other, "the-new-one", actor=Actor.command("tests"))
    assert signed(called, text_call(text_message("late", "Late"), number=OTHER_NUMBER)).status_code == 200
    work()
    assert bodies(south, other) == ["Late"]


def test_what_fails_for_another_channel_is_asked_for_again_and_nothing_is_lost(
    north: World, south: World, monkeypatch: pytest.MonkeyPatch
):
    called, other = whatsapp(north), whatsapp(south, address=OTHER_NUMBER)
    call = text_call(text_message("elsewhere", "For the south"), number=OTHER_NUMBER)

    def fail_for_the_other(channel: InboundChannel, arrivals: Any) -> Any:
        if channel.pk == other.pk:
            raise DatabaseError("away")
        return receiving.keep(channel, arrivals)

    with monkeypatch.context() as patch:
        patch.setattr(base, "keep", fail_for_the_other)
        assert signed(called, call).status_code == 503
    assert outcomes(north, called) == []
    assert signed(called, call).status_code == 200
    work()
    assert bodies(south, other) == ["For the south"]
    assert outcomes(north, called) == []


def test_what_names_no_number_stays_with_the_channel_that_was_called(north: World, south: World):
    called = whatsapp(north)
    whatsapp(south, address=OTHER_NUMBER)
    call = text_call(text_message("unnamed", "To whom?"))
    del call["entry"][0]["changes"][0]["value"]["metadata"]
    signed(called, call)
    work()
    assert bodies(north, called) == ["To whom?"]
    with south.scope():
        assert not Communication.objects.filter(kind="whatsapp").exists()

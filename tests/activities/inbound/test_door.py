"""The door itself: bodies nobody can read, and what a second look at a receipt may do."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.exceptions import FieldError, Invalid
from activities.services.channels import create_channel, rotate_channel_secret
from tests.activities.inbound.whatsapp import signed, text_call, text_message, whatsapp
from tests.inbound import SECRET, channel_of, contacts_from, deliver, messages_of, receipts_of, work
from tests.worlds import World

HEADER = "X-Telegram-Bot-Api-Secret-Token"
OTHER_NUMBER = "900555000999888"


def test_a_body_of_unknown_length_is_refused_and_not_taken_for_an_empty_one(north: World):
    channel = channel_of(north, "telegram")
    answer = Client().generic("POST", channel.path, headers={HEADER: SECRET, "Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json()) == (411, {"ok": False, "error": "A Content-Length is needed."})
    assert receipts_of(north, channel) == []


def test_an_empty_body_is_refused_by_whoever_may_know(north: World):
    channel = channel_of(north, "telegram")
    answer = deliver(channel, b"", {HEADER: SECRET})
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": "The body is empty."})
    assert deliver(channel, b"", {HEADER: "guessed"}).status_code == 403
    assert receipts_of(north, channel) == []


def test_trying_again_gives_no_channel_what_is_for_another_number(north: World, south: World):
    called, theirs = whatsapp(north), whatsapp(south, address=OTHER_NUMBER, secret="the-souths-own-secret")
    for number in (OTHER_NUMBER, "555"):
        signed(called, text_call(text_message(f"to{number}", f"To {number}"), number=number))
    before = receipts_of(north, called)
    assert [state for _, state, _ in before] == ["quarantined"] * 2
    call_command("replay_receipts", organization="north")
    work()
    assert receipts_of(north, called) == before
    assert (messages_of(north, called), messages_of(south, theirs)) == ([], [])
    assert contacts_from(north, "whatsapp") == contacts_from(south, "whatsapp") == []


def test_nobody_takes_back_or_changes_what_somebody_else_wrote(north: World):
    channel = whatsapp(north)
    signed(channel, text_call(text_message("one", "Mine"), text_message("two", "Theirs", sender="15550100177")))
    work()
    other = {"from": "15550100177", "timestamp": "1772446200"}
    edit = {"original_message_id": "wamid.one", "message": {"type": "text", "text": {"body": "Not mine"}}}
    change = other | {"id": "wamid.edit", "type": "edit", "edit": edit}
    revoke = other | {"id": "wamid.revoke", "type": "revoke", "revoke": {"original_message_id": "wamid.one"}}
    signed(channel, text_call(change, revoke))
    work()
    assert [row.body for row in messages_of(north, channel)[:2]] == ["Mine", "Theirs"]
    assert [row[1:] for row in receipts_of(north, channel)][2:] == [("ignored", "somebody else's message")] * 2


@pytest.mark.parametrize("secret", ["sp ace", "bad!", "é" * 3, "x" * 257])
def test_a_bot_gets_no_secret_that_telegram_cannot_send(north: World, secret: str):
    with north.scope():
        channel = create_channel(kind="telegram", name="Bot", secret="good_One-1", actor=north.actor())
        with pytest.raises(Invalid) as refused:
            rotate_channel_secret(channel, secret, actor=north.actor())
        assert [fault.field for fault in refused.value.errors] == ["secret"]
        with pytest.raises(Invalid):
            create_channel(kind="telegram", name="Bot", secret=secret, actor=north.actor())


@pytest.mark.parametrize("limit", [-1, 2**31])
def test_a_limit_that_nothing_could_hold_is_refused_in_a_sentence(north: World, limit: int):
    with north.scope(), pytest.raises(Invalid) as refused:
        create_channel(kind="sms", name="Line", secret="s", most_new_contacts=limit, actor=north.actor())
    bounds = {"minimum": 0, "maximum": 2**31 - 1}
    assert refused.value.errors == (FieldError("most_new_contacts", "out_of_range", bounds),)
    command = ["create_channel", "--organization", "north", "--kind", "sms", "--name", "Line", "--secret", "s"]
    with pytest.raises(CommandError, match="most_new_contacts: the value is out of range"):
        call_command(*command, f"--new-contacts-per-hour={limit}")

"""``manage.py receive_email``, as a mail server runs it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from activities.models import InboundChannel
from tests.inbound import channel_of, contacts_from, messages_of, payload, receipts_of, work
from tests.mail import RAW, post
from tests.worlds import World


def receive(monkeypatch: pytest.MonkeyPatch, content: bytes, *arguments: str) -> dict[str, object]:
    """What the command prints about a message on its standard input."""
    printed = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        call_command("receive_email", *arguments, stdout=printed)
    answer: dict[str, object] = json.loads(printed.getvalue())
    return answer


def channel_in(world: World) -> InboundChannel:
    return channel_of(world, "email")


@pytest.mark.parametrize("options", [(), ("--organization", "north")])
def test_a_message_is_stored_once(
    north: World, south: World, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
):
    channel = channel_in(north)
    content = payload("email/plain.eml")
    key = f"mail:{hashlib.sha256(content).hexdigest()}:plain-1@mailbox.example.com"
    arguments = ("--channel", channel.public_id, *options)
    assert receive(monkeypatch, content, *arguments) == {"key": key, "new": True}
    assert receive(monkeypatch, content, *arguments) == {"key": key, "new": False}
    work()
    assert [message.body for message in messages_of(north, channel)] == ["Hola, ¿sigue libre?"]
    assert [contact.full_name for contact in contacts_from(north, "email")] == ["Odalys Brightwater"]
    assert contacts_from(south, "email") == []


def test_it_is_the_same_message_as_one_that_was_posted(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = channel_in(north)
    post(channel, payload("email/plain.eml"), RAW)
    assert receive(monkeypatch, payload("email/plain.eml"), "--channel", channel.public_id)["new"] is False


def test_what_is_no_message_is_quarantined(north: World, monkeypatch: pytest.MonkeyPatch):
    channel = channel_in(north)
    for content in (b"", b"\n\n", b"no header\n", bytes(range(256))):
        assert receive(monkeypatch, content, "--channel", channel.public_id)["new"] is True
    assert {state for _, state, _ in receipts_of(north, channel)} == {"quarantined"}


def test_what_could_not_be_stored_stays_with_the_mail_server(
    north: World, south: World, monkeypatch: pytest.MonkeyPatch
):
    channel = channel_in(north)
    telegram = channel_of(north, "telegram")
    stored = channel.public_id
    with monkeypatch.context() as patched:
        patched.setattr("activities.management.commands.receive_email.keep", _fails)
        with pytest.raises(CommandError) as refused:
            receive(patched, payload("email/plain.eml"), "--channel", stored)
    assert refused.value.returncode == os.EX_TEMPFAIL == 75
    for arguments in (
        ("--channel", "channel_00000000-0000-7000-8000-000000000000"),
        ("--channel", "nonsense"),
        ("--channel", telegram.public_id),
        ("--channel", stored, "--organization", "south"),
        ("--channel", stored, "--organization", "nobody"),
    ):
        with pytest.raises(CommandError) as refused:
            receive(monkeypatch, payload("email/plain.eml"), *arguments)
        assert refused.value.returncode == os.EX_TEMPFAIL
    assert receipts_of(north, channel) == []


def _fails(*arguments: object, **options: object) -> None:
    raise OperationalError("the disk is full")

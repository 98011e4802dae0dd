"""Keeping what a provider sends: once, and never an answer that promises more than is stored."""

from __future__ import annotations

import socket

import psycopg
import pytest
from django.db import connection

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender
from activities.models import Receipt
from activities.services.receiving import Kept, keep
from tests.inbound import channel_of, contacts_from, deliver, messages_of, receipts_of
from tests.postgresql import superuser_url
from tests.updates import SIGNED, drain, send, update
from tests.worlds import World

APPLIED = ("update:820000001", "applied", "")


def stored(world: World) -> list[tuple[str, int]]:
    """Key and conflicts of what came in after the world was made."""
    with world.scope():
        return list(Receipt.objects.exclude(key="update:1").order_by("id").values_list("key", "conflicts"))


def test_a_replay_changes_nothing_now_or_later_or_with_other_headers(north: World, south: World):
    channel = channel_of(north, "telegram")
    for _ in range(5):
        assert send(channel, update(1)) == 200
    drain(north)
    for headers in (SIGNED, SIGNED | {"User-Agent": "another", "Date": "Tue, 03 Mar 2026 09:00:00 GMT"}):
        assert deliver(channel, update(1), headers).status_code == 200
    drain(north)
    assert receipts_of(north, channel) == [APPLIED]
    assert stored(north) == [("update:820000001", 0)]
    assert [message.body for message in messages_of(north, channel)] == ["Message 1"]
    assert stored(south) == []


def test_the_same_name_with_another_content_is_counted_and_the_first_kept(north: World):
    channel = channel_of(north, "telegram")
    answers = [send(channel, update(1, text=text)) for text in ("The first", "Another", "A third")]
    drain(north)
    assert answers == [200, 200, 200]
    assert stored(north) == [("update:820000001", 2)]
    assert [message.body for message in messages_of(north, channel)] == ["The first"]


def test_two_channels_may_use_the_same_names(north: World, south: World):
    lines = [(world, channel_of(world, "telegram")) for world in (north, north, south)]
    assert [send(channel, update(1)) for _, channel in lines] == [200, 200, 200]
    drain(north, south)
    assert [receipts_of(world, channel) for world, channel in lines] == [[APPLIED]] * 3
    assert (len(contacts_from(north, "telegram")), len(contacts_from(south, "telegram"))) == (1, 1)


def test_it_is_told_what_is_new_and_what_was_here(north: World):
    channel = channel_of(north, "telegram")
    arrivals = [Arrival(key=key, payload=key.encode(), reason="odd") for key in ("a", "b", "a")]
    with north.scope():
        assert keep(channel, arrivals) == Kept(new=2, repeated=1)
        assert keep(channel, [*arrivals, Arrival(key="c", payload=b"c")]) == Kept(new=1, repeated=3)
        assert keep(channel, []) == Kept(new=0, repeated=0)


def test_what_no_database_takes_is_stored_without_it(north: World):
    channel = channel_of(north, "telegram")
    sender = Sender(identities=(Identity("telegram", "55\x00"),), name="Robin\ud800")
    odd = {"at\x00": [float("nan"), float("inf"), 1.5], "deep": ({"x": "\x00"},)}
    event = InboundEvent(type=EventType.MESSAGE, message_id="1\x00", sender=sender, text="Hi\x00", metadata=odd)
    with north.scope():
        keep(channel, [Arrival(key="k\x00", payload=b"\x00\xff", event=event)])
        (receipt,) = Receipt.objects.filter(channel=channel)
    assert receipt.key == "k\N{REPLACEMENT CHARACTER}"
    assert receipt.event == {
        "type": "message",
        "message_id": "1\N{REPLACEMENT CHARACTER}",
        "sender": {
            "identities": [["telegram", "55\N{REPLACEMENT CHARACTER}"]],
            "name": "Robin\N{REPLACEMENT CHARACTER}",
            "phone": "",
            "email": "",
            "language": "",
            "proven_phone": "",
            "wrote_to": "",
        },
        "text": "Hi\N{REPLACEMENT CHARACTER}",
        "metadata": {"at\N{REPLACEMENT CHARACTER}": [None, None, 1.5], "deep": [{"x": "\N{REPLACEMENT CHARACTER}"}]},
    }
    drain(north)
    assert [row[1] for row in receipts_of(north, channel)] == ["applied"]


# A database that is away.


def assert_unavailable(answer) -> None:
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {"ok": False, "error": "This could not be stored now. Send it again."}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_database_that_refuses_connections_is_503_and_nothing_is_promised(north: World, monkeypatch):
    channel = channel_of(north, "telegram")
    connection.close()
    with socket.socket() as nobody, monkeypatch.context() as patch:
        nobody.bind(("127.0.0.1", 0))
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", str(nobody.getsockname()[1]))
        assert_unavailable(deliver(channel, update(1), SIGNED))
    connection.close()
    assert stored(north) == []
    assert send(channel, update(1)) == 200
    assert stored(north) == [("update:820000001", 0)]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["activities_channel_at", "INSERT INTO", "COMMIT"])
def test_a_session_that_is_ended_in_between_is_503_or_stored(
    north: World, statement: str, monkeypatch: pytest.MonkeyPatch
):
    channel = channel_of(north, "telegram")
    ended = []

    def end_session() -> None:
        # As an administrator does, or a server that goes down.
        ended.append(connection.connection.info.backend_pid)
        with psycopg.connect(superuser_url(), autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 10000)", ended)

    def end_before(execute, sql, parameters, many, context):
        if statement in sql and not ended:
            end_session()
        return execute(sql, parameters, many, context)

    def end_before_commit() -> None:
        end_session()
        commit()

    commit = connection._commit  # type: ignore[attr-defined]  # not public: where the last statement leaves
    with monkeypatch.context() as patch, connection.execute_wrapper(end_before):
        if statement == "COMMIT":
            patch.setattr(connection, "_commit", end_before_commit)
        assert_unavailable(deliver(channel, update(1), SIGNED))
    assert ended
    connection.close()
    assert stored(north) == []
    assert send(channel, update(1)) == 200
    assert stored(north) == [("update:820000001", 0)]


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_write_lock_that_cannot_be_had_is_503(north: World, sqlite_writer):
    channel = channel_of(north, "telegram")
    with sqlite_writer():
        connection.cursor().execute("PRAGMA busy_timeout = 50")
        assert_unavailable(deliver(channel, update(1), SIGNED))
    connection.close()
    assert stored(north) == []
    assert send(channel, update(1)) == 200
    assert stored(north) == [("update:820000001", 0)]

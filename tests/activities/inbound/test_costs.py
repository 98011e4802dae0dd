"""How many statements a message costs: committed, and the same for one as for many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.models import InboundChannel
from activities.services.applying import apply_batch
from tests.inbound import channel_of, deliver
from tests.updates import edit, send, update
from tests.worlds import World

COUNTS = orjson.loads((Path(__file__).parents[2] / "contracts" / "query_counts.json").read_bytes())["inbound"]
MANY = 60


def cost(work: Callable[[], object]) -> int:
    """Statements; transaction control is none."""
    with CaptureQueriesContext(connection) as queries:
        work()
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not query["sql"].startswith(control) for query in queries)


def test_a_call_costs_what_is_committed(north: World):
    channel = channel_of(north, "telegram")
    found = {
        "POST /inbound/telegram": cost(lambda: send(channel, update(1))),
        "POST /inbound/telegram, repeated": cost(lambda: send(channel, update(1))),
        "POST /inbound/telegram, with another content": cost(lambda: send(channel, update(1, text="Other"))),
        "POST /inbound/telegram, refused": cost(lambda: deliver(channel, update(2))),
    }
    assert found == {name: count for name, count in COUNTS[connection.vendor].items() if name.startswith("POST")}


def test_a_batch_costs_the_same_for_one_message_and_for_many(north: World):
    channel = channel_of(north, "telegram")
    # The first batch of a process is another matter.
    apply_batch(north.organization.pk)
    few = costs(north, channel, 1, first=0)
    many = costs(north, channel, MANY, first=1_000)
    committed = {name: count for name, count in COUNTS[connection.vendor].items() if not name.startswith("POST")}
    assert few == committed
    if connection.vendor == "postgresql":
        # SQLite takes so many values per statement and no more.
        assert many == committed


def costs(world: World, channel: InboundChannel, people: int, *, first: int) -> dict[str, int]:
    def batch() -> int:
        return apply_batch(world.organization.pk)

    numbers = range(first + 1, first + 1 + people)
    for number in numbers:
        send(channel, update(number))
    found = {"a batch of first messages": cost(batch)}
    for number in numbers:
        send(channel, update(number + 100, sender=number))
    found["a batch of further messages"] = cost(batch)
    for number in numbers:
        send(channel, update(number + 200, sender=number, text="STOP"))
    found["a batch of messages that say stop"] = cost(batch)
    send(channel, edit(first + 301, update(first + 1), "Edited"))
    found["one edit"] = cost(batch)
    return found

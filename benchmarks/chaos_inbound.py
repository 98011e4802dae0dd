"""``make chaos-inbound``: deliveries in disorder while workers are killed, and then a count of what is stored.

A program of its own: it makes an installation in a database of its own (SQLite, or PostgreSQL at ``BENCH_POSTGRES_URL``),
serves it with gunicorn on this machine, lets workers work and kills them with SIGKILL. It says what happened in one line
of JSON, and ends with status 1 unless nothing was lost and nothing doubled.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from random import Random
from threading import Event, Thread, local
from typing import Any, Final

from benchmarks.chaos_deliveries import Delivery, Said, Story, story
from benchmarks.installation import Installation, on_postgresql, on_sqlite
from benchmarks.place import REPOSITORY
from benchmarks.servers import HOST, Server, serving

SLUGS: Final = ("north", "south")
CHANNELS: Final = 4
WORKERS: Final = 2
CONNECTIONS: Final = 8
# Seconds without any progress.
PATIENCE: Final = 120


def main(arguments: Sequence[str]) -> int:
    """Run it; the status for the shell."""
    options = _options(arguments)
    chance = Random(options.seed)  # noqa: S311 - of a test, and to be the same again
    told = story(options.deliveries, channels=CHANNELS, organizations=len(SLUGS), chance=chance)
    with ExitStack() as stack:
        made = stack.enter_context(on_postgresql("chaos") if options.database == "postgresql" else on_sqlite("chaos"))
        installation = _installed(made)
        server = stack.enter_context(serving("chaos", "config.wsgi", installation.environment, "nobody"))
        begun = time.monotonic()
        with _killing(installation, options.kills, told, chance):
            refused = _deliver(installation, server, told.deliveries)
            delivered = time.monotonic()
        _wait_until_applied(installation)
        ended = time.monotonic()
        report = _report(installation, told)
    report |= {"killed": options.kills, "refused": refused, "seed": options.seed, "database": options.database}
    report |= {"seconds": round(ended - begun, 1), "delivering": round(delivered - begun, 1)}
    print(json.dumps(report))
    return 0 if report["lost"] == report["doubled"] == 0 else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos-inbound", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args(arguments)
    if options.deliveries < 100:
        parser.error("deliveries: at least 100, or there is no disorder")
    return options


def _installed(made: Installation) -> Installation:
    """Two organizations, and channels that are theirs in turn."""
    made.manage("migrate", "--verbosity", "0")
    for slug in SLUGS:
        owner = ("--owner-email", f"owner@{slug}.example.com", "--owner-first-name", "Olga")
        password = ("--owner-password", secrets.token_hex(16))
        made.manage("create_organization", "--name", slug.title(), "--slug", slug, *owner, *password)
    paths = []
    for number, slug in zip(range(CHANNELS), cycle(SLUGS), strict=False):
        named = ("--organization", slug, "--kind", "telegram", "--name", f"Bot {number}", "--secret", made.secret)
        channel = made.manage("create_channel", *named, "--new-contacts-per-hour", "1000000000")
        paths.append(channel["path"])
    return replace(made, paths=paths)


def _deliver(installation: Installation, server: Server, deliveries: Sequence[Delivery]) -> int:
    """Make each call until it is answered 200, as a provider does; returns how many were answered otherwise or not at all."""
    kept = local()

    def call(delivery: Delivery) -> int:
        refused = 0
        while not _is_taken(kept, installation, server, delivery):
            refused += 1
            time.sleep(0.1)
        return refused

    with ThreadPoolExecutor(CONNECTIONS) as connections:
        return sum(connections.map(call, deliveries))


def _is_taken(kept: local, installation: Installation, server: Server, delivery: Delivery) -> bool:
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": installation.secret}
    try:
        if not hasattr(kept, "connection"):
            kept.connection = HTTPConnection(HOST, server.port, timeout=60)
        kept.connection.request("POST", installation.paths[delivery.channel], delivery.body, headers)
        answer = kept.connection.getresponse()
        answer.read()
    except (OSError, HTTPException):
        kept.connection.close()
        return False
    return bool(answer.status == 200)


@contextmanager
def _killing(installation: Installation, kills: int, told: Story, chance: Random) -> Iterator[None]:
    """Workers, of which one is killed and replaced each time another part of the receipts is settled.

    The block ends when it is done and all kills are. The last workers are told to stop once nothing is left to do.
    """
    workers = [_worker(installation) for _ in range(WORKERS)]
    done = Event()

    def kill() -> None:
        for number in range(1, kills + 1):
            _wait_for_share(installation, round(told.receipts * number / (kills + 1)), done)
            unlucky = chance.randrange(WORKERS)
            workers[unlucky].kill()
            workers[unlucky].wait()
            workers[unlucky] = _worker(installation)

    killer = Thread(target=kill)
    killer.start()
    try:
        yield
        killer.join()
        _wait_until_applied(installation)
    finally:
        done.set()
        killer.join()
        for worker in workers:
            worker.terminate()
            worker.wait()


def _worker(installation: Installation) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "worker"]
    with (REPOSITORY / "var" / "bench" / "chaos-worker.log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=os.environ | dict(installation.environment), stdout=log, stderr=log
        )


_SETTLED: Final = "SELECT count(*) FROM activities_receipt WHERE state <> 'pending'"
_PENDING: Final = "SELECT count(*), coalesce(sum(attempts), 0) FROM activities_receipt WHERE state = 'pending'"
# However long something was put off for: here that time passes at once.
_TIME_PASSES: Final = "UPDATE activities_receipt SET due_at = received_at WHERE state = 'pending' AND attempts > 0"


def _wait_for_share(installation: Installation, settled: int, done: Event) -> None:
    while installation.rows(_SETTLED)[0][0] < settled and not done.wait(0.1):
        pass


def _wait_until_applied(installation: Installation) -> None:
    """Raises ``RuntimeError`` when nothing moves."""
    before, since = (0, 0), time.monotonic()
    while True:
        now = installation.rows(_PENDING)[0]
        if not now[0]:
            return
        if now != before:
            before, since = now, time.monotonic()
        if time.monotonic() > since + PATIENCE:
            raise RuntimeError(f"{now[0]} receipts stay; see var/bench/chaos-worker.log")
        installation.rows(_TIME_PASSES)
        time.sleep(1)


_ORGANIZATIONS: Final = "SELECT id, slug FROM accounts_organization"
_SAID: Final = """
    SELECT c.organization_id, i.value, c.body FROM activities_communication c
    LEFT JOIN activities_senderidentity i ON i.contact_id = c.contact_id
    WHERE c.kind = 'telegram' AND c.deleted_at IS NULL
"""
_STATES: Final = "SELECT state, count(*) FROM activities_receipt GROUP BY state"
_PEOPLE: Final = "SELECT count(*) FROM contacts_contact WHERE source = 'telegram' AND deleted_at IS NULL"
_COUNTED: Final = "SELECT coalesce(sum(message_count), 0) FROM activities_conversation WHERE kind = 'telegram'"
_ACTIVITIES: Final = "SELECT count(*) FROM activities_activity WHERE type = 'TELEGRAM_RECEIVED'"


def _report(installation: Installation, told: Story) -> dict[str, Any]:
    """What is stored beside what has to be: messages by sender and text, and how many there are of everything else."""
    places = {pk: SLUGS.index(slug) for pk, slug in installation.rows(_ORGANIZATIONS)}
    found = Counter(Said(places[pk], sender, text) for pk, sender, text in installation.rows(_SAID))
    states = dict(installation.rows(_STATES))
    # Once each for: receipts, contacts, what conversations count, activities; and what is not understood.
    have = [sum(states.values()), *(installation.rows(asked)[0][0] for asked in (_PEOPLE, _COUNTED, _ACTIVITIES))]
    want = [told.receipts, len(told.senders), told.said.total(), told.said.total()]
    have, want = [*have, states.get("quarantined", 0)], [*want, told.malformed]
    return {
        "tried": len(told.deliveries),
        "unique": told.receipts,
        "messages": told.said.total(),
        "contacts": len(told.senders),
        "lost": (told.said - found).total() + sum(max(0, w - h) for h, w in zip(have, want, strict=True)),
        "doubled": (found - told.said).total() + sum(max(0, h - w) for h, w in zip(have, want, strict=True)),
        "states": states,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Messages that come in: how fast a provider is answered, when a contact is there, and how fast a queue is worked off.

In a copy of the benchmarks' database, which is dropped in the end: what a message leaves behind is in too many tables to
be taken away again. Telegram's updates stand for all kinds: what costs is the same for all of them.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Event, Thread
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.database import Bench, Say, manage
from benchmarks.load import HOST, Load, Result, applied
from benchmarks.place import DATABASE, REPOSITORY, Place, superuser_url
from benchmarks.report import Goal, Report, Table
from benchmarks.servers import Server, serving
from benchmarks.wire import Effort

COPY: Final = f"{DATABASE}_inbound"
CONNECTIONS: Final = 8
# More than any run sends, so that none comes twice.
MOST_UPDATES: Final = 50_000
PER_SECOND: Final = 50
RECEIPTS: Final = int(os.environ.get("RECEIPTS", "100000"))
LEAST_PER_SECOND: Final = 300
LONGEST_ANSWER: Final = 100.0
MOST_SECONDS: Final = 1.0
LEAST_DRAINED: Final = 100_000 / (15 * 60)
_FIRST_UPDATE: Final = 820_000_000
_FIRST_SENDER: Final = 5_550_000_000_000


@dataclass(frozen=True)
class Line:
    """A bot's channel in the copy."""

    place: Place
    path: str
    secret: str

    def environment(self) -> dict[str, str]:
        url = self.place.url(self.place.application, COPY)
        return self.place.environment() | {"DATABASE_URL": url}

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """As the owner, whom row-level security does not hold."""
        with self.place.session(self.place.owner, COPY) as owner:
            yield owner

    def request(self, number: int) -> bytes:
        """A provider's whole call: somebody new writes for the first time."""
        body = json.dumps(update(number)).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {self.secret}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def update(number: int) -> dict[str, Any]:
    """An update as Telegram sends it; each number is another person's first."""
    sender = _FIRST_SENDER + number
    person = {"id": sender, "is_bot": False, "first_name": "Robin", "last_name": f"Example {number}"}
    message = {
        "message_id": 1,
        "from": person | {"language_code": "en"},
        "chat": person | {"type": "private"},
        "date": int(time.time()),
        "text": f"Is the flat on Maple Street still free? I could come by on any evening. ({number})",
    }
    return {"update_id": _FIRST_UPDATE + number, "message": message}


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """The three figures, with their goals."""
    with _copied(bench.place):
        line = _line(bench)
        say(f"inbound: {CONNECTIONS} connections of a provider")
        answers = _answers(line, effort)
        say(f"inbound: {PER_SECOND} messages a second")
        waits = _waits(line, effort)
        say(f"inbound: a queue of {RECEIPTS:,} receipts")
        drained = _drained(line)
    report.tables.append(_table(answers, waits, drained))
    report.goals += _goals(answers, waits, drained)


def _table(answers: Result, waits: Sequence[float], drained: float) -> Table:
    rows = [
        (
            "webhook to committed receipt to 200",
            f"{answers.count:,}",
            f"{answers.rate:,.0f}",
            *_percentiles_of(answers),
        ),
        (
            "webhook to visible contact",
            f"{len(waits):,}",
            f"{PER_SECOND}",
            *(f"{_share(waits, s):,.1f}" for s in _SHARES),
        ),
        ("queue of first messages", f"{RECEIPTS:,}", f"{drained:,.0f}", "", "", ""),
    ]
    return Table("Inbound messages", ("", "tried", "per second", "p50 ms", "p99 ms", "max ms"), rows)


_SHARES: Final = (0.5, 0.99, 1.0)


def _percentiles_of(answers: Result) -> tuple[str, str, str]:
    return f"{answers.p50:,.1f}", f"{answers.p99:,.1f}", ""


def _share(waits: Sequence[float], share: float) -> float:
    """Of seconds, in milliseconds."""
    ordered = sorted(waits)
    return 1_000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _goals(answers: Result, waits: Sequence[float], drained: float) -> list[Goal]:
    failed = answers.failures
    return [
        Goal(
            f"webhooks: at least {LEAST_PER_SECOND}/s, p99 below {LONGEST_ANSWER:.0f} ms",
            f"{answers.rate:,.0f}/s, {answers.p99:,.1f} ms, {failed} failed",
            answers.rate >= LEAST_PER_SECOND and answers.p99 < LONGEST_ANSWER and not failed,
        ),
        Goal(
            f"a contact within {MOST_SECONDS:.0f} s at {PER_SECOND} messages/s",
            f"max {max(waits):.2f} s",
            max(waits) <= MOST_SECONDS,
        ),
        Goal(
            "100,000 receipts in 15 minutes",
            f"{drained:,.0f}/s, {100_000 / drained / 60:,.1f} minutes",
            drained >= LEAST_DRAINED,
        ),
    ]


@contextmanager
def _copied(place: Place) -> Iterator[None]:
    name = sql.Identifier(COPY)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        superuser.execute(drop)
        copy = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        superuser.execute(copy.format(name, sql.Identifier(place.owner.role), sql.Identifier(DATABASE)))
        try:
            yield
        finally:
            superuser.execute(drop)


def _line(bench: Bench) -> Line:
    place, secret = bench.place, secrets.token_hex(16)
    urls = {"DATABASE_URL": place.url(place.application, COPY), "DATABASE_OWNER_URL": place.url(place.owner, COPY)}
    options = ("--organization", bench.big.slug, "--kind", "telegram", "--name", "Bot", "--secret", secret)
    made = manage(place, "create_channel", *options, "--new-contacts-per-hour", "1000000000", environment=urls)
    return Line(place, made["path"], secret)


@contextmanager
def _server(line: Line) -> Iterator[Server]:
    with serving("inbound", "config.wsgi", line.environment(), "nobody") as server:
        yield server


@contextmanager
def _worker(line: Line, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "worker", *options]
    with (REPOSITORY / "var" / "bench" / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | line.environment(), stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def _answers(line: Line, effort: Effort) -> Result:
    """The round with the middle rate. Nobody works the receipts off meanwhile."""
    rounds = []
    with _server(line) as server:
        for place in range(effort.rounds):
            first = place * MOST_UPDATES
            requests = [line.request(first + n).decode() for n in range(MOST_UPDATES)]
            rounds.append(applied(Load(server.port, CONNECTIONS, effort.seconds, requests)))
    _forget(line)
    return sorted(rounds, key=lambda result: result.rate)[len(rounds) // 2]


def _forget(line: Line) -> None:
    with line.session() as owner:
        owner.execute("DELETE FROM activities_receipt")


def _waits(line: Line, effort: Effort) -> list[float]:
    """Seconds from sending each message until another connection sees its sender's contact."""
    count = max(PER_SECOND, round(effort.seconds * effort.rounds * PER_SECOND))
    first = 1_000_000
    # The first message is for the worker to be awake and warm.
    with _server(line) as server, _worker(line), _watched(line) as seen:
        _sent(line, server, [first], pace=1)
        _until(lambda: _sender(first) in seen)
        sent = _sent(line, server, range(first + 1, first + 1 + count), pace=PER_SECOND)
        _until(lambda: len(seen) > count)
    return [seen[_sender(number)] - moment for number, moment in sent.items()]


def _sender(number: int) -> str:
    return str(_FIRST_SENDER + number)


def _sent(line: Line, server: Server, numbers: Sequence[int], *, pace: int) -> dict[int, float]:
    """When each was sent, evenly, on one connection."""
    sent: dict[int, float] = {}
    asking = HTTPConnection(HOST, server.port, timeout=60)
    begun = time.monotonic()
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": line.secret}
    for place, number in enumerate(numbers):
        time.sleep(max(0.0, begun + place / pace - time.monotonic()))
        sent[number] = time.monotonic()
        asking.request("POST", line.path, json.dumps(update(number)), headers)
        answer = asking.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a message was answered {answer.status}; see var/bench/inbound.log")
    asking.close()
    return sent


@contextmanager
def _watched(line: Line) -> Iterator[dict[str, float]]:
    """Filled, while the block lasts, with the moment at which each sender's contact was first seen, to 5 ms."""
    seen: dict[str, float] = {}
    done = Event()

    def watch() -> None:
        asked = "SELECT i.id, i.value FROM activities_senderidentity i JOIN contacts_contact c ON c.id = i.contact_id"
        last = 0
        with line.session() as owner:
            while not done.wait(0.005):
                rows = owner.execute(f"{asked} WHERE i.id > %s ORDER BY i.id", [last]).fetchall()
                now = time.monotonic()
                seen.update((value, now) for _, value in rows)
                last = rows[-1][0] if rows else last

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("the worker does not work; see var/bench/worker.log")
        time.sleep(0.05)


def _drained(line: Line) -> float:
    """Receipts a second, by their own times, of one worker that starts with all of them waiting."""
    with _server(line) as server:
        _sent(line, server, [2_000_000], pace=1)
    with line.session() as owner:
        owner.execute(_QUEUE, {"count": RECEIPTS, "first": 2_000_000})
        owner.execute("ANALYZE activities_receipt")
    with _worker(line, "--batch") as worker:
        worker.wait()
    with line.session() as owner:
        row = owner.execute(_SPEED, [_FIRST_UPDATE + 2_000_000]).fetchone()
    seconds, applied_ones = row or (0.0, 0)
    if applied_ones != RECEIPTS:
        raise RuntimeError(f"{applied_ones} of {RECEIPTS} receipts were applied; see var/bench/worker.log")
    return float(applied_ones / seconds)


# Others like the one that came over HTTP, each of another sender.
_QUEUE: Final = f"""
    INSERT INTO activities_receipt (organization_id, channel_id, key, payload, digest, conflicts, event, sent_at,
        received_at, state, attempts, due_at, reason)
    SELECT r.organization_id, r.channel_id, 'update:' || ({_FIRST_UPDATE} + %(first)s + n), r.payload, r.digest, 0,
        replace(r.event::text, ({_FIRST_SENDER} + %(first)s)::text, ({_FIRST_SENDER} + %(first)s + n)::text)::jsonb,
        r.sent_at, now(), 'pending', 0, now(), ''
    FROM activities_receipt r, generate_series(1, %(count)s - 1) n
    WHERE r.key = 'update:' || ({_FIRST_UPDATE} + %(first)s)
"""
_SPEED: Final = """
    SELECT extract(epoch FROM max(settled_at) - min(settled_at)), count(*) FROM activities_receipt
    WHERE state = 'applied' AND substr(key, 8)::bigint >= %s
"""

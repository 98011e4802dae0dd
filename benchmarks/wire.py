"""Requests per second and times, of the project, the limit and the textbook in turn: what every wire is measured by."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import orjson

from benchmarks import ceiling
from benchmarks.database import Bench, Say
from benchmarks.load import HOST, WARM_UP, Load, Result, applied
from benchmarks.report import Goal, Table
from benchmarks.servers import Server, serving
from benchmarks.textbook.filling import TOKEN
from benchmarks.workloads import CONNECTIONS, Workload

ALONE: Final = 1
# Milliseconds. Where the textbook takes longer alone it is loaded in one round: half of a run would be spent waiting for
# it, and no factor that large hangs on its noise.
SLOW: Final = 25.0


@dataclass(frozen=True)
class Times:
    """The medians of a workload's rounds on one program; ``by_kind`` has p50 and p99 at one connection.

    ``spread`` is how far the rounds were apart, as a share of their median: in rate or in p50 alone, whichever was worse.
    """

    rate: float
    alone_p50: float
    alone_p99: float
    p50: float
    p99: float
    failures: int
    rounds: int
    spread: float
    by_kind: Sequence[tuple[float, float]]

    @classmethod
    def of(cls, alone: Sequence[Result], crowd: Sequence[Result]) -> Times:
        return cls(
            rate=median(result.rate for result in crowd),
            alone_p50=median(result.p50 for result in alone),
            alone_p99=median(result.p99 for result in alone),
            p50=median(result.p50 for result in crowd),
            p99=median(result.p99 for result in crowd),
            failures=sum(result.failures for result in (*alone, *crowd)),
            rounds=len(crowd),
            spread=max(_spread([result.rate for result in crowd]), _spread([result.p50 for result in alone])),
            by_kind=[
                (median(p50 for p50, _ in kind), median(p99 for _, p99 in kind))
                for kind in zip(*(result.by_kind for result in alone), strict=True)
            ],
        )


def _spread(figures: Sequence[float]) -> float:
    return (max(figures) - min(figures)) / median(figures)


Measurements = dict[str, dict[str, Times]]


@dataclass(frozen=True)
class Effort:
    """How long and how often."""

    seconds: float
    rounds: int


@contextmanager
def programs(bench: Bench, authorization: str) -> Iterator[list[Server]]:
    """The three of them, each answering; ``authorization`` is what the wire's programs present to the project and the limit."""
    textbook = ("textbook", "benchmarks.textbook.wsgi", bench.place.textbook_environment(), f"Token {TOKEN}")
    of_limit = ("limit", "benchmarks.limit:application", bench.place.environment(), authorization)
    with ExitStack() as running:
        ours = running.enter_context(project(bench, authorization))
        yield [ours, running.enter_context(serving(*of_limit)), running.enter_context(serving(*textbook))]


@contextmanager
def project(bench: Bench, authorization: str) -> Iterator[Server]:
    """The project alone."""
    with serving("project", "config.wsgi", bench.place.environment(), authorization) as server:
        yield server


def answer(call: bytes, server: Server) -> dict[str, Any]:
    """The document a GET is answered with. Raises ``HTTPError`` for anything but success."""
    path = call.split(b" ", 2)[1].decode()
    request = urllib.request.Request(
        f"http://{HOST}:{server.port}{path}", headers={"Authorization": server.authorization}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
        document: dict[str, Any] = orjson.loads(response.read())
    return document


def loaded(workload: Workload, servers: Sequence[Server], effort: Effort, say: Say) -> dict[str, Times]:
    """One server at a time, in turn, round after round."""
    chosen = [server for server in servers if server.name in workload.programs]
    results: dict[str, tuple[list[Result], list[Result]]] = {server.name: ([], []) for server in chosen}
    for _ in range(effort.rounds):
        for server in chosen:
            alone, crowd = results[server.name]
            if not alone or server.name != "textbook" or alone[0].p50 <= SLOW:
                alone.append(_applied(workload, server, ALONE, effort))
                crowd.append(_applied(workload, server, CONNECTIONS, effort))
    times = {name: Times.of(alone, crowd) for name, (alone, crowd) in results.items()}
    say(f"{workload.name}: " + ", ".join(f"{name} {time.rate:,.0f}/s" for name, time in times.items()))
    return times


def _applied(workload: Workload, server: Server, connections: int, effort: Effort) -> Result:
    calls = workload.calls(server, effort.seconds + 2 * WARM_UP)
    requests = [call.decode("latin-1") for call in calls]
    kinds = max(1, len(workload.kinds))
    # A mix is asked for whole, or the slowest of it would be missing from the faster programs' figures.
    least = len(requests) if workload.kinds and server.name != "textbook" else kinds
    return applied(Load(server.port, connections, effort.seconds, requests, least=least, kinds=kinds))


def times_table(title: str, found: Measurements) -> Table:
    """Every workload on every program."""
    headings = (
        "",
        "program",
        "req/s at 16",
        "of limit",
        "x textbook",
        "p50 at 1",
        "p99 at 1",
        "p50 at 16",
        "p99 at 16",
        "rounds",
        "spread",
        "failed",
    )
    rows = [_row(name, program, times) for name, times in found.items() for program in times]
    note = (
        "Medians of the rounds; times in milliseconds. Spread: between the best and the worst round, of req/s at 16 or of p50"
        " at 1, whichever is wider apart. Failed: answers that were no 2xx, of all rounds. Where the textbook takes more than"
        f" {SLOW:g} ms alone, it is loaded in one round."
    )
    return Table(title, headings, rows, note)


def _row(name: str, program: str, times: dict[str, Times]) -> list[str]:
    own = times[program]
    shares = [
        form.format(own.rate / times[other].rate) if program == "project" and other in times else ""
        for other, form in (("limit", "{:.0%}"), ("textbook", "{:.1f}"))
    ]
    figures = [f"{value:,.2f}" for value in (own.alone_p50, own.alone_p99, own.p50, own.p99)]
    counts = [str(own.rounds), f"{own.spread:.0%}", str(own.failures)]
    return [name if program == "project" else "", program, f"{own.rate:,.1f}", *shares, *figures, *counts]


def client_table(found: Measurements, effort: Effort) -> Table:
    """What the client could do with a server that costs nothing, beside the fastest that was measured."""
    alone = ceiling.measured(CONNECTIONS, min(effort.seconds, 2))
    fastest = max(times.rate for by_program in found.values() for times in by_program.values())
    row = [f"{alone.rate:,.0f}", f"{alone.cpu:.3f}", f"{fastest:,.0f}"]
    return Table(
        "The load client", ("req/s of 20 kB against nothing", "its CPU ms per request", "fastest server"), [row]
    )


def nothing_failed(found: Measurements) -> Goal:
    """No program refused or broke anything."""
    failures = sum(times.failures for by_program in found.values() for times in by_program.values())
    return Goal("every request answered with success", f"{failures} failed", failures == 0)


def same(one: Any, other: Any, what: str) -> None:
    """Two programs have to say the same. Raises ``RuntimeError``."""
    if one != other:
        raise RuntimeError(f"the programs do not agree: {what}")

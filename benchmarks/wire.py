"""Requests per second and times, of the project, the limit and the textbook in turn."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import orjson

from benchmarks import ceiling, workloads
from benchmarks.database import Bench, Measured, Say
from benchmarks.filling import restore
from benchmarks.load import HOST, WARM_UP, Load, Result, applied
from benchmarks.report import Goal, Report, Table
from benchmarks.servers import Server, serving
from benchmarks.textbook.filling import TOKEN
from benchmarks.workloads import CONNECTIONS, Samples, Workload

ALONE: Final = 1


@dataclass(frozen=True)
class Times:
    """The medians of a workload's rounds on one program."""

    rate: float
    alone_p50: float
    alone_p99: float
    p50: float
    p99: float
    failures: int

    @classmethod
    def of(cls, alone: Sequence[Result], crowd: Sequence[Result]) -> Times:
        return cls(
            rate=median(result.rate for result in crowd),
            alone_p50=median(result.p50 for result in alone),
            alone_p99=median(result.p99 for result in alone),
            p50=median(result.p50 for result in crowd),
            p99=median(result.p99 for result in crowd),
            failures=sum(result.failures for result in (*alone, *crowd)),
        )


Measurements = dict[str, dict[str, Times]]


@dataclass(frozen=True)
class Effort:
    """How long and how often."""

    seconds: float
    rounds: int


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """Load every program with every workload, and report rates, times and the goals for them."""
    samples = Samples.of(bench)
    with programs(bench) as servers:
        _check_answers(bench, samples, servers, say)
        chosen = [
            *workloads.lists(bench, samples),
            workloads.single(samples),
            workloads.create(),
            workloads.bulk(samples),
        ]
        found = {workload.name: _loaded(workload, servers, effort, say) for workload in chosen}
    with _project(bench, bench.thousand) as small:
        workload = workloads.create("project")
        found["create, 1,000 rows"] = _loaded(workload, [small], effort, say)
    with bench.owner() as owner:
        restore(owner, bench.last_number)
    report.tables += [_table(found), _client(found, effort)]
    report.goals += _goals(found)


@contextmanager
def programs(bench: Bench) -> Iterator[list[Server]]:
    """The three of them, each answering."""
    bearer = f"Bearer {bench.big.token}"
    with ExitStack() as running:
        project = running.enter_context(_project(bench, bench.big))
        of_limit = serving("limit", "benchmarks.limit:application", bench.place.environment(), bearer)
        textbook = ("textbook", "benchmarks.textbook.wsgi", bench.place.textbook_environment(), f"Token {TOKEN}")
        yield [project, running.enter_context(of_limit), running.enter_context(serving(*textbook))]


@contextmanager
def _project(bench: Bench, organization: Measured) -> Iterator[Server]:
    bearer = f"Bearer {organization.token}"
    with serving("project", "config.wsgi", bench.place.environment(), bearer) as server:
        yield server


def _check_answers(bench: Bench, samples: Samples, servers: Sequence[Server], say: Say) -> None:
    """The limit must say what the project says, to the byte of every document. Raises ``RuntimeError``."""
    project, of_limit, textbook = servers
    for workload in [*workloads.lists(bench, samples), workloads.single(samples)]:
        ours, theirs = (_answer(workload.calls(server, 0)[0], server) for server in (project, of_limit))
        if ours != theirs:
            raise RuntimeError(f"the limit answers {workload.name} with another document")
        # Rows of the textbook are counted alike.
        plain = _answer(workload.calls(textbook, 0)[0], textbook)
        if "pagination" in ours and ours["pagination"]["total"] != plain["count"]:
            raise RuntimeError(f"the textbook finds another number of rows for {workload.name}")
    say("The project and the limit answer with the same documents, and the textbook counts the same rows.")


def _answer(call: bytes, server: Server) -> dict[str, Any]:
    """The document of a GET, without the cursor, which every program signs its own way."""
    path = call.split(b" ", 2)[1].decode()
    request = urllib.request.Request(
        f"http://{HOST}:{server.port}{path}", headers={"Authorization": server.authorization}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
        document: dict[str, Any] = orjson.loads(response.read())
    document.get("pagination", {}).pop("nextCursor", None)
    return document


def _loaded(workload: Workload, servers: Sequence[Server], effort: Effort, say: Say) -> dict[str, Times]:
    """One server at a time, in turn, round after round."""
    chosen = [server for server in servers if server.name in workload.programs]
    results: dict[tuple[str, int], list[Result]] = {}
    for _ in range(effort.rounds):
        for server in chosen:
            for connections in (ALONE, CONNECTIONS):
                calls = workload.calls(server, effort.seconds + 2 * WARM_UP)
                load = Load(server.port, connections, effort.seconds, [call.decode("latin-1") for call in calls])
                results.setdefault((server.name, connections), []).append(applied(load))
    times = {server.name: Times.of(results[server.name, ALONE], results[server.name, CONNECTIONS]) for server in chosen}
    say(f"{workload.name}: " + ", ".join(f"{name} {time.rate:,.0f}/s" for name, time in times.items()))
    return times


def _table(found: Measurements) -> Table:
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
        "failed",
    )
    rows = [_row(name, program, times) for name, times in found.items() for program in times]
    note = "Medians of the rounds; times in milliseconds; failed: answers that were no 2xx, of all rounds."
    return Table("Over HTTP", headings, rows, note)


def _row(name: str, program: str, times: dict[str, Times]) -> list[str]:
    own = times[program]
    shares = ["", ""]
    if program == "project" and len(times) > 1:
        shares = [f"{own.rate / times['limit'].rate:.0%}", f"{own.rate / times['textbook'].rate:.1f}"]
    figures = [f"{value:,.2f}" for value in (own.alone_p50, own.alone_p99, own.p50, own.p99)]
    return [name if program == "project" else "", program, f"{own.rate:,.1f}", *shares, *figures, str(own.failures)]


def _client(found: Measurements, effort: Effort) -> Table:
    """What the client could do with a server that costs nothing, beside the fastest that was measured."""
    alone = ceiling.measured(CONNECTIONS, min(effort.seconds, 2))
    fastest = max(times.rate for by_program in found.values() for times in by_program.values())
    row = [f"{alone.rate:,.0f}", f"{alone.cpu:.3f}", f"{fastest:,.0f}"]
    return Table(
        "The load client", ("req/s of 20 kB against nothing", "its CPU ms per request", "fastest server"), [row]
    )


def _goals(found: Measurements) -> list[Goal]:
    def share(name: str) -> float:
        return found[name]["project"].rate / found[name]["limit"].rate

    times = found["list 25"]["project"].rate / found["list 25"]["textbook"].rate
    create = found["create"]["project"].alone_p50 / found["create"]["limit"].alone_p50
    sizes = found["create"]["project"].alone_p50 / found["create, 1,000 rows"]["project"].alone_p50
    failures = sum(times.failures for by_program in found.values() for times in by_program.values())
    return [
        Goal("list 25 at least 40 times the textbook's requests/s", f"{times:.1f}", times >= 40),
        Goal("list 25 at least 50 % of the limit's requests/s", f"{share('list 25'):.0%}", share("list 25") >= 0.5),
        Goal("list 100 at least 60 % of the limit's requests/s", f"{share('list 100'):.0%}", share("list 100") >= 0.6),
        Goal("single contact at least 40 % of the limit", f"{share('single'):.0%}", share("single") >= 0.4),
        Goal("create at most 3 times the limit's p50", f"{create:.2f}", create <= 3),
        Goal("create the same in 1,000 rows as in all (p50, within 25 %)", f"{sizes:.2f}", sizes <= 1.25),
        Goal("every request answered with success", f"{failures} failed", failures == 0),
    ]

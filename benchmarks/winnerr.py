"""Winnerr's wire under load, beside the limit and the textbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks import workloads
from benchmarks.database import Bench, Say
from benchmarks.filling import restore
from benchmarks.report import Goal, Report
from benchmarks.servers import Server
from benchmarks.wire import (
    Effort,
    Measurements,
    answer,
    client_table,
    loaded,
    nothing_failed,
    programs,
    project,
    same,
    times_table,
)
from benchmarks.workloads import Samples


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """Load every program with every workload, and report rates, times and the goals for them."""
    samples = Samples.of(bench)
    with programs(bench, bench.big.winnerr) as servers:
        _check_answers(bench, samples, servers, say)
        chosen = [
            *workloads.lists(bench, samples),
            workloads.single(samples),
            workloads.create(),
            workloads.bulk(samples),
        ]
        found = {workload.name: loaded(workload, servers, effort, say) for workload in chosen}
    with project(bench, bench.thousand.winnerr) as small:
        workload = workloads.create("project")
        found["create, 1,000 rows"] = loaded(workload, [small], effort, say)
    with bench.owner() as owner:
        restore(owner, bench.last_number)
    report.tables += [times_table("Winnerr over HTTP", found), client_table(found, effort)]
    report.goals += _goals(found)


def _check_answers(bench: Bench, samples: Samples, servers: Sequence[Server], say: Say) -> None:
    """The limit must say what the project says, to the byte of every document. Raises ``RuntimeError``."""
    ours, of_limit, textbook = servers
    for workload in [*workloads.lists(bench, samples), workloads.single(samples)]:
        document = _answer(workload.calls(ours, 0)[0], ours)
        same(document, _answer(workload.calls(of_limit, 0)[0], of_limit), f"the limit on {workload.name}")
        # Rows of the textbook are counted alike.
        if "pagination" in document:
            plain = answer(workload.calls(textbook, 0)[0], textbook)
            same(document["pagination"]["total"], plain["count"], f"the textbook on {workload.name}")
    say("The project and the limit answer with the same documents, and the textbook counts the same rows.")


def _answer(call: bytes, server: Server) -> dict[str, Any]:
    """The document of a GET, without the cursor, which every program signs its own way."""
    document = answer(call, server)
    document.get("pagination", {}).pop("nextCursor", None)
    return document


def _goals(found: Measurements) -> list[Goal]:
    def share(name: str) -> float:
        return found[name]["project"].rate / found[name]["limit"].rate

    times = found["list 25"]["project"].rate / found["list 25"]["textbook"].rate
    create = found["create"]["project"].alone_p50 / found["create"]["limit"].alone_p50
    sizes = found["create"]["project"].alone_p50 / found["create, 1,000 rows"]["project"].alone_p50
    return [
        Goal("list 25 at least 40 times the textbook's requests/s", f"{times:.1f}", times >= 40),
        Goal("list 25 at least 50 % of the limit's requests/s", f"{share('list 25'):.0%}", share("list 25") >= 0.5),
        Goal("list 100 at least 60 % of the limit's requests/s", f"{share('list 100'):.0%}", share("list 100") >= 0.6),
        Goal("single contact at least 40 % of the limit", f"{share('single'):.0%}", share("single") >= 0.4),
        Goal("create at most 3 times the limit's p50", f"{create:.2f}", create <= 3),
        Goal("create the same in 1,000 rows as in all (p50, within 25 %)", f"{sizes:.2f}", sizes <= 1.25),
        nothing_failed(found),
    ]

"""Rentalot's wire under load, beside the limit and the textbook: pages by number, and the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from benchmarks import rentalot_workloads as workloads
from benchmarks.database import Bench, Say
from benchmarks.filling import restore
from benchmarks.patching import restore_patched
from benchmarks.rentalot_workloads import DEEP_PAGE, SEARCH
from benchmarks.report import Goal, Report, Table
from benchmarks.servers import Server
from benchmarks.terms import KINDS
from benchmarks.wire import (
    Effort,
    Measurements,
    Times,
    answer,
    client_table,
    loaded,
    nothing_failed,
    programs,
    same,
    times_table,
)
from benchmarks.workloads import Samples, Workload

# Milliseconds at one connection.
MOST_OF_DEEP_PAGE: Final = 60.0
MOST_OF_SEARCH: Final = (15.0, 80.0)
# What a search says that finds more than 10,000 (decision 0021).
COUNTED_ON: Final = 10_001
# Searches of each kind of which the answers are compared; the textbook takes a second for each, and is asked once.
COMPARED: Final = 5


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """Load every program with every workload, and report rates, times and the goals for them."""
    samples = Samples.of(bench)
    reading = [*workloads.lists(samples), workloads.single(samples), workloads.search(bench)]
    with programs(bench, bench.big.rentalot) as servers:
        _check_answers(reading, servers, say)
        chosen = [*reading, workloads.create(), workloads.change(samples)]
        found = {workload.name: loaded(workload, servers, effort, say) for workload in chosen}
    with bench.owner() as owner:
        restore_patched(owner)
        restore(owner, bench.last_number)
    report.tables += [
        times_table("Rentalot over HTTP", found),
        kinds_table("Searches", found[SEARCH]),
        client_table(found, effort),
    ]
    report.goals += _goals(found)


def _check_answers(reading: Sequence[Workload], servers: Sequence[Server], say: Say) -> None:
    """All of them have to find the same contacts, and the limit to print them the same. Raises ``RuntimeError``."""
    ours, of_limit, textbook = servers
    for workload in reading:
        for place in range(COMPARED * len(workload.kinds) or 1):
            calls = [workload.calls(server, 0)[place] for server in servers]
            document = answer(calls[0], ours)
            where = f"{workload.name}, {calls[0].split(b' ', 2)[1].decode()}"
            same(document, answer(calls[1], of_limit), f"the limit on {where}")
            is_literal = not workload.kinds or (place < len(KINDS) and KINDS[place].is_literal)
            if is_literal:
                same_contacts(document, answer(calls[2], textbook), f"the textbook on {where}")
    say("The project and the limit answer with the same documents, and the textbook finds the same contacts.")


def same_contacts(document: dict[str, Any], plain: dict[str, Any], what: str) -> None:
    """The textbook has the same contacts in the same order, and the same total; it counts on where the wire stops.

    Raises ``RuntimeError``.
    """
    contacts, total = identities(plain)
    is_counted = identities(document)[1] != COUNTED_ON
    same(identities(document), (contacts, total if is_counted else min(total, COUNTED_ON)), what)


def identities(document: dict[str, Any]) -> tuple[list[str], int]:
    """Which contacts an answer is about, in its order, and how many there are in all, of whichever program it is."""
    if "results" in document:
        return [person["id"] for person in document["results"]], document["count"]
    data = document.get("data", document)
    if isinstance(data, list):
        return [contact["id"] for contact in data], document["pagination"]["total"]
    return [data["id"]], 1


def kinds_table(title: str, times: dict[str, Times]) -> Table:
    """What is searched for, by kind, at one connection."""
    programs = list(times)
    headings = ["", *(f"{program}, {name}" for program in programs for name in ("p50", "p99"))]
    rows = []
    for place, kind in enumerate(KINDS):
        figures = [f"{value:,.2f}" for program in programs for value in times[program].by_kind[place]]
        rows.append([kind.name, *figures])
    return Table(f"{title} by kind, at one connection, in milliseconds", headings, rows)


def _goals(found: Measurements) -> list[Goal]:
    deep, search = found[DEEP_PAGE]["project"], found[SEARCH]["project"]
    middle, most = MOST_OF_SEARCH
    return [
        Goal(
            f"{DEEP_PAGE} at most {MOST_OF_DEEP_PAGE:g} ms, p99",
            f"p50 {deep.alone_p50:.1f}, p99 {deep.alone_p99:.1f}",
            deep.alone_p99 <= MOST_OF_DEEP_PAGE,
        ),
        Goal(f"search: p50 at most {middle:g} ms", f"{search.alone_p50:.1f}", search.alone_p50 <= middle),
        Goal(f"search: p99 at most {most:g} ms", f"{search.alone_p99:.1f}", search.alone_p99 <= most),
        nothing_failed(found),
    ]

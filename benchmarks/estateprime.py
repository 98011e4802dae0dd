"""EstatePrime's wire under load, beside the limit and the textbook: fifty contacts with everything that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError

from benchmarks import estateprime_workloads as workloads
from benchmarks.database import Bench, Say
from benchmarks.estateprime_workloads import CREATE, DEEP_PAGE, FIRST_PAGE, SEARCH, SINGLE, Samples
from benchmarks.filling import restore
from benchmarks.patching import restore_patched
from benchmarks.rentalot import COMPARED, kinds_table
from benchmarks.report import Goal, Report
from benchmarks.servers import Server
from benchmarks.terms import KINDS
from benchmarks.wire import (
    Effort,
    Measurements,
    answer,
    client_table,
    loaded,
    nothing_failed,
    programs,
    same,
    times_table,
)
from benchmarks.workloads import Workload

# Where the figures are from, docs/performance.md says.
LEAST_OF_LIMIT: Final = 0.4
LEAST_TIMES_TEXTBOOK: Final = 10
MOST_TIMES_LIMIT_TO_CREATE: Final = 3
# Milliseconds at one connection.
MOST_OF_DEEP_PAGE: Final = 60.0
MOST_OF_SEARCH: Final = (15.0, 80.0)


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """Load every program with every workload, and report rates, times and the goals for them."""
    with bench.owner() as owner:
        samples = Samples.of(owner, bench.big.id)
    reading = [*workloads.lists(bench.big), workloads.single(samples), workloads.search(bench)]
    with programs(bench, bench.big.estateprime) as servers:
        refused = _check_answers(reading, servers, say)
        chosen = [*reading, workloads.create(samples), workloads.change(samples)]
        found = {workload.name: loaded(workload, servers, effort, say) for workload in chosen}
    with bench.owner() as owner:
        restore_patched(owner)
        restore(owner, bench.last_number)
    report.tables += [
        times_table("EstatePrime over HTTP", found),
        kinds_table("EstatePrime's searches", found[SEARCH]),
        client_table(found, effort),
    ]
    report.goals += [*_goals(found), Goal("EstatePrime, no search given up", ", ".join(refused) or "none", not refused)]


def _check_answers(reading: Sequence[Workload], servers: Sequence[Server], say: Say) -> list[str]:
    """All of them have to find the same contacts, and the limit to print them the same. Returns the kinds of searches that
    the project gave up, which are compared with nothing. Raises ``RuntimeError``.
    """
    ours, of_limit, textbook = servers
    refused: dict[str, None] = {}
    for workload in reading:
        for place in range(COMPARED * len(workload.kinds) or 1):
            calls = [workload.calls(server, 0)[place] for server in servers]
            document = _answer_unless_given_up(calls[0], ours)
            if document is None:
                refused[KINDS[place % len(KINDS)].name] = None
                continue
            where = f"{workload.name}, {calls[0].split(b' ', 2)[1].decode()}"
            same(document, answer(calls[1], of_limit), f"the limit on {where}")
            if not workload.kinds or (place < len(KINDS) and KINDS[place].is_literal):
                same(identities(document), identities(answer(calls[2], textbook)), f"the textbook on {where}")
    say("The project and the limit answer with the same documents, and the textbook finds the same contacts.")
    return list(refused)


def _answer_unless_given_up(call: bytes, server: Server) -> dict[str, Any] | None:
    """None where the server says that it was too long at it."""
    try:
        return answer(call, server)
    except HTTPError as error:
        if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return None


def identities(document: dict[str, Any]) -> tuple[list[tuple[Any, ...]], int]:
    """Which contacts an answer is about, in its order, each with how many rows of every kind hang on it, and how many
    contacts there are in all, of whichever program it is.
    """
    contacts = document.get("results", document.get("data", document))
    contacts = contacts if isinstance(contacts, list) else [contacts]
    total = document.get("total_results", document.get("count", 1))
    return [(contact["id"], *(len(contact[name]) for name in _LISTS)) for contact in contacts], total


_LISTS: Final = ("phones", "emails", "custom_fields", "contact_details", "tags", "users")


def _goals(found: Measurements) -> list[Goal]:
    deep, search = found[DEEP_PAGE]["project"], found[SEARCH]["project"]
    middle, most = MOST_OF_SEARCH
    times = found[FIRST_PAGE]["project"].rate / found[FIRST_PAGE]["textbook"].rate
    create = found[CREATE]["project"].alone_p50 / found[CREATE]["limit"].alone_p50
    return [
        *(_share_of_limit(name, found) for name in (FIRST_PAGE, SINGLE)),
        Goal(
            f"EstatePrime, {FIRST_PAGE} at least {LEAST_TIMES_TEXTBOOK} times the textbook's requests/s",
            f"{times:.1f}",
            times >= LEAST_TIMES_TEXTBOOK,
        ),
        Goal(
            f"EstatePrime, {DEEP_PAGE} at most {MOST_OF_DEEP_PAGE:g} ms, p99",
            f"p50 {deep.alone_p50:.1f}, p99 {deep.alone_p99:.1f}",
            deep.alone_p99 <= MOST_OF_DEEP_PAGE,
        ),
        Goal(
            f"EstatePrime, search: p50 at most {middle:g} ms, p99 at most {most:g} ms",
            f"p50 {search.alone_p50:.1f}, p99 {search.alone_p99:.1f}",
            search.alone_p50 <= middle and search.alone_p99 <= most,
        ),
        Goal(
            f"EstatePrime, create at most {MOST_TIMES_LIMIT_TO_CREATE} times the limit's p50",
            f"{create:.2f}",
            create <= MOST_TIMES_LIMIT_TO_CREATE,
        ),
        nothing_failed(found),
    ]


def _share_of_limit(name: str, found: Measurements) -> Goal:
    share = found[name]["project"].rate / found[name]["limit"].rate
    wanted = f"EstatePrime, {name} at least {LEAST_OF_LIMIT:.0%} of the limit's requests/s"
    return Goal(wanted, f"{share:.0%}", share >= LEAST_OF_LIMIT)

"""The exact number of contacts: what it costs to ask for, whether it is ever wrong, and what it costs those who write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import psycopg
from psycopg import Connection, IsolationLevel, sql

from benchmarks.database import Bench, Say
from benchmarks.explain import cost_of
from benchmarks.filling import remove_contacts_after, restore
from benchmarks.product import Statement
from benchmarks.report import Goal, Report, Table
from benchmarks.wire import Effort
from benchmarks.writers import PROCESSES, Task, written

MOST: Final = 1.0
LEAST_SPEED: Final = 0.6


@dataclass(frozen=True)
class Total:
    """A total as the schema's counters answer it, and as counting does. ``values`` are for both."""

    name: str
    counter: str
    condition: str
    values: Sequence[Any] = ()

    @property
    def counted(self) -> str:
        return f"SELECT count(*) FROM contacts_contact c WHERE c.deleted_at IS NULL AND {self.condition}"

    def statement(self, *, counters: bool) -> Statement:
        return Statement(f"SELECT {self.counter}" if counters else self.counted, list(self.values), 0)


_TAGGED: Final = """EXISTS (SELECT FROM contacts_taggedcontact x JOIN contacts_tag t ON t.id = x.tag_id
    WHERE x.content_object_id = c.id AND t.name = %s)"""
TOTALS: Final = (
    Total("all", "contacts_total(NULL, NULL, NULL, NULL, NULL)", "true"),
    Total("type", "contacts_total(ARRAY[%s], NULL, NULL, NULL, NULL)", "c.type = %s", ["LEAD"]),
    Total("status", "contacts_total(NULL, ARRAY[%s], NULL, NULL, NULL)", "c.status = %s", ["ACTIVE"]),
    Total("source", "contacts_total(NULL, NULL, ARRAY[%s], NULL, NULL)", "c.source = %s", ["Website"]),
    Total("score", "contacts_total(NULL, NULL, NULL, %s, %s)", "c.lead_score BETWEEN %s AND %s", [20, 80]),
    Total(
        "type + status + score",
        "contacts_total(ARRAY[%s], ARRAY[%s], NULL, %s, NULL)",
        "c.type = %s AND c.status = %s AND c.lead_score >= %s",
        ["LEAD", "ACTIVE", 50],
    ),
    Total("tag, popular", "contacts_tag_total(%s)", _TAGGED, ["tag-0"]),
    Total("tag, rare", "contacts_tag_total(%s)", _TAGGED, ["tag-199"]),
)
_HAS_COUNTERS: Final = """
    SELECT to_regprocedure('contacts_total(text[], text[], text[], integer, integer)') IS NOT NULL
       AND to_regprocedure('contacts_tag_total(text)') IS NOT NULL
"""
# Counters are kept per statement; what fires per row has another purpose.
_TRIGGERS: Final = """
    SELECT tgrelid::regclass::text, tgname FROM pg_trigger
    WHERE tgrelid IN ('contacts_contact'::regclass, 'contacts_taggedcontact'::regclass)
      AND NOT tgisinternal AND tgtype & 1 = 0 ORDER BY 1, 2
"""


@dataclass
class Checks:
    """How often totals were compared with a count in one snapshot, and what differed."""

    made: int = 0
    mistakes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Phase:
    """One time of writing: with or without counters."""

    counting: bool
    rate: float


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """Measure totals alone, then under writers that pay for them and writers that do not, in turn."""
    with bench.owner() as owner:
        counters = bool(owner.execute(_HAS_COUNTERS).fetchone()[0])
        triggers = owner.execute(_TRIGGERS).fetchall()
    if not counters:
        say("The schema keeps no totals yet: they are counted.")
    report.tables.append(_alone(bench, report, counters=counters))
    checks = Checks()
    phases = _phases(bench, effort, checks, triggers, counters=counters)
    say(f"{PROCESSES} writers, {len(phases)} times: {checks.made} comparisons, {len(checks.mistakes)} of them wrong.")
    report.tables.append(_table(phases, checks, triggers))
    report.goals += _goals(phases, checks, compared=counters, paid=bool(triggers))


def _alone(bench: Bench, report: Report, *, counters: bool) -> Table:
    costs = {total.name: cost_of([total.statement(counters=counters)], bench.big.id) for total in TOTALS}
    slow = [name for name, cost in costs.items() if cost.sql > MOST]
    text = f"total by type, status, source, score and one tag at most {MOST:g} ms of SQL"
    slowest = max(cost.sql for cost in costs.values())
    report.goals.append(Goal(text, f"{slowest:.2f} ms", not slow))
    rows = [
        (name, f"{cost.execution:.3f}", f"{cost.planning:.3f}", f"{cost.buffers:,}") for name, cost in costs.items()
    ]
    way = "by the schema's counters" if counters else "by counting"
    return Table(f"Totals of the big organization, {way}", ("", "ms", "planning ms", "buffers"), rows)


def _phases(
    bench: Bench, effort: Effort, checks: Checks, triggers: Sequence[tuple[str, str]], *, counters: bool
) -> list[Phase]:
    phases = []
    try:
        for place in range(effort.rounds):
            for counting in (True, False):
                with bench.owner() as owner, _switched_off(owner, () if counting else triggers):
                    compare = counters and counting
                    with _checking(bench, checks if compare else Checks()):
                        commits = written(_tasks(bench, effort.seconds, f"{place}.{counting}"))
                    # While the counters stand as they stood before, so that what they missed is gone for them as well.
                    remove_contacts_after(owner, bench.last_number)
                phases.append(Phase(counting, commits / effort.seconds))
    finally:
        with bench.owner() as owner:
            restore(owner, bench.last_number)
    return phases


def _tasks(bench: Bench, seconds: float, name: str) -> list[Task]:
    with bench.owner() as owner:
        statement = "SELECT min(id) FROM accounts_member WHERE organization_id = %s"
        member = owner.execute(statement, [bench.big.id]).fetchone()[0]
    return [Task(bench.big.id, member, seconds, f"writer.{place}.{name}") for place in range(PROCESSES)]


@contextmanager
def _switched_off(owner: Connection[Any], triggers: Sequence[tuple[str, str]]) -> Iterator[None]:
    try:
        _switch(owner, triggers, "DISABLE")
        yield
    finally:
        _switch(owner, triggers, "ENABLE")


def _switch(owner: Connection[Any], triggers: Sequence[tuple[str, str]], verb: str) -> None:
    for table, trigger in triggers:
        statement = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
        owner.execute(statement.format(sql.Identifier(table), sql.SQL(verb), sql.Identifier(trigger)))


@contextmanager
def _checking(bench: Bench, checks: Checks) -> Iterator[None]:
    """Compare over and over, until the block ends, in a thread."""
    over = threading.Event()
    # Phases that are not compared carry the same load of counting.
    compare = _compare if _has_counters(bench) else _count
    checker = threading.Thread(target=_check, args=(bench, checks, over, compare))
    checker.start()
    try:
        yield
    finally:
        over.set()
        checker.join()


def _has_counters(bench: Bench) -> bool:
    with bench.owner() as owner:
        return bool(owner.execute(_HAS_COUNTERS).fetchone()[0])


def _check(
    bench: Bench, checks: Checks, over: threading.Event, compare: Callable[[Connection[Any], Total, Checks], None]
) -> None:
    with psycopg.connect(bench.place.url(bench.place.application)) as application:
        application.isolation_level = IsolationLevel.REPEATABLE_READ
        while not over.is_set():
            with application.transaction():
                application.execute("SELECT set_config('app.organization', %s, true)", [str(bench.big.id)])
                for total in TOTALS:
                    compare(application, total, checks)
            # Most of the machine is for the writers.
            over.wait(0.2)


def _compare(application: Connection[Any], total: Total, checks: Checks) -> None:
    answered = application.execute(f"SELECT {total.counter}", total.values).fetchone()
    counted = application.execute(total.counted, total.values).fetchone()
    checks.made += 1
    if answered != counted:
        checks.mistakes.append(f"{total.name}: {answered} for {counted}")


def _count(application: Connection[Any], total: Total, checks: Checks) -> None:
    application.execute(total.counted, total.values)


def _rate(phases: Sequence[Phase], *, counting: bool) -> float:
    return median(phase.rate for phase in phases if phase.counting is counting)


def _table(phases: Sequence[Phase], checks: Checks, triggers: Sequence[tuple[str, str]]) -> Table:
    paid, free = _rate(phases, counting=True), _rate(phases, counting=False)
    rows = [
        ("with the counters", f"{paid:,.1f}", f"{paid / free:.0%}"),
        ("without", f"{free:,.1f}", "100%"),
    ]
    names = ", ".join(name for _, name in triggers) or "none"
    wrong = f" First wrong: {checks.mistakes[0]}." if checks.mistakes else ""
    note = f"Triggers: {names}. {checks.made} totals compared with a count, {len(checks.mistakes)} wrong.{wrong}"
    return Table(f"{PROCESSES} writers in one organization", ("", "transactions/s", "of speed"), rows, note)


def _goals(phases: Sequence[Phase], checks: Checks, *, compared: bool, paid: bool) -> list[Goal]:
    speed = _rate(phases, counting=True) / _rate(phases, counting=False)
    wrong = f"{len(checks.mistakes)} of {checks.made} wrong"
    exact = checks.made > 0 and not checks.mistakes
    return [
        Goal(
            f"total exact at any moment under {PROCESSES} writers",
            wrong,
            exact if compared else None,
        ),
        Goal(
            f"{PROCESSES} writers keep {LEAST_SPEED:.0%} of their speed",
            f"{speed:.0%}",
            speed >= LEAST_SPEED if paid else None,
        ),
    ]

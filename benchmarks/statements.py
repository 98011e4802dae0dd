"""The SQL of the project's own lists, measured: taken from a real request, explained again as the application role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import orjson

from benchmarks import estateprime_sql, numbered, product, questions
from benchmarks.database import Bench, Measured, Say
from benchmarks.explain import Cost, average, cost_of
from benchmarks.filling import Batch, insert_contacts, organizations, restore
from benchmarks.product import Answered
from benchmarks.questions import Question
from benchmarks.report import Goal, Report, Table
from benchmarks.wire import Effort
from benchmarks.workloads import BULK, DEEP, Samples

FRESH: Final = 50_000
MOST: Final = 5.0
MOST_OF_REST: Final = 500.0
# All of a thousand contacts.
PAGES: Final = 10
HUNDRED: Final = Question("a hundred", "limit=100")


@dataclass(frozen=True)
class Asked:
    """A list, how many statements it took, and what the page and the total cost."""

    name: str
    statements: int
    page: Cost
    total: Cost

    @property
    def is_fast(self) -> bool:
        return self.page.sql <= MOST and not self.page.cancelled


def measure(bench: Bench, effort: Effort, report: Report, say: Say) -> None:
    """Measure the documented lists as they are and with fresh rows on top, pages deep and shallow, and the rest."""
    asked = _costs(bench, say, "as filled")
    sizes, of_sizes = _sizes(bench)
    counts, of_counts = _counts(bench, asked)
    rest = _rest(bench)
    pages, of_pages = numbered.measure(bench, say)
    with_rows, of_rows = estateprime_sql.measure(bench, say)
    with _fresh_rows(bench, say):
        fresh = _costs(bench, say, "with fresh rows on top")
        rest_fresh = _rest(bench)
    report.tables += [_lists(asked, fresh), sizes, counts, _rest_table(rest, rest_fresh), *pages, *with_rows]
    report.goals += [
        *of_counts,
        _fast("each documented filter, sort and usual pair", asked),
        _fast("the same with fresh rows of score 0 on top", fresh),
        *of_sizes,
        *of_pages,
        *of_rows,
        _ends([*rest, *rest_fresh]),
    ]


def _costs(bench: Bench, say: Say, when: str) -> list[Asked]:
    found = [_asked(question, bench.big) for question in questions.documented(bench)]
    say(f"{len(found)} lists {when}: {sum(not asked.is_fast for asked in found)} above {MOST:g} ms.")
    return found


def _asked(question: Question, organization: Measured) -> Asked:
    return _costs_of(question.name, product.ask(organization, question.path), organization)


def _costs_of(name: str, answered: Answered, organization: Measured) -> Asked:
    pages = [statement for statement in answered.statements if not statement.is_total]
    totals = [statement for statement in answered.statements if statement.is_total]
    page, total = (cost_of(statements, organization.id) for statements in (pages, totals))
    # What the role gave up in the request is not fast, however fast it is the next time.
    return Asked(name, len(answered.statements), page + Cost(cancelled=answered.status != 200), total)


@contextmanager
def _fresh_rows(bench: Bench, say: Say) -> Iterator[None]:
    """The big organization as after an import of people nobody knows yet: the newest of all, and without a score."""
    size = min(FRESH, bench.rows // 2)
    first = bench.last_number + 1
    with bench.owner() as owner:
        organizations(owner, bench.rows)
        numbers = "UPDATE bench_organization SET first = %s, last = %s WHERE organization_id = %s"
        owner.execute(numbers, [first, first + size - 1, bench.big.id])
        insert_contacts(owner, Batch(first, first + size - 1, datetime.now(UTC), spread=0, score=0))
        try:
            yield
        finally:
            restore(owner, bench.last_number)
            say(f"Took the {size:,} fresh rows away.")


def _sizes(bench: Bench) -> tuple[Table, list[Goal]]:
    """The first pages of a thousand contacts, of all, and pages after nine tenths of all."""
    samples = Samples.of(bench)
    deep = product.cursor_after(bench.big, HUNDRED.path, samples.deep)
    found = {
        "1,000 contacts": _pages(bench.thousand),
        f"{bench.rows:,} contacts": _pages(bench.big),
        f"after row {samples.deep_row:,}": _pages(bench.big, deep),
    }
    small, first, last = found.values()
    goals = [
        *_compared(f"from 1,000 to {bench.rows:,} rows", first, small),
        *_compared(f"at {DEEP:.0%} of the rows", last, first),
    ]
    rows = [(name, *_figures(page)) for name, page in found.items()]
    headings = ("", "page ms", "planning ms", "buffers")
    return Table(f"A page of 100, on average of {PAGES}: size and depth", headings, rows), goals


def _pages(organization: Measured, cursor: str = "") -> Cost:
    """A page on average of several in a row: one alone has more or fewer tags than the next."""
    costs = []
    for _ in range(PAGES):
        answered = product.ask(organization, f"{HUNDRED.path}&cursor={quote(cursor)}")
        costs.append(_costs_of("", answered, organization).page)
        cursor = answered.body["pagination"]["nextCursor"] or ""
    return average(costs)


def _compared(where: str, one: Cost, other: Cost) -> list[Goal]:
    buffers, time = one.buffers / max(1, other.buffers), one.execution / max(0.001, other.execution)
    return [
        Goal(f"buffers of a page {where} within 10 %", f"{buffers:.2f}", abs(buffers - 1) <= 0.1),
        Goal(f"time of a page {where} within 1.5 times", f"{time:.2f}", time <= 1.5),
    ]


def _counts(bench: Bench, asked: Sequence[Asked]) -> tuple[Table, list[Goal]]:
    """How many statements a request sends beside the authority's."""
    samples = Samples.of(bench)
    get = product.ask(bench.big, f"/v1/contacts/{samples.contacts[0][0]}")
    ids = [identifier for identifier, _ in samples.windows[0]]
    body = orjson.dumps({"contactIds": ids, "updates": {"status": "INACTIVE", "notes": "Called in bulk."}})
    bulk = product.ask(bench.big, "/v1/contacts/bulk", method="PATCH", body=body)
    most = max(one.statements for one in asked)
    rows = [("list, at most", str(most), "0"), ("single", *_counted(get)), (f"bulk of {BULK}", *_counted(bulk))]
    of_bulk = int(rows[2][1])
    goals = [
        Goal("one statement per list beside the authority's", str(most), most <= 1),
        Goal("one statement per get beside the authority's", rows[1][1], int(rows[1][1]) <= 1),
        Goal(
            f"bulk of {BULK} at most 8 statements",
            f"{rows[2][1]}, and {rows[2][2]} savepoint commands",
            of_bulk <= 8 and bulk.status == 200,
        ),
    ]
    return Table(
        "Statements of a request, beside the authority's", ("", "statements", "savepoint commands"), rows
    ), goals


def _counted(answered: Answered) -> tuple[str, str]:
    savepoints = sum(statement.is_savepoint for statement in answered.statements)
    return str(len(answered.statements) - savepoints), str(savepoints)


@dataclass(frozen=True)
class Ended:
    """A list that has no index of its own, answered or refused, and the milliseconds of all its SQL."""

    name: str
    status: int
    milliseconds: float


def _rest(bench: Bench) -> list[Ended]:
    found = []
    for question in questions.rest():
        # Once to warm, once to measure.
        product.ask(bench.big, question.path)
        answered = product.ask(bench.big, question.path)
        milliseconds = sum(statement.milliseconds for statement in answered.statements)
        found.append(Ended(question.name, answered.status, milliseconds))
    return found


def _rest_table(before: Sequence[Ended], after: Sequence[Ended]) -> Table:
    pairs = zip(before, after, strict=True)
    rows = [
        (one.name, str(one.status), f"{one.milliseconds:.1f}", str(other.status), f"{other.milliseconds:.1f}")
        for one, other in pairs
    ]
    return Table("The rest, total included", ("", "status", "SQL ms", "fresh: status", "SQL ms"), rows)


def _ends(ended: Sequence[Ended]) -> Goal:
    slowest = max(one.milliseconds for one in ended)
    fine = slowest <= MOST_OF_REST and {one.status for one in ended} <= {200, 503}
    return Goal(f"anything else answered or refused within {MOST_OF_REST:g} ms of SQL", f"{slowest:.0f} ms", fine)


def _lists(asked: Sequence[Asked], fresh: Sequence[Asked]) -> Table:
    rows = [_row(before, after) for before, after in zip(asked, fresh, strict=True)]
    headings = (
        "",
        "stmts",
        "page ms",
        "planning ms",
        "buffers",
        "total ms",
        "",
        "fresh: page ms",
        "planning ms",
        "buffers",
        "total ms",
        "",
    )
    note = (
        f"A page passes at {MOST:g} ms of execution and planning together. The total is a statement of its own,"
        " or part of the page where 'stmts' is 1."
    )
    return Table("SQL of the lists", headings, rows, note)


def _row(before: Asked, after: Asked) -> list[str]:
    cells = [before.name, str(before.statements)]
    for asked in (before, after):
        cells += [*_figures(asked.page), f"{asked.total.execution:.3f}", "pass" if asked.is_fast else "FAIL"]
    return cells


def _figures(cost: Cost) -> tuple[str, str, str]:
    return ("cancelled" if cost.cancelled else f"{cost.execution:.3f}", f"{cost.planning:.3f}", f"{cost.buffers:,}")


def _fast(what: str, asked: Sequence[Asked]) -> Goal:
    slow = [one.name for one in asked if not one.is_fast]
    named = ", ".join(slow[:3]) + (", ..." if len(slow) > 3 else "")
    return Goal(f"{what} at most {MOST:g} ms of SQL", f"{len(slow)} slower: {named}" if slow else "all", not slow)

"""EstatePrime's lists as the database sees them: one statement with the page, all its child rows and the total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from benchmarks import product, terms
from benchmarks.database import Bench, Measured, Say
from benchmarks.estateprime_workloads import PAGE, month
from benchmarks.explain import Cost, average, cost_of
from benchmarks.report import Goal, Table
from benchmarks.workloads import DEEP

MOST_OF_PAGE: Final = 5.0
# Of a thousand contacts half; one page alone has more or fewer child rows than the next.
PAGES: Final = 10
FIRST_PAGE: Final = "page 1"


@dataclass(frozen=True)
class Asked:
    """A request, its SQL beside the authority statement, and how many statements that is."""

    name: str
    statements: int
    cost: Cost


def measure(bench: Bench, say: Say) -> tuple[list[Table], list[Goal]]:
    """Page 1, pages beside it in size and depth, a range, searches, and one contact."""
    found = [_asked(bench.big, name, query) for name, query in _questions(bench)]
    found.append(_single(bench.big))
    sizes = [_average_page(organization) for organization in (bench.thousand, bench.big)]
    say(f"{len(found)} requests of EstatePrime's, the first page in {found[0].cost.sql:.1f} ms of SQL.")
    return [_table([*found, *sizes])], _goals(found[0], *sizes)


def _questions(bench: Bench) -> list[tuple[str, dict[str, object]]]:
    mixed = dict(zip((kind.name for kind in terms.KINDS), terms.mixed(bench), strict=False))
    searches: list[tuple[str, dict[str, object]]] = [
        (f"search: {name}", {"search": mixed[name]}) for name in (terms.RARE, "e-mail", terms.FREQUENT)
    ]
    return [
        (FIRST_PAGE, {}),
        ("page in the middle", {"page": bench.rows // 2 // PAGE + 1}),
        (f"page at {DEEP:.0%} of the rows", {"page": int(bench.rows * DEEP) // PAGE + 1}),
        ("a month of date_created", dict(month()[0])),
        *searches,
    ]


def _asked(organization: Measured, name: str, query: dict[str, object], path: str = "/api/contacts") -> Asked:
    answered = product.ask(organization, f"{path}?{urlencode(query)}")
    cost = cost_of(answered.statements, organization.id)
    # What the role gave up in the request is not fast, however fast it is the next time.
    return Asked(name, len(answered.statements), cost + Cost(cancelled=answered.status != 200))


def _single(organization: Measured) -> Asked:
    newest = product.ask(organization, "/api/contacts").body["data"][0]["id"]
    return _asked(organization, "one contact", {}, f"/api/contacts/{newest}")


def _average_page(organization: Measured) -> Asked:
    pages = [_asked(organization, "", {"page": page}) for page in range(1, PAGES + 1)]
    name = f"pages 1 to {PAGES} of {organization.contacts:,} contacts, on average"
    return Asked(name, max(page.statements for page in pages), average([page.cost for page in pages]))


def _goals(first: Asked, small: Asked, big: Asked) -> list[Goal]:
    buffers = big.cost.buffers / max(1, small.cost.buffers)
    is_fast = first.cost.sql <= MOST_OF_PAGE and not first.cost.cancelled
    return [
        Goal(
            f"EstatePrime, {FIRST_PAGE} with all child rows in one statement beside the authority's",
            str(first.statements),
            first.statements == 1,
        ),
        Goal(f"EstatePrime, {FIRST_PAGE} at most {MOST_OF_PAGE:g} ms of SQL", f"{first.cost.sql:.1f} ms", is_fast),
        Goal(
            "EstatePrime, buffers of a page in all rows at most 1.1 times those in 1,000",
            f"{buffers:.2f}",
            buffers <= 1.1,
        ),
    ]


def _table(found: Sequence[Asked]) -> Table:
    headings = ("", "stmts", "ms", "planning ms", "buffers")
    note = "Statements beside the authority's. A page has 50 contacts with their child rows, and the total."
    return Table("SQL of EstatePrime's lists", headings, [_row(asked) for asked in found], note)


def _row(asked: Asked) -> Sequence[str]:
    cost = asked.cost
    execution = "cancelled" if cost.cancelled else f"{cost.execution:.2f}"
    return (asked.name, str(asked.statements), execution, f"{cost.planning:.2f}", f"{cost.buffers:,}")

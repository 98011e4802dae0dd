"""Pages by number and the search, measured as what they are: one statement with the page and the total in it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from statistics import median
from typing import Any, Final

from benchmarks import product, questions
from benchmarks.database import Bench, Say
from benchmarks.explain import Cost, cost_of
from benchmarks.questions import NumberedQuestion
from benchmarks.report import Goal, Table

MOST_OF_PAGE: Final = 30.0
# Of a filter, far from either end: walked to.
MOST_OF_WALK: Final = 100.0
MEDIAN_OF_SEARCH: Final = 15.0
MOST_OF_SEARCH: Final = 80.0
# What a request that only reads gives a statement.
MOST_OF_ANY: Final = 480.0
COLUMNS: Final = (
    "uuid", "full_name", "email", "phone", "stage", "role", "channel_preference", "source", "referral_source", "language",
    "applied_at", "created_at", "updated_at", "total",
)  # fmt: skip

Asked = tuple[NumberedQuestion, Cost, int, int | None]


def measure(bench: Bench, say: Say) -> tuple[list[Table], list[Goal]]:
    """Pages from end to end and by each filter, a mix of searches, and searches too short for an index."""
    pages, searches, short = (
        [_asked(bench, question) for question in asked]
        for asked in (questions.numbered(bench), questions.searches(bench), questions.short_searches())
    )
    say(f"{len(pages)} pages by number and {len(searches) + len(short)} searches.")
    near, far = (
        [cost.sql for question, cost, _, _ in pages if bool(question.first and question.selection) is is_far]
        for is_far in (False, True)
    )
    times = [cost.sql for _, cost, _, _ in searches]
    goals = [
        _below("any page of all, and the first of each filter", near, MOST_OF_PAGE),
        _below("a page of a filter that is far from either end", far, MOST_OF_WALK),
        Goal(
            f"half of the searches within {MEDIAN_OF_SEARCH:g} ms of SQL",
            f"{median(times):.1f} ms",
            median(times) <= MEDIAN_OF_SEARCH,
        ),
        _below("any search of three letters or more", times, MOST_OF_SEARCH),
        _below("any shorter search", [cost.sql for _, cost, _, _ in short], MOST_OF_ANY),
    ]
    return [
        _table("Pages by number, total included", pages),
        _table("The search, total included", [*searches, *short]),
    ], goals


def _asked(bench: Bench, question: NumberedQuestion) -> Asked:
    # What stands on models can be imported when the project has been set up, with which a run begins.
    listing: Any = import_module("contacts.listing")
    actors: Any = import_module("accounts.actor")
    ordering: Any = import_module("accounts.ordering")
    prepared: Any = import_module("accounts.prepared")
    tenancy: Any = import_module("accounts.tenancy")
    organization = import_module("accounts.models").Organization(pk=bench.big.id)
    actor = actors.Actor.command("bench")
    selection = listing.Selection(**question.selection)
    order = listing.total_order([ordering.SortKey("created_at", True)])
    is_near = question.first + question.limit <= listing.NEAR
    asked = listing.Listing.of(selection, order, question.limit, actor=actor, is_numbered=True, is_near=is_near)
    with tenancy.tenant_scope(organization):
        page = listing.page_of(asked).annotate(total=listing.total_of(asked)).values_list(*COLUMNS)
        statement = prepared.prepare(page)
        with product.capture() as statements:
            rows = statement.rows(listing.slots(selection, actor=actor, first=question.first))
    return question, cost_of(statements, bench.big.id), len(rows), rows[0][-1] if rows else None


def _below(what: str, times: Sequence[float], most: float) -> Goal:
    return Goal(f"{what} within {most:g} ms of SQL", f"{max(times):.1f} ms", max(times) <= most)


def _table(title: str, asked: Sequence[Asked]) -> Table:
    headings = ("", "rows", "total", "ms", "planning ms", "buffers")
    rows = [
        (
            question.name,
            str(found),
            "-" if total is None else f"{total:,}",
            "cancelled" if cost.cancelled else f"{cost.execution:.2f}",
            f"{cost.planning:.2f}",
            f"{cost.buffers:,}",
        )
        for question, cost, found, total in asked
    ]
    return Table(title, headings, rows)

"""The lists whose statements are measured: every documented filter and sort alone, the usual pairs, and some of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.database import Bench

SORTS: Final = (
    "firstName", "lastName", "email", "type", "status", "source", "leadScore", "createdAt", "updatedAt", "lastContactedAt",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """The query of a list. Where it is a filter or a sort by itself or a usual pair, it has an index of its own."""

    name: str
    query: str

    @property
    def path(self) -> str:
        return f"/v1/contacts?{self.query}".replace("[", "%5B").replace("]", "%5D")


PLAIN: Final = Question("the plain list", "limit=25")


def documented(bench: Bench) -> list[Question]:
    """What has to be fast, with common and with rare values."""
    return [PLAIN, *_filters(bench), *_sorts(), *_pairs(bench)]


def rest() -> list[Question]:
    """What may be slow, but has to end."""
    year = _days_ago(365)
    return [
        _asked("type=LEAD,CLIENT"),
        _asked("tags=tag-0,tag-199"),
        _asked("tags=tag-0&sort=lastName:asc"),
        _asked("tags=tag-199&leadScore[gte]=100&sort=email:asc"),
        _asked("type=VENDOR&status=CLIENT&source=Magazine&tags=tag-198"),
        _asked("status=DO_NOT_CONTACT&leadScore[lte]=5&sort=updatedAt:asc"),
        _asked(f"createdAt[gte]={year}&sort=email:desc"),
        _asked(f"createdAt[lte]={year}&leadScore[gte]=95&sort=lastContactedAt:desc"),
        _asked("source=Radio,Magazine&sort=firstName:asc,lastName:desc"),
        _asked("sort=status:asc,email:desc"),
    ]


def _filters(bench: Bench) -> list[Question]:
    often, seldom = _agents(bench)
    alone = ("type=LEAD", "type=VENDOR", "status=ACTIVE", "status=CLIENT", "source=Website", "source=Magazine")
    scores = ("leadScore[gte]=80", "leadScore[gte]=100", "leadScore[lte]=20", "leadScore[lte]=0")
    return [
        *map(_asked, alone),
        Question("assignedTo, often", f"assignedTo={often}"),
        Question("assignedTo, seldom", f"assignedTo={seldom}"),
        Question("tag-0, popular", "tags=tag-0"),
        Question("tag-199, rare", "tags=tag-199"),
        *map(_asked, scores),
        Question("createdAt[gte], a month", f"createdAt[gte]={_days_ago(30)}"),
        Question("createdAt[gte], two years", f"createdAt[gte]={_days_ago(730)}"),
        Question("createdAt[lte], a year ago", f"createdAt[lte]={_days_ago(365)}"),
    ]


def _sorts() -> list[Question]:
    return [_asked(f"sort={name}:{way}") for name in SORTS for way in ("asc", "desc")]


def _pairs(bench: Bench) -> list[Question]:
    often, _ = _agents(bench)
    year, month = _days_ago(365), _days_ago(335)
    return [
        _asked("type=LEAD&status=ACTIVE&leadScore[gte]=80"),
        _asked("type=VENDOR&status=CLIENT&leadScore[gte]=50"),
        _asked("tags=tag-0&sort=createdAt:desc"),
        _asked("tags=tag-199&sort=createdAt:desc"),
        Question("assignedTo + default sort", f"assignedTo={often}&sort=createdAt:desc"),
        Question("source + createdAt range", f"source=Website&createdAt[gte]={year}&createdAt[lte]={month}"),
        _asked("type=LEAD&sort=leadScore:desc"),
        _asked("type=VENDOR&sort=leadScore:asc"),
    ]


def _asked(query: str) -> Question:
    return Question(query, query)


def _agents(bench: Bench) -> tuple[str, str]:
    """Whose contacts are many, and whose are few."""
    statement = "SELECT 'agent_' || uuid FROM accounts_member WHERE organization_id = %s ORDER BY number"
    with bench.owner() as owner:
        found = [name for (name,) in owner.execute(statement, [bench.big.id])]
    return found[0], found[-1]


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT00:00:00Z")

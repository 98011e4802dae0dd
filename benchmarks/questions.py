"""The lists whose statements are measured: every documented filter and sort alone, the usual pairs, and some of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

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


@dataclass(frozen=True)
class NumberedQuestion:
    """A page by number, of so many rows after the ``first`` ones, and what it is filtered by (``contacts.listing``)."""

    name: str
    first: int = 0
    limit: int = 20
    selection: Mapping[str, Any] = field(default_factory=dict)


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


def numbered(bench: Bench) -> list[NumberedQuestion]:
    """Pages of everything from end to end, and of each filter by itself and together."""
    rows = bench.rows
    everything = [
        ("the first page", 0),
        ("in the middle", rows // 2),
        ("after nine tenths", rows * 9 // 10),
        ("past the end", 2 * rows),
    ]
    filters: list[tuple[str, dict[str, list[str]]]] = [
        ("stage prospect", {"stages": ["prospect"]}),
        ("stage archived", {"stages": ["archived"]}),
        ("two stages", {"stages": ["archived", "renter"]}),
        ("role vendor", {"roles": ["vendor"]}),
        ("channel gmail", {"channels": ["gmail"]}),
        ("three channels", {"channels": ["gmail", "sms", ""]}),
        ("stage, role and channel, often", {"stages": ["prospect"], "roles": ["prospect"], "channels": ["whatsapp"]}),
        ("stage, role and channel, seldom", {"stages": ["archived"], "roles": ["vendor"], "channels": ["gmail"]}),
    ]
    return [
        *(NumberedQuestion(name, first) for name, first in everything),
        *(NumberedQuestion(name, selection=selection) for name, selection in filters),
        NumberedQuestion("stage prospect, in the middle", rows * 3 // 10, selection={"stages": ["prospect"]}),
        NumberedQuestion("a hundred", limit=100),
    ]


def searches(bench: Bench) -> list[NumberedQuestion]:
    """What people and programs look for: rare and frequent names, addresses and numbers, whole and in part."""
    name, email, phone, dialled = _somebody(bench)
    texts = [
        "zelda xanthopoulos", "xanth zelda", "zelda", "quigley", "quig", "mary", "mary smith", "smith", "son", "nobodyatall",
        name, f"{name} {phone[-4:]}", email, email.partition("@")[0], email[:-18], "@example.com", "example", "gmail.com",
        phone, dialled, dialled[1:], "+1 312 555", "312 555", "0142", "555-0142", "mary 0142", "john (312)", "smith com",
    ]  # fmt: skip
    filtered = [{"search": "mary", "stages": ["archived"]}, {"search": "example", "roles": ["vendor"]}]
    return [
        *(NumberedQuestion(text, selection={"search": text}) for text in texts),
        *(NumberedQuestion(" ".join(map(str, each.values())), selection=each) for each in filtered),
    ]


def short_searches() -> list[NumberedQuestion]:
    """Too short for the index: what most have, what some have, what nobody has."""
    return [NumberedQuestion(text, selection={"search": text}) for text in ("a", "ma", "q", "7", "zq")]


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


def _somebody(bench: Bench) -> tuple[str, str, str, str]:
    """The name, address and number of somebody, the number also as it is dialled from abroad."""
    statement = (
        "SELECT full_name, email, phone, phone_norm FROM contacts_contact WHERE organization_id = %s AND number = %s"
    )
    with bench.owner() as owner:
        name, email, phone, dialled = owner.execute(statement, [bench.big.id, bench.rows // 3]).fetchone()
    return name, email, phone, dialled


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT00:00:00Z")

"""What is asked of Winnerr's wire: the same things of the project, of the limit and of the textbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import orjson

from benchmarks import limit, product
from benchmarks.database import Bench
from benchmarks.filling import TAGS
from benchmarks.rows import STATUSES
from benchmarks.servers import Server

DEEP: Final = 0.9
BULK: Final = 100
CONNECTIONS: Final = 16
# A second's worth of the fastest server, so that no address comes twice within one load.
MOST_CREATED_PER_SECOND: Final = {"project": 2_000, "limit": 6_000, "textbook": 2_000}

Calls = Callable[[Server, float], list[bytes]]


@dataclass(frozen=True)
class Workload:
    """One kind of request, as each program wants it; ``seconds`` of load are prepared for.

    ``kinds`` names what is to be told apart among its requests, which come in turn.
    """

    name: str
    calls: Calls
    programs: Sequence[str] = ("project", "limit", "textbook")
    kinds: Sequence[str] = ()


@dataclass(frozen=True)
class Samples:
    """Rows of the big organization that requests name."""

    agent: str
    agent_id: int
    contacts: list[tuple[str, int]]
    deep: tuple[datetime, int]
    deep_row: int
    windows: list[list[tuple[str, int]]]

    @classmethod
    def of(cls, bench: Bench) -> Samples:
        deep_row = int(bench.rows * DEEP)
        windows = CONNECTIONS * max(1, min(10, bench.rows // BULK // CONNECTIONS))
        with bench.owner() as owner:
            agent = owner.execute(_AGENT, [bench.big.id]).fetchone()
            deep = owner.execute(_DEEP, [bench.big.id, deep_row]).fetchone()
            named = owner.execute(_NAMED, [bench.big.id, windows * BULK]).fetchall()
        chunks = [named[start : start + BULK] for start in range(0, len(named), BULK)]
        return cls(agent[0], agent[1], named[: 16 * BULK], deep, deep_row, chunks)


_AGENT: Final = """
    SELECT 'agent_' || uuid, id FROM accounts_member WHERE organization_id = %s AND number = 10
"""
_DEEP: Final = """
    SELECT created_at, id FROM contacts_contact WHERE organization_id = %s AND deleted_at IS NULL
    ORDER BY created_at DESC, id DESC OFFSET %s - 1 LIMIT 1
"""
_NAMED: Final = """
    SELECT 'contact_' || uuid, id FROM contacts_contact WHERE organization_id = %s AND deleted_at IS NULL
    ORDER BY number LIMIT %s
"""


def lists(bench: Bench, samples: Samples) -> list[Workload]:
    """The documented kinds of lists."""
    filtered = "type=LEAD&status=ACTIVE"
    cursor = product.cursor_after(bench.big, "/v1/contacts", samples.deep)
    public_id = product.ask(bench.big, "/v1/contacts?limit=1").body["data"][0]["organizationId"]
    of_limit = limit.cursor_after(public_id, samples.deep)
    page = samples.deep_row // 25 + 1
    return [
        _list("list 25", "limit=25", "page_size=25"),
        _list("list 100", "limit=100", "page_size=100"),
        _list("type+status+score", f"{filtered}&leadScore%5Bgte%5D=80", f"{filtered}&lead_score__gte=80"),
        _list("one tag", "tags=tag-3", "tags=tag-3"),
        _list("assignedTo", f"assignedTo={samples.agent}", f"assigned_to={samples.agent_id}"),
        _list("sort by two keys", "sort=createdAt:desc,leadScore", "ordering=-created_at,lead_score"),
        _list("sort by score", "sort=leadScore:desc", "ordering=-lead_score"),
        _list("deep page", f"cursor={quote(cursor)}", f"page={page}", f"cursor={quote(of_limit)}"),
    ]


def _list(name: str, project: str, textbook: str, of_limit: str = "") -> Workload:
    paths = {
        "project": f"/v1/contacts?{project}",
        "limit": f"/v1/contacts?{of_limit or project}",
        "textbook": f"/contacts/?{textbook}",
    }
    return Workload(name, lambda server, seconds: [server.request("GET", paths[server.name])])


def single(samples: Samples) -> Workload:
    """One contact after another."""

    def calls(server: Server, seconds: float) -> list[bytes]:
        if server.name == "textbook":
            return [server.request("GET", f"/contacts/{key}/") for _, key in samples.contacts]
        return [server.request("GET", f"/v1/contacts/{identifier}") for identifier, _ in samples.contacts]

    return Workload("single", calls)


def create(*programs: str) -> Workload:
    """Contacts that were not there, with three tags and two phones each."""
    loads = count()

    def calls(server: Server, seconds: float) -> list[bytes]:
        load, people = next(loads), range(int(seconds * MOST_CREATED_PER_SECOND[server.name]))
        if server.name == "textbook":
            return [server.request("POST", "/contacts/", orjson.dumps(_plain_person(load, n))) for n in people]
        return [server.request("POST", "/v1/contacts", orjson.dumps(_person(load, n))) for n in people]

    return Workload("create", calls, programs or ("project", "limit", "textbook"))


def _person(load: int, place: int) -> dict[str, Any]:
    return {
        "firstName": "Nora",
        "lastName": "Newcomer",
        "email": f"Nora.Newcomer.{load}.{place}@new.example.com",
        "phone": "(312) 555-0142",
        "secondaryPhone": "(312) 555-0143",
        "type": "LEAD",
        "status": "ACTIVE",
        "source": "Website",
        "tags": list(dict.fromkeys(f"tag-{place * step % TAGS}" for step in (1, 3, 7))),
        "notes": "Came by on Sunday.",
    }


def _plain_person(load: int, place: int) -> dict[str, Any]:
    words = {"firstName": "first_name", "lastName": "last_name", "secondaryPhone": "secondary_phone"}
    return {words.get(name, name): value for name, value in _person(load, place).items()}


def bulk(samples: Samples) -> Workload:
    """A status for a hundred contacts, another one each time, and never the same contacts from two connections."""
    loads = count()

    def calls(server: Server, seconds: float) -> list[bytes]:
        # A load that began with the status the one before ended with would change nothing.
        start = next(loads) % len(STATUSES)
        statuses = [*STATUSES, *STATUSES][start : start + len(STATUSES)]
        of_textbook = server.name == "textbook"
        path = "/contacts/bulk/" if of_textbook else "/v1/contacts/bulk"
        return [
            server.request("PATCH", path, orjson.dumps(_change(window, status, of_textbook=of_textbook)))
            for status in statuses
            for window in samples.windows
        ]

    return Workload("bulk of 100", calls)


def _change(window: Sequence[tuple[str, int]], status: str, *, of_textbook: bool) -> dict[str, Any]:
    if of_textbook:
        return {"ids": [key for _, key in window], "updates": {"status": status}}
    return {"contactIds": [identifier for identifier, _ in window], "updates": {"status": status}}

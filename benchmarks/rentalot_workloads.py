"""What is asked of Rentalot's wire: the same things of the project, of the limit and of the textbook."""

from __future__ import annotations

from itertools import count
from typing import Final
from urllib.parse import urlencode

import orjson

from benchmarks.database import Bench
from benchmarks.patching import patch
from benchmarks.rows import STAGES
from benchmarks.servers import Server
from benchmarks.terms import KINDS, mixed
from benchmarks.workloads import MOST_CREATED_PER_SECOND, Samples, Workload

DEEP_PAGE: Final = "page at 90 % of the rows"
SEARCH: Final = "search"
LIMIT: Final = 20


def address(server: Server) -> str:
    """Where contacts are. Parameters have the same names everywhere."""
    return "/people/" if server.name == "textbook" else "/api/v1/contacts"


def lists(samples: Samples) -> list[Workload]:
    """Pages of the address book, and of a part of it."""
    return [
        _list("list 20", page=1, limit=LIMIT),
        _list("list 100", page=1, limit=100),
        _list(DEEP_PAGE, page=samples.deep_row // LIMIT + 1, limit=LIMIT),
        _list("status", status="scheduled", limit=LIMIT),
        _list("role+status", role="tenant", status="renter", limit=LIMIT),
    ]


def _list(name: str, **query: object) -> Workload:
    asked = urlencode(query)
    return Workload(name, lambda server, seconds: [server.request("GET", f"{address(server)}?{asked}")])


def search(bench: Bench) -> Workload:
    """The first page of what a term finds, one term after another."""
    queries = [urlencode({"search": term, "limit": LIMIT}) for term in mixed(bench)]

    def calls(server: Server, seconds: float) -> list[bytes]:
        return [server.request("GET", f"{address(server)}?{query}") for query in queries]

    return Workload(SEARCH, calls, kinds=[kind.name for kind in KINDS])


def single(samples: Samples) -> Workload:
    """One contact after another."""

    def calls(server: Server, seconds: float) -> list[bytes]:
        return [server.request("GET", _address_of(server, identifier)) for identifier, _ in samples.contacts]

    return Workload("single", calls)


def _address_of(server: Server, identifier: str) -> str:
    address_of_all = address(server)
    uuid = identifier.removeprefix("contact_")
    return f"{address_of_all}{uuid}/" if address_of_all.endswith("/") else f"{address_of_all}/{uuid}"


def create() -> Workload:
    """Contacts that were not there."""
    loads = count()

    def calls(server: Server, seconds: float) -> list[bytes]:
        load, people = next(loads), range(int(seconds * MOST_CREATED_PER_SECOND[server.name]))
        return [server.request("POST", address(server), orjson.dumps(newcomer(load, n))) for n in people]

    return Workload("create", calls)


def newcomer(load: int, place: int) -> dict[str, str]:
    """Somebody whose address nobody has."""
    email = f"Nora.Newcomer.{load}.{place}@new.example.com"
    return {"name": "Nora Newcomer", "email": email, "phone": "(312) 555-0142"}


def change(samples: Samples) -> Workload:
    """Contacts move on, with a note. No two connections change the same ones, and no request finds its work done."""
    loads = count(1)

    def calls(server: Server, seconds: float) -> list[bytes]:
        load = next(loads)
        bodies = [orjson.dumps(patch(status, load)) for status in STAGES]
        return [
            server.request("PATCH", _address_of(server, identifier), body)
            for body in bodies
            for identifier, _ in samples.contacts
        ]

    return Workload("change", calls)

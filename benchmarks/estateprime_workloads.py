"""What is asked of EstatePrime's wire: the same things of the project, of the limit and of the textbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from benchmarks.database import Bench, Measured
from benchmarks.servers import Server
from benchmarks.terms import KINDS, mixed
from benchmarks.workloads import CONNECTIONS, DEEP, MOST_CREATED_PER_SECOND, Workload

# The wire knows no other size.
PAGE: Final = 50
FIRST_PAGE: Final = "list page 1"
DEEP_PAGE: Final = "page at 90 % of the rows"
RANGE: Final = "a month of date_created"
SEARCH: Final = "search"
SINGLE: Final = "single"
CREATE: Final = "create"
CHANGE: Final = "change"
# Contacts that are read and changed one after another.
CHOSEN: Final = 100 * CONNECTIONS


@dataclass(frozen=True)
class Row:
    """One of a catalogue, by the number the wire shows and by the primary key, which is what the textbook shows."""

    number: int
    key: int


@dataclass(frozen=True)
class Samples:
    """Rows of an organization that requests name."""

    contacts: list[int]
    sources: list[Row]
    tags: list[Row]
    members: list[Row]
    fields: list[Row]

    @classmethod
    def of(cls, connection: Any, organization: int) -> Samples:
        def rows(table: str) -> list[Row]:
            statement = f"SELECT number, id FROM {table} WHERE organization_id = %s ORDER BY number"
            return [Row(*found) for found in connection.execute(statement, [organization]).fetchall()]

        live = "organization_id = %s AND deleted_at IS NULL ORDER BY number LIMIT %s"
        contacts = connection.execute(f"SELECT number FROM contacts_contact WHERE {live}", [organization, CHOSEN])
        return cls(
            contacts=[number for (number,) in contacts.fetchall()],
            sources=rows("contacts_source"),
            tags=rows("contacts_tag"),
            members=rows("accounts_member"),
            fields=rows("contacts_customfield"),
        )


def address(server: Server) -> str:
    """Where contacts are."""
    return "/clients/" if server.name == "textbook" else "/api/contacts"


def _address_of(server: Server, number: int) -> str:
    address_of_all = address(server)
    return f"{address_of_all}{number}/" if address_of_all.endswith("/") else f"{address_of_all}/{number}"


def lists(organization: Measured) -> list[Workload]:
    """Pages of the address book, and of a part of it."""
    return [
        _list(FIRST_PAGE, {}),
        _list(DEEP_PAGE, {"page": int(organization.contacts * DEEP) // PAGE + 1}),
        _list(RANGE, *month()),
    ]


def _list(name: str, query: dict[str, Any], plain: dict[str, Any] | None = None) -> Workload:
    queries = {"textbook": urlencode(query if plain is None else plain)}

    def calls(server: Server, seconds: float) -> list[bytes]:
        return [server.request("GET", f"{address(server)}?{queries.get(server.name, urlencode(query))}")]

    return Workload(name, calls)


def month() -> tuple[dict[str, str], dict[str, str]]:
    """Thirty whole days a year ago, as the wire and as the textbook ask for them."""
    end = datetime.now(UTC).date() - timedelta(days=335)
    begin = end - timedelta(days=30)
    last = end - timedelta(days=1)
    return (
        {"date_created[min]": str(begin), "date_created[max]": str(last)},
        {"date_created__gte": f"{begin}T00:00:00Z", "date_created__lt": f"{end}T00:00:00Z"},
    )


def search(bench: Bench) -> Workload:
    """The first page of what a term finds, one term after another.

    The textbook joins a million clients to all their addresses and phones for each, which takes seconds: what it finds is
    compared, but under load it would be waited for in vain.
    """
    queries = [urlencode({"search": term}) for term in mixed(bench)]

    def calls(server: Server, seconds: float) -> list[bytes]:
        return [server.request("GET", f"{address(server)}?{query}") for query in queries]

    return Workload(SEARCH, calls, ("project", "limit"), [kind.name for kind in KINDS])


def single(samples: Samples) -> Workload:
    """One contact after another."""

    def calls(server: Server, seconds: float) -> list[bytes]:
        return [server.request("GET", _address_of(server, number)) for number in samples.contacts]

    return Workload(SINGLE, calls)


def create(samples: Samples) -> Workload:
    """Contacts that were not there, each with rows of every kind."""
    loads = count()

    def calls(server: Server, seconds: float) -> list[bytes]:
        load, people = next(loads), range(int(seconds * MOST_CREATED_PER_SECOND[server.name]))
        made = plain_newcomer if server.name == "textbook" else newcomer
        return [server.request("POST", address(server), orjson.dumps(made(samples, load, n))) for n in people]

    return Workload(CREATE, calls)


def newcomer(samples: Samples, load: int, place: int) -> dict[str, Any]:
    """Somebody whose address nobody has, with two of everything that there can be several of."""
    name = f"Nora.Newcomer.{load}.{place}"
    rows = _rows(samples, place)
    return _person(name) | {
        "source_id": rows["source"][0].number,
        "custom_fields": [
            {"custom_field_id": field.number, "value": value}
            for field, value in zip(rows["fields"], _VALUES, strict=True)
        ],
        "tags": [tag.number for tag in rows["tags"]],
        "users": [member.number for member in rows["users"]],
    }


def plain_newcomer(samples: Samples, load: int, place: int) -> dict[str, Any]:
    """The same person in the textbook's words."""
    name = f"Nora.Newcomer.{load}.{place}"
    rows = _rows(samples, place)
    return _person(name) | {
        "source": rows["source"][0].key,
        "custom_fields": [
            {"custom_field": field.key, "value": value} for field, value in zip(rows["fields"], _VALUES, strict=True)
        ],
        "tags": [tag.key for tag in rows["tags"]],
        "users": [member.key for member in rows["users"]],
    }


# Of a text and of a choice.
_VALUES: Final = ("Came by on Sunday", 2)


def _rows(samples: Samples, place: int) -> dict[str, list[Row]]:
    """What the person at a place of a load is described with."""
    return {
        "source": _some(samples.sources, 1, place),
        "fields": samples.fields[: len(_VALUES)],
        "tags": _some(samples.tags, 3, place),
        "users": _some(samples.members, 2, place),
    }


def _some(rows: list[Row], wanted: int, place: int) -> list[Row]:
    return [rows[(place + step) % len(rows)] for step in range(min(wanted, len(rows)))]


def _person(name: str) -> dict[str, Any]:
    return {
        "first_name": "Nora",
        "last_name": "Newcomer",
        "is_lead": True,
        "phones": [
            {"type": "mobile", "number": "(312) 555-0142", "notes": ""},
            {"type": "work", "number": "(312) 555-0143", "notes": "Before six"},
        ],
        "emails": [
            {"type": "work", "email_address": f"{name}@new.example.com", "notes": ""},
            {"type": "home", "email_address": f"{name}@home.example.com", "notes": ""},
        ],
        "notes": "Looks for a house with a garden.",
        "contact_details": [
            {"first_name": "Adam", "last_name": "Newcomer", "mobile": "+13125550144", "email": "", "notes": "Partner"},
            {"first_name": "Eve", "last_name": "Simpson", "mobile": "", "email": "eve@example.com", "notes": ""},
        ],
    }


def change(samples: Samples) -> Workload:
    """Contacts are won and lost, with a note. No two connections change the same ones, and no request finds its work done."""
    loads = count(1)

    def calls(server: Server, seconds: float) -> list[bytes]:
        load = next(loads)
        bodies = [orjson.dumps(patch(load, is_lead=is_lead)) for is_lead in (False, True)]
        return [
            server.request("PATCH", _address_of(server, number), body) for body in bodies for number in samples.contacts
        ]

    return Workload(CHANGE, calls)


def patch(load: int, *, is_lead: bool) -> dict[str, Any]:
    """Somebody signs, or thinks again, with a note that no load before had."""
    said = "Has not signed after all" if is_lead else "Signed"
    return {"is_lead": is_lead, "notes": f"{said}, in the {load}. load."}

"""The programs of the benchmarks beside the project may do less than it does, but they have to say the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from itertools import product
from typing import Any
from urllib.parse import urlencode

import orjson
import psycopg
import pytest
from django.db import connection
from psycopg.types.json import set_json_loads

from accounts.models import Member
from benchmarks import limit_rentalot
from benchmarks.limit import document
from benchmarks.limit_connection import Connected
from benchmarks.limit_statements import GET, Listing, Schema
from benchmarks.patching import patch
from benchmarks.rentalot import identities
from benchmarks.rentalot_workloads import newcomer
from benchmarks.servers import Server, serving
from benchmarks.terms import KINDS, NOBODY, Person
from benchmarks.textbook import filling
from benchmarks.wire import answer
from contacts.drafts import ContactDraft
from contacts.services import create_contacts
from tests.postgresql import Server as PostgreSQL
from tests.worlds import MOMENT, World, rentalot_key

pytestmark = pytest.mark.postgresql

NEWEST_FIRST = [("c.created_at", True), ("c.id", True)]


def rows_of(statement: str, values: Any) -> list[tuple[Any, ...]]:
    """As the limit reads them, in the transaction of the test."""
    with connection.connection.cursor() as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(statement, values).fetchall()


def as_json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_UTC_Z))


def test_the_limit_lists_the_wires_documents_and_total(north, winnerr):
    answer = winnerr(north.owner).get("/v1/contacts", {"limit": 100}).json()
    with north.scope():
        statement, values = Listing().page(Schema.of(connection.connection), NEWEST_FIRST, [], 100)
        rows = rows_of(statement, values)
    assert as_json([document(north.organization.public_id, row) for row in rows]) == answer["data"]
    assert {row[-1] for row in rows} == {answer["pagination"]["total"]}


def test_the_limit_reads_the_wires_document_of_one_contact(north, winnerr):
    answer = winnerr(north.owner).get(f"/v1/contacts/{north.contact.winnerr_id}", {"include": ""}).json()
    with north.scope():
        (row,) = rows_of(GET, [north.contact.uuid])
    assert as_json(document(north.organization.public_id, row)) == answer["data"]


PEOPLE = 60
NAMES = ("Mary Smith", "Zelda Quigley", "John Marsh", "Yves Quint")
ROLES = ("prospect", "tenant", "landlord")
STAGES = ("prospect", "scheduled", "renter", "applicant")


def people(world: World) -> list[Person]:
    """Contacts made one after the other, so that there is one order of age."""
    names = [NAMES[n % len(NAMES)].split() for n in range(PEOPLE)]
    digits = [f"31255{n:05d}" for n in range(PEOPLE)]
    made = [
        Person(first, last, f"{first}.{last}.{n}@example.com", f"({own[:3]}) {own[3:6]}-{own[6:]}", own)
        for n, ((first, last), own) in enumerate(zip(names, digits, strict=True))
    ]
    drafts = [
        ContactDraft(
            full_name=person.full,
            email=person.email,
            phone=person.phone,
            stage=STAGES[n % len(STAGES)],
            role=ROLES[n % len(ROLES)],
            created_at=MOMENT + timedelta(seconds=n),
        )
        for n, person in enumerate(made)
    ]
    with world.scope():
        list(create_contacts(drafts, actor=world.actor()))
    return made


@dataclass(frozen=True)
class Programs:
    """The three, asked for the same on Rentalot's wire by the same member."""

    client: Any
    key: str
    textbook: Server

    def project(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answered = self.client.request(method, f"/api/v1/contacts{path}", json=body)
        assert 200 <= answered.status_code < 300
        return answered.json()

    def limit(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/api/v1/contacts{path}",
            "QUERY_STRING": query,
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "wsgi.input": BytesIO(orjson.dumps(body)),
        }
        status, answered, _ = limit_rentalot.answer(environ, Connected(connection.connection))
        assert status.startswith("2")
        return orjson.loads(answered)

    def plain(self, path: str) -> dict[str, Any]:
        return answer(self.textbook.request("GET", f"/people/{path}"), self.textbook)


@pytest.fixture(scope="module")
def textbook(postgresql_server: PostgreSQL) -> Iterator[tuple[Server, str]]:
    """The textbook, serving a database of its own, and the address of that."""
    name = f"{postgresql_server.owner.role}_textbook"
    with postgresql_server.session(postgresql_server.owner) as owner:
        owner.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        url = postgresql_server.url(postgresql_server.owner).rpartition("/")[0] + f"/{name}"
        settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.textbook.settings", "TEXTBOOK_DATABASE_URL": url}
        filling.migrate(settings)
        with serving("textbook", "benchmarks.textbook.wsgi", os.environ | settings, f"Token {filling.TOKEN}") as server:
            yield server, url
        owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def known(north: World) -> list[Person]:
    return people(north)


@pytest.fixture
def programs(
    north: World, known: list[Person], rentalot: Callable[[Member], Any], textbook: tuple[Server, str]
) -> Programs:
    server, url = textbook
    with north.scope(), psycopg.connect(url, autocommit=True) as target:
        target.execute("TRUNCATE textbook_organization, taggit_tag CASCADE")
        filling.fill(connection.connection, target, north.organization.pk, str(north.organization.pk))
    return Programs(rentalot(north.owner), rentalot_key(north.owner), server)


LISTS = (
    {"page": 1, "limit": 20},
    {"page": 1, "limit": 100},
    # Nine tenths down the list.
    {"page": 13, "limit": 5},
    {"status": "scheduled"},
    {"status": "applicant", "page": 2, "limit": 10},
    {"role": "tenant", "status": "renter"},
    {"search": "mar", "page": 2, "limit": 4},
    {"search": "quigley", "status": "scheduled"},
)


def test_all_three_list_the_same_contacts_in_the_same_order(programs):
    for query in LISTS:
        asked = f"?{urlencode(query)}"
        ours = programs.project("GET", asked)
        assert ours["data"], asked
        assert programs.limit("GET", asked) == ours
        assert identities(programs.plain(asked)) == identities(ours)


def test_all_three_find_the_same_contacts(programs, known):
    for kind, person in product(KINDS, known[:3]):
        asked = f"?{urlencode({'search': kind.term(person)})}"
        ours = programs.project("GET", asked)
        assert programs.limit("GET", asked) == ours
        assert bool(ours["data"]) is (kind.name != NOBODY), asked
        # Written otherwise than it was typed in, a telephone is beyond the textbook.
        if kind.is_literal:
            assert identities(programs.plain(asked)) == identities(ours)


def test_the_limit_says_how_many_there_are_beyond_the_last_page(programs):
    assert programs.limit("GET", "?page=500") == programs.project("GET", "?page=500")


def test_all_three_read_the_same_contact(programs, north):
    path = f"/{north.contact.uuid}"
    ours = programs.project("GET", path)
    assert programs.limit("GET", path) == ours
    assert programs.plain(f"{path[1:]}/")["id"] == ours["data"]["id"]


def test_the_limit_creates_and_changes_what_the_wire_does(programs):
    sent = [newcomer(0, place) for place in range(2)]
    ours, theirs = programs.project("POST", "", sent[0])["data"], programs.limit("POST", "", sent[1])["data"]
    assert but(theirs, "id", "email", "createdAt", "updatedAt") == but(ours, "id", "email", "createdAt", "updatedAt")
    for made, body in ((theirs, sent[1]), (ours, sent[0])):
        assert programs.project("GET", f"/{made['id']}")["data"] == made
        assert identities(programs.project("GET", f"?{urlencode({'search': body['email']})}")) == ([made["id"]], 1)
    for status in ("applicant", "renter"):
        changed = programs.limit("PATCH", f"/{theirs['id']}", patch(status, 1))["data"]
        assert changed == programs.project("GET", f"/{theirs['id']}")["data"]
        reference = programs.project("PATCH", f"/{ours['id']}", patch(status, 1))["data"]
        different = ("id", "email", "createdAt", "updatedAt", "appliedAt")
        assert but(changed, *different) == but(reference, *different)
        assert (changed["appliedAt"] is None) is (reference["appliedAt"] is None)


def but(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The document without what two of a kind do not share."""
    return {key: value for key, value in document.items() if key not in keys}

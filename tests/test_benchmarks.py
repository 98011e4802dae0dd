"""The programs of the benchmarks beside the project may do less than it does, but they have to say the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any
from urllib.parse import urlencode

import orjson
import psycopg
import pytest
from django.db import connection

from accounts.models import Member
from benchmarks import child_rows, estateprime_workloads
from benchmarks.estateprime import identities as with_rows
from benchmarks.estateprime_workloads import Samples
from benchmarks.filling import Batch, insert_contacts
from benchmarks.limit import document
from benchmarks.limit_statements import GET, Listing, Schema
from benchmarks.patching import patch
from benchmarks.rentalot import identities
from benchmarks.rentalot_workloads import newcomer
from benchmarks.servers import Server, serving
from benchmarks.terms import KINDS, NOBODY, Person
from benchmarks.textbook import filling
from contacts.models import Contact
from contacts.services.children import KINDS as KINDS_OF_ROWS
from contacts.services.children import read_children
from contacts.services.derived import derive
from contacts.services.tagging import tags_by_name
from tests.benchmarks import ESTATEPRIME, RENTALOT, Programs, people, rows_of
from tests.postgresql import Server as PostgreSQL
from tests.worlds import MOMENT, World, estateprime_pair, rentalot_key

pytestmark = pytest.mark.postgresql

NEWEST_FIRST = [("c.created_at", True), ("c.id", True)]


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
def copied(north: World, known: list[Person], textbook: tuple[Server, str]) -> Server:
    """The textbook with the contacts that are there."""
    server, url = textbook
    with north.scope(), psycopg.connect(url, autocommit=True) as target:
        target.execute("TRUNCATE textbook_organization, taggit_tag CASCADE")
        filling.fill(connection.connection, target, north.organization.pk, str(north.organization.pk))
    return server


@pytest.fixture
def programs(north: World, copied: Server, rentalot: Callable[[Member], Any]) -> Programs:
    return Programs(RENTALOT, rentalot(north.owner), f"Bearer {rentalot_key(north.owner)}", copied)


@pytest.fixture
def on_estateprime(north: World, copied: Server, estateprime: Callable[[Member], Any]) -> Programs:
    return Programs(ESTATEPRIME, estateprime(north.owner), f"Basic {estateprime_pair(north.owner)}", copied)


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


DAYS = {"date_created[min]": "2026-03-02", "date_created[max]": "2026-03-03"}
# To the textbook a day alone is its first moment.
PLAIN_NAMES = {"date_created[min]": "date_created__gte", "date_created[max]": "date_created__lt"}


def test_all_three_list_the_same_contacts_and_as_many_rows_of_each_on_estateprime(on_estateprime):
    for query in ({}, {"page": 2}, DAYS, DAYS | {"page": 2}, {"search": "mar"}, {"search": "quigley", "page": 1}):
        asked = f"?{urlencode(query)}"
        ours = on_estateprime.project("GET", asked)
        assert ours["data"], asked
        assert on_estateprime.limit("GET", asked) == ours
        plain = urlencode({PLAIN_NAMES.get(name, name): value for name, value in query.items()})
        assert with_rows(on_estateprime.plain(f"?{plain}")) == with_rows(ours)


def test_all_three_find_the_same_contacts_on_estateprime(on_estateprime, known):
    for kind, person in product(KINDS, known[:3]):
        asked = f"?{urlencode({'search': kind.term(person)})}"
        ours = on_estateprime.project("GET", asked)
        assert on_estateprime.limit("GET", asked) == ours
        if kind.is_literal:
            assert with_rows(on_estateprime.plain(asked)) == with_rows(ours)


def test_all_three_read_the_same_contact_on_estateprime(on_estateprime, north):
    path = f"/{north.contact.number}"
    ours = on_estateprime.project("GET", path)
    assert on_estateprime.limit("GET", path) == ours
    assert with_rows(on_estateprime.plain(f"{path[1:]}/")) == with_rows(ours["data"])


def test_the_limit_says_how_many_there_are_beyond_the_last_page_on_estateprime(on_estateprime):
    for query in ({}, DAYS, {"search": "mar"}, {"search": "nobodyatall", "page": 1}):
        asked = f"?{urlencode({'page': 500} | query)}"
        assert on_estateprime.limit("GET", asked) == on_estateprime.project("GET", asked)


def test_the_limit_creates_and_changes_what_estateprime_does(on_estateprime, north):
    with north.scope():
        samples = Samples.of(connection.connection, north.organization.pk)
    # Without the field that every world has, which is of another kind than the benchmarks' first.
    samples = replace(samples, fields=samples.fields[1:])
    sent = [estateprime_workloads.newcomer(samples, load, 0) for load in range(2)]
    ours, theirs = (
        program("POST", "", body)["created_id"]
        for program, body in zip((on_estateprime.project, on_estateprime.limit), sent, strict=True)
    )
    different = ("id", "emails", "date_created", "date_updated", "date_converted_to_client")
    assert but(read(on_estateprime, theirs), *different) == but(read(on_estateprime, ours), *different)
    for number, body in ((ours, sent[0]), (theirs, sent[1])):
        assert read(on_estateprime, number)["emails"] == body["emails"]
        for entry in (*body["emails"], *body["phones"]):
            wanted = urlencode({"search": entry.get("email_address") or entry["number"]})
            assert number in [each["id"] for each in on_estateprime.project("GET", f"?{wanted}")["data"]]
    for is_lead in (False, True):
        body = estateprime_workloads.patch(1, is_lead=is_lead)
        changed = on_estateprime.limit("PATCH", f"/{theirs}", body)["data"]
        assert changed == read(on_estateprime, theirs)
        reference = on_estateprime.project("PATCH", f"/{ours}", body)["data"]
        assert but(changed, *different) == but(reference, *different)
        assert (changed["date_converted_to_client"] is None) is is_lead


def read(programs: Programs, number: int) -> dict[str, Any]:
    return programs.project("GET", f"/{number}")["data"]


def test_filled_contacts_are_as_the_services_would_have_made_them(north):
    with north.scope():
        tags = list(tags_by_name([f"tag-{number}" for number in range(2 * child_rows.RANKS)]).values())
        owner, last = connection.connection, Contact.objects.order_by("-number").values_list("number", flat=True)[0]
        owner.execute(
            "CREATE TEMPORARY TABLE bench_organization ON COMMIT DROP AS SELECT %s::bigint AS organization_id, %s::bigint AS first,"
            " %s::bigint AS last, ARRAY(SELECT id FROM accounts_member) AS members, %s::bigint[] AS tags",
            [north.organization.pk, last + 1, last + 60, tags],
        )
        insert_contacts(owner, Batch(last + 1, last + 60, MOMENT))
        filled = list(Contact.objects.filter(number__gt=last))
        children = read_children([contact.pk for contact in filled], KINDS_OF_ROWS)
        found = [contact.search_text for contact in filled]
        for contact in filled:
            derive(contact, children[contact.pk], None, region="US")
    assert len(filled) == 60
    assert found == [contact.search_text for contact in filled]
    assert all(any(own.rows[name] for own in children.values()) for name in KINDS_OF_ROWS)

"""The programs of the benchmarks in the transaction of a test, and contacts to ask them for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import orjson
from django.db import connection
from psycopg.types.json import set_json_loads

from benchmarks import child_rows, limit_estateprime, limit_rentalot
from benchmarks.limit_connection import Answer, Connected
from benchmarks.servers import Server
from benchmarks.terms import Person
from benchmarks.wire import answer
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, RelatedPersonDraft
from contacts.services import create_contacts
from contacts.services.custom_fields import create_field
from tests.worlds import MOMENT, World


def rows_of(statement: str, values: Any) -> list[tuple[Any, ...]]:
    """As the limit reads them, in the transaction of the test."""
    with connection.connection.cursor() as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(statement, values).fetchall()


class _InTransaction(Connected):
    """The connection of the test."""

    def rows(self, statement: str, values: Any) -> list[tuple[Any, ...]]:
        return rows_of(statement, values)


PEOPLE = 60
NAMES = ("Mary Smith", "Zelda Quigley", "John Marsh", "Yves Quint")
ROLES = ("prospect", "tenant", "landlord")
STAGES = ("prospect", "scheduled", "renter", "applicant")
# A field of each kind that the benchmarks fill, by number from 2: the world has one of its own.
VALUES = {2: "Met in the park", 3: 2, 4: [1, 5], 5: False, 6: "2026-05-01", 7: "72.5"}


def people(world: World) -> list[Person]:
    """Contacts made one after the other, so that there is one order of age, with from none to two rows of every kind."""
    names = [NAMES[n % len(NAMES)].split() for n in range(PEOPLE)]
    digits = [f"31255{n:05d}" for n in range(PEOPLE)]
    made = [
        Person(first, last, f"{first}.{last}.{n}@example.com", f"({own[:3]}) {own[3:6]}-{own[6:]}", own)
        for n, ((first, last), own) in enumerate(zip(names, digits, strict=True))
    ]
    with world.scope():
        for name, kind, options in child_rows.FIELDS:
            create_field(name, kind, options, actor=world.actor())
        list(create_contacts([_draft(world, n, person) for n, person in enumerate(made)], actor=world.actor()))
    return made


def _draft(world: World, n: int, person: Person) -> ContactDraft:
    addresses = [EmailDraft(email=person.email.replace("@", f"@{host}."), label=host) for host in ("home", "office")]
    phones = [
        PhoneDraft(phone=f"+1 {person.digits[::-1]}"),
        PhoneDraft(phone=f"+1 646{person.digits[3:]}", note="Late"),
    ]
    partner = RelatedPersonDraft(first_name="Pat", last_name=person.last, mobile="+1 917 555 0100", notes="Partner")
    members = [member.pk for member in world.members]
    return ContactDraft(
        full_name=person.full,
        email=person.email,
        phone=person.phone,
        stage=STAGES[n % len(STAGES)],
        role=ROLES[n % len(ROLES)],
        created_at=MOMENT + timedelta(seconds=n),
        is_lead=n % 3 > 0,
        source=f"website {world.canary}" if n % 2 else "",
        further_emails=tuple(addresses[: n % 3]),
        further_phones=tuple(phones[: n // 2 % 3]),
        related_people=(partner, RelatedPersonDraft(email="aid@example.com"))[: n // 3 % 3],
        assigned_to=members[0] if n % 4 else None,
        further_assignees=tuple(members[: n // 4 % 3]),
        tags=("vip", "buyer")[: n // 5 % 3],
        custom_values=dict(list(VALUES.items())[: n % 7]),
    )


@dataclass(frozen=True)
class Wire:
    """Where a wire's contacts are, how the limit answers there, and where the textbook has the same."""

    path: str
    answer: Callable[[dict[str, Any], Connected], Answer]
    plain_path: str


RENTALOT = Wire("/api/v1/contacts", limit_rentalot.answer, "/people/")
ESTATEPRIME = Wire("/api/contacts", limit_estateprime.answer, "/clients/")


@dataclass(frozen=True)
class Programs:
    """The three, asked for the same on one wire by the same member."""

    wire: Wire
    client: Any
    authorization: str
    textbook: Server

    def project(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answered = self.client.request(method, f"{self.wire.path}{path}", json=body)
        assert 200 <= answered.status_code < 300
        return answered.json()

    def limit(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"{self.wire.path}{path}",
            "QUERY_STRING": query,
            "HTTP_AUTHORIZATION": self.authorization,
            "wsgi.input": BytesIO(orjson.dumps(body)),
        }
        status, answered, _ = self.wire.answer(environ, _InTransaction(connection.connection))
        assert status.startswith("2")
        return orjson.loads(answered)

    def plain(self, path: str) -> dict[str, Any]:
        return answer(self.textbook.request("GET", f"{self.wire.plain_path}{path}"), self.textbook)

"""A connection that serves one request after another never carries an organization over to the next."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection, connections
from django.test import RequestFactory

from accounts.exceptions import TenantNotSet
from accounts.tenancy import current_scope
from contacts.models import Contact, ContactEmail
from tests.accounts.failing_urls import FAILURES, LOST, STREAMED
from tests.postgresql import Server
from tests.worlds import World, bearer_token

REQUESTS = 1_000
THREADS = 2


@dataclass(frozen=True)
class Visit:
    """One request, and what its answer has to be."""

    world: World
    stranger: World
    token: str
    method: str
    path: str
    statuses: tuple[int, ...]
    body: bytes = b""
    # Read only the first part of the answer and hang up.
    leave_early: bool = False


def visits_of(world: World, stranger: World) -> list[Visit]:
    """Good requests and bad ones, about half of each."""
    token = bearer_token(world.agent)
    own, foreign = world.contact.winnerr_id, stranger.contact.winnerr_id

    def visit(method: str, path: str, *statuses: int, body: bytes = b"", **options: Any) -> Visit:
        return Visit(world, stranger, options.pop("token", token), method, path, statuses, body, **options)

    good = [
        visit("GET", "/v1/contacts", 200),
        visit("GET", "/v1/agents", 200),
        visit("GET", f"/v1/contacts/{own}", 200),
        visit("PATCH", f"/v1/contacts/{own}", 200, body=b'{"city": "%b"}' % world.canary.encode()),
        visit("GET", "/v1/plain/stream", 200),
    ]
    bad = [
        visit("GET", f"/v1/contacts/{foreign}", 404),
        visit("PATCH", f"/v1/contacts/{foreign}", 404, body=b'{"notes": "Stolen"}'),
        visit("POST", "/v1/contacts", 422, body=b"{}"),
        visit("POST", "/v1/contacts", 400, body=b"{"),
        visit("GET", "/v1/contacts", 401, token="nobody's"),
        visit("GET", "/v1/plain/answer-500", 500),
        visit("GET", "/v1/plain/stream", 200, leave_early=True),
        *(visit("POST", f"/v1/plain/{kind}", 500, 503, 403) for kind in FAILURES),
        *(visit("POST", f"/v1/wire/{kind}", 500, 503, 403, 409) for kind in FAILURES),
    ]
    return good * (len(bad) // len(good)) + bad


def serve(application: WSGIHandler, visit: Visit) -> tuple[int, bytes]:
    """One request as a server hands it over, its connection kept for the next."""
    request = RequestFactory().generic(
        visit.method,
        visit.path,
        visit.body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {visit.token}"},
    )
    statuses: list[str] = []

    def start_response(status: str, headers: Any, error: Any = None, /) -> Any:
        statuses.append(status)

    response = application(request.environ, start_response)
    try:
        parts = iter(response)
        body = next(parts, b"") if visit.leave_early else b"".join(parts)
    finally:
        response.close()
    return int(statuses[0][:3]), body


def traces() -> list[str]:
    """What a unit of work left behind on this thread's connection."""
    found = []
    if current_scope() is not None:
        found.append("a scope")
    if connection.in_atomic_block:
        found.append("a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('app.organization', true), (SELECT count(*) FROM contacts_contact),"
                " current_setting('statement_timeout')"
            )
            setting, visible, timeout = cursor.fetchone()
        if setting or visible:
            found.append(f"organization {setting!r}, which sees {visible} contacts")
        if timeout != "5s":
            found.append(f"a statement timeout of {timeout}")
    try:
        Contact.objects.count()
    except TenantNotSet:
        return found
    return [*found, "an open fence"]


def backend() -> int:
    """Which connection this is: a lost one that was opened again would prove nothing."""
    if connection.vendor != "postgresql":
        connection.ensure_connection()
        return id(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def run(application: WSGIHandler, visits: list[Visit]) -> tuple[list[str], int]:
    """All visits on one thread: what went wrong, and how many connections were used."""
    violations, used = [], {backend()}
    try:
        for visit in visits:
            status, body = serve(application, visit)
            if status not in visit.statuses:
                violations.append(f"{visit.method} {visit.path}: {status} {body[:200]!r}")
            if visit.stranger.canary.encode() in body:
                violations.append(f"{visit.method} {visit.path}: shows the stranger")
            if status == 200 and visit.world.canary.encode() not in body:
                violations.append(f"{visit.method} {visit.path}: shows nothing")
            violations += [f"{visit.method} {visit.path}: left {trace}" for trace in traces()]
            used.add(backend())
    finally:
        connections.close_all()
    return violations, len(used)


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.accounts.failing_urls")
def test_a_thousand_interleaved_requests_carry_nothing_over(north: World, south: World):
    visits = visits_of(north, south) + visits_of(south, north)
    shuffled = random.Random(17).choices(visits, k=REQUESTS)
    assert {visit.path for visit in shuffled} == {visit.path for visit in visits}
    application = WSGIHandler()
    share = REQUESTS // THREADS
    with ThreadPoolExecutor(THREADS) as threads:
        shares = [shuffled[start : start + share] for start in range(0, REQUESTS, share)]
        results = list(threads.map(lambda part: run(application, part), shares))
    assert [violation for violations, _ in results for violation in violations] == []
    assert [connections_used for _, connections_used in results] == [1] * THREADS
    for world in (north, south):
        read_to_the_end = [v for v in shuffled if v.world is world and v.path.endswith("/stream") and not v.leave_early]
        with world.scope():
            assert not ContactEmail.objects.filter(email=LOST).exists()
            assert ContactEmail.objects.filter(email=STREAMED).count() == len(read_to_the_end)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.accounts.failing_urls")
def test_a_connection_lost_in_the_middle_is_replaced_by_one_that_knows_nothing(
    north: World, south: World, postgresql_server: Server
):
    application = WSGIHandler()
    visit = next(visit for visit in visits_of(north, south) if visit.path == "/v1/contacts")
    assert serve(application, visit)[0] == 200
    before = backend()

    def lose_the_connection() -> None:
        with north.scope(), postgresql_server.session(postgresql_server.application) as beside:
            ContactEmail.objects.create(contact=north.contact, email=LOST)
            beside.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
            Contact.objects.count()

    with pytest.raises(OperationalError):
        lose_the_connection()
    status, body = serve(application, visit)
    assert status == 200
    assert south.canary.encode() not in body
    assert traces() == []
    assert backend() != before
    assert LOST not in emails_of(north)


def emails_of(world: World) -> set[str]:
    with world.scope():
        return set(ContactEmail.objects.values_list("email", flat=True))

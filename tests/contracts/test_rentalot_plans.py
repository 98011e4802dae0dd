"""Rentalot's plans through its wire: what each allows, what every answer says about it, and how it is refused."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import quotas
from accounts.models import Member
from accounts.plans import Plan, limits_of
from tests.contracts.metered import (
    ANSWERS,
    CLOCKS_MINUTE,
    CONTACTS,
    MIDNIGHT,
    MOMENT,
    NOBODYS,
    NOW,
    Clock,
    Program,
    jane,
    put_on,
    refusal,
    sell,
    stored,
    told,
    used,
)
from tests.postgresql import Server
from tests.worlds import WireClient, World

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def client(agency: Member, rentalot: Program) -> WireClient:
    return rentalot(agency)


# Requests.


def test_a_minute_begins_with_its_first_request_whatever_the_clocks_minute(client: WireClient, clock: Clock) -> None:
    answers = [client.get(CONTACTS) for _ in range(60)]
    clock.moment = CLOCKS_MINUTE + 1
    answers += [client.get(CONTACTS) for _ in range(60)]
    assert [answer.status_code for answer in answers] == [200] * 120
    assert [told(answer) for answer in answers] == [
        ("120", str(left), str(NOW + 60), "contacts") for left in range(119, -1, -1)
    ]

    refused = client.get(CONTACTS)
    assert refusal(refused) == (429, "Rate limit exceeded (120/min)", str(NOW + 60 - CLOCKS_MINUTE - 1))
    assert told(refused) == ("120", "0", str(NOW + 60), "contacts")

    clock.moment = NOW + 60
    assert told(client.get(CONTACTS)) == ("120", "119", str(NOW + 120), "contacts")


def test_all_keys_of_an_organization_share_its_figures(
    agency: Member, client: WireClient, north: World, rentalot: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, requests_per_minute=2)
    put_on(north.owner, "pro")
    assert [rentalot(agency).get(CONTACTS).status_code for _ in range(2)] == [200, 200]

    assert client.get(CONTACTS).status_code == 429
    assert told(rentalot(north.owner).get(CONTACTS)) == ("2", "1", str(NOW + 60), "contacts")


def test_a_day_that_is_used_up_lasts_until_midnight_in_utc(
    client: WireClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, requests_per_day=2)
    client.get(CONTACTS)
    clock.moment = MOMENT + 3_600
    assert told(client.get(CONTACTS)) == ("120", "119", str(NOW + 3_660), "contacts")

    refused = client.get(CONTACTS)
    assert refusal(refused) == (429, "Rate limit exceeded (2/day)", str(MIDNIGHT - NOW - 3_600))
    assert told(refused) == ("120", "0", str(MIDNIGHT), "contacts")
    clock.moment = MIDNIGHT
    assert client.get(CONTACTS).status_code == 200


def test_whatever_is_answered_was_counted_once(client: WireClient, agency: Member) -> None:
    for number, (status, method, path, options) in enumerate(ANSWERS, start=1):
        response = client.request(method, path, **options)
        assert response.status_code == status, (method, path, options)
        assert told(response) == ("120", str(120 - number), str(NOW + 60), "contacts"), (method, path)
    assert used(agency)["requests"] == len(ANSWERS)


@pytest.mark.django_db(transaction=True)
def test_a_request_stays_counted_when_its_unit_of_work_is_rolled_back(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)

    def broken(*arguments: Any, **facts: Any) -> None:
        raise RuntimeError

    def away(*arguments: Any, **facts: Any) -> None:
        raise OperationalError

    for number, (status, failure) in enumerate(((500, broken), (503, away)), start=1):
        with monkeypatch.context() as patch:
            patch.setattr("contacts.services.creating._create_chunk", failure)
            response = client.post(CONTACTS, jane())
        assert (response.status_code, *told(response)) == (status, "120", str(120 - number), str(NOW + 60), "contacts")
    assert used(agency) == {"requests": 2, "writes": 0}
    assert stored(agency) == 0


def test_a_preflight_is_counted_for_its_address_and_never_refused(
    client: WireClient, agency: Member, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CORS_ALLOW_ALL_ORIGINS = True
    sell(monkeypatch, Plan.PRO, requests_per_minute=1)
    client.get(CONTACTS)
    preflight = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}
    for _ in range(101):
        response = Client().options(CONTACTS, headers=preflight)
    assert (response.status_code, *told(response)) == (204, "100", "0", str(CLOCKS_MINUTE), "contacts")
    assert used(agency)["requests"] == 1
    refused = client.get(CONTACTS, headers=preflight)
    assert "x-ratelimit-resource" in refused["Access-Control-Expose-Headers"].lower()


# Plans.


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", CONTACTS), ("PATCH", NOBODYS), ("DELETE", NOBODYS)],
)
def test_a_read_only_plan_refuses_writes_before_it_looks_at_them(
    client: WireClient, agency: Member, method: str, path: str
) -> None:
    put_on(agency, "starter")
    # Neither a body nor a key is read, and nobody learns which ids there are.
    refused = client.request(method, path, body=b"{", headers={"Idempotency-Key": "a,b"})
    assert refusal(refused) == (403, "The Starter plan is read only", None)
    assert told(refused) == ("30", "29", str(NOW + 60), "contacts")


def test_a_read_only_plan_reads_and_knows_wrong_methods(client: WireClient, agency: Member) -> None:
    created = client.post(CONTACTS, jane())
    put_on(agency, "starter")
    assert client.get(CONTACTS).status_code == 200
    assert client.get(created["Location"]).status_code == 200
    assert client.put(created["Location"], jane()).status_code == 405
    assert [client.get(CONTACTS).status_code for _ in range(26)] == [200] * 26
    # The one before it was of the larger plan, and counts.
    assert refusal(client.get(CONTACTS))[1] == "Rate limit exceeded (30/min)"
    assert refusal(client.post(CONTACTS, jane()))[1] == "Rate limit exceeded (30/min)"


def test_a_viewers_key_is_refused_for_its_role(north: World, rentalot: Program) -> None:
    put_on(north.owner, "starter")
    refused = refusal(rentalot(north.viewer).post(CONTACTS, jane()))
    assert refused == (403, "You do not have permission to perform this action", None)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", CONTACTS), ("POST", CONTACTS), ("GET", NOBODYS), ("DELETE", CONTACTS)]
)
def test_a_plan_without_access_refuses_every_request(
    client: WireClient, agency: Member, method: str, path: str
) -> None:
    put_on(agency, "free_trial")
    refused = client.request(method, path, body=b"{")
    assert refusal(refused) == (403, "The Free trial plan has no API access", None)
    assert told(refused) == ("0", "0", str(CLOCKS_MINUTE), "contacts")
    assert used(agency) == {"requests": 0, "writes": 0}


def test_another_plan_counts_from_the_next_request_on(client: WireClient, agency: Member) -> None:
    for _ in range(120):
        client.get(CONTACTS)
    assert client.get(CONTACTS).status_code == 429
    put_on(agency, "scale")
    assert told(client.get(CONTACTS)) == ("600", "479", str(NOW + 60), "contacts")
    put_on(agency, "unlimited")
    assert told(client.get(CONTACTS)) == ("100", "99", str(CLOCKS_MINUTE), "contacts")
    put_on(agency, "pro")
    assert client.get(CONTACTS).status_code == 429


def test_unlimited_counts_in_memory_and_asks_the_database_nothing(
    client: WireClient, agency: Member, settings: Settings
) -> None:
    put_on(agency, "unlimited")
    settings.RATE_LIMIT_PER_MINUTE = 3
    client.get(CONTACTS)
    with CaptureQueriesContext(connection) as captured:
        assert told(client.get(CONTACTS)) == ("3", "1", str(CLOCKS_MINUTE), "contacts")
    assert not [query for query in captured if "meter" in query["sql"]]
    assert client.post(CONTACTS, jane()).status_code == 201
    refused = client.get(CONTACTS)
    assert refusal(refused) == (429, "Too many requests; try again later", "40")
    assert used(agency) == {"requests": 0, "writes": 0}


def test_other_wires_are_not_restricted_by_the_plan(agency: Member, winnerr: Program) -> None:
    put_on(agency, "free_trial")
    response = winnerr(agency).get("/v1/contacts")
    assert (response.status_code, *told(response)) == (200, "100", "99", str(CLOCKS_MINUTE), None)


@pytest.mark.django_db(transaction=True)
def test_counting_costs_one_statement_and_a_transaction_of_its_own(client: WireClient, agency: Member) -> None:
    client.get(CONTACTS)
    statements = {}
    for plan in ("pro", "unlimited"):
        put_on(agency, plan)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(CONTACTS).status_code == 200
        statements[plan] = [query["sql"].split()[0] for query in captured]
    if connection.vendor == "postgresql":
        # Who asks; the count; and, told again whose rows and how long, whatever was asked for.
        begin, who, *asked = statements["unlimited"]
        assert statements["pro"] == [begin, who, "INSERT", "COMMIT", "BEGIN", "SELECT", *asked]
    else:
        who, *asked = statements["unlimited"]
        assert statements["pro"] == [who, "BEGIN", "INSERT", "COMMIT", *asked]


@pytest.mark.django_db(transaction=True)
def test_a_refused_request_costs_no_more_than_finding_out(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, requests_per_minute=1)
    client.get(CONTACTS)
    with CaptureQueriesContext(connection) as captured:
        assert client.post(CONTACTS, body=b"{", headers={"Idempotency-Key": "a,b"}).status_code == 429
    control = ("BEGIN", "COMMIT", "ROLLBACK")
    statements = [query["sql"].split()[0] for query in captured if not query["sql"].startswith(control)]
    assert statements == ["SELECT", "INSERT", "SELECT"]


# What every answer says.


@pytest.mark.parametrize(
    ("status", "method", "path", "resource"),
    [
        (200, "GET", "/api/v1/openapi.json", "api"),
        (200, "GET", "/api/v1/docs", "api"),
        (401, "GET", CONTACTS, "contacts"),
        (401, "DELETE", NOBODYS, "contacts"),
        (405, "OPTIONS", CONTACTS, "contacts"),
        (404, "GET", "/api/v1/nowhere", "api"),
        (404, "GET", "/api/v1/", "api"),
        (404, "GET", "/api/v1", "api"),
        (404, "GET", "//api/v1/contacts", "contacts"),
        (404, "POST", "/api/v1/Contacts", "api"),
        (404, "GET", "/api/v1/x%0D%0AEvil:%201", "api"),
    ],
)
def test_answers_to_strangers_name_the_resource(db: None, status: int, method: str, path: str, resource: str) -> None:
    response = Client(raise_request_exception=False).request(REQUEST_METHOD=method, PATH_INFO=unquote(path))
    assert (response.status_code, *told(response)) == (status, "100", "99", str(CLOCKS_MINUTE), resource)


def test_a_key_that_is_nobodys_counts_for_its_address(client: WireClient, agency: Member) -> None:
    client.headers = {"Authorization": "Bearer ra_made-up"}
    response = client.get(CONTACTS)
    assert (response.status_code, *told(response)) == (401, "100", "99", str(CLOCKS_MINUTE), "contacts")
    assert used(agency)["requests"] == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_after_counting_is_answered_503(
    client: WireClient, agency: Member, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get(CONTACTS)
    take = quotas.take_request

    def lose_the_connection(*arguments: Any) -> Any:
        found = take(*arguments)
        with connection.cursor() as cursor, postgresql_server.session(postgresql_server.application) as beside:
            cursor.execute("SELECT pg_backend_pid()")
            beside.execute("SELECT pg_terminate_backend(%s, 5000)", [cursor.fetchone()[0]])
        return found

    with monkeypatch.context() as patch:
        patch.setattr(quotas, "take_request", lose_the_connection)
        response = client.get(CONTACTS)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response["X-RateLimit-Resource"] == "contacts"
    # What was not committed was not counted.
    assert told(client.get(CONTACTS)) == ("120", "118", str(NOW + 60), "contacts")


def test_the_figures_are_the_vendors() -> None:
    assert {plan: dict(limits_of(plan).requests) for plan in ("starter", "pro", "scale")} == {
        "starter": {"minute": 30, "day": 5_000},
        "pro": {"minute": 120, "day": 50_000},
        "scale": {"minute": 600, "day": 500_000},
    }
    assert {plan: dict(limits_of(plan).writes["contacts"].by_window) for plan in ("pro", "scale")} == {
        "pro": {"minute": 15, "day": 150, "month": 3_000},
        "scale": {"minute": 40, "day": 500, "month": 10_000},
    }

"""Rentalot's plans through its wire: what each allows, what every answer says about it, and how it is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import quotas, rates
from accounts.actor import Actor
from accounts.models import Member, RequestMeter, WriteMeter
from accounts.plans import LIMITS, Plan, WriteQuota, limits_of
from accounts.rates import MemoryCounter
from accounts.services import change_plan, create_organization
from accounts.tenancy import tenant_scope
from contacts.models import Contact
from tests.contracts.conftest import at_once
from tests.postgresql import Server
from tests.worlds import PASSWORD, WireClient, World

CONTACTS = "/api/v1/contacts"
NOBODYS = f"{CONTACTS}/01a2016f-a2e0-7e4a-a1ac-a2f3ee0b6fc8"
# 20.5 seconds into a minute of the clock, on 15 January 2027, 08:00 in UTC.
MOMENT = 1_800_000_020.5
NOW = 1_800_000_020
CLOCKS_MINUTE = 1_800_000_060
MIDNIGHT = 1_800_057_600
FEBRUARY = 1_801_440_000
Program = Callable[[Member | None], WireClient]
PROBLEMS = "https://rentalot.ai/problems/"


class Clock:
    """A clock that stands until it is told to move."""

    moment = MOMENT

    def __call__(self) -> float:
        return self.moment


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Every counter by a clock that stands, 100 a minute for what no plan limits."""
    settings.RATE_LIMIT_PER_MINUTE = 100
    standing = Clock()
    monkeypatch.setattr(quotas, "clock", standing)
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(standing))
    monkeypatch.setattr(rates, "STRANGERS", MemoryCounter(standing))
    return standing


@pytest.fixture
def agency(south: World) -> Member:
    """The owner of an organization without contacts on the plan Pro; the stranger beside it has some."""
    return create_organization(
        name="Agency",
        slug="agency",
        plan="pro",
        owner_email="owner@agency.example",
        owner_password=PASSWORD,
        owner_first_name="Ada",
    )


@pytest.fixture
def client(agency: Member, rentalot: Program) -> WireClient:
    return rentalot(agency)


def put_on(member: Member, plan: str) -> None:
    with tenant_scope(member.organization):
        change_plan(plan, actor=Actor.command("tests"))


def sell(monkeypatch: pytest.MonkeyPatch, plan: Plan, **changes: Any) -> None:
    """Let a plan allow something else."""
    facts = {name: getattr(LIMITS[plan], name) for name in LIMITS[plan].__dataclass_fields__}
    monkeypatch.setattr("accounts.plans.LIMITS", {**LIMITS, plan: type(LIMITS[plan])(**facts | changes)})


def jane(number: int = 0) -> dict[str, str]:
    return {"name": "Jane Smith", "email": f"jane{number}@example.com"}


def told(response: Any) -> tuple[str, ...]:
    return tuple(response.get(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset", "Resource"))


def refusal(response: Any) -> tuple[int, str, str | None]:
    """Status, sentence and how long to wait, of an answer that is a problem in every detail."""
    body = response.json()
    kind, title = {429: ("rate-limited", "Too Many Requests"), 403: ("forbidden", "Forbidden")}[response.status_code]
    detail = body["detail"]
    assert body == {"type": f"{PROBLEMS}{kind}", "title": title, "status": response.status_code, "detail": detail}
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, detail, response.get("Retry-After")


def used(member: Member) -> dict[str, int]:
    """What is on the meters, whatever window it belongs to."""
    with tenant_scope(member.organization):
        requests = RequestMeter.objects.values_list("minute_taken", flat=True).first() or 0
        writes = WriteMeter.objects.values_list("month_taken", flat=True).first() or 0
    return {"requests": requests, "writes": writes}


def stored(member: Member) -> int:
    with tenant_scope(member.organization):
        return Contact.objects.active().count()


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


# Each costs one request, whatever becomes of it.
ANSWERS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", CONTACTS, {}),
    (200, "HEAD", CONTACTS, {}),
    (201, "POST", CONTACTS, {"json": jane()}),
    (400, "POST", CONTACTS, {"body": b"{"}),
    (400, "POST", CONTACTS, {"json": jane(1), "headers": {"Idempotency-Key": ""}}),
    (404, "GET", NOBODYS, {}),
    (404, "DELETE", NOBODYS, {}),
    (405, "DELETE", CONTACTS, {}),
    (409, "POST", CONTACTS, {"json": jane()}),
    (415, "POST", CONTACTS, {"body": b"a=1", "content_type": "text/plain"}),
]


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


# Writes.


def test_creating_and_deleting_cost_a_write_and_changing_none(client: WireClient, agency: Member) -> None:
    created = client.post(CONTACTS, jane())
    assert (created.status_code, used(agency)["writes"]) == (201, 1)
    assert client.patch(created["Location"], {"name": "Jane Jones"}).status_code == 200
    assert client.get(created["Location"]).status_code == 200
    assert used(agency)["writes"] == 1
    assert (client.delete(created["Location"]).status_code, used(agency)["writes"]) == (204, 2)


@pytest.mark.parametrize(
    ("quota", "figure", "reset"),
    [
        (WriteQuota(2, 150, 3_000), "2/min", NOW + 60),
        (WriteQuota(15, 2, 3_000), "2/day", MIDNIGHT),
        (WriteQuota(15, 150, 2), "2/month", FEBRUARY),
    ],
)
def test_a_write_quota_that_is_used_up_says_which_and_until_when(
    client: WireClient,
    agency: Member,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    quota: WriteQuota,
    figure: str,
    reset: int,
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": quota})
    created = [client.post(CONTACTS, jane(number)) for number in range(2)]
    assert [told(response)[1] for response in created] == ["119", "118"]

    detail = f"Write rate limit exceeded for contacts ({figure})"
    for refused in (client.post(CONTACTS, jane(2)), client.delete(created[0]["Location"])):
        assert refusal(refused) == (429, detail, str(reset - NOW))
        assert told(refused) == ("120", "0", str(reset), "contacts")
    assert client.get(CONTACTS).status_code == 200
    assert client.patch(created[0]["Location"], {"name": "Jane Jones"}).status_code == 200
    assert (stored(agency), used(agency)["writes"]) == (2, 2)

    clock.moment = reset
    assert client.post(CONTACTS, jane(2)).status_code == 201


@pytest.mark.parametrize(
    ("quota", "figure", "reset"),
    [(WriteQuota(2, 2, 3_000), "2/min", NOW + 60), (WriteQuota(15, 2, 2), "2/day", MIDNIGHT)],
)
def test_of_several_that_are_used_up_the_one_with_the_shortest_window_is_named(
    client: WireClient, monkeypatch: pytest.MonkeyPatch, quota: WriteQuota, figure: str, reset: int
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": quota})
    for number in range(2):
        client.post(CONTACTS, jane(number))

    refused = refusal(client.post(CONTACTS, jane(2)))
    assert refused == (429, f"Write rate limit exceeded for contacts ({figure})", str(reset - NOW))


def test_what_is_refused_costs_no_write(client: WireClient, agency: Member) -> None:
    client.post(CONTACTS, jane())
    for status, method, path, options in ANSWERS:
        if status >= 400:
            assert client.request(method, path, **options).status_code == status
    assert used(agency)["writes"] == 1


def test_a_repeated_request_costs_no_second_write(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(1, 1, 1)})
    key = {"Idempotency-Key": "c0ffee"}
    first = client.post(CONTACTS, jane(), headers=key)
    assert client.post(CONTACTS, jane(1), headers={"Idempotency-Key": "another"}).status_code == 429

    again = client.post(CONTACTS, jane(), headers=key)
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    assert again["Idempotency-Replayed"] == "true"
    assert (stored(agency), used(agency)["writes"]) == (1, 1)


def test_a_key_that_was_refused_for_the_quota_may_be_sent_again(
    client: WireClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(1, 9, 9)})
    client.post(CONTACTS, jane())
    key = {"Idempotency-Key": "c0ffee"}
    assert client.post(CONTACTS, jane(1), headers=key).status_code == 429
    clock.moment = NOW + 60
    response = client.post(CONTACTS, jane(1), headers=key)
    assert (response.status_code, response.get("Idempotency-Replayed")) == (201, None)


# Many at once.


def answers_to(client: WireClient, requests: list[Callable[[WireClient], Any]]) -> list[Any]:
    """Each asked by a client of its own: Django's keeps state between requests."""

    def ask(request: Callable[[WireClient], Any]) -> Callable[[], Any]:
        own = WireClient(None)
        own.headers = client.headers
        return lambda: request(own)

    return at_once([ask(request) for request in requests])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keyed", [False, True])
def test_of_four_times_as_many_creates_at_once_the_quota_is_accepted(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch, keyed: bool
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(4, 150, 3_000)})

    def create(number: int) -> Callable[[WireClient], Any]:
        headers = {"Idempotency-Key": f"key-{number}"} if keyed else {}
        return lambda own: own.post(CONTACTS, jane(number), headers=headers)

    answers = answers_to(client, [create(number) for number in range(16)])
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [429] * 12
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 429} == {
        "Write rate limit exceeded for contacts (4/min)"
    }
    assert (stored(agency), used(agency)) == (4, {"requests": 16, "writes": 4})


@pytest.mark.django_db(transaction=True)
def test_of_four_times_as_many_requests_at_once_the_limit_is_answered(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, requests_per_minute=4)
    answers = answers_to(client, [lambda own: own.get(CONTACTS)] * 16)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 12
    assert sorted(told(answer)[1] for answer in answers if answer.status_code == 200) == ["0", "1", "2", "3"]
    assert used(agency)["requests"] == 4


@pytest.mark.django_db(transaction=True)
def test_a_create_that_fails_leaves_its_write_to_another(client: WireClient, agency: Member, monkeypatch: Any) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(2, 150, 3_000)})
    client.post(CONTACTS, jane())
    # Only one of them is left, and it is not wasted on a duplicate.
    answers = answers_to(
        client, [lambda own: own.post(CONTACTS, jane())] * 4 + [lambda own: own.post(CONTACTS, jane(1))]
    )
    assert answers[-1].status_code == 201
    assert {answer.status_code for answer in answers[:-1]} <= {409, 429}
    assert (stored(agency), used(agency)["writes"]) == (2, 2)


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


def test_a_revoked_plan_of_nobody_is_counted_as_a_strangers(client: WireClient, agency: Member) -> None:
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

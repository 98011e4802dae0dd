"""``X-RateLimit-*`` on every answer of the Winnerr wire, and 429 for whoever asks too often (CONTRACTS W-S2, 7.1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import rates
from accounts.models import Member
from accounts.rates import MemoryCounter
from accounts.tenancy import Scope, tenant_scope
from config.wires.strict_json import MAXIMUM_BODY
from contacts.models import Contact
from tests.contracts.conftest import failing_commit, printed
from tests.worlds import PASSWORD, WireClient, World

JOHN = "/v1/contacts/contact_123"
JANE = printed("create_contact.request")
# 20 seconds into a minute of the clock.
MOMENT = 1_800_000_020.5
ENDS = 1_800_000_060
TOO_MANY = {
    "success": False,
    "error": {
        "type": "rate_limit_error",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many requests; try again later",
    },
}


class Clock:
    """A clock that stands until it is told to move."""

    moment = MOMENT

    def __call__(self) -> float:
        return self.moment


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    """Fresh counts of 100 a minute, by a clock that stands."""
    settings.RATE_LIMIT_PER_MINUTE = 100
    standing = Clock()
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(standing))
    monkeypatch.setattr(rates, "STRANGERS", MemoryCounter(standing))
    return standing


def told(response: Any) -> tuple[str, ...]:
    return tuple(response.get(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset"))


def assert_too_many(response: Any, *, limit: int, wait: int = 40) -> None:
    assert (response.status_code, response.json()) == (429, TOO_MANY)
    assert response["Content-Type"] == "application/json"
    assert told(response) == (str(limit), "0", str(ENDS))
    assert response["Retry-After"] == str(wait)


# Requests of a known caller with the status each is answered with.
KNOWN: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", "/v1/contacts", {}),
    (200, "HEAD", "/v1/contacts", {}),
    (200, "GET", JOHN, {}),
    (201, "POST", "/v1/contacts", {"json": JANE}),
    (400, "POST", "/v1/contacts", {"body": b"{"}),
    (400, "POST", "/v1/contacts", {"json": JANE, "headers": {"Idempotency-Key": ""}}),
    (404, "GET", "/v1/contacts/contact_999", {}),
    (405, "DELETE", "/v1/contacts", {}),
    (409, "POST", "/v1/contacts", {"json": JANE | {"email": "john.doe@example.com"}}),
    (411, "POST", "/v1/contacts", {"headers": {"Transfer-Encoding": "chunked"}}),
    (412, "PUT", JOHN, {"json": {}, "headers": {"If-Match": '"9"'}}),
    (413, "POST", "/v1/contacts", {"body": b" " * (MAXIMUM_BODY + 1)}),
    (415, "POST", "/v1/contacts", {"body": b"a=1", "content_type": "text/plain"}),
    (422, "POST", "/v1/contacts", {"json": {}}),
    (422, "GET", "/v1/contacts?limit=0", {}),
    (200, "DELETE", JOHN, {}),
]
# Requests that show no valid credential.
STRANGE: list[tuple[int, str, str]] = [
    (401, "GET", "/v1/contacts"),
    (401, "POST", "/v1/contacts"),
    (401, "TRACE", JOHN),
    (405, "OPTIONS", JOHN),
    (405, "GET", "/v1/auth/token"),
    (422, "POST", "/v1/auth/token"),
    (404, "GET", "/v1/nowhere"),
    (404, "GET", "/v1"),
    (404, "OPTIONS", "/v1/nowhere"),
]


def without_length(client: WireClient, path: str) -> Any:
    """A body whose length nobody said."""
    return client.client.request(
        REQUEST_METHOD="POST",
        PATH_INFO=path,
        CONTENT_TYPE="application/json",
        HTTP_TRANSFER_ENCODING="chunked",
        HTTP_AUTHORIZATION=client.headers["Authorization"],
    )


def test_every_answer_to_a_known_caller_says_what_is_left(client: WireClient, john: Contact) -> None:
    for number, (status, method, path, options) in enumerate(KNOWN, start=1):
        response = without_length(client, path) if status == 411 else client.request(method, path, **options)
        assert response.status_code == status, (method, path, options)
        assert told(response) == ("100", str(100 - number), str(ENDS)), (method, path)
        assert not response.has_header("Retry-After")


def test_every_answer_to_a_stranger_says_what_is_left(db: None) -> None:
    strangers = Client(raise_request_exception=False, headers={"Authorization": "Bearer garbage"})
    for number, (status, method, path) in enumerate(STRANGE, start=1):
        response = strangers.generic(method, path, b"{}", "application/json")
        assert response.status_code == status, (method, path)
        assert told(response) == ("100", str(100 - number), str(ENDS)), (method, path)


def test_however_many_slashes_a_client_joined_its_base_address_with(db: None) -> None:
    response = Client().request(PATH_INFO="//v1/contacts")

    assert (response.status_code, *told(response)) == (404, "100", "99", str(ENDS))


def test_a_refusal_by_role_counts_for_the_credential(north: World, winnerr: Callable[..., WireClient]) -> None:
    viewer = winnerr(north.viewer)

    assert told(viewer.post("/v1/contacts", JANE)) == ("100", "99", str(ENDS))
    assert told(viewer.get("/v1/contacts")) == ("100", "98", str(ENDS))


def test_errors_of_ours_say_it_too(
    client: WireClient, john: Contact, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)

    def broken(*arguments: Any, **facts: Any) -> None:
        raise RuntimeError

    def away(*arguments: Any, **facts: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("contacts.services.create_contact", broken)
        response = client.post("/v1/contacts", JANE)
        assert (response.status_code, *told(response)) == (500, "100", "99", str(ENDS))
    with monkeypatch.context() as patch:
        patch.setattr("contacts.services.create_contact", away)
        response = client.post("/v1/contacts", JANE)
        assert (response.status_code, *told(response)) == (503, "100", "98", str(ENDS))
    with monkeypatch.context() as patch:
        patch.setattr("config.wires.winnerr.authority_by_token", away)
        response = client.get(JOHN)
        # Nobody knows who asked.
        assert (response.status_code, *told(response)) == (503, "100", "99", str(ENDS))


def test_an_answer_that_fails_at_the_last_moment_says_it_too(
    client: WireClient, john: Contact, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)
    with monkeypatch.context() as patch:
        patch.setattr(Scope, "close", failing_commit(RuntimeError()))
        response = client.get(JOHN)
    assert (response.status_code, *told(response)) == (500, "100", "99", str(ENDS))


def test_whoever_asks_too_often_waits_until_the_minute_is_over(
    client: WireClient, john: Contact, settings: Settings, clock: Clock
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 2
    assert [client.get(JOHN).status_code for _ in range(2)] == [200, 200]

    assert_too_many(client.get(JOHN), limit=2)
    clock.moment = ENDS - 0.5
    assert_too_many(client.put(JOHN, {"notes": "x"}), limit=2, wait=1)
    head = client.request("HEAD", JOHN)
    assert (head.status_code, head.content, head["Retry-After"]) == (429, b"", "1")

    clock.moment = ENDS
    response = client.get(JOHN)
    assert (response.status_code, *told(response)) == (200, "2", "1", str(ENDS + 60))
    assert response["ETag"] == '"1"'


def test_each_credential_has_a_count_of_its_own(
    office: Member,
    client: WireClient,
    north: World,
    south: World,
    winnerr: Callable[..., WireClient],
    settings: Settings,
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    others = [winnerr(office), winnerr(north.owner), winnerr(north.agent), winnerr(south.owner)]
    client.get("/v1/agents/me")
    assert_too_many(client.get("/v1/agents/me"), limit=1)

    assert [told(other.get("/v1/agents/me")) for other in others] == [("1", "0", str(ENDS))] * 4


def test_strangers_use_up_nobody_elses_count_and_nobody_theirs(
    client: WireClient, winnerr: Callable[..., WireClient], settings: Settings
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 2
    stranger = winnerr(None)
    # However many tokens they make up.
    for number in range(2):
        stranger.headers = {"Authorization": f"Bearer {number}.{number}.{number}"}
        assert stranger.get("/v1/contacts").status_code == 401

    stranger.headers = {"Authorization": "Bearer another.made.up"}
    for method, path in (("GET", "/v1/contacts"), ("GET", "/v1/nowhere"), ("POST", "/v1/auth/token"), ("GET", "/v1")):
        assert_too_many(stranger.request(method, path, json={}), limit=2)
    elsewhere = Client(raise_request_exception=False, REMOTE_ADDR="192.0.2.77")
    assert elsewhere.get("/v1/contacts").status_code == 401
    assert told(client.get("/v1/contacts")) == ("2", "1", str(ENDS))


# Transactions as in production: inside a test's own, the fence has to tell the database more.
@pytest.mark.django_db(transaction=True)
def test_a_limited_request_does_no_work(office: Member, client: WireClient, settings: Settings) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    # The first request of a credential writes down that it was used.
    client.get("/v1/agents/me")
    WireClient(None).get("/v1/agents/me")

    # A body that would be refused is not looked at, a key not claimed, a password not tried.
    with CaptureQueriesContext(connection) as limited:
        assert_too_many(client.post("/v1/contacts", body=b"{", headers={"Idempotency-Key": "a,b"}), limit=1)
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    # The one that finds out who asks.
    assert len([query["sql"] for query in limited if not query["sql"].startswith(control)]) == 1
    login = {"email": "owner@office.example", "password": "wrong"}
    with CaptureQueriesContext(connection) as strange:
        assert_too_many(WireClient(None).post("/v1/auth/token", login), limit=1)
    assert len(strange) == 0
    with tenant_scope(office.organization):
        assert not Contact.objects.exists()


def test_counting_asks_the_database_nothing(client: WireClient, john: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get(JOHN)
    with CaptureQueriesContext(connection) as counted:
        client.get(JOHN)
    monkeypatch.setattr("config.wires.base.Wire.count", lambda *arguments: None)
    with CaptureQueriesContext(connection) as uncounted:
        client.get(JOHN)

    assert len(counted) == len(uncounted)


@pytest.mark.parametrize("path", ["/admin/", "/accounts/login/", "/healthz", "/readyz", "/nowhere"])
def test_pages_and_probes_are_not_counted(db: None, path: str) -> None:
    response = Client(raise_request_exception=False).get(path)

    assert not [name for name in response.headers if name.lower().startswith("x-ratelimit")]


def test_a_new_token_of_a_login_does_not_begin_anew(office: Member, winnerr: Callable[..., WireClient]) -> None:
    person = winnerr(None)
    pair = person.post("/v1/auth/token", {"email": "owner@office.example", "password": PASSWORD})
    tokens = pair.json()["data"]
    person.headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
    assert told(person.get("/v1/agents/me")) == ("100", "99", str(ENDS))

    tokens = person.post("/v1/auth/refresh", {"refreshToken": tokens["refreshToken"]}).json()["data"]
    person.headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
    assert told(person.get("/v1/agents/me")) == ("100", "98", str(ENDS))

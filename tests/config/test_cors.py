"""Pages of other origins: nothing is theirs to read unless the environment says so, and then the wires alone."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import rates
from accounts.rates import MemoryCounter
from config.env import env_origins
from tests.contracts.routed import PROGRAMS, RENTALOT
from tests.papers import REPOSITORY, environment
from tests.worlds import WireClient, World

PAGE = "https://app.example.com"
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
JANE = {"firstName": "Jane", "lastName": "Smith", "email": "jane.smith@example.com"}
EXPOSED = (
    "ETag, Location, Link, Retry-After, Idempotency-Replayed, X-Request-Id, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Resource"
)
READABLE = {"access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED}
PREFLIGHT_ANSWER = READABLE | {
    "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id",
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-max-age": "86400",
}
ALLOW = {
    "/v1/contacts": "GET, HEAD, POST, OPTIONS",
    "/v1/contacts/": "GET, HEAD, POST, OPTIONS",
    "/v1/contacts/tags": "GET, HEAD, OPTIONS",
    "/v1/contacts/bulk": "PATCH, OPTIONS",
    "/v1/contacts/contact_123": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/v1/contacts/contact_123/activities": "GET, HEAD, POST, OPTIONS",
    "/v1/contacts/contact_123/tags": "POST, DELETE, OPTIONS",
    "/v1/contacts/contact_123/tags/vip": "DELETE, OPTIONS",
    "/v1/deals": "GET, HEAD, POST, OPTIONS",
    "/v1/deals/deal_123": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/v1/agents": "GET, HEAD, OPTIONS",
    "/v1/agents/me": "GET, HEAD, OPTIONS",
    "/v1/auth/token": "POST, OPTIONS",
    "/v1/nowhere": None,
    "/v1": None,
    "/api/v1/contacts": "GET, HEAD, POST, OPTIONS",
    "/api/v1/contacts/": "GET, HEAD, POST, OPTIONS",
    "/api/v1/contacts/550e8400-e29b-41d4-a716-446655440000": "GET, HEAD, PATCH, DELETE, OPTIONS",
    "/api/v1/nowhere": None,
    "/api/v1": None,
    "/api/contacts": "GET, HEAD, POST, OPTIONS",
    "/api/nowhere": None,
}


@pytest.fixture
def anybody(settings: Settings) -> None:
    """``CORS_ALLOWED_ORIGINS=*``."""
    settings.CORS_ALLOW_ALL_ORIGINS = True


@pytest.fixture
def two_origins(settings: Settings) -> None:
    """``CORS_ALLOWED_ORIGINS=https://app.example.com,http://localhost:3000``."""
    settings.CORS_ALLOWED_ORIGINS = [PAGE, "http://localhost:3000"]


def cross_origin(response: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items() if name.lower().startswith("access-")}


def varies(response: Any) -> list[str]:
    return [name.strip().lower() for name in response.get("Vary", "").split(",")]


@pytest.mark.parametrize("path", ALLOW)
def test_any_page_may_ask_what_it_may_send(anybody: None, path: str) -> None:
    # Without the database: this test may not use it.
    response = Client().options(path, headers=PREFLIGHT)

    assert (response.status_code, response.content) == (204, b"")
    assert response.get("Allow") == ALLOW[path]
    assert cross_origin(response) == PREFLIGHT_ANSWER
    assert varies(response) == ["origin"]
    assert response["X-Request-Id"]
    assert int(response["X-RateLimit-Remaining"]) < int(response["X-RateLimit-Limit"])
    assert not response.has_header("Content-Length")
    assert not response.has_header("Content-Type")
    assert not response.cookies


def test_options_that_no_page_sent_are_answered_alike(anybody: None) -> None:
    response = Client().options("/v1/contacts")

    assert (response.status_code, response["Allow"]) == (204, ALLOW["/v1/contacts"])
    assert cross_origin(response) == {}
    assert varies(response) == ["origin"]


def test_a_page_may_read_every_answer(
    anybody: None, north: World, south: World, monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr(rates, "CALLERS", MemoryCounter(lambda: 1_800_000_020.0))
    program = WireClient(north.owner)
    program.headers["Origin"] = PAGE
    stranger = WireClient(None)
    stranger.headers["Origin"] = PAGE
    jane = f"/v1/contacts/{north.contact.winnerr_id}"

    def broken(*arguments: Any, **facts: Any) -> None:
        raise RuntimeError

    answers = [
        (200, program.get(jane)),
        (200, program.request("HEAD", jane)),
        (201, program.post("/v1/contacts", JANE)),
        (401, stranger.get(jane)),
        (404, program.get("/v1/contacts/contact_999")),
        (404, program.get("/v1/nowhere")),
        (405, program.post(jane)),
        (409, program.post("/v1/contacts", JANE)),
        (412, program.put(jane, {}, headers={"If-Match": '"99"'})),
        (415, program.post("/v1/contacts", body=b"a", content_type="text/plain")),
        (422, program.post("/v1/contacts", {})),
    ]
    with monkeypatch.context() as patch:
        patch.setattr("contacts.services.create_contact", broken)
        answers.append((500, program.post("/v1/contacts", JANE)))
    settings.RATE_LIMIT_PER_MINUTE = 1
    answers.append((429, program.get(jane)))

    for status, response in answers:
        assert response.status_code == status
        assert cross_origin(response) == READABLE, status
        assert "origin" in varies(response)
        assert not response.cookies


def test_a_page_may_read_every_answer_of_rentalots(anybody: None, north: World, south: World) -> None:
    program, stranger = (PROGRAMS[RENTALOT](member) for member in (north.owner, None))
    for each in (program, stranger):
        each.headers["Origin"] = PAGE
    contacts = f"/{RENTALOT}contacts"
    jane = f"{contacts}/{north.contact.uuid}"
    ann = {"name": "Ann", "email": "ann@example.com"}
    answers = [
        (200, program.get(jane)),
        (200, program.request("HEAD", jane)),
        (200, program.get(contacts)),
        (304, program.get(jane, headers={"If-None-Match": "*"})),
        (201, program.post(contacts, ann)),
        (401, stranger.get(jane)),
        (404, program.get(f"{contacts}/nobody")),
        (405, program.put(jane)),
        (409, program.post(contacts, ann)),
        (412, program.patch(jane, {}, headers={"If-Match": '"99"'})),
        (415, program.post(contacts, body=b"a", content_type="text/plain")),
        (422, program.post(contacts, {})),
        (204, program.delete(jane)),
    ]

    for status, response in answers:
        assert response.status_code == status
        assert cross_origin(response) == READABLE, status
        assert "origin" in varies(response)
        assert not response.cookies


def test_a_page_may_still_ask_when_its_address_has_asked_too_often(anybody: None, settings: Settings) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    for _ in range(3):
        response = Client().options("/v1/contacts", headers=PREFLIGHT)
        assert (response.status_code, cross_origin(response)) == (204, PREFLIGHT_ANSWER)
    assert response["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:3000"])
def test_a_page_that_is_named_may_read(two_origins: None, db: None, origin: str) -> None:
    response = Client().get("/v1/contacts", headers={"Origin": origin})

    assert response.status_code == 401
    assert cross_origin(response) == READABLE | {"access-control-allow-origin": origin}
    assert "origin" in varies(response)
    preflight = Client().options("/v1/contacts", headers=PREFLIGHT | {"Origin": origin})
    assert (preflight.status_code, cross_origin(preflight)) == (
        204,
        PREFLIGHT_ANSWER | {"access-control-allow-origin": origin},
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "http://localhost",
        "null",
        "",
        "https://[",
        "*",
    ],
)
def test_a_page_that_is_not_named_may_not(two_origins: None, db: None, origin: str) -> None:
    for response in (
        Client().get("/v1/contacts", headers={"Origin": origin}),
        Client().options("/v1/contacts", headers=PREFLIGHT | {"Origin": origin}),
    ):
        assert response.status_code in {204, 401}
        assert cross_origin(response) == {}
        # A cache must not hand this answer to the page that may.
        assert "origin" in varies(response)


@pytest.mark.parametrize(
    "path", ["/admin/", "/accounts/login/", "/healthz", "/readyz", "/", "/nowhere", "/static/x.js"]
)
def test_pages_for_people_are_not_for_other_pages(anybody: None, db: None, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        response = Client().generic(method, path, headers=PREFLIGHT)
        assert cross_origin(response) == {}
        assert "origin" not in varies(response)


NOT_ALLOWED = {
    "/v1/": {
        "success": False,
        "error": {
            "type": "method_not_allowed_error",
            "title": "Method Not Allowed",
            "status": 405,
            "detail": "This method is not allowed for the requested resource",
        },
    },
    "/api/v1/": {
        "type": "https://rentalot.ai/problems/method-not-allowed",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "Method not allowed",
    },
}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/contacts",
        "/v1/contacts/contact_123",
        "/v1/auth/token",
        "/api/v1/contacts",
        "/api/v1/contacts/550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_when_it_is_off_a_preflight_is_a_wrong_method(path: str) -> None:
    # Without the database here, too.
    response = Client().options(path, headers=PREFLIGHT)

    assert response.status_code == 405
    assert response.json() == next(body for prefix, body in NOT_ALLOWED.items() if path.startswith(prefix))
    assert response["Allow"] == (ALLOW[path] or "").removesuffix(", OPTIONS")
    assert cross_origin(response) == {}
    assert "origin" not in varies(response)


def test_when_it_is_off_no_answer_says_anything_about_origins(north: World, south: World) -> None:
    program = WireClient(north.owner)
    program.headers["Origin"] = PAGE
    for path in ("/v1/contacts", "/v1/nowhere", "/healthz", "/admin/", "/accounts/login/"):
        response = program.get(path)
        assert cross_origin(response) == {}
        assert "origin" not in varies(response)


def test_it_costs_no_statement(anybody: None, north: World, south: World) -> None:
    program = WireClient(north.owner)
    program.get("/v1/agents/me")
    with CaptureQueriesContext(connection) as plain:
        program.get("/v1/agents/me")
    with CaptureQueriesContext(connection) as asked:
        program.get("/v1/agents/me", headers={"Origin": PAGE})

    assert len(plain) == len(asked)


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", []),
        (" ", []),
        ("*", ["*"]),
        ("https://app.example.com", ["https://app.example.com"]),
        (" https://APP.example.com/ , http://localhost:3000,", ["https://app.example.com", "http://localhost:3000"]),
        (
            "https://app.example.com:443,http://a:80,https://a:80",
            ["https://app.example.com", "http://a", "https://a:80"],
        ),
        ("http://[2001:DB8::1]:8080", ["http://[2001:db8::1]:8080"]),
    ],
)
def test_origins_are_read_as_browsers_write_them(
    monkeypatch: pytest.MonkeyPatch, value: str, origins: list[str]
) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", value)

    assert env_origins("CORS_ALLOWED_ORIGINS") == origins


@pytest.mark.parametrize(
    "value",
    [
        "app.example.com",
        "null",
        "*,https://app.example.com",
        "https://*.example.com",
        "https://app.example.com/path",
        "https://app.example.com?x",
        "https://user@app.example.com",
        "ftp://app.example.com",
        "https://",
        "https://app.example.com:port",
        "https://app.example.com#x",
        "https://app example.com",
    ],
)
def test_what_is_no_origin_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", value)

    with pytest.raises(ImproperlyConfigured, match=r"^CORS_ALLOWED_ORIGINS "):
        env_origins("CORS_ALLOWED_ORIGINS")


@pytest.mark.parametrize(
    ("value", "settings"),
    [(None, "False []"), ("*", "True []"), ("https://a.example,http://b.example", "False a b")],
)
def test_the_environment_switches_it_on(tmp_path: Path, value: str | None, settings: str) -> None:
    program = (
        "from config.settings import CORS_ALLOW_ALL_ORIGINS as any, CORS_ALLOWED_ORIGINS as named\n"
        "print(any, named and ' '.join(origin.split('/')[2].split('.')[0] for origin in named))"
    )
    env = environment(tmp_path) | ({} if value is None else {"CORS_ALLOWED_ORIGINS": value})
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, env=env, capture_output=True, text=True)

    assert done.stdout.strip() == settings, done.stderr

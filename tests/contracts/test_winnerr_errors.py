"""Whatever goes wrong, the answer wears the envelope of the path's prefix and tells nothing of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.core import exceptions as django_exceptions
from django.core.signals import got_request_exception
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, UnreadablePostError
from django.test import Client
from django.urls import include, path, re_path
from rest_framework import exceptions as rest_exceptions
from rest_framework.response import Response

from accounts import exceptions as domain
from accounts.authentication import Authority
from accounts.exceptions import FieldError
from accounts.tenancy import Scope, tenant_scope
from config import urls as product_urls
from config.wires.base import PUBLIC, Wire, WireViewSet
from config.wires.estateprime import ESTATEPRIME
from config.wires.problems import LengthRequired, PayloadTooLarge
from config.wires.rentalot import RENTALOT
from config.wires.strict_json import MAXIMUM_BODY, MalformedJSON
from config.wires.winnerr import WINNERR
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact, ContactChange
from tests.contracts.conftest import failing_commit, printed
from tests.worlds import bearer_token

SECRET = "hunter2-in-the-message"
JOHN = "/v1/contacts/contact_123"

# Each exception with its status on Winnerr's and Rentalot's wire, and on EstatePrime's.
GALLERY: dict[str, tuple[BaseException, int, int]] = {
    "Invalid": (domain.Invalid([FieldError("email", "invalid_email", message="must be one")]), 422, 400),
    "Invalid without words": (domain.Invalid([FieldError("a", "too_long", {"maximum": 5})]), 422, 400),
    "Invalid with choices": (domain.Invalid([FieldError("a", "invalid_value", {"choices": ["x", "y"]})]), 422, 400),
    "Invalid with a range": (domain.Invalid([FieldError("a", "out_of_range", {"minimum": 1})]), 422, 400),
    "Invalid of every code": (
        domain.Invalid(
            FieldError(f"f{number}", code)
            for number, code in enumerate(
                ("required", "invalid_type", "invalid_value", "invalid_email", "too_long", "out_of_range", "not_found")
            )
        ),
        422,
        400,
    ),
    "Invalid of nothing": (domain.Invalid([]), 422, 400),
    "NotFound": (domain.NotFound("deal", "{0} {evil} %s"), 404, 404),
    "ContactNotFound": (ContactNotFound("contact_123"), 404, 404),
    "Duplicate": (domain.Duplicate("tag", "name", "{0} {evil} %s"), 409, 400),
    "DuplicateContact": (DuplicateContact("a@example.com"), 409, 400),
    "NotAuthenticated": (domain.NotAuthenticated(SECRET), 401, 401),
    "LoginRefused": (domain.LoginRefused(SECRET), 401, 401),
    "Forbidden": (domain.Forbidden(SECRET), 403, 403),
    "TooManyAttempts": (domain.TooManyAttempts(7), 429, 429),
    "IdempotencyError malformed": (domain.IdempotencyError("malformed"), 400, 400),
    "IdempotencyError reused": (domain.IdempotencyError("reused"), 422, 400),
    "IdempotencyError in progress": (domain.IdempotencyError("in_progress"), 409, 400),
    "TenantError": (domain.TenantError(SECRET), 500, 500),
    "TenantNotSet": (domain.TenantNotSet(SECRET), 500, 500),
    "TenantMismatch": (domain.TenantMismatch(SECRET), 500, 500),
    "DomainError": (domain.DomainError(SECRET), 500, 500),
    "MalformedJSON": (MalformedJSON("Syntax error"), 400, 400),
    "PayloadTooLarge": (PayloadTooLarge(), 413, 413),
    "LengthRequired": (LengthRequired(), 411, 400),
    "ParseError": (rest_exceptions.ParseError(SECRET), 400, 400),
    "UnsupportedMediaType": (rest_exceptions.UnsupportedMediaType(SECRET), 415, 415),
    "MethodNotAllowed": (rest_exceptions.MethodNotAllowed(SECRET), 405, 405),
    "Throttled": (rest_exceptions.Throttled(wait=7.5), 429, 429),
    "Throttled at once": (rest_exceptions.Throttled(), 429, 429),
    "DRF NotAuthenticated": (rest_exceptions.NotAuthenticated(SECRET), 401, 401),
    "DRF AuthenticationFailed": (rest_exceptions.AuthenticationFailed(SECRET), 401, 401),
    "DRF PermissionDenied": (rest_exceptions.PermissionDenied(SECRET), 403, 403),
    "DRF NotFound": (rest_exceptions.NotFound(SECRET), 404, 404),
    "DRF APIException": (rest_exceptions.APIException(SECRET), 500, 500),
    "Django PermissionDenied": (django_exceptions.PermissionDenied(SECRET), 403, 403),
    "Http404": (Http404(SECRET), 404, 404),
    "ObjectDoesNotExist": (Contact.DoesNotExist(SECRET), 500, 500),
    "SuspiciousOperation": (django_exceptions.SuspiciousOperation(SECRET), 400, 400),
    "TooManyFieldsSent": (django_exceptions.TooManyFieldsSent(SECRET), 400, 400),
    "BadRequest": (django_exceptions.BadRequest(SECRET), 400, 400),
    "RequestDataTooBig": (django_exceptions.RequestDataTooBig(SECRET), 413, 413),
    "UnreadablePostError": (UnreadablePostError(SECRET), 400, 400),
    "OperationalError": (OperationalError(SECRET), 503, 503),
    "InterfaceError": (InterfaceError(SECRET), 503, 503),
    "DataError": (DataError(SECRET), 422, 400),
    "IntegrityError": (IntegrityError(SECRET), 409, 400),
    "DatabaseError": (DatabaseError(SECRET), 500, 500),
    "RecursionError": (RecursionError(SECRET), 500, 500),
    "MemoryError": (MemoryError(SECRET), 500, 500),
    "KeyError": (KeyError(SECRET), 500, 500),
    "ZeroDivisionError": (ZeroDivisionError(SECRET), 500, 500),
    "UnicodeDecodeError": (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET), 500, 500),
    "AssertionError": (AssertionError(SECRET), 500, 500),
    "django ValidationError": (django_exceptions.ValidationError(SECRET), 500, 500),
}


class Failing(WireViewSet):
    """Writes a row, then fails as it is told to."""

    grants: ClassVar[dict[str, str]] = {"list": PUBLIC, "create": PUBLIC}
    error: ClassVar[BaseException | None] = None

    def list(self, request: Any) -> Response:
        if self.error is not None:
            raise self.error
        return Response({})

    def create(self, request: Any) -> Response:
        return Response(request.data)


def failing_on(served: Wire) -> Any:
    view: Any = type(f"{type(served).__name__}Failing", (Failing,), {"wire": served, "grants": Failing.grants})
    return view.as_view({"get": "list", "post": "create"})


def broken(request: HttpRequest) -> Any:
    """A view outside the wire framework, as a middleware or a plain view would fail."""
    assert Failing.error is not None
    raise Failing.error


WIRES: dict[str, Wire] = {"/v1/": WINNERR, "/api/v1/": RENTALOT, "/api/": ESTATEPRIME}
urlpatterns = [
    *(path(f"{prefix[1:]}failing", failing_on(served)) for prefix, served in WIRES.items()),
    *(path(f"{prefix[1:]}broken", broken) for prefix in WIRES),
    re_path("", include("config.urls")),
]
handler400, handler403 = product_urls.handler400, product_urls.handler403
handler404, handler500 = product_urls.handler404, product_urls.handler500


@pytest.fixture
def failing() -> Iterator[type[Failing]]:
    yield Failing
    Failing.error = None


def assert_envelope(prefix: str, response: Any, status: int) -> dict[str, Any]:
    """The failure as the prefix's contract prints it; returns the body."""
    assert response.status_code == status, response.content[:300]
    expected_type = "application/problem+json" if prefix == "/api/v1/" else "application/json"
    assert response["Content-Type"] == expected_type
    assert response["Cache-Control"] == "no-store"
    assert SECRET not in response.content.decode()
    assert "<html" not in response.content.decode().lower()
    body: dict[str, Any] = response.json()
    if prefix == "/v1/":
        assert list(body) == ["success", "error"]
        assert body["success"] is False
        assert list(body["error"])[:4] == ["type", "title", "status", "detail"]
        assert body["error"]["status"] == status
        assert all(body["error"][name] for name in ("type", "title", "detail"))
    elif prefix == "/api/v1/":
        assert list(body)[:4] == ["type", "title", "status", "detail"]
        assert body["status"] == status
        assert body["type"].startswith("https://")
    else:
        assert list(body) == ["status", "error_message"]
        assert body["status"] == status
        assert body["error_message"]
    if status == 401:
        assert response["WWW-Authenticate"] == WIRES[prefix].challenge
    if status in {429, 503}:
        assert int(response["Retry-After"]) >= 1
    return body


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("prefix", WIRES)
@pytest.mark.parametrize("name", GALLERY)
def test_every_exception_has_its_answer_on_every_wire(db, failing, caplog, prefix, name):
    error, status, estateprime_status = GALLERY[name]
    expected = estateprime_status if prefix == "/api/" else status
    failing.error = error
    told: list[Any] = []

    def listen(sender: Any, **facts: Any) -> None:
        told.append(sender)

    got_request_exception.connect(listen)
    try:
        with caplog.at_level(logging.ERROR):
            response = Client(raise_request_exception=False).get(f"{prefix}failing")
    finally:
        got_request_exception.disconnect(listen)

    assert_envelope(prefix, response, expected)
    logged = [record for record in caplog.records if record.exc_info and record.exc_info[1] is error]
    assert len(told) == len(logged) == (1 if expected == 500 else 0)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("prefix", WIRES)
@pytest.mark.parametrize("name", ["KeyError", "OperationalError", "Django PermissionDenied", "Http404", "BadRequest"])
def test_what_fails_outside_the_framework_wears_the_envelope_too(db, failing, caplog, prefix, name):
    error, status, estateprime_status = GALLERY[name]
    failing.error = error
    caplog.set_level(logging.CRITICAL)

    response = Client(raise_request_exception=False).get(f"{prefix}broken")

    assert_envelope(prefix, response, estateprime_status if prefix == "/api/" else status)


@pytest.mark.parametrize("prefix", WIRES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_unknown_addresses_wear_the_envelope_of_their_prefix(db, prefix, method):
    for tail in ("nowhere", "contacts/a/b/c", "", "/", "contacts.json", "%00", "..%2f", "é"):
        response = Client(raise_request_exception=False).generic(method, f"{prefix}{tail}", b"{", "text/plain")
        if method == "HEAD":
            assert (response.status_code, response.content) == (404, b"")
        else:
            assert_envelope(prefix, response, 404)


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1", "/api"])
def test_the_prefix_itself_is_an_unknown_address(db, prefix):
    assert_envelope(f"{prefix}/", Client().get(prefix), 404)


@pytest.mark.parametrize("prefix", WIRES)
def test_a_host_that_is_not_ours_is_refused_in_the_envelope(db, caplog, prefix):
    caplog.set_level(logging.CRITICAL)
    response = Client(raise_request_exception=False).get(f"{prefix}contacts", headers={"Host": "evil.example"})

    # Programs' paths do not depend on the host; where something asks for it, the refusal is the wire's own.
    assert_envelope(prefix, response, response.status_code)
    assert response.status_code in {400, 401, 404}


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("prefix", WIRES)
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"a":1,"a":2}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b" " * (MAXIMUM_BODY + 1), "application/json", 413),
        (b"x" * (5 * MAXIMUM_BODY), "application/json", 413),
        (b"x" * (5 * MAXIMUM_BODY), "text/plain", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "application/xml", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
        (b"{}", "application/jsonp", 415),
        (b"{}", "application/json; charset=utf-8", 200),
        (b"{}", "APPLICATION/JSON", 200),
        (b" " * (MAXIMUM_BODY - 2) + b"{}", "application/json", 200),
    ],
)
def test_bodies_are_refused_in_the_envelope(db, prefix, body, content_type, status):
    response = Client(raise_request_exception=False).generic("POST", f"{prefix}failing", body, content_type)

    if status == 200:
        assert (response.status_code, response.json()) == (200, {})
    else:
        assert_envelope(prefix, response, status)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("prefix", WIRES)
def test_a_body_of_unknown_length_is_refused(db, prefix):
    response = Client(raise_request_exception=False).request(
        REQUEST_METHOD="POST",
        PATH_INFO=f"{prefix}failing",
        CONTENT_TYPE="application/json",
        HTTP_TRANSFER_ENCODING="chunked",
    )

    assert_envelope(prefix, response, 400 if prefix == "/api/" else 411)


@pytest.mark.parametrize("address", ["/v1/contacts", "/v1/contacts/", JOHN, f"{JOHN}/"])
def test_wrong_methods_are_told_the_right_ones(client, john, address):
    is_list = "contact_123" not in address
    allowed = {"GET", "HEAD", "POST"} if is_list else {"GET", "HEAD", "PUT", "PATCH", "DELETE"}
    for method in {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "LINK"} - allowed:
        response = client.request(method, address, json={})
        body = assert_envelope("/v1/", response, 405)
        assert body["error"]["type"] == "method_not_allowed_error"
        assert set(response["Allow"].split(", ")) == allowed


def test_a_trailing_slash_is_served(client, john):
    assert client.get("/v1/contacts/").content == client.get("/v1/contacts").content
    assert client.get(f"{JOHN}/").content == client.get(JOHN).content
    assert client.put(f"{JOHN}/", {"notes": "x"}).status_code == 200
    jane = printed("create_contact.request")
    assert client.post("/v1/contacts/", jane).status_code == 201
    assert client.delete(f"{JOHN}/").json() == printed("delete_contact.response")
    assert client.get("/v1/contacts%0A").status_code == 404


def test_an_empty_body_with_a_json_type_is_no_fault_where_none_is_read(client, john):
    for method, address in (("GET", "/v1/contacts"), ("GET", JOHN), ("HEAD", JOHN), ("DELETE", JOHN)):
        assert client.request(method, address, body=b"").status_code == 200
    assert client.get("/v1/contacts", body=b"{").status_code == 200


def test_head_is_get_without_the_body(client, john):
    for address in ("/v1/contacts", JOHN):
        head, got = client.request("HEAD", address), client.get(address)
        assert (head.status_code, head.content) == (200, b"")
        assert head["Content-Type"] == got["Content-Type"]


@pytest.mark.parametrize(("error", "status"), [(OperationalError(SECRET), 503), (RuntimeError(SECRET), 500)])
def test_a_commit_that_fails_is_told_and_stores_nothing(office, john, monkeypatch, caplog, error, status):
    caplog.set_level(logging.CRITICAL)
    headers = {"Authorization": f"Bearer {bearer_token(office)}"}
    with tenant_scope(office.organization):
        before = (list(Contact.objects.values()), ContactChange.objects.count())
    program = Client(raise_request_exception=False, headers=headers)
    requests = (
        ("post", "/v1/contacts", printed("create_contact.request")),
        ("put", JOHN, {"notes": "lost"}),
        ("delete", JOHN, None),
        ("get", JOHN, None),
    )
    with monkeypatch.context() as patch:
        patch.setattr(Scope, "close", failing_commit(error))
        for method, address, body in requests:
            response = getattr(program, method)(address, data=body, content_type="application/json")
            assert_envelope("/v1/", response, status)

    with tenant_scope(office.organization):
        assert (list(Contact.objects.values()), ContactChange.objects.count()) == before


@pytest.mark.postgresql
def test_a_cancelled_statement_is_unavailable_for_now(office, client, john, monkeypatch):
    def slow(*arguments: Any, **facts: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(2)")

    monkeypatch.setattr("contacts.services.create_contact", slow)

    response = client.post("/v1/contacts", printed("create_contact.request"))

    body = assert_envelope("/v1/", response, 503)
    assert body["error"]["type"] == "unavailable_error"
    assert client.get("/v1/contacts").json()["pagination"]["total"] == 1


@pytest.mark.parametrize("error", [OperationalError(SECRET), InterfaceError(SECRET)])
def test_a_database_that_is_away_is_unavailable_for_now(office, client, monkeypatch, error):
    def away(token: str, *, is_reading: bool) -> Authority:
        raise error

    monkeypatch.setattr("config.wires.winnerr.authority_by_token", away)

    for method, address in (("GET", "/v1/contacts"), ("POST", "/v1/contacts"), ("GET", JOHN)):
        assert_envelope("/v1/", client.request(method, address), 503)

"""The product's addresses, and beside them views that go wrong in the middle of a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import authority_by_token
from accounts.exceptions import Forbidden
from accounts.roles import Right
from accounts.tenancy import current_organization_id, current_scope, tenant_scope
from config.wires.winnerr import WinnerrViewSet, bearer_token
from contacts.models import Contact, ContactEmail

# What every view here writes before it fails; none of it may be kept.
LOST = "lost@example.com"
# What a long answer writes, kept when it was read to its end.
STREAMED = "streamed@example.com"


def _write(email: str = LOST) -> None:
    scope = current_scope()
    assert scope is not None
    scope.begin(write=True)
    ContactEmail.objects.create(contact=Contact.objects.order_by("pk")[0], email=email)


def raise_an_error() -> None:
    _write()
    raise RuntimeError("in the middle of a transaction")


def refuse() -> None:
    _write()
    raise Forbidden("after writing")


def break_a_constraint() -> None:
    _write()
    ContactEmail.objects.create(pk=ContactEmail.objects.values_list("pk", flat=True)[0], email=LOST)


def swallow_a_broken_transaction() -> None:
    _write()
    try:
        with transaction.atomic(savepoint=False):
            break_a_constraint()
    except IntegrityError:
        return


def refer_to_nothing() -> None:
    """Noticed by the database only when the unit of work ends."""
    _write()
    ContactEmail.objects.create(contact_id=2**40, email=LOST)


def run_out_of_time() -> None:
    _write()
    if connection.vendor != "postgresql":
        raise DatabaseError("SQLite has no statement timeout")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10ms'")
        cursor.execute("SELECT pg_sleep(5)")


FAILURES: dict[str, Callable[[], None]] = {
    "error": raise_an_error,
    "refusal": refuse,
    "constraint": break_a_constraint,
    "swallowed": swallow_a_broken_transaction,
    "dangling": refer_to_nothing,
    "timeout": run_out_of_time,
}


def plain(request: HttpRequest, kind: str) -> HttpResponse:
    """Without a wire's error hook: only the middleware stands between the failure and the next request."""
    authority_by_token(bearer_token(request))
    FAILURES[kind]()
    return HttpResponse("stored")


def answer_500(request: HttpRequest) -> HttpResponse:
    authority_by_token(bearer_token(request))
    _write()
    return HttpResponse("not stored", status=500)


def stream(request: HttpRequest) -> HttpResponseBase:
    """A long answer that opens a unit of work of its own, which the client may leave half-way."""
    authority_by_token(bearer_token(request))
    organization_id = current_organization_id()

    def rows() -> Iterator[bytes]:
        with tenant_scope(organization_id):
            _write(STREAMED)
            for contact in Contact.objects.all():
                yield contact.full_name.encode()

    return StreamingHttpResponse(rows())


class FailingViewSet(WinnerrViewSet):
    """The same failures behind a wire's error hook."""

    grants = {"create": Right.READ_CONTACTS}

    def create(self, request: Request, kind: str) -> Response:
        FAILURES[kind]()
        return Response({"success": True})


urlpatterns = [
    path("v1/plain/answer-500", answer_500),
    path("v1/plain/stream", stream),
    path("v1/plain/<str:kind>", plain),
    path("v1/wire/<str:kind>", FailingViewSet.as_view({"post": "create"})),
    path("", include("config.urls")),
]

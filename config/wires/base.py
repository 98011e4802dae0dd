"""What every wire does the same way: authenticate, check the declared grants, read strictly, fail in its own words."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar, Final, cast

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import rates
from accounts.actor import Actor, Door
from accounts.authentication import Authority
from accounts.exceptions import Forbidden, NotAuthenticated, TooManyAttempts
from accounts.roles import Right
from accounts.services import idempotency
from accounts.tenancy import current_scope
from config.wires.openapi.operations import Operation
from config.wires.problems import LengthRequired, PayloadTooLarge, Problem, problem_from, report, report_unavailable
from config.wires.strict_json import MAXIMUM_BODY, parse, write

# A grant for what needs no credential: asking for one.
PUBLIC: Final = "public"

READING = frozenset({"GET", "HEAD", "OPTIONS"})
# How much of an oversized body is read off the connection, so that the client gets to see the answer.
LONGEST_DRAIN = 8 * MAXIMUM_BODY


class Wire(ABC):
    """One contract's manners. Stateless; one instance serves everybody."""

    door: ClassVar[Door]
    prefix: ClassVar[str]
    content_type: ClassVar[str] = "application/json"
    problem_content_type: ClassVar[str] = "application/json"
    # The ``WWW-Authenticate`` of a 401.
    challenge: ClassVar[str]

    @abstractmethod
    def authenticate(self, request: HttpRequest) -> Authority:
        """Who asks, with the unit of work filled. Raises ``NotAuthenticated``."""

    @abstractmethod
    def problem_body(self, problem: Problem) -> dict[str, Any]:
        """The body of a failure, as this contract prints it."""

    def count(self, request: HttpRequest, authority: Authority | None = None) -> None:
        """Count a request for its caller, once; a contract with plans counts by them here.

        Raises ``TooManyAttempts`` when the caller has none left, and ``Forbidden`` when its plan has none at all.
        """
        allowance = rates.count(request, authority.credential_id if authority else None)
        if not allowance.allowed:
            raise TooManyAttempts(allowance.retry_after)

    def status_of(self, problem: Problem) -> int:
        """The HTTP status of a failure; a contract that knows fewer statuses says so here."""
        return problem.status

    def refuse(self, problem: Problem, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """The whole answer for a failure."""
        response = HttpResponse(
            orjson.dumps(self.problem_body(problem)),
            status=self.status_of(problem),
            content_type=self.problem_content_type,
        )
        for name, value in {**problem.headers, **(headers or {})}.items():
            response[name] = value
        if response.status_code == 401:
            response["WWW-Authenticate"] = self.challenge
        response["Cache-Control"] = "no-store"
        return response


class WireAuthentication(BaseAuthentication):
    """DRF's door to a wire's own way of knowing who asks."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def authenticate(self, request: Request) -> tuple[Authority, Authority]:
        try:
            authority = self.wire.authenticate(request._request)
        except NotAuthenticated:
            self.wire.count(request._request)
            raise
        self.wire.count(request._request, authority)
        return authority, authority

    def authenticate_header(self, request: Request) -> str:
        return self.wire.challenge


class StrictJSONParser(BaseParser):
    """JSON as RELIABILITY 6.20 wants it, and no more of it than one MiB."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(MAXIMUM_BODY + 1)
        if len(body) > MAXIMUM_BODY:
            _drain(stream)
            raise PayloadTooLarge
        # Kept for the fingerprint of an Idempotency-Key: two bodies are one request only byte for byte.
        parser_context["request"].raw_body = body
        return parse(body)


def _drain(stream: Any) -> None:
    """Read on for a while: a connection closed over unread data would eat the answer."""
    for _ in range(LONGEST_DRAIN // MAXIMUM_BODY):
        if not stream.read(MAXIMUM_BODY):
            return


class JSONBytesRenderer(BaseRenderer):
    """JSON in UTF-8, keys in the order they were put in."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else write(data)


class AcceptIsIgnored(BaseContentNegotiation):
    """A browser's ``text/html`` gets JSON too (CONTRACTS 7.3)."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class WireViewSet(GenericViewSet[Any]):
    """The base of every resource on a wire.

    ``grants`` says for each action which right it needs; an action it does not name cannot be reached, and a class that
    routes actions without declaring them does not import.
    """

    wire: ClassVar[Wire]
    grants: ClassVar[Mapping[str, Right | str]]
    # By action, for the wire's document; read when that is made and never by a request.
    operations: ClassVar[Mapping[str, Operation]] = {}

    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONBytesRenderer]
    content_negotiation_class = AcceptIsIgnored
    # Set by ``as_view`` from the routed actions.
    post: Callable[..., Response]

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        actions = {name for name in _ACTIONS | _extra_actions(cls) if hasattr(cls, name)}
        missing = actions - set(getattr(cls, "grants", {}))
        if missing:
            raise ImproperlyConfigured(f"{cls.__name__} must declare grants for {', '.join(sorted(missing))}")

    @property
    def authority(self) -> Authority:
        return cast(Authority, self.request.auth)

    @property
    def actor(self) -> Actor:
        """The requester as services want it."""
        return self.authority.actor(self.wire.door, getattr(self.request._request, "request_id", ""))

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [WireAuthentication(self.wire)]

    def perform_authentication(self, request: Request) -> None:
        # A wrong method on an address that is open to everybody is refused as such, without a credential. So is OPTIONS
        # everywhere: a browser sends none with it.
        routed = {self.grants.get(action) for action in self.action_map.values()}
        if self._grant() is PUBLIC or routed == {PUBLIC} or request.method == "OPTIONS":
            self.wire.count(request._request)
        else:
            super().perform_authentication(request)

    def check_permissions(self, request: Request) -> None:
        """Raises ``Forbidden`` unless the requester's role has the right the action declares."""
        grant = self._grant()
        # A method without an action is refused as such, after the caller is known.
        if grant is PUBLIC or grant is None:
            return
        if not isinstance(grant, Right):
            raise Forbidden
        self.actor.require(grant)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            raise LengthRequired
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType(request.headers["Content-Encoding"])
        scope = current_scope()
        if request.method in READING or scope is None or self._grant() is PUBLIC:
            return
        scope.begin(write=True)
        if request.method == "POST" and "Idempotency-Key" in request.headers:
            # DRF looks the handler up after this method returns.
            handler: Callable[..., Response] = self.post
            self.post = partial(self._once, handler)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        # People's addresses: no cache on the way keeps them.
        answer["Cache-Control"] = "no-store"
        return answer

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]  # no rendering left to do
        scope = current_scope()
        if scope is not None:
            scope.mark_for_rollback()
        problem = problem_from(exc)
        if problem.status == 500:
            report(exc, self.request._request, type(self))
        elif problem.status == 503:
            report_unavailable(exc, self.request._request)
        headers = self.problem_headers(exc)
        if problem.status == 405:
            headers["Allow"] = ", ".join(self.allowed_methods)
        return self.wire.refuse(problem, headers)

    def problem_headers(self, error: Exception) -> dict[str, str]:
        """Headers a resource adds to a refusal."""
        return {}

    def _grant(self) -> Right | str | None:
        return self.grants.get(self.action) if getattr(self, "action", None) else None

    def _once(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        """Run a POST once per ``Idempotency-Key`` and give its answer again afterwards (RELIABILITY 1.1)."""
        credential_id = self.authority.credential_id
        if credential_id is None:
            raise NotAuthenticated
        key = idempotency.parse_key(request.headers["Idempotency-Key"])
        fingerprint = _fingerprint(request)
        stored = idempotency.replay_or_claim(credential_id, key, fingerprint)
        if stored is not None:
            headers = {**stored.headers, "Idempotency-Replayed": "true"}
            return Response(json.loads(stored.body), status=stored.status_code, headers=headers)
        response = handler(request, *args, **kwargs)
        if 200 <= response.status_code < 300:
            kept = {name: response[name] for name in ("Location", "ETag") if name in response.headers}
            body = write(response.data).decode()
            idempotency.store_answer(credential_id, key, fingerprint, response.status_code, kept, body)
        return response


_ACTIONS = frozenset({"list", "create", "retrieve", "update", "partial_update", "destroy"})


def _extra_actions(viewset: type[GenericViewSet[Any]]) -> set[str]:
    return {action.__name__ for action in viewset.get_extra_actions()}


def _fingerprint(request: Request) -> str:
    # Reading the data reads the body; a malformed one is refused before anything is looked up or stored.
    _ = request.data
    body: bytes = getattr(request, "raw_body", b"")
    text = f"{request.method} {request.path}\n".encode() + body
    return hashlib.sha256(text).hexdigest()

"""What happens to everything a provider sends, in an order no channel can change.

Find the channel, verify what was sent with its secrets, read it, keep it, commit, and only then answer. What is kept is
applied later, by a worker (``activities.services.applying``). Facts about providers are from RELIABILITY section 3.
"""

from __future__ import annotations

import hmac
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import ClassVar, Final

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.sealing import SealBroken
from accounts.tenancy import empty_scope, tenant_scope
from activities.arrivals import Arrival
from activities.channels import channel_at, secrets_of
from activities.models import InboundChannel
from activities.services.receiving import keep

logger = logging.getLogger("latchkey.inbound")

MEBIBYTE: Final = 1024 * 1024
RETRY_AFTER: Final = "5"


class Refused(Exception):
    """What was sent is not from whom it says; nothing of it is kept. ``status`` is 401 or 403.

    ``challenge`` is how to authenticate, for callers that do so only when they are asked (``WWW-Authenticate``).
    """

    def __init__(self, reason: str, status: int = 403, *, challenge: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.challenge = challenge


class Channel(ABC):
    """One kind of channel: how its provider proves itself, and what it sends.

    A subclass defines ``kind``, at least one method whose name begins with ``verify_``, and ``arrivals``. All methods
    that begin so are called, those of the classes it inherits from and of its own, also where one has the name of
    another: a subclass cannot take a check away. They raise ``Refused`` and change nothing.
    """

    kind: ClassVar[str]
    # In bytes.
    largest_body: ClassVar[int] = 5 * MEBIBYTE

    def __init__(self, request: HttpRequest, channel: InboundChannel, secrets: Sequence[str]) -> None:
        """``secrets`` are those that are good now, the current one first; there is at least one."""
        self.request = request
        self.channel = channel
        self.secrets = tuple(secrets)

    @abstractmethod
    def arrivals(self) -> Iterable[Arrival]:
        """What was sent, one by one, in its order. Raises nothing: what cannot be read is an arrival without an event."""

    def answer(self) -> HttpResponse:
        """What the provider is told once everything is stored."""
        return JsonResponse({"ok": True})

    def handshake(self) -> HttpResponse:
        """The answer to a GET. Raises ``Refused``; providers that ask nothing get 405."""
        return _method_not_allowed()

    @classmethod
    def read_again(cls, payload: bytes, channel: InboundChannel) -> Arrival | None:
        """The payload of a channel's receipt from which nothing was read, as it is read now; None when it still says nothing.

        For what a later release understands. There is no call and no signature any more: the call it came in was verified.
        """
        return None

    def elsewhere(self) -> Iterator[tuple[str, Callable[[InboundChannel, Sequence[str]], Channel]]]:
        """Other channels this call has something for: the token of each, and how to look at the call as that one.

        For providers with one address for several accounts. The other channel verifies the call with its own secrets.
        """
        return iter(())

    def left_over(self, taken: Collection[str]) -> Iterable[Arrival]:
        """What ``elsewhere`` was asked for and nobody took; it stays with the channel that was called, so that it is kept.

        ``taken`` are the tokens of the channels that took theirs.
        """
        return ()

    def verify(self) -> None:
        """Run every check. Raises ``Refused``."""
        checks = [
            check for each in type(self).__mro__ for name, check in vars(each).items() if name.startswith("verify_")
        ]
        if not checks:
            raise TypeError(f"{type(self).__name__} verifies nothing")
        for check in checks:
            check(self)

    def is_secret(self, offered: str) -> bool:
        """Whether a text is one of the channel's secrets, in constant time."""
        # All are compared, whichever is right.
        matches = [equal(secret, offered) for secret in self.secrets]
        return any(matches)


def equal(one: str, other: str) -> bool:
    """Whether two texts are the same, in time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


@method_decorator(csrf_exempt, name="dispatch")
class InboundView(View):
    """``/inbound/<kind>/<token>``. ``channel_type`` is the kind's class.

    401 or 403 for what is not authentic, 404 for an address that leads nowhere or to a channel that is off, 400 for an
    empty body, 411 for one of unknown length and 413 for one that is too large; 503 with ``Retry-After`` when it could not be
    stored, which makes every provider try again; 200 for all that is stored, understood or not: another status would make
    some providers repeat it for days.
    """

    channel_type: type[Channel]
    http_method_names = ["get", "head", "post", "options"]

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._answered(partial(self._receive, request, token))

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._answered(partial(self._shake_hands, request, token))

    def _answered(self, work: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            return work()
        except Refused as error:
            logger.warning("%s: refused, %s", self.channel_type.kind, error)
            response = refusal(error.status, "This call could not be authenticated.")
            if error.challenge:
                response["WWW-Authenticate"] = error.challenge
            return response
        except SealBroken:
            logger.error("%s: a secret was sealed with another SECRET_KEY", self.channel_type.kind)
            return _unavailable()
        except (DatabaseError, InterfaceError) as error:
            logger.error("%s: not stored, %s", self.channel_type.kind, type(error).__name__)
            return _unavailable()

    def _receive(self, request: HttpRequest, token: str) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            # WSGI hands on no body of unknown length: it would be taken for an empty one, and lost.
            return refusal(411, "A Content-Length is needed.")
        if body_length(request) > self.channel_type.largest_body:
            return refusal(413, "The body is too large.")
        try:
            read_body(request)
        except UnreadablePostError:
            return refusal(400, "The body could not be read.")
        with empty_scope():
            received = self._found(request, token)
            if received is None:
                return _not_found()
            received.verify()
            if not request.body:
                return refusal(400, "The body is empty.")
            keep(received.channel, list(received.arrivals()))
        taken = {other for other, look in received.elsewhere() if self._receive_for(other, look)}
        if left := list(received.left_over(taken)):
            with tenant_scope(received.channel.organization_id):
                keep(received.channel, left)
        return received.answer()

    def _receive_for(self, token: str, look: Callable[[InboundChannel, Sequence[str]], Channel]) -> bool:
        """Keep what a call has for another channel; returns whether that one could verify it."""
        with empty_scope():
            channel = channel_at(self.channel_type.kind, token)
            secrets = list(secrets_of(channel, timezone.now())) if channel else []
            if channel is None or not secrets:
                return False
            other = look(channel, secrets)
            try:
                other.verify()
            except Refused:
                return False
            keep(channel, list(other.arrivals()))
        return True

    def _shake_hands(self, request: HttpRequest, token: str) -> HttpResponse:
        with empty_scope():
            received = self._found(request, token)
            return _not_found() if received is None else received.handshake()

    def _found(self, request: HttpRequest, token: str) -> Channel | None:
        channel = channel_at(self.channel_type.kind, token)
        if channel is None:
            return None
        secrets = list(secrets_of(channel, timezone.now()))
        # Without a secret nothing can be verified, and what cannot be verified is off.
        return self.channel_type(request, channel, secrets) if secrets else None


def body_length(request: HttpRequest) -> int:
    """The announced length in bytes, 0 when there is none."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    return int(announced) if announced.isascii() and announced.isdigit() else 0


def read_body(request: HttpRequest) -> None:
    """Read all of the body, before a transaction is open: clients may be slow. ``request.body`` and ``POST`` have it then.

    The limit for it is the channel's, not the one for everything else, which ``request.body`` itself would apply.
    """
    request._body = request.read()  # where ``request.body`` keeps it


def refusal(status: int, sentence: str) -> JsonResponse:
    """An error in this door's words. It repeats nothing of what was sent."""
    return JsonResponse({"ok": False, "error": sentence}, status=status)


def _not_found() -> HttpResponse:
    return refusal(404, "There is no such channel.")


def _method_not_allowed() -> HttpResponse:
    response = refusal(405, "Only POST is answered here.")
    response["Allow"] = "POST"
    return response


def _unavailable() -> HttpResponse:
    response = refusal(503, "This could not be stored now. Send it again.")
    response["Retry-After"] = RETRY_AFTER
    return response

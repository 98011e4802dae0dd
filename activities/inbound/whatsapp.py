"""WhatsApp, through Meta's Cloud API: signed with the app's secret, and one address for all numbers of an app (RELIABILITY 3.1)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Final, TypeAlias

from django.http import HttpResponse

from accounts.sealing import unseal
from activities.arrivals import Arrival
from activities.channels import tokens_of_address
from activities.inbound.base import MEBIBYTE, Channel, Refused, equal
from activities.inbound.reading import document_of, unreadable
from activities.inbound.whatsapp_elements import elements_of, is_call, read_element
from activities.models import ChannelKind, InboundChannel

HEADER: Final = "X-Hub-Signature-256"
# Two headers of the name arrive as one with a comma in it.
_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)
# Meta puts up to a thousand updates into a call.
MOST_ELEMENTS: Final = 5_000
NOBODYS: Final = "for a number that is no channel's here"
# In bytes, of all that is kept of one call: each message repeats who it is from and which number it came to.
LARGEST_PAYLOADS: Final = 40 * MEBIBYTE
# How many other channels a call is looked at for: whoever has a secret of their own could name thousands.
MOST_ELSEWHERE: Final = 100
# Meta's name for the number something came to, "" when it is not told.
_Addressed: TypeAlias = tuple[str, Arrival]


class WhatsAppChannel(Channel):
    """One business number, or all numbers of an app when the channel has no ``address``, the phone number id.

    Meta repeats for up to seven days what is not answered with 200, the whole call with all that is in it.
    """

    kind = ChannelKind.WHATSAPP

    def verify_signature(self) -> None:
        # Over the bytes as they came: Meta signs accents in their escaped form, which is not what JSON written anew has.
        offered = self.request.headers.get(HEADER)
        if offered is None:
            raise Refused(f"no {HEADER}", 401)
        match = _SIGNATURE.fullmatch(offered)
        if match is None:
            raise Refused(f"malformed {HEADER}")
        # All are compared, whichever is right.
        matches = [equal(_signature(secret, self.request.body), match[1]) for secret in self.secrets]
        if not any(matches):
            raise Refused(f"wrong {HEADER}")

    def handshake(self) -> HttpResponse:
        """Meta asks once, when the address is entered there, and wants its challenge back."""
        asked = self.request.GET
        sealed = self.channel.sealed_verify_token
        challenge = asked.get("hub.challenge", "")
        # A channel without a token refuses: nothing would be a good one.
        is_known = bool(sealed) and equal(unseal(sealed), asked.get("hub.verify_token", ""))
        if not is_known or asked.get("hub.mode") != "subscribe" or not challenge:
            raise Refused("not the handshake of this channel")
        return HttpResponse(
            challenge, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
        )

    def arrivals(self) -> Iterable[Arrival]:
        return [arrival for number, arrival in self.addressed if self.is_for_this(number)]

    @classmethod
    def read_again(cls, payload: bytes, channel: InboundChannel) -> Arrival | None:
        """What the payload of one receipt says; None when it is not one thing, or for another number than the channel's."""
        found = _taken_apart(payload)
        if len(found) != 1 or found[0][1].payload != payload:
            return None
        number, arrival = found[0]
        return arrival if _is_for(channel, number) else None

    def elsewhere(self) -> Iterator[tuple[str, Callable[[InboundChannel, Sequence[str]], Channel]]]:
        for token in islice(self._tokens_elsewhere(), MOST_ELSEWHERE):
            yield token, self._as_addressee

    def left_over(self, taken: Collection[str]) -> Iterable[Arrival]:
        claimed = {self._addressees[token] for token in taken}
        left = [each for number, each in self.addressed if not self.is_for_this(number) and number not in claimed]
        return [replace(arrival, event=None, reason=NOBODYS) if arrival.event else arrival for arrival in left]

    def is_for_this(self, number: str) -> bool:
        """Whether what came to a number is for the channel that was called; what names none is."""
        return _is_for(self.channel, number)

    @cached_property
    def addressed(self) -> Sequence[_Addressed]:
        """Everything in the call, with the number it came to."""
        return _taken_apart(self.request.body)

    @cached_property
    def _addressees(self) -> dict[str, str]:
        """The number of each channel that was looked up, by its token."""
        return {}

    def _tokens_elsewhere(self) -> Iterator[str]:
        numbers = dict.fromkeys(number for number, _ in self.addressed if not self.is_for_this(number))
        for number in islice(numbers, MOST_ELSEWHERE):
            for token in tokens_of_address(self.kind, number):
                self._addressees[token] = number
                yield token

    def _as_addressee(self, channel: InboundChannel, secrets: Sequence[str]) -> Channel:
        addressee = _Addressee(self.request, channel, secrets)
        # Read once, however many it is for.
        addressee.addressed = self.addressed
        return addressee


class _Addressee(WhatsAppChannel):
    """A channel that was not called: it takes what names its number, and nothing else."""

    def is_for_this(self, number: str) -> bool:
        return number != "" and number == self.channel.address


def _is_for(channel: InboundChannel, number: str) -> bool:
    return not channel.address or number in ("", channel.address)


def _taken_apart(body: bytes) -> Sequence[_Addressed]:
    """What is in a body. One that cannot be taken apart stays in one piece: nothing is lost, and somebody has to look."""
    document = document_of(body)
    if document is None or not is_call(document):
        return [("", unreadable(body, "not a call of WhatsApp's"))]
    found: list[_Addressed] = []
    size = 0
    try:
        for element in elements_of(document):
            found.append((element.phone_number_id, read_element(element)))
            size += len(found[-1][1].payload)
            if len(found) > MOST_ELEMENTS or size > LARGEST_PAYLOADS:
                return [("", unreadable(body, "more in one call than WhatsApp ever sends"))]
    except RecursionError:
        return [("", unreadable(body, "nested too deeply"))]
    return found


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

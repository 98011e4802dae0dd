"""SMS by Twilio: a form per message, signed over the address it was sent to (RELIABILITY 3.3).

WhatsApp by way of Twilio comes in here too, from ``whatsapp:`` and a telephone. Its sender is the person with that
telephone; the channel, and so the kind of communication and the medium of consent, stays SMS, because that is the account
an answer goes through. ``via`` in a message's metadata tells them apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

from django.conf import settings
from django.http import HttpResponse

from activities.arrivals import Arrival
from activities.inbound.base import MEBIBYTE, Channel, Refused, equal
from activities.inbound.reading import document_of, unreadable
from activities.inbound.sms_reading import read_document, read_form
from activities.inbound.sms_signature import is_signed, parameters_of
from activities.models import ChannelKind, InboundChannel

HEADER: Final = "X-Twilio-Signature"
FORM: Final = "application/x-www-form-urlencoded"
DIGEST: Final = "bodySHA256"
# Without an instruction in it Twilio sends no answer to the person.
NOTHING_TO_SAY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class SmsChannel(Channel):
    """A Twilio number or messaging service. By default Twilio calls again once, and only when it found nobody.

    What is missed then is fetched by ``manage.py reconcile_sms``. The secret is the account's auth token.
    """

    kind = ChannelKind.SMS
    # 1,600 characters and ten attachments make some 20 kB.
    largest_body = MEBIBYTE

    def verify_signature(self) -> None:
        offered = self.request.headers.get(HEADER)
        if not offered:
            raise Refused(f"no {HEADER}", 401)
        parameters = parameters_of(self.request.body) if self._is_form else []
        if not is_signed(offered, self.secrets, settings.PUBLIC_BASE_URL, self._target, parameters):
            raise Refused(f"wrong {HEADER}")

    def verify_body(self) -> None:
        """Of a body that is no form the signed address holds the digest; without one nothing vouches for the body."""
        if not self._is_form and not equal(self._announced_digest, hashlib.sha256(self.request.body).hexdigest()):
            raise Refused(f"wrong {DIGEST}")

    def arrivals(self) -> Iterable[Arrival]:
        body = self.request.body
        if self._is_form:
            return [read_form(parameters_of(body), body, self.channel)]
        document = document_of(body)
        return [read_document(document, body, self.channel) if document else unreadable(body, "no message")]

    @classmethod
    def read_again(cls, payload: bytes, channel: InboundChannel) -> Arrival | None:
        document = document_of(payload)
        if document is not None:
            arrival = read_document(document, payload, channel)
        else:
            arrival = read_form(parameters_of(payload), payload, channel)
        return arrival if arrival.event or arrival.is_ignored else None

    def answer(self) -> HttpResponse:
        return HttpResponse(NOTHING_TO_SAY, content_type="text/xml")

    @property
    def _is_form(self) -> bool:
        return self.request.content_type == FORM

    @property
    def _announced_digest(self) -> str:
        query: str = self.request.META.get("QUERY_STRING", "")
        return parse_qs(query).get(DIGEST, [""])[0]

    @property
    def _target(self) -> bytes:
        """Path and query string as received; servers that keep the request line keep them undecoded."""
        received = self.request.META.get("RAW_URI", "")
        target = received if received.startswith("/") else self.request.get_full_path()
        # What WSGI calls text are bytes, one to a character.
        return target.encode("latin-1", "replace")

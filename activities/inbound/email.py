"""Mail as its providers post it, or as a mail server hands it to ``receive_email`` (RELIABILITY 3.4).

A call proves itself by the provider's signature where it carries one, and by HTTP basic authentication otherwise; the
channel's secret is the key of the one or the password of the other (``email_proofs``). Which provider calls is seen by
what it posts, or said by ``?provider=`` in the address (``email_providers``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import IO, Any, Final

from django.http import HttpResponse
from django.utils import timezone

from activities.arrivals import Arrival, storable
from activities.inbound.base import MEBIBYTE, Channel, Refused
from activities.inbound.email_calls import Call, Mail, mail_in_mime, unread
from activities.inbound.email_forms import Form, form_in
from activities.inbound.email_proofs import is_password, offered_password, signatures_of
from activities.inbound.email_providers import mails_in
from activities.inbound.email_reading import arrival_of
from activities.inbound.reading import value_of_json
from activities.models import ChannelKind

CHALLENGE: Final = 'Basic realm="inbound mail", charset="UTF-8"'
# Postmark posts up to 35 MB, Mailgun 25, SendGrid 30; mail servers rarely take more than 25, a third larger in base64.
LARGEST_MAIL: Final = 35 * MEBIBYTE
_CHUNK: Final = MEBIBYTE


class EmailChannel(Channel):
    """A mailbox. Postmark stops trying after a 403 and Mailgun after a 406; the others go on for hours."""

    kind = ChannelKind.EMAIL
    largest_body = LARGEST_MAIL

    def verify_sender(self) -> None:
        # A signature that is wrong is not made good by a password beside it.
        signatures = list(signatures_of(self.request, self.request.body, self._form, timezone.now()))
        if signatures:
            if not all(any(holds(secret) for secret in self.secrets) for holds in signatures):
                raise Refused("wrong signature")
            return
        offered = offered_password(self.request)
        if offered is None:
            raise Refused("neither a signature nor a password", 401, challenge=CHALLENGE)
        if not is_password(offered, self.secrets):
            raise Refused("wrong password")

    def arrivals(self) -> Iterable[Arrival]:
        body = self.request.body
        try:
            document = None if self._form is not None else _cleaned(value_of_json(body))
            mails = mails_in(Call(request=self.request, body=body, form=self._form, document=document))
        except RecursionError:
            mails = [unread(body, "nested too deeply")]
        return [arrival_of(mail) for mail in mails]

    def handshake(self) -> HttpResponse:
        # Mandrill and others ask in this way whether the address exists.
        return HttpResponse() if self.request.method == "HEAD" else super().handshake()

    @cached_property
    def _form(self) -> Form | None:
        return form_in(self.request.META.get("CONTENT_TYPE", ""), self.request.body)


def read_mail(stream: IO[bytes]) -> Mail:
    """A message from a mail server's pipe. Of a very large one only its beginning is held and kept."""
    content = stream.read(LARGEST_MAIL)
    digest = hashlib.sha256(content)
    is_longer = False
    while rest := stream.read(_CHUNK):
        digest.update(rest)
        is_longer = True
    if not content.strip():
        return unread(content, "no message in it")
    return mail_in_mime(content, digest.hexdigest() if is_longer else "")


def _cleaned(value: Any) -> Any:
    """A JSON value without characters that no parser of mail and no database takes."""
    if isinstance(value, dict):
        return {storable(name): _cleaned(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return storable(value) if isinstance(value, str) else value

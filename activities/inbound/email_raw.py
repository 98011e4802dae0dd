"""Providers that hand on a mail as it travelled: where in their calls it is.

They are read here and not by django-anymail: 8-bit letters survive, and what no parser likes does not hide the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from activities.arrivals import moment_of
from activities.inbound.email_calls import (
    Call,
    Mail,
    delivered,
    envelope_sender,
    letters_at,
    mail_in_mime,
    moment_at,
    text_at,
    told,
    unread,
)
from activities.inbound.reading import objects, raw


def _mandrill(call: Call) -> Iterable[Mail]:
    try:
        events = json.loads(call.form.content("mandrill_events")) if call.form else None
    except (ValueError, RecursionError):
        events = None
    if not isinstance(events, list):
        return [unread(call.body, "no list of events", "mandrill")]
    return [
        delivered(
            letters_at(event, "msg", "raw_msg"),
            event,
            "mandrill",
            sender=None,
            recipient=text_at(event, "msg", "email"),
            sent_at=moment_of(event.get("ts")),
            told=told(spf=text_at(event, "msg", "spf", "result"), dkim=_signed(event)),
        )
        for event in objects(events)
    ]


def _signed(event: Mapping[str, Any]) -> str:
    dkim = event["msg"].get("dkim") if isinstance(event.get("msg"), dict) else None
    if not isinstance(dkim, dict) or "valid" not in dkim:
        return ""
    return "pass" if dkim["valid"] is True else "fail"


def _mailersend(call: Call) -> Iterable[Mail]:
    data = call.document.get("data") if isinstance(call.document, dict) else None
    return [
        delivered(
            letters_at(data, "raw"),
            call.document,
            "mailersend",
            sender=envelope_sender(data.get("sender"), "email") if isinstance(data, dict) else None,
            recipient="",
            identifier=text_at(data, "id"),
            sent_at=moment_at(text_at(data, "created_at")),
        )
    ]


def _postal(call: Call) -> Iterable[Mail]:
    document = call.document if isinstance(call.document, dict) else {}
    return [
        delivered(
            letters_at(document, "message", is_base64=document.get("base64") is True),
            document,
            "postal",
            sender=envelope_sender(document, "mail_from"),
            recipient=text_at(document, "rcpt_to"),
            identifier=text_at(document, "id"),
        )
    ]


def _sparkpost(call: Call) -> Iterable[Mail]:
    for wrapped in objects(call.document):
        event = wrapped.get("msys")
        # An empty one is how SparkPost asks whether anybody is there.
        message = event.get("relay_message") if isinstance(event, dict) else None
        if isinstance(message, dict):
            content = message.get("content")
            is_base64 = isinstance(content, dict) and content.get("email_rfc822_is_base64") is True
            yield delivered(
                letters_at(message, "content", "email_rfc822", is_base64=is_base64),
                wrapped,
                "sparkpost",
                sender=envelope_sender(message, "msg_from"),
                recipient=text_at(message, "rcpt_to"),
            )
        elif event:
            yield unread(raw(wrapped), "an event that is no inbound mail", "sparkpost")


def _ses(call: Call) -> Iterable[Mail]:
    """The message inside the notice inside SNS's envelope."""
    if text_at(call.document, "Type") != "Notification":
        # To be confirmed by a person: the address in it is anybody's who can post here.
        return [unread(call.body, "SNS asks for something; its address to confirm with is in the payload", "ses")]
    try:
        notice = json.loads(text_at(call.document, "Message"))
    except (ValueError, RecursionError):
        notice = None
    if not text_at(notice, "content"):
        return [unread(call.body, "the message itself is not in it: the rule's action must be SNS", "ses")]
    receipt = notice.get("receipt")
    verdicts = {name: text_at(receipt, f"{name}Verdict", "status").lower() for name in ("spf", "dkim", "dmarc", "spam")}
    return [
        delivered(
            letters_at(notice, "content", is_base64=text_at(receipt, "action", "encoding") == "BASE64"),
            call.document,
            "ses",
            sender=envelope_sender(notice.get("mail"), "source"),
            recipient="",
            identifier=text_at(notice, "mail", "messageId"),
            sent_at=moment_at(text_at(notice, "mail", "timestamp")),
            told=told(**verdicts),
        )
    ]


def _raw(call: Call) -> Iterable[Mail]:
    return [mail_in_mime(call.body, provider="raw")]


def _elsewhere(provider: str) -> Callable[[Call], Iterable[Mail]]:
    def read(call: Call) -> Iterable[Mail]:
        return [unread(call.body, f"{provider.title()} posts notices only; forward its mail another way", provider)]

    return read


RAW: Final[Mapping[str, Callable[[Call], Iterable[Mail]]]] = {
    "mailersend": _mailersend,
    "mailtrap": _elsewhere("mailtrap"),
    "mandrill": _mandrill,
    "postal": _postal,
    "raw": _raw,
    "resend": _elsewhere("resend"),
    "ses": _ses,
    "sparkpost": _sparkpost,
}

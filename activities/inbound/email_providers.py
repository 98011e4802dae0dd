"""What providers of inbound mail post, as messages: which provider it is, and where it says what.

Providers that take a mail apart are put together again by django-anymail. Those that hand on the raw message are read
here: its 8-bit letters survive, and what no parser likes does not hide the rest. Two are known and cannot be read, because
what they post is only a notice of a message that is to be fetched from them with a key for their API: Resend and Mailtrap.
Amazon SES is read when its rule sends the message itself (action SNS), not when it puts it into S3. Brevo keeps the
contents of attachments for itself; all else of its messages is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from anymail.exceptions import AnymailConfigurationError
from anymail.inbound import AnymailInboundMessage
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.mailjet import MailjetInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.sendgrid import SendGridInboundWebhookView
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from activities.arrivals import moment_of, storable
from activities.inbound.email_forms import Form
from activities.inbound.email_mime import parse_mime, read_tolerantly
from activities.inbound.reading import objects, raw

# Of one message, with its attachments; above this their contents are not kept.
LARGEST_KEPT: Final = 10 * 1024 * 1024
# What signs a call is no part of the message, and differs when the call comes again.
_ABOUT_THE_CALL: Final = frozenset({"signature", "timestamp", "token"})


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One message a provider told us of, or why it could not be read (``message`` None).

    ``payload`` is what is kept of it, ``digest`` the SHA-256 of all of it. ``identifier`` is the provider's own name
    for it, empty when it has none; ``told`` is what the provider itself found out about it, never what the sender wrote.
    """

    payload: bytes
    digest: str
    provider: str = ""
    message: AnymailInboundMessage | None = None
    reason: str = ""
    identifier: str = ""
    sent_at: datetime | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    is_payload_cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a provider: its body, and the form or the JSON value in it, None for what it has not."""

    request: HttpRequest
    body: bytes
    form: Form | None
    document: Any


def mails_in(call: Call) -> list[Mail]:
    """The messages in a call, in its order; what is not understood is one that could not be read."""
    named = call.request.GET.get("provider", "").lower()
    if named and named not in READERS:
        return [unread(call.body, "the address names a provider that is not known")]
    provider = named or _recognised(call)
    if not provider:
        return [unread(call.body, "no form of mail that is known")]
    return list(READERS[provider](call))


def mail_in_mime(content: bytes, digest: str = "", **facts: Any) -> Mail:
    """A message as it travels. ``digest`` is that of more than this, where not all of it was read."""
    message = parse_mime(content)
    return Mail(
        payload=content[:LARGEST_KEPT],
        digest=digest or hashlib.sha256(content).hexdigest(),
        message=message,
        reason="" if message else "built to break readers",
        is_payload_cut=len(content) > LARGEST_KEPT,
        **facts,
    )


def unread(payload: bytes, reason: str, provider: str = "") -> Mail:
    """What could not be read."""
    digest = hashlib.sha256(payload).hexdigest()
    return Mail(payload=payload[:LARGEST_KEPT], digest=digest, reason=reason, provider=provider)


def _recognised(call: Call) -> str:
    """Whose call it is, by what no other provider sends; ``""`` for nobody's."""
    if call.form is not None:
        return next((name for name, fields in _FORMS if all(each in call.form for each in fields)), "")
    if call.request.content_type == "message/rfc822":
        return "raw"
    document = call.document
    if isinstance(document, list):
        return "sparkpost" if any("msys" in each for each in objects(document)) else ""
    if not isinstance(document, dict):
        return ""
    return next((name for name, is_theirs in _DOCUMENTS if is_theirs(document)), "")


_FORMS: Final = (
    ("mandrill", ("mandrill_events",)),
    ("mailgun", ("body-mime",)),
    ("mailgun", ("message-headers",)),
    ("sendgrid", ("envelope", "headers")),
    ("sendgrid", ("envelope", "email")),
)
_DOCUMENTS: Final[tuple[tuple[str, Callable[[dict[str, Any]], bool]], ...]] = (
    ("ses", lambda document: "TopicArn" in document and "Type" in document),
    ("postmark", lambda document: "FromFull" in document),
    ("brevo", lambda document: isinstance(document.get("items"), list)),
    ("mailersend", lambda document: document.get("type") == "inbound.message"),
    ("resend", lambda document: document.get("type") == "email.received"),
    ("postal", lambda document: {"rcpt_to", "mail_from", "message"} <= document.keys()),
    ("mailjet", lambda document: {"Sender", "Recipient", "Headers"} <= document.keys()),
    (
        "mailtrap",
        lambda document: any(
            str(each.get("event", "")).startswith("inbound") for each in objects(document.get("events"))
        ),
    ),
)


def _text(value: Any, *path: str) -> str:
    """A text inside a document, ``""`` where there is none; a number as its digits."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else storable(value)


def _letters(document: Any, *path: str, is_base64: bool = False) -> bytes:
    """A raw message inside a document."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    if not isinstance(document, str):
        return b""
    if not is_base64:
        return document.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(document)
    except (binascii.Error, ValueError):
        return b""


def _found(**facts: str) -> dict[str, str]:
    return {name: value[:100] for name, value in facts.items() if value}


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


# --- The raw message, somewhere in the call


def _delivered(content: bytes, call: Any, provider: str, *, sender: str | None, recipient: str, **facts: Any) -> Mail:
    if not content:
        return unread(raw(call), "no message in it", provider)
    mail = mail_in_mime(content, provider=provider, **facts)
    if mail.message is not None:
        mail.message.envelope_sender, mail.message.envelope_recipient = sender, recipient
    return mail


def _sender_in(document: Any, name: str) -> str | None:
    """The envelope's sender, empty for the null one; None where it is not told."""
    value = document.get(name) if isinstance(document, dict) else None
    return storable(value).strip("<>") if isinstance(value, str) else None


def _mandrill(call: Call) -> Iterable[Mail]:
    try:
        events = json.loads(call.form.content("mandrill_events")) if call.form else None
    except (ValueError, RecursionError):
        events = None
    if not isinstance(events, list):
        return [unread(call.body, "no list of events", "mandrill")]
    return [
        _delivered(
            _letters(event, "msg", "raw_msg"),
            event,
            "mandrill",
            sender=None,
            recipient=_text(event, "msg", "email"),
            sent_at=moment_of(event.get("ts")),
            told=_found(spf=_text(event, "msg", "spf", "result"), dkim=_signed(event)),
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
        _delivered(
            _letters(data, "raw"),
            call.document,
            "mailersend",
            sender=_sender_in(data.get("sender"), "email") if isinstance(data, dict) else None,
            recipient="",
            identifier=_text(data, "id"),
            sent_at=_moment(_text(data, "created_at")),
        )
    ]


def _postal(call: Call) -> Iterable[Mail]:
    document = call.document if isinstance(call.document, dict) else {}
    return [
        _delivered(
            _letters(document, "message", is_base64=document.get("base64") is True),
            document,
            "postal",
            sender=_sender_in(document, "mail_from"),
            recipient=_text(document, "rcpt_to"),
            identifier=_text(document, "id"),
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
            yield _delivered(
                _letters(message, "content", "email_rfc822", is_base64=is_base64),
                wrapped,
                "sparkpost",
                sender=_sender_in(message, "msg_from"),
                recipient=_text(message, "rcpt_to"),
            )
        elif event:
            yield unread(raw(wrapped), "an event that is no inbound mail", "sparkpost")


def _ses(call: Call) -> Iterable[Mail]:
    """The message inside the notice inside SNS's envelope."""
    if _text(call.document, "Type") != "Notification":
        # To be confirmed by a person: the address in it is anybody's who can post here.
        return [unread(call.body, "SNS asks for something; its address to confirm with is in the payload", "ses")]
    try:
        notice = json.loads(_text(call.document, "Message"))
    except (ValueError, RecursionError):
        notice = None
    if not _text(notice, "content"):
        return [unread(call.body, "the message itself is not in it: the rule's action must be SNS", "ses")]
    receipt = notice.get("receipt")
    verdicts = {name: _text(receipt, f"{name}Verdict", "status").lower() for name in ("spf", "dkim", "dmarc", "spam")}
    return [
        _delivered(
            _letters(notice, "content", is_base64=_text(receipt, "action", "encoding") == "BASE64"),
            call.document,
            "ses",
            sender=_sender_in(notice.get("mail"), "source"),
            recipient="",
            identifier=_text(notice, "mail", "messageId"),
            sent_at=_moment(_text(notice, "mail", "timestamp")),
            told=_found(**verdicts),
        )
    ]


def _raw(call: Call) -> Iterable[Mail]:
    return [mail_in_mime(call.body, provider="raw")]


def _elsewhere(provider: str) -> Callable[[Call], Iterable[Mail]]:
    def read(call: Call) -> Iterable[Mail]:
        return [unread(call.body, f"{provider.title()} posts notices only; forward its mail another way", provider)]

    return read


# --- Messages taken apart, put together again by django-anymail


def _assembled(
    view_type: type[AnymailCoreWebhookView], event: Any, payload: bytes, provider: str, **facts: Any
) -> Mail:
    """A message as anymail's view for the provider assembles it. ``event`` is what that view makes a message of."""
    # Without its constructor: that reads settings for what is verified here, and warns when there are none.
    view: Any = object.__new__(view_type)
    try:
        message = view.esp_to_anymail_event(event).message
    except AnymailConfigurationError:
        return unread(payload, "the provider is set up to post something else than parsed or raw mail here", provider)
    except Exception as error:
        # What hostile mail makes a parser raise is nobody's list; a person can look at it.
        return unread(payload, f"could not be read ({type(error).__name__})", provider)
    digest = hashlib.sha256(payload).hexdigest()
    kept = _without_contents(payload) if len(payload) > LARGEST_KEPT else payload
    return Mail(
        payload=kept,
        digest=digest,
        provider=provider,
        message=read_tolerantly(message),
        is_payload_cut=kept is not payload,
        **facts,
    )


def _without_contents(payload: bytes) -> bytes:
    """A document without what is longest in it: the contents of attachments, as every provider writes them."""
    document = json.loads(payload)
    return raw(_shortened(document))[:LARGEST_KEPT]


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return value[:_LONGEST_KEPT_TEXT] if isinstance(value, str) else value


_LONGEST_KEPT_TEXT: Final = 200_000


def _postmark(call: Call) -> Iterable[Mail]:
    document = call.document
    identifier = _text(document, "MessageID")
    if content := _letters(document, "RawEmail"):
        mail = _delivered(
            content,
            document,
            "postmark",
            sender=None,
            recipient=_text(document, "OriginalRecipient"),
            identifier=identifier,
        )
        if mail.message is not None:
            mail.message.stripped_text = _text(document, "StrippedTextReply") or None
        return [mail]
    return [_assembled(PostmarkInboundWebhookView, document, call.body, "postmark", identifier=identifier)]


def _mailjet(call: Call) -> Iterable[Mail]:
    return [_assembled(MailjetInboundWebhookView, call.document, call.body, "mailjet")]


class _BrevoView(BrevoInboundWebhookView):
    """Brevo's reader, for messages whose attachments stay where they are."""

    def _fetch_attachment(self, attachment: Mapping[str, Any]) -> AnymailInboundMessage:
        # Nothing is fetched while a provider waits. What can be told is its name and type.
        return AnymailInboundMessage.construct_attachment(
            content_type=_text(attachment, "ContentType") or "application/octet-stream",
            content=b"",
            filename=_text(attachment, "Name") or None,
        )


def _brevo(call: Call) -> Iterable[Mail]:
    items = call.document.get("items") if isinstance(call.document, dict) else None
    for item in objects(items):
        names = item.get("Uuid")
        identifier = _text({"": names[0]}, "") if isinstance(names, list) and names else ""
        yield _assembled(_BrevoView, item, raw(item), "brevo", identifier=identifier)


def _mailgun(call: Call) -> Iterable[Mail]:
    form = call.form
    if form is None:
        return [unread(call.body, "a notice of Mailgun's, and no mail", "mailgun")]
    facts = {"identifier": form.text("token"), "sent_at": moment_of(form.text("timestamp"))}
    if "body-mime" in form:
        sender = form.text("sender").strip("<>") if "sender" in form else None
        return [
            _delivered(
                form.content("body-mime"), {}, "mailgun", sender=sender, recipient=form.text("recipient"), **facts
            )
        ]
    form.give_to(call.request)
    return [_assembled(MailgunInboundWebhookView, call.request, _written_down(form), "mailgun", **facts)]


def _sendgrid(call: Call) -> Iterable[Mail]:
    form = call.form
    if form is None:
        return [unread(call.body, "a notice of SendGrid's, and no mail", "sendgrid")]
    # Beside the message, where no sender can write.
    told = _found(spf=form.text("SPF"), dkim=form.text("dkim"))
    if "email" in form:
        try:
            envelope = json.loads(form.content("envelope") or b"null")
        except (ValueError, RecursionError):
            envelope = None
        sender = _sender_in(envelope, "from")
        return [_delivered(form.content("email"), {}, "sendgrid", sender=sender, recipient="", told=told)]
    form.give_to(call.request)
    return [_assembled(SendGridInboundWebhookView, call.request, _written_down(form), "sendgrid", told=told)]


def _written_down(form: Form) -> bytes:
    """A form as JSON: the same for the same message, whatever boundary and signature it came with."""
    size = sum(len(each.content) for each in form.fields)
    fields = [
        {"name": each.name, "text": form.text(each.name)}
        if each.filename is None
        else {
            "name": each.name,
            "filename": each.filename,
            "type": each.content_type,
            "size": len(each.content),
            "digest": hashlib.sha256(each.content).hexdigest(),
            **({"content": base64.b64encode(each.content).decode()} if size <= LARGEST_KEPT // 2 else {}),
        }
        for each in form.fields
        if each.name not in _ABOUT_THE_CALL
    ]
    return raw({"form": fields})


READERS: Final[Mapping[str, Callable[[Call], Iterable[Mail]]]] = {
    "brevo": _brevo,
    "mailersend": _mailersend,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "mailtrap": _elsewhere("mailtrap"),
    "mandrill": _mandrill,
    "postal": _postal,
    "postmark": _postmark,
    "raw": _raw,
    "resend": _elsewhere("resend"),
    "sendgrid": _sendgrid,
    "ses": _ses,
    "sparkpost": _sparkpost,
}

"""Providers that take a mail apart, or do so unless they are asked not to; django-anymail puts it together again."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from anymail.exceptions import AnymailConfigurationError
from anymail.inbound import AnymailInboundMessage
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.mailjet import MailjetInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.sendgrid import SendGridInboundWebhookView

from activities.arrivals import moment_of
from activities.inbound.email_calls import (
    LARGEST_KEPT,
    Call,
    Mail,
    delivered,
    envelope_sender,
    letters_at,
    text_at,
    told,
    unread,
)
from activities.inbound.email_forms import Form
from activities.inbound.email_mime import read_tolerantly
from activities.inbound.reading import objects, raw

# What signs a call is no part of the message, and differs when the call comes again.
_ABOUT_THE_CALL: Final = frozenset({"signature", "timestamp", "token"})
_LONGEST_KEPT_TEXT: Final = 200_000


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


def _postmark(call: Call) -> Iterable[Mail]:
    document = call.document
    identifier = text_at(document, "MessageID")
    if content := letters_at(document, "RawEmail"):
        mail = delivered(
            content,
            document,
            "postmark",
            sender=None,
            recipient=text_at(document, "OriginalRecipient"),
            identifier=identifier,
        )
        if mail.message is not None:
            mail.message.stripped_text = text_at(document, "StrippedTextReply") or None
        return [mail]
    return [_assembled(PostmarkInboundWebhookView, document, call.body, "postmark", identifier=identifier)]


def _mailjet(call: Call) -> Iterable[Mail]:
    return [_assembled(MailjetInboundWebhookView, call.document, call.body, "mailjet")]


class _BrevoView(BrevoInboundWebhookView):
    """Brevo's reader, for messages whose attachments stay where they are."""

    def _fetch_attachment(self, attachment: Mapping[str, Any]) -> AnymailInboundMessage:
        # Nothing is fetched while a provider waits. What can be told is its name and type.
        return AnymailInboundMessage.construct_attachment(
            content_type=text_at(attachment, "ContentType") or "application/octet-stream",
            content=b"",
            filename=text_at(attachment, "Name") or None,
        )


def _brevo(call: Call) -> Iterable[Mail]:
    items = call.document.get("items") if isinstance(call.document, dict) else None
    for item in objects(items):
        names = item.get("Uuid")
        identifier = text_at({"": names[0]}, "") if isinstance(names, list) and names else ""
        yield _assembled(_BrevoView, item, raw(item), "brevo", identifier=identifier)


def _mailgun(call: Call) -> Iterable[Mail]:
    form = call.form
    if form is None:
        return [unread(call.body, "a notice of Mailgun's, and no mail", "mailgun")]
    facts = {"identifier": form.text("token"), "sent_at": moment_of(form.text("timestamp"))}
    if "body-mime" in form:
        sender = form.text("sender").strip("<>") if "sender" in form else None
        return [
            delivered(
                form.content("body-mime"),
                call.body,
                "mailgun",
                sender=sender,
                recipient=form.text("recipient"),
                **facts,
            )
        ]
    form.give_to(call.request)
    return [_assembled(MailgunInboundWebhookView, call.request, _written_down(form), "mailgun", **facts)]


def _sendgrid(call: Call) -> Iterable[Mail]:
    form = call.form
    if form is None:
        return [unread(call.body, "a notice of SendGrid's, and no mail", "sendgrid")]
    # Beside the message, where no sender can write.
    checked = told(spf=form.text("SPF"), dkim=form.text("dkim"))
    if "email" in form:
        try:
            envelope = json.loads(form.content("envelope") or b"null")
        except (ValueError, RecursionError):
            envelope = None
        sender = envelope_sender(envelope, "from")
        return [delivered(form.content("email"), call.body, "sendgrid", sender=sender, recipient="", told=checked)]
    form.give_to(call.request)
    return [_assembled(SendGridInboundWebhookView, call.request, _written_down(form), "sendgrid", told=checked)]


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


PARSED: Final[Mapping[str, Callable[[Call], Iterable[Mail]]]] = {
    "brevo": _brevo,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
}

"""What providers of inbound mail post, as messages: which provider it is, and where it says what.

Providers that take a mail apart are put together again by django-anymail (``email_parsed``). In what others post the raw
message is looked up (``email_raw``). Two are known and cannot be read, because what they post is only a notice of a message
that is to be fetched from them with a key for their API: Resend and Mailtrap. Amazon SES is read when its rule sends the
message itself (action SNS), not when it puts it into S3. Brevo keeps the contents of attachments for itself; all else of
its messages is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from activities.inbound.email_calls import Call, Mail, unread
from activities.inbound.email_parsed import PARSED
from activities.inbound.email_raw import RAW
from activities.inbound.reading import objects

READERS: Final[Mapping[str, Callable[[Call], Iterable[Mail]]]] = {**PARSED, **RAW}


def mails_in(call: Call) -> list[Mail]:
    """The messages in a call, in its order; what is not understood is one that could not be read."""
    named = call.request.GET.get("provider", "").lower()
    if named and named not in READERS:
        return [unread(call.body, "the address names a provider that is not known")]
    provider = named or _recognised(call)
    if not provider:
        return [unread(call.body, "no form of mail that is known")]
    return list(READERS[provider](call))


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

"""Mail no person wrote to us: what programs send makes no contacts, and what we sent ourselves makes no loops."""

from __future__ import annotations

from email.message import Message
from typing import Final

from accounts.models import Member
from accounts.models.user import UserAccounts
from activities.inbound.email_headers import Mailbox, value_of, values_of
from activities.models import ChannelKind, InboundChannel
from contacts.normalise import normalise_email

_LISTS: Final = ("List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post")
# What programs that answer by themselves, and those that watch for loops, have written since before RFC 3834.
_AUTOMATIC: Final = ("X-Loop", "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From")
_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_SYSTEMS: Final = frozenset({"mailer-daemon", "postmaster"})
# multipart/report is any of: delivery and read receipts (RFC 3464, RFC 8098), complaints (RFC 5965).
_REPORTS: Final = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})


def reason_to_ignore(message: Message, sender: Mailbox | None, envelope_sender: str | None) -> str:
    """Why a message is not for us; ``""`` when it may be. ``envelope_sender`` is None where nobody told it."""
    if message.get_content_type() in _REPORTS or values_of(message, "X-Failed-Recipients"):
        return "a delivery report"
    if envelope_sender == "" or any(not value.strip("<> ") for value in values_of(message, "Return-Path")):
        return "no return path: a bounce or an automatic answer"
    if sender is not None and sender.address.partition("@")[0].lower() in _SYSTEMS:
        return "written by a mail system"
    if _first_word(message, "Auto-Submitted") not in ("", "no"):
        return "written by a program (Auto-Submitted)"
    if any(values_of(message, name) for name in _AUTOMATIC):
        return "an automatic answer, or a loop"
    if _first_word(message, "Precedence") in _BULK:
        return "sent in bulk (Precedence)"
    if any(values_of(message, name) for name in _LISTS):
        return "sent to a list"
    return "written by ourselves" if sender is not None and is_our_own(sender.address) else ""


def is_our_own(address: str) -> bool:
    """Whether the organization in scope writes from this address: a channel's, or that of somebody of its team."""
    normalised = normalise_email(address)
    local, _, domain = normalised.rpartition("@")
    # What is sent on from a mailbox often has a tag of ours behind a plus.
    ours = {normalised, f"{local.partition('+')[0]}@{domain}"}
    channels = InboundChannel.objects.filter(kind=ChannelKind.EMAIL).exclude(address="")
    if any(normalise_email(each) in ours for each in channels.values_list("address", flat=True)):
        return True
    return Member.objects.filter(is_active=True, user__email=UserAccounts.canonical_email(address)).exists()


def _first_word(message: Message, name: str) -> str:
    return value_of(message, name).partition(";")[0].strip().lower()

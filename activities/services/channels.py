"""Looking after the channels messages come in through."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from accounts.sealing import seal
from activities.models import ChannelKind, InboundChannel
from activities.models.inbound_channel import MOST_NEW_CONTACTS_PER_HOUR
from contacts.rules import fault_of_text

# For as long providers may go on signing with the old secret: they have it configured in several places, or retry.
OVERLAP: Final = timedelta(hours=24)
# A public key of 4,096 bits fits in: some providers of mail sign with its other half.
LONGEST_SECRET: Final = 1_024

LARGEST_LIMIT: Final = 2**31 - 1
# What ``setWebhook`` takes for a secret_token.
_OF_TELEGRAM: Final = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)


def create_channel(
    *,
    kind: str,
    name: str,
    secret: str,
    verify_token: str = "",
    address: str = "",
    account: str = "",
    most_new_contacts: int = MOST_NEW_CONTACTS_PER_HOUR,
    actor: Actor,
) -> InboundChannel:
    """Make a channel, open from now on. ``secret`` is what its provider proves itself with; it is stored sealed.

    Raises ``Invalid`` with every fault at once, and ``Forbidden``.
    """
    actor.require(Right.MANAGE_CREDENTIALS)
    faults = [
        *([] if kind in ChannelKind.values else [FieldError("kind", "invalid_value", {"choices": ChannelKind.values})]),
        *_faults(name=name, address=address, account=account),
        *_secret_faults("secret", secret, kind),
        *_limit_faults(most_new_contacts),
        *(_secret_faults("verify_token", verify_token) if verify_token else []),
    ]
    if faults:
        raise Invalid(faults)
    return InboundChannel.objects.create(
        kind=kind,
        name=name.strip(),
        address=address.strip(),
        account=account.strip(),
        sealed_secret=seal(secret),
        sealed_verify_token=seal(verify_token),
        most_new_contacts=most_new_contacts,
    )


def rotate_channel_secret(
    channel: InboundChannel, secret: str, *, overlap: timedelta = OVERLAP, actor: Actor
) -> datetime | None:
    """Give a channel a new secret; returns until when the old one is good as well, None when it is not.

    Raises ``Invalid`` and ``Forbidden``.
    """
    actor.require(Right.MANAGE_CREDENTIALS)
    if faults := _secret_faults("secret", secret, channel.kind):
        raise Invalid(faults)
    now = timezone.now()
    with transaction.atomic():
        stored = InboundChannel.objects.select_for_update().get(pk=channel.pk)
        stored.sealed_previous_secret = stored.sealed_secret if overlap else ""
        stored.previous_until = now + overlap if overlap else None
        stored.sealed_secret, stored.updated_at = seal(secret), now
        stored.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_until", "updated_at"])
    return stored.previous_until


def change_channel(
    channel: InboundChannel,
    *,
    name: str,
    address: str,
    account: str,
    is_active: bool,
    most_new_contacts: int,
    verify_token: str | None = None,
    actor: Actor,
) -> InboundChannel:
    """Change what a channel is called and whom it is for, or switch it off: then it answers 404 and keeps its receipts.

    ``verify_token`` None leaves it. Raises ``Invalid`` and ``Forbidden``.
    """
    actor.require(Right.MANAGE_CREDENTIALS)
    faults = [*_faults(name=name, address=address, account=account), *_limit_faults(most_new_contacts)]
    if verify_token:
        faults += _secret_faults("verify_token", verify_token)
    if faults:
        raise Invalid(faults)
    channel.name, channel.address, channel.account = name.strip(), address.strip(), account.strip()
    channel.is_active, channel.most_new_contacts = is_active, most_new_contacts
    channel.updated_at = timezone.now()
    if verify_token is not None:
        channel.sealed_verify_token = seal(verify_token)
    channel.save(
        update_fields=[
            "name",
            "address",
            "account",
            "is_active",
            "most_new_contacts",
            "updated_at",
            "sealed_verify_token",
        ]
    )
    return channel


def _faults(*, name: str, address: str, account: str) -> list[FieldError]:
    return [
        *([] if name.strip() else [FieldError("name", "required")]),
        *fault_of_text("name", name, 100),
        *fault_of_text("address", address, 255),
        *fault_of_text("account", account, 100),
    ]


def _secret_faults(field: str, secret: str, kind: str = "") -> list[FieldError]:
    """Without a secret a channel would be off, and with one that its provider cannot send nothing would ever come in."""
    if not secret.strip():
        return [FieldError(field, "required")]
    if kind == ChannelKind.TELEGRAM and not _OF_TELEGRAM.fullmatch(secret):
        return [FieldError(field, "invalid_value", message="may have 1 to 256 letters, digits, _ and - only.")]
    return list(fault_of_text(field, secret, LONGEST_SECRET))


def _limit_faults(most_new_contacts: int) -> list[FieldError]:
    is_storable = 0 <= most_new_contacts <= LARGEST_LIMIT
    return (
        []
        if is_storable
        else [FieldError("most_new_contacts", "out_of_range", {"minimum": 0, "maximum": LARGEST_LIMIT})]
    )

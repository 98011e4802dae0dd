"""Which channel a request is for, and whose: the one place of this app that looks before the organization is known.

On PostgreSQL the questions are audited ``SECURITY DEFINER`` functions (migrations 0007 and 0008), one statement each. A channel
found here proves nothing yet: whoever asks verifies what was sent with the channel's secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from accounts.prepared import statement_cursor
from accounts.sealing import unseal
from accounts.tenancy import current_scope, empty_scope
from activities.models import InboundChannel, Receipt, ReceiptState

LONGEST_TOKEN: Final = 64
# What ``activities_channel_at`` returns; the rest of a channel is for those who look after it.
_COLUMNS: Final = (
    "id",
    "organization_id",
    "uuid",
    "kind",
    "name",
    "token",
    "address",
    "account",
    "sealed_secret",
    "sealed_previous_secret",
    "previous_until",
    "sealed_verify_token",
    "is_active",
)
_MOST_OF_ADDRESS: Final = 20


class Due(NamedTuple):
    """An organization with receipts that are due, and since when the first of them is."""

    organization_id: int
    since: datetime


def channel_at(kind: str, token: str) -> InboundChannel | None:
    """The active channel with this address, its organization filled into the unit of work; None when there is none."""
    scope = current_scope()
    if scope is None:
        raise RuntimeError("a channel is looked up inside a unit of work")
    if len(token) > LONGEST_TOKEN or "\x00" in token:
        return None
    is_set = connection.vendor == "postgresql"
    row = _called("activities_channel_at", [kind, token]) if is_set else _rows_at(kind, token)
    if not row:
        return None
    channel = InboundChannel(**dict(zip(_COLUMNS, row[0], strict=True)))
    scope.fill(channel.organization_id, database_knows=is_set)
    return channel


def channel_with_uuid(uuid: UUID) -> InboundChannel | None:
    """The channel with this id, on or off, its organization filled into the unit of work; None when there is none.

    For operators, who may name any organization's: nobody else is asked for this id alone.
    """
    scope = current_scope()
    if scope is None:
        raise RuntimeError("a channel is looked up inside a unit of work")
    is_set = connection.vendor == "postgresql"
    if is_set:
        row = _called("activities_channel_with_uuid", [uuid])
    else:
        row = list(InboundChannel.objects.unscoped().filter(uuid=uuid).values_list(*_COLUMNS)[:1])
    if not row:
        return None
    channel = InboundChannel(**dict(zip(_COLUMNS, row[0], strict=True)))
    scope.fill(channel.organization_id, database_knows=is_set)
    return channel


def _rows_at(kind: str, token: str) -> list[tuple[Any, ...]]:
    found = InboundChannel.objects.unscoped().filter(kind=kind, token=token, is_active=True)
    return list(found.values_list(*_COLUMNS))


def tokens_of_address(kind: str, address: str) -> list[str]:
    """The tokens of the active channels, of any organization, that claim what people write to; sets no scope."""
    if not address or "\x00" in address:
        return []
    if connection.vendor == "postgresql":
        return [token for _, token in _called("activities_channels_of_address", [kind, address])]
    found = InboundChannel.objects.unscoped().filter(kind=kind, address=address, is_active=True)
    return list(found.order_by("id").values_list("token", flat=True)[:_MOST_OF_ADDRESS])


def due_receipts(now: datetime | None = None) -> list[Due]:
    """The organizations whose receipts are due, those that have been waiting the longest first."""
    until = now or timezone.now()
    if connection.vendor == "postgresql":
        rows: Sequence[tuple[Any, ...]] = _called("activities_due_receipts", [until])
    else:
        pending = Receipt.objects.unscoped().filter(state=ReceiptState.PENDING, due_at__lte=until)
        rows = list(pending.order_by().values_list("organization_id").annotate(since=Min("due_at")))
    return sorted((Due(*row) for row in rows), key=lambda due: due.since)


def longest_unapplied() -> timedelta | None:
    """For how long the receipt has been due that is due the longest, None when none is."""
    now = timezone.now()
    due = due_receipts(now)
    return now - due[0].since if due else None


def secrets_of(channel: InboundChannel, now: datetime) -> Iterator[str]:
    """The secrets that are good now, the current one first; none when the channel has none, which is then off.

    Raises ``SealBroken`` when they were sealed with a key that is not known here.
    """
    if channel.sealed_secret:
        yield unseal(channel.sealed_secret)
    if channel.has_previous_secret(now):
        yield unseal(channel.sealed_previous_secret)


def _called(function: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    scope = current_scope()
    if scope is None:
        with empty_scope():
            return _called(function, arguments)
    # What a function sets lives as long as the transaction, so the scope's must be open before it is called.
    scope.begin()
    placeholders = ", ".join(["%s"] * len(arguments))
    with statement_cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}({placeholders})", arguments)  # noqa: S608 - a name from this module
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

"""Fetch text messages that never arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts.commands import JsonCommand, organization_named
from accounts.sealing import SealBroken
from accounts.tenancy import tenant_scope
from activities.channels import secrets_of
from activities.inbound.sms_listing import ListingFailed, MessageList
from activities.inbound.sms_reading import is_addressed_to, is_inbound, read_resource
from activities.management.channels import channel_with_id
from activities.models import ChannelKind, InboundChannel, Receipt
from activities.services.receiving import keep

# Twilio calls twice within seconds; what it holds longer than two days was fetched by the runs before.
HOURS: Final = 48
TIMEOUT: Final = 20.0


class Line(NamedTuple):
    """A channel and the secrets its account may be asked with."""

    channel: InboundChannel
    secrets: list[str]


class Command(JsonCommand):
    help = (
        "Ask Twilio for the messages of the last hours and keep those that never arrived, for the worker to apply. Twilio"
        " brings a message twice at most; run this from a timer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--channel", metavar="ID", help="one channel; all SMS channels that are on when not given")
        parser.add_argument(
            "--hours", type=float, default=HOURS, metavar="N", help="how far back (default: %(default)s)"
        )
        parser.add_argument("--base-url", metavar="URL", help="the API's address (default: TWILIO_API_URL)")
        parser.add_argument(
            "--timeout", type=float, default=TIMEOUT, metavar="SECONDS", help="for each answer (default: %(default)s)"
        )

    def answer(self, **options: Any) -> dict[str, Any]:
        if not 0 < options["hours"] <= 24 * 400 or not 0 < options["timeout"] <= 600:
            raise CommandError("--hours must be above 0 and at most 9600, --timeout above 0 and at most 600.")
        with organization_named(options["organization"]) as organization_id:
            lines = _lines(options["channel"])
        counts = {"listed": 0, "new": 0, "repeated": 0}
        failures = [
            failure for line in lines if (failure := _reconcile(organization_id, line, counts, **options)) is not None
        ]
        if failures:
            stored = ", ".join(f"{count} {name}" for name, count in counts.items())
            raise CommandError(f"{' '.join(failures)} Until then: {stored}; what was new is stored.")
        return counts


def _lines(identifier: str | None) -> Sequence[Line]:
    channels = [channel_with_id(identifier)] if identifier else _channels()
    if not channels:
        raise CommandError("The organization has no SMS channel that is on.")
    for channel in channels:
        if channel.kind != ChannelKind.SMS or not channel.is_active:
            raise CommandError(f"The channel {channel.public_id!r} is no SMS channel that is on.")
    try:
        return [Line(channel, list(secrets_of(channel, timezone.now()))) for channel in channels]
    except SealBroken as error:
        raise CommandError("A channel's secret was sealed with a SECRET_KEY that is not known here.") from error


def _channels() -> list[InboundChannel]:
    return list(InboundChannel.objects.filter(kind=ChannelKind.SMS, is_active=True).order_by("id"))


def _reconcile(organization_id: int, line: Line, counts: dict[str, int], **options: Any) -> str | None:
    """Fetch one channel's messages, each page stored before the next is asked for; returns what went wrong, if anything."""
    channel, secrets = line
    if not channel.account or not secrets:
        return f"{channel.name}: the channel has no account SID or no secret, so nobody can be asked."
    since = timezone.now() - timedelta(hours=options["hours"])
    base = options["base_url"] or settings.TWILIO_API_URL
    try:
        messages = MessageList(base=base, account=channel.account, secrets=secrets, timeout=options["timeout"])
        for page in messages.pages(since):
            _keep(organization_id, channel, page, counts)
    except ListingFailed as error:
        return f"{channel.name}: {error}"
    return None


def _keep(
    organization_id: int, channel: InboundChannel, page: Sequence[dict[str, Any]], counts: dict[str, int]
) -> None:
    with tenant_scope(organization_id):
        ours = [each for each in page if is_inbound(each) and is_addressed_to(each, channel)]
        arrivals = [read_resource(each, channel) for each in ours]
        elsewhere = _kept_elsewhere(channel, [arrival.key for arrival in arrivals])
        fresh = [arrival for arrival in arrivals if arrival.key not in elsewhere]
        kept = keep(channel, fresh, is_retold=True)
    counts["listed"] += len(ours)
    counts["new"] += kept.new
    counts["repeated"] += len(ours) - kept.new


def _kept_elsewhere(channel: InboundChannel, keys: Sequence[str]) -> set[str]:
    """What other channels of the account have: two without a number of their own are told of the same messages."""
    others = InboundChannel.objects.filter(kind=ChannelKind.SMS, account=channel.account).exclude(pk=channel.pk)
    siblings = list(others.values_list("pk", flat=True))
    return set(Receipt.objects.filter(channel_id__in=siblings, key__in=keys).values_list("key", flat=True))

"""Try receipts again that came to nothing, for instance after an upgrade that understands more."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.commands import JsonCommand, organization_named
from activities.inbound.rereading import read_again
from activities.management.channels import channel_with_id
from activities.models import Receipt, ReceiptState
from activities.services.requeueing import Fate, requeue_receipts

# Each batch is a unit of work of its own, so that messages go on coming in meanwhile.
BATCH = 200


class Command(JsonCommand):
    help = (
        "Put receipts back into the queue, reading again those from which nothing was read; prints how many. Receipts "
        "that were applied are counted and skipped, so that no message is ever stored twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument(
            "--channel", default="", metavar="ID", help="only of this one, as create_channel printed it"
        )
        parser.add_argument(
            "--state",
            default=ReceiptState.QUARANTINED,
            choices=ReceiptState.values,
            help="only those in this state (default: %(default)s)",
        )
        parser.add_argument(
            "--since",
            default="",
            metavar="WHEN",
            help="only those received since then: 2026-01-31 or 2026-01-31T12:00Z",
        )
        parser.add_argument("--dry-run", action="store_true", help="count only, change nothing")

    def answer(self, **options: Any) -> dict[str, Any]:
        counts: Counter[Fate] = Counter()
        last = 0
        while True:
            with organization_named(options["organization"]):
                batch = list(_chosen(options).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
                counts += requeue_receipts(batch, read=read_again, actor=self.actor, is_rehearsal=options["dry_run"])
            if not batch:
                return _answer(counts, is_rehearsal=options["dry_run"])
            last = batch[-1]


def _chosen(options: dict[str, Any]) -> QuerySet[Receipt]:
    receipts = Receipt.objects.filter(state=options["state"])
    if options["channel"]:
        receipts = receipts.filter(channel=channel_with_id(options["channel"]))
    if options["since"]:
        receipts = receipts.filter(received_at__gte=_moment(options["since"]))
    return receipts


def _moment(text: str) -> datetime:
    """A day begins at midnight UTC, and a time without a zone is UTC too. Raises ``CommandError``."""
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--since: {text!r} is no moment.")
    return (
        timezone.make_aware(moment, timezone=timezone.get_default_timezone()) if timezone.is_naive(moment) else moment
    )


def _answer(counts: Counter[Fate], *, is_rehearsal: bool) -> dict[str, Any]:
    return {
        "found": counts.total(),
        "requeued": counts[Fate.REQUEUED],
        "still_unread": counts[Fate.UNREAD],
        "ignored": counts[Fate.IGNORED],
        "repeated": counts[Fate.REPEATED],
        "skipped_applied": counts[Fate.APPLIED],
        "skipped_waiting": counts[Fate.WAITING],
        "dry_run": is_rehearsal,
    }

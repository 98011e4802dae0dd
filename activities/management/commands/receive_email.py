"""Take one message in from a mail server's pipe: ``| manage.py receive_email --channel channel_...``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, InterfaceError

from accounts.commands import JsonCommand, organization_named
from accounts.tenancy import empty_scope
from activities.inbound.email import read_mail
from activities.inbound.email_reading import arrival_of
from activities.management.channels import any_channel_with_id, channel_with_id
from activities.models import ChannelKind, InboundChannel
from activities.services.receiving import keep


class Command(JsonCommand):
    help = (
        "Keep one message, as it travels (RFC 5322), from standard input. Ends with 0 when it is stored, also when it "
        f"was before, and with {os.EX_TEMPFAIL} (EX_TEMPFAIL) when it could not be: a mail server keeps it and tries again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--channel", required=True, metavar="ID", help="as create_channel printed it")
        parser.add_argument("--organization", default="", metavar="SLUG", help="refuse another organization's channel")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except CommandError as error:
            raise CommandError(str(error), returncode=os.EX_TEMPFAIL) from error
        except (DatabaseError, InterfaceError, OSError) as error:
            raise CommandError(f"Not stored: {type(error).__name__}.", returncode=os.EX_TEMPFAIL) from error

    def answer(self, **options: Any) -> dict[str, Any]:
        # Before a transaction is open: whoever is at the other end of the pipe may be slow.
        mail = read_mail(sys.stdin.buffer)
        with _channel(options["channel"], options["organization"]) as channel:
            if channel.kind != ChannelKind.EMAIL:
                raise CommandError(f"The channel {options['channel']!r} is not for e-mail.")
            arrival = arrival_of(mail)
            kept = keep(channel, [arrival])
        return {"key": arrival.key, "new": kept.new == 1}


@contextmanager
def _channel(identifier: str, slug: str) -> Iterator[InboundChannel]:
    if slug:
        with organization_named(slug):
            yield channel_with_id(identifier)
    else:
        with empty_scope():
            yield any_channel_with_id(identifier)

"""Give a channel a new secret, with a time in which the old one is good as well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from accounts.commands import JsonCommand, iso, organization_named
from activities.management.channels import channel_with_id
from activities.services.channels import OVERLAP, rotate_channel_secret

_HOURS = OVERLAP // timedelta(hours=1)


class Command(JsonCommand):
    help = "Give a channel a new secret. Until the overlap ends the old one is good as well."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--channel", required=True, metavar="ID", help="as create_channel printed it")
        parser.add_argument("--secret", required=True)
        parser.add_argument("--overlap-hours", type=float, default=_HOURS, metavar="HOURS", help="default: %(default)s")

    def answer(self, **options: Any) -> dict[str, Any]:
        overlap = timedelta(hours=max(options["overlap_hours"], 0))
        with organization_named(options["organization"]):
            channel = channel_with_id(options["channel"])
            until = rotate_channel_secret(channel, options["secret"], overlap=overlap, actor=self.actor)
        return {"id": channel.public_id, "old_secret_until": iso(until) if until else None}

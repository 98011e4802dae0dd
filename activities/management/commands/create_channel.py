"""Make a channel that messages come in through."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.commands import JsonCommand, organization_named
from activities.models import ChannelKind
from activities.models.inbound_channel import MOST_NEW_CONTACTS_PER_HOUR
from activities.services.channels import create_channel


class Command(JsonCommand):
    help = "Make a channel for one account at a provider; prints its id, and the path its provider is to send to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--kind", required=True, choices=ChannelKind.values)
        parser.add_argument("--name", required=True, help="what the team calls it")
        parser.add_argument(
            "--secret",
            required=True,
            help="WhatsApp: the app secret; Telegram: the secret_token of setWebhook; SMS: the auth token; e-mail: the"
            " signing key, or the password (or user:password) of the address",
        )
        parser.add_argument(
            "--verify-token", default="", help="WhatsApp: what Meta repeats when it verifies the address"
        )
        parser.add_argument(
            "--address", default="", help="what people write to: a phone number id, a number, a mailbox, a bot's name"
        )
        parser.add_argument("--account", default="", help="SMS: the account's SID, for reconcile_sms")
        parser.add_argument(
            "--new-contacts-per-hour",
            type=int,
            default=MOST_NEW_CONTACTS_PER_HOUR,
            metavar="N",
            help="more than this wait in the quarantine (default: %(default)s)",
        )

    def answer(self, **options: Any) -> dict[str, Any]:
        with organization_named(options["organization"]):
            channel = create_channel(
                kind=options["kind"],
                name=options["name"],
                secret=options["secret"],
                verify_token=options["verify_token"],
                address=options["address"],
                account=options["account"],
                most_new_contacts=options["new_contacts_per_hour"],
                actor=self.actor,
            )
        return {"id": channel.public_id, "path": channel.path}

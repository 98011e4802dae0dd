"""Issue an integration token of the Winnerr wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.commands import JsonCommand, iso, member_with_email, organization_named
from accounts.services import issue_token
from accounts.services.credentials import LONGEST_LIFETIME


class Command(JsonCommand):
    help = "Issue a bearer token of the Winnerr wire for a member. It is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--hours", type=float, default=12)
        parser.add_argument("--name", default="Command line")

    def answer(self, **options: Any) -> dict[str, Any]:
        hours = options["hours"]
        longest = LONGEST_LIFETIME // timedelta(hours=1)
        # Written so that "nan" is refused too.
        if not 0 < hours <= longest:
            raise CommandError(f"--hours must be more than 0 and at most {longest}.")
        with organization_named(options["organization"]):
            issued = issue_token(
                member_with_email(options["email"]),
                name=options["name"],
                lifetime=timedelta(hours=hours),
                actor=self.actor,
            )
        return {"token": issued.token, "expires_at": iso(issued.expires_at)}

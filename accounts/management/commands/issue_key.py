"""Issue a key of the Rentalot wire or a key pair of EstatePrime's."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.commands import JsonCommand, member_with_email, organization_named
from accounts.identifiers import public_id
from accounts.models import Member, WireName
from accounts.roles import Role
from accounts.services import issue_key


class Command(JsonCommand):
    help = "Issue a key for a member, the first owner unless another is named. It is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--wire", required=True, choices=[WireName.RENTALOT.value, WireName.ESTATEPRIME.value])
        parser.add_argument("--name", required=True)
        parser.add_argument("--member", metavar="EMAIL", help="whose role the key acts with (default: the first owner)")

    def answer(self, **options: Any) -> dict[str, Any]:
        with organization_named(options["organization"]):
            member = member_with_email(options["member"]) if options["member"] else _first_owner()
            issued = issue_key(member, wire=WireName(options["wire"]), name=options["name"], actor=self.actor)
        answer = {"id": public_id("key", issued.credential.uuid)}
        if issued.key:
            return {**answer, "key": issued.key}
        return {**answer, "public_key": issued.public_key, "secret_key": issued.secret_key}


def _first_owner() -> Member:
    owners = Member.objects.select_related("user").filter(role=Role.OWNER, is_active=True, user__is_active=True)
    owner = owners.order_by("number").first()
    if owner is None:
        raise CommandError("The organization has no active owner: name a member with --member.")
    return owner

"""Add a member to an organization."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.commands import JsonCommand, organization_named
from accounts.roles import Role
from accounts.services import create_member


class Command(JsonCommand):
    help = "Add a member to an organization. A person who has a login already keeps its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--first-name", required=True)
        parser.add_argument("--last-name", default="")

    def answer(self, **options: Any) -> dict[str, Any]:
        with organization_named(options["organization"]):
            member = create_member(
                email=options["email"],
                password=options["password"],
                role=options["role"],
                first_name=options["first_name"],
                last_name=options["last_name"],
                actor=self.actor,
            )
        return {"id": member.public_id, "number": member.number, "email": member.user.email, "role": member.role}

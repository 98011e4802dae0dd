"""Found an organization with its first owner."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.commands import JsonCommand
from accounts.services import create_organization


class Command(JsonCommand):
    help = "Found an organization with its first owner. An owner who has a login already keeps its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--slug", required=True, help="lower-case letters, digits and hyphens")
        parser.add_argument("--plan", default="unlimited")
        parser.add_argument("--time-zone", default="UTC", help="IANA name, such as Europe/Athens")
        parser.add_argument("--phone-region", default="US", help="country of phone numbers written without one")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-password", required=True)
        parser.add_argument("--owner-first-name", required=True)
        parser.add_argument("--owner-last-name", default="")

    def answer(self, **options: Any) -> dict[str, Any]:
        owner = create_organization(
            name=options["name"],
            slug=options["slug"],
            plan=options["plan"],
            time_zone=options["time_zone"],
            phone_region=options["phone_region"],
            owner_email=options["owner_email"],
            owner_password=options["owner_password"],
            owner_first_name=options["owner_first_name"],
            owner_last_name=options["owner_last_name"],
        )
        return {
            "id": owner.organization.public_id,
            "slug": owner.organization.slug,
            "owner": {"id": owner.public_id, "number": owner.number, "email": owner.user.email},
        }

"""Put an organization on another plan."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.commands import JsonCommand, organization_named
from accounts.services import change_plan


class Command(JsonCommand):
    help = "Put an organization on another plan, from its next request on. What it has used of its quotas stays used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--plan", required=True, help="unlimited, free_trial, starter, pro or scale")

    def answer(self, **options: Any) -> dict[str, Any]:
        with organization_named(options["organization"]):
            organization = change_plan(options["plan"], actor=self.actor)
        return {"id": organization.public_id, "slug": organization.slug, "plan": organization.plan}

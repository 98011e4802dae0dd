"""Compute every live contact's lead score again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.commands import JsonCommand, organization_named
from accounts.tenancy import tenant_scope
from contacts.models import Rescore
from contacts.services.background_rescoring import settle_rescore
from contacts.services.rescoring import Rescored, rescore_contacts


class Command(JsonCommand):
    help = "Compute the lead score of every live contact of an organization again, in batches."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")

    def answer(self, **options: Any) -> dict[str, Any]:
        with organization_named(options["organization"]) as organization_id:
            pending = Rescore.objects.filter(finished_at=None, superseded_at=None).first()
        rescored = changed = 0
        batch = Rescored(rescored=0, changed=0, last_id=0)
        # One unit of work per batch: what is stopped halfway keeps what it did, and nobody waits for a row for long.
        while batch.last_id is not None:
            with tenant_scope(organization_id):
                batch = rescore_contacts(after=batch.last_id, actor=self.actor)
            rescored += batch.rescored
            changed += batch.changed
        if pending is not None:
            # What waits for a worker was asked for before this began, and is done.
            with tenant_scope(organization_id):
                settle_rescore(pending.pk, done=rescored, changed=changed)
        return {"rescored": rescored, "changed": changed}

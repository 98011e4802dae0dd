"""Remove idempotency records, sessions and refresh tokens that have expired, and jobs that ended long ago."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connection

from accounts.commands import JsonCommand, organization_named
from accounts.models import Organization
from accounts.rls import role_faults
from accounts.services import purge_expired
from accounts.services.jobs import purge_jobs
from accounts.services.purging import BATCH, further_purges
from accounts.tenancy import tenant_scope


class Command(JsonCommand):
    help = (
        "Remove what has expired, in one organization or in all. The application role sees no list of organizations:"
        " for all of them on PostgreSQL, DATABASE_OWNER_URL is needed, to read that list with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one (default: all)")

    def answer(self, **options: Any) -> dict[str, Any]:
        ids = [_id_of(options["organization"])] if options["organization"] else _all_ids()
        removed: Counter[str] = Counter()
        for organization_id in ids:
            removed += _purge(organization_id)
        names = ("idempotency_records", "refresh_tokens", "sessions", *further_purges)
        counts = {name: removed[name] for name in names}
        # Jobs are no organization's: they go when all are visited.
        return {"organizations": len(ids), **counts, "jobs": 0 if options["organization"] else _purge_jobs()}


def _purge(organization_id: int) -> Counter[str]:
    """Batch after batch, each committed: what is stopped halfway goes on from there."""
    removed: Counter[str] = Counter()
    while True:
        with tenant_scope(organization_id):
            batch = purge_expired()
        removed.update(batch)
        if max(batch.values()) < BATCH:
            return removed


def _purge_jobs() -> int:
    removed = batch = purge_jobs()
    while batch:
        removed += (batch := purge_jobs())
    return removed


def _id_of(slug: str) -> int:
    with organization_named(slug) as organization_id:
        return organization_id


def _all_ids() -> list[int]:
    alias = "owner" if "owner" in settings.DATABASES else DEFAULT_DB_ALIAS
    if alias == DEFAULT_DB_ALIAS and connection.vendor == "postgresql" and not role_faults(connection):
        raise CommandError("Name an --organization, or set DATABASE_OWNER_URL: this role sees no list of them.")
    return list(Organization.objects.unscoped().using(alias).order_by("id").values_list("id", flat=True))

"""Write an organization into a directory, for another instance to take in."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.archive.exporting import export_rows, rows_left_behind
from accounts.authentication import organization_id_by_slug
from accounts.commands import JsonCommand
from accounts.snapshot import one_moment
from accounts.tenancy import current_organization, tenant_scope
from activities.archive import KINDS, LEFT_BEHIND
from activities.management.progress import shown_progress

REFUSED = 2


class Command(JsonCommand):
    help = (
        "Write everything of an organization into a new directory, as it is at one moment: JSON Lines, and a manifest when it"
        " is complete. No secrets: credentials, passwords and second factors stay behind."
    )
    refusal_status = REFUSED

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("directory", metavar="DIR", type=Path, help="empty, or not there yet")

    def answer(self, **options: Any) -> dict[str, Any]:
        started = monotonic()
        slug, directory = options["slug"], options["directory"]
        try:
            with one_moment(), shown_progress() as progress, tenant_scope(_organization_named(slug)) as scope:
                scope.allow_long_work()
                rows = export_rows(directory, KINDS, progress=progress)
                identifier = current_organization().public_id
                left_behind = rows_left_behind(LEFT_BEHIND)
        except OSError as error:
            raise CommandError(f"{directory} cannot be written: {error.strerror}.", returncode=REFUSED) from error
        return {
            "organization": {"id": identifier, "slug": slug},
            "directory": str(directory),
            "rows": rows,
            "left_behind": left_behind,
            "seconds": round(monotonic() - started, 1),
        }


def _organization_named(slug: str) -> int:
    organization_id = organization_id_by_slug(slug)
    if organization_id is None:
        raise CommandError(f"There is no organization with the slug {slug!r}.", returncode=REFUSED)
    return organization_id

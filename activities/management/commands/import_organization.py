"""Take in an organization that ``export_organization`` wrote, here or elsewhere."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.commands import JsonCommand
from accounts.services.restoring import restore_organization
from activities.archive import KINDS
from activities.management.progress import shown_progress

REFUSED = 2


class Command(JsonCommand):
    help = (
        "Take in an organization from the directory that export_organization wrote: all of it, or nothing. Members whose"
        " e-mail address has no login here get one without a password and set theirs by resetting it."
    )
    refusal_status = REFUSED

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path)
        parser.add_argument("--slug", required=True, help="what the organization is called here: a-z, 0-9 and hyphens")

    def answer(self, **options: Any) -> dict[str, Any]:
        started = monotonic()
        directory, slug = options["directory"], options["slug"]
        try:
            with shown_progress() as progress:
                restored = restore_organization(directory, slug, KINDS, progress=progress)
        except OSError as error:
            raise CommandError(f"{directory} cannot be read: {error.strerror}.", returncode=REFUSED) from error
        return {
            "organization": {"id": restored.organization.public_id, "slug": slug, "has_new_id": restored.has_new_id},
            "rows": restored.rows,
            "logins_made": restored.logins_made,
            "seconds": round(monotonic() - started, 1),
        }

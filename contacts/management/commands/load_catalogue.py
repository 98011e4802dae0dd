"""Load an organization's sources, tags and custom fields from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.commands import JsonCommand, organization_named
from contacts.services.catalogue import load_catalogue


class Command(JsonCommand):
    help = (
        'Load from a JSON file: {"sources":[{"name":..}],"tags":[{"name":..,"color":"#2563eb"}],'
        '"custom_fields":[{"name":..,"type":..,"options":[..]}]}.'
        " Names decide what exists already; the order of the file is the order of the lookups."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--organization", required=True, metavar="SLUG")

    def answer(self, **options: Any) -> dict[str, Any]:
        document = _read(options["file"])
        with organization_named(options["organization"]):
            return load_catalogue(document, actor=self.actor)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is no JSON in UTF-8: {error}.") from error

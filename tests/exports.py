"""Exports as an operator runs them."""

from __future__ import annotations

import io
import json
from typing import Any, NamedTuple

from django.core.management import call_command

from tests.worlds import World


class Exported(NamedTuple):
    """What stood on standard output, and the object on standard error."""

    data: bytes
    summary: dict[str, Any]


def exported(world: World, format_name: str, *options: str) -> Exported:
    """``export_contacts`` of a world, to standard output."""
    data = io.BytesIO()
    stdout = io.TextIOWrapper(data, write_through=True)
    stderr = io.StringIO()
    slug = world.organization.slug
    call_command(
        "export_contacts", "--organization", slug, "--format", format_name, *options, stdout=stdout, stderr=stderr
    )
    return Exported(data.getvalue(), json.loads(stderr.getvalue().splitlines()[-1]))

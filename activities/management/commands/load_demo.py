"""Load the demo organization, once, and say how to get in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.authentication import organization_id_by_slug
from activities.demo.loading import load_demo
from activities.demo.team import HARBOUR_LANE
from activities.demo.welcome import welcome


class Command(BaseCommand):
    help = "Load an invented organization with its address book; when it is there already, its data stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT, help="where the server will listen")
        parser.add_argument("--contacts", type=int, default=2_000, help="how many contacts a new demo has")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo has published passwords: it is not loaded where ENVIRONMENT=production.")
        if options["contacts"] < 1:
            raise CommandError("--contacts must be at least 1.")
        organization_id = organization_id_by_slug(HARBOUR_LANE.slug)
        if organization_id is None:
            load_demo(options["contacts"], now=timezone.now())
            organization_id = organization_id_by_slug(HARBOUR_LANE.slug)
        if organization_id is None:
            raise CommandError("The demo was loaded and is gone again.")
        self.stdout.write(welcome(organization_id, address=_address(options["port"]), directory=settings.DATA_DIR))


def _address(port: int) -> str:
    """The address people use: the configured one, or this machine's with the port the server will have."""
    here = f"http://127.0.0.1:{settings.PORT}"
    return f"http://127.0.0.1:{port}" if here == settings.PUBLIC_BASE_URL else settings.PUBLIC_BASE_URL

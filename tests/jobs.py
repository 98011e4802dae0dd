"""A worker inside a test."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_tasks_db.management.commands import db_worker


def work(*options: str) -> None:
    """Run the jobs that are ready; with no options until none is left."""
    with pytest.MonkeyPatch.context() as patch:
        # A test is one transaction, and looks to the library like a connection that somebody left in disorder.
        patch.setattr(db_worker, "close_old_connections", lambda: None)
        call_command("worker", *(options or ("--batch",)))

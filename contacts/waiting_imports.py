"""Which imports wait for a worker, and whose: the one place of this app that looks before the organization is known.

On PostgreSQL the question is an audited ``SECURITY DEFINER`` function (migration 0013). What is found here says nothing of a
file or of who sent it: whoever takes the import opens its organization's scope for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from accounts.tenancy import current_scope, empty_scope
from contacts.models import WORKING, ImportJob
from contacts.services.imports import is_abandoned

# As the function returns them.
_COLUMNS: Final = ("organization_id", "id", "state", "lease", "worker", "requested_at", "moved_at")
_MOST: Final = 1_000


def waiting_imports() -> list[ImportJob]:
    """The imports that are for workers and not done, those in somebody's hands too, the one that moved last at the end.

    Of each only what tells whether somebody is at work on it is known.
    """
    if connection.vendor == "postgresql":
        rows = _called()
    else:
        unfinished = ImportJob.objects.unscoped().filter(is_background=True, state__in=WORKING)
        rows = list(unfinished.order_by().values_list(*_COLUMNS)[:_MOST])
    return sorted((ImportJob(**dict(zip(_COLUMNS, row, strict=True))) for row in rows), key=_last_sign)


def longest_waiting() -> timedelta | None:
    """For how long the import has been waiting for a worker that waits the longest, None when none does."""
    now = timezone.now()
    return max((now - _last_sign(job) for job in waiting_imports() if is_abandoned(job)), default=None)


def _last_sign(job: ImportJob) -> datetime:
    return job.moved_at or job.requested_at


def _called() -> Sequence[tuple[Any, ...]]:
    scope = current_scope()
    if scope is None:
        with empty_scope():
            return _called()
    scope.begin()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM contacts_waiting_imports()")
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows

"""Whether the process is up, and whether it can do its work. Both answer without credentials."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.services.jobs import longest_wait

# Once everything is applied it stays applied: a process never sees migrations disappear.
_migrated = False


@require_safe
def process(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and every migration is applied, else 503 with what is missing.

    ``oldest_waiting_job`` is the age in seconds of the job that waits the longest for a worker, null when none waits. It
    fails nothing: requests are answered without a worker, and a restart of this process would not bring one.
    """
    checks = {"database": _database_answers()}
    if checks["database"]:
        checks["migrations"] = _is_migrated()
    status = 200 if all(checks.values()) and len(checks) == 2 else 503
    words = {name: "ok" if passed else "failing" for name, passed in checks.items()}
    body: dict[str, Any] = {"status": "ok" if status == 200 else "unavailable", "checks": words}
    if status == 200:
        wait = longest_wait()
        body["oldest_waiting_job"] = None if wait is None else int(wait.total_seconds())
    return JsonResponse(body, status=status)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() is not None
    except DatabaseError:
        return False


def _is_migrated() -> bool:
    global _migrated
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            return False
    return _migrated

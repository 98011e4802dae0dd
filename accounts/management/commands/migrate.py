"""Migrate as the owner role where there is one, and let the application role use what came new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections, router

from accounts.rls import grant_application_role

OWNER = "owner"


class OwnersQueries:
    """Sends every query that names no database to the owner's connection."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return OWNER

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return OWNER


class Command(migrate.Command):
    """``DATABASE_OWNER_URL`` owns tables and functions; without it the one database role does everything."""

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER not in settings.DATABASES or options["database"] != DEFAULT_DB_ALIAS:
            super().handle(*args, **options)
            return
        with _by_the_owner():
            super().handle(*args, **{**options, "database": OWNER})
        role = settings.DATABASES[DEFAULT_DB_ALIAS]["USER"]
        owner = connections[OWNER]
        with owner.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            exists = cursor.fetchone()
        # Made later by create_database_role, which grants too.
        if exists:
            grant_application_role(owner, role)


@contextmanager
def _by_the_owner() -> Iterator[None]:
    """Data migrations of libraries ask without saying of whom (django-tasks-db's 0016): not over the application's
    connection, whose role may not exist yet, and which would wait for the migration's own locks."""
    everything = OwnersQueries()
    router.routers.insert(0, everything)
    try:
        yield
    finally:
        router.routers.remove(everything)

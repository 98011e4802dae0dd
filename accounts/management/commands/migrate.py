"""Migrate as the owner role where there is one, and let the application role use what came new."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from accounts.rls import grant_application_role


class Command(migrate.Command):
    """``DATABASE_OWNER_URL`` owns tables and functions; without it the one database role does everything."""

    def handle(self, *args: Any, **options: Any) -> None:
        if "owner" not in settings.DATABASES or options["database"] != DEFAULT_DB_ALIAS:
            super().handle(*args, **options)
            return
        super().handle(*args, **{**options, "database": "owner"})
        role = settings.DATABASES[DEFAULT_DB_ALIAS]["USER"]
        owner = connections["owner"]
        with owner.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            exists = cursor.fetchone()
        # Made later by create_database_role, which grants too.
        if exists:
            grant_application_role(owner, role)

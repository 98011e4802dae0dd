"""Make the role the application uses in PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connections

from accounts.commands import JsonCommand
from accounts.rls import create_application_role


class Command(JsonCommand):
    help = (
        "Make, or bring up to date, the role that DATABASE_URL names, with its password, as the owner role of"
        " DATABASE_OWNER_URL. Safe to repeat."
    )

    def answer(self, **options: Any) -> dict[str, Any]:
        application = settings.DATABASES[DEFAULT_DB_ALIAS]
        if not application["ENGINE"].endswith("postgresql"):
            raise CommandError("DATABASE_URL is not a PostgreSQL address: SQLite has no roles.")
        if "owner" not in settings.DATABASES:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: it names the role that owns the tables and makes others."
            )
        role = application.get("USER", "")
        if not role:
            raise CommandError("DATABASE_URL names no user.")
        owner = connections["owner"]
        with owner.cursor() as cursor:
            cursor.execute("SELECT current_user = %s, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
            is_owner, exists = cursor.fetchone()
        if is_owner:
            # It would lose the rights it is being made with.
            raise CommandError("DATABASE_URL and DATABASE_OWNER_URL must use different roles.")
        create_application_role(owner, role, application.get("PASSWORD", ""))
        return {"role": role, "database": owner.settings_dict["NAME"], "created": not exists}

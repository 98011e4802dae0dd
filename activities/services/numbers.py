"""Numbers that communications brought from elsewhere."""

from __future__ import annotations

from django.db import connection


def keep_number(highest: int) -> None:
    """Give no communication a number up to this one any more. On SQLite the next one is above the greatest there is anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT activities_keep_number(%s)", [highest])

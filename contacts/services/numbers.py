"""The numbers EstatePrime knows contacts by."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max

from accounts.prepared import statement_cursor
from contacts.models import Contact


def next_numbers(count: int) -> list[int]:
    """Numbers nobody had before: from a sequence on PostgreSQL, after the greatest under SQLite's write lock."""
    if connection.vendor == "postgresql":
        with statement_cursor() as cursor:
            cursor.execute("SELECT nextval('contacts_contact_number') FROM generate_series(1, %s)", [count])
            return [number for (number,) in cursor.fetchall()]
    last = Contact.objects.aggregate(last=Max("number"))["last"] or 0
    return list(range(last + 1, last + 1 + count))


def keep_number(highest: int) -> None:
    """See that ``next_numbers`` gives none up to ``highest`` any more: contacts brought theirs along."""
    if connection.vendor == "postgresql":
        with statement_cursor() as cursor:
            cursor.execute("SELECT contacts_keep_number(%s)", [highest])

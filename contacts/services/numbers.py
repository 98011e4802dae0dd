"""The numbers EstatePrime knows contacts by."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Max

from accounts.prepared import statement_cursor
from contacts.models import Contact


def numbers_for(kept: Sequence[int | None], *, above: int = 0) -> list[int]:
    """A number for each of some new contacts: the one it brings along, which is nobody's, or one nobody had before.

    The new ones are greater than ``above``: what is up to there others are still to bring.
    """
    brought = [number for number in kept if number is not None]
    highest = max([above, *brought])
    if highest:
        keep_number(highest)
    new = iter(_next_numbers(len(kept) - len(brought), highest))
    return [next(new) if number is None else number for number in kept]


def _next_numbers(count: int, highest: int) -> list[int]:
    """From a sequence on PostgreSQL, after the greatest there is and ``highest`` under SQLite's write lock."""
    if connection.vendor == "postgresql":
        with statement_cursor() as cursor:
            cursor.execute("SELECT nextval('contacts_contact_number') FROM generate_series(1, %s)", [count])
            return [number for (number,) in cursor.fetchall()]
    last = max(Contact.objects.aggregate(last=Max("number"))["last"] or 0, highest)
    return list(range(last + 1, last + 1 + count))


def keep_number(highest: int) -> None:
    """See that ``numbers_for`` gives none up to ``highest`` any more: contacts brought theirs along."""
    if connection.vendor == "postgresql":
        with statement_cursor() as cursor:
            cursor.execute("SELECT contacts_keep_number(%s)", [highest])

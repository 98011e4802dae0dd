"""The numbers EstatePrime knows contacts by."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DataError, connection
from django.db.models import Max

from accounts.prepared import statement_cursor
from accounts.tenancy import current_organization_id
from contacts.models import Contact
from contacts.rules import LARGEST_KEPT_NUMBER


def numbers_for(kept: Sequence[int | None], *, above: int = 0) -> list[int]:
    """A number for each of some new contacts: the one it brings along, which is nobody's, or one nobody had before.

    The new ones are greater than ``above``: what is up to there others are still to bring.
    """
    brought = [number for number in kept if number is not None]
    new = iter(_next_numbers(len(kept) - len(brought), max([above, *brought])))
    return [next(new) if number is None else number for number in kept]


def _next_numbers(count: int, highest: int) -> list[int]:
    """From a sequence on PostgreSQL, after the greatest there is and ``highest`` under SQLite's write lock."""
    if connection.vendor != "postgresql":
        return _after_greatest(count, highest)
    return _from_sequence(count, highest) or _after_greatest(count, highest)


# Numbers of the sequence, unless the organization has greater ones already: then none, and the sequence stays where it is.
_DRAW = """
    SELECT nextval('contacts_contact_number')
    FROM generate_series(1, %s), contacts_contact_number AS drawn, (
        SELECT greatest(max(number), %s) AS number FROM contacts_contact WHERE organization_id = %s
    ) AS own
    WHERE own.number < drawn.last_value OR own.number = drawn.last_value AND drawn.is_called
"""


def _from_sequence(count: int, highest: int) -> list[int]:
    with statement_cursor() as cursor:
        cursor.execute(_DRAW, [count, highest, current_organization_id()])
        return [number for (number,) in cursor.fetchall()]


def _after_greatest(count: int, highest: int) -> list[int]:
    """Numbers behind the greatest of the organization's own.

    All organizations of a PostgreSQL database draw from one sequence. Numbers that one of them brought along from elsewhere
    must not move it for the others, so whoever has greater ones goes on from there, one writer at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_lock_name()])
    last = max(Contact.objects.aggregate(last=Max("number"))["last"] or 0, highest)
    return list(range(last + 1, last + 1 + count))


def _lock_name() -> str:
    return f"contact numbers of organization {current_organization_id()}"


def check_number(highest: int) -> None:
    """Raises ``DataError`` for a number beyond which nobody new would find one."""
    if highest > LARGEST_KEPT_NUMBER:
        raise DataError("no such number is kept")

"""Many contacts for PostgreSQL to make plans for, with no more of them than their rows."""

# ruff: noqa: S608 - names of a model

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from contacts.models import Contact
from tests.postgresql import Server

# Columns of which no two contacts have the same, or by which one is found.
OWN = {"uuid", "number", "winnerr_key", "email", "email_norm", "phone", "phone_norm"}


def multiply(contacts: Collection[int], times: int) -> None:
    """Store copies of contacts of the organization in scope, numbered from 1,000,001.

    Copies have telephone ``x``, normalised ``+12025000001`` and so on by their number of the ``times``.
    """
    fields = [each for each in Contact._meta.concrete_fields if not (each.primary_key or each.generated)]
    columns = ", ".join(str(each.column) for each in fields if each.column not in OWN)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"""
            INSERT INTO contacts_contact ({columns}, uuid, number, email, email_norm, phone, phone_norm)
            SELECT {columns}, gen_random_uuid(), 1000000 + row_number() OVER (), '', '', 'x', '+1202' || (5000000 + line)
            FROM contacts_contact, generate_series(1, %s) line WHERE id = ANY (%s)
            """,
            [times, list(contacts)],
        )


def count_anew(server: Server) -> None:
    """Let PostgreSQL know how many contacts there are by now, as its own look once a minute would."""
    with server.session(server.owner) as owner:
        owner.execute("ANALYZE contacts_contact, contacts_contactphone")

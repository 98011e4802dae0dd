"""Reading much as it was at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from psycopg import IsolationLevel


@contextmanager
def one_moment() -> Iterator[None]:
    """What the unit of work that is opened inside reads is of one moment, however long it takes, and nobody waits for it.

    For reading alone. Inside somebody's transaction it changes nothing: what that one sees is its own affair.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with _repeatable_reads():
            yield
    else:
        with _deferred_transaction():
            yield


@contextmanager
def _repeatable_reads() -> Iterator[None]:
    """Transactions begin with this isolation: once they have begun, it is too late to ask for it."""
    connection.ensure_connection()
    session = connection.connection
    before = session.isolation_level
    session.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        yield
    finally:
        if not session.closed:
            session.isolation_level = before


@contextmanager
def _deferred_transaction() -> Iterator[None]:
    """SQLite's transaction that takes no lock for writing, which is what the settings have all others do."""
    connection.ensure_connection()
    # SQLite's, whose mode no stub knows.
    session: Any = connection
    before, session.transaction_mode = session.transaction_mode, "DEFERRED"
    try:
        with transaction.atomic():
            yield
    finally:
        session.transaction_mode = before

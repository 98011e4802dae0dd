"""What tests of inbound messages share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection

from tests.accounts.conftest import operator

__all__ = ["operator"]


@pytest.fixture
def sqlite_writer(db: None) -> Callable[[], AbstractContextManager[None]]:
    """Somebody who holds SQLite's one write lock while a block lasts."""

    @contextmanager
    def writing() -> Iterator[None]:
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()
            other.close()

    return writing

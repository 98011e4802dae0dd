"""Which row is which: primary keys and the names that archives have for them, of all rows that others refer to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final, Self
from uuid import UUID

from django.db import models

# SQLite takes thousands of values in a statement; fewer are read as quickly.
_TOGETHER: Final = 500


class KeyStore:
    """Remembers one key for another, per model, in a file of its own that is gone with it: memory does not grow with rows.

    The database itself is not asked. How it looks for a thousand rows hangs on what it knows of its tables, and of an
    organization that has just been taken in it knows nothing: it would read all rows for each thousand.
    """

    def __init__(self, store: sqlite3.Connection) -> None:
        self._store = store
        self._store.execute("CREATE TABLE key (model, given, found, PRIMARY KEY (model, given)) WITHOUT ROWID")

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Self]:
        """An empty store, in a temporary file of SQLite's where it is large."""
        with closing(sqlite3.connect("")) as store:
            yield cls(store)

    def remember(self, model: type[models.Model], pairs: Iterable[tuple[Any, Any]]) -> None:
        """Remember what is found for each given key."""
        rows = ((model._meta.label, _stored(given), _stored(found)) for given, found in pairs)
        self._store.executemany("INSERT INTO key VALUES (?, ?, ?)", rows)

    def find(self, model: type[models.Model], given: Iterable[Any]) -> dict[Any, Any]:
        """What is found for the given keys, but for those that were never given."""
        by_stored = {_stored(key): key for key in given}
        wanted = list(by_stored)
        found: dict[Any, Any] = {}
        for start in range(0, len(wanted), _TOGETHER):
            some = wanted[start : start + _TOGETHER]
            marks = ", ".join("?" * len(some))
            statement = f"SELECT given, found FROM key WHERE model = ? AND given IN ({marks})"  # noqa: S608 - marks alone
            found.update(self._store.execute(statement, [model._meta.label, *some]).fetchall())
        return {by_stored[key]: UUID(bytes=each) if isinstance(each, bytes) else each for key, each in found.items()}


def _stored(key: Any) -> Any:
    return key.bytes if isinstance(key, UUID) else key

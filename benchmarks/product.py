"""The project in this process, as the application role: its answers, and every statement it sends for them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest import mock

import django
import orjson
from django.db import connection
from django.test.client import Client

from benchmarks.database import Measured
from benchmarks.place import Place
from config.wires import keyset

# What every request sends, whatever is asked for.
AUTHORITY: Final = ("accounts_authority_by_credential", "set_config('app.organization'")


_TOTAL: Final = re.compile(r'SELECT ("?contacts_(tag_)?total"?\(|COUNT\()')


@dataclass(frozen=True)
class Statement:
    """One statement as it was sent, and how long it took in milliseconds."""

    sql: str
    parameters: Any
    milliseconds: float

    @property
    def is_savepoint(self) -> bool:
        return "SAVEPOINT" in self.sql

    @property
    def is_total(self) -> bool:
        """Whether it counts and nothing else."""
        return _TOTAL.match(self.sql) is not None


@dataclass(frozen=True)
class Answered:
    """A request's answer, and the statements for it beside the authority's."""

    status: int
    body: dict[str, Any]
    statements: list[Statement]


def start(place: Place) -> None:
    """Set the project up in this process. Once per process."""
    os.environ |= place.environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    django.setup()


def ask(organization: Measured, path: str, *, method: str = "GET", body: bytes = b"") -> Answered:
    """Send a request through every layer below gunicorn, with the credential of the wire its path is of."""
    # The look at the role that each new connection begins with is no part of any request.
    connection.ensure_connection()
    with capture() as statements:
        response = Client().generic(
            method,
            path,
            body,
            content_type="application/json",
            headers={"Authorization": _authorization(organization, path), "Host": "localhost"},
        )
    own = [statement for statement in statements if not any(mark in statement.sql for mark in AUTHORITY)]
    return Answered(response.status_code, orjson.loads(response.content), own)


def _authorization(organization: Measured, path: str) -> str:
    if path.startswith("/api/v1/"):
        return organization.rentalot
    return organization.estateprime if path.startswith("/api/") else organization.winnerr


@contextmanager
def capture() -> Iterator[list[Statement]]:
    """The statements of this thread's connection."""
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], text: str, parameters: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(text, parameters, many, context)
        finally:
            statements.append(Statement(text, parameters, 1_000 * (time.perf_counter() - started)))

    with connection.execute_wrapper(note):
        yield statements


def cursor_after(organization: Measured, path: str, values: Sequence[Any]) -> str:
    """The cursor the project would give for a page that ends with a row of these sort values."""
    given = keyset.encode_cursor

    def at_our_row(_: Sequence[Any], *, binding: str) -> str:
        return given(values, binding=binding)

    with mock.patch.object(keyset, "encode_cursor", at_our_row):
        cursor: str = ask(organization, path).body["pagination"]["nextCursor"]
    return cursor

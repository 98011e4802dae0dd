"""What both wires of ``benchmarks.limit`` stand on: a connection as the application role, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads

from benchmarks.limit_statements import Schema

Answer = tuple[str, bytes, list[tuple[str, str]]]

# Fixed texts need no plan for each execution, unless which plan is best depends on how frequent a value is, and then
# the transaction says so.
OPTIONS: Final = "-c TimeZone=UTC -c plan_cache_mode=auto"
_WHOLE_SECONDS: Final = orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_UTC_Z


class Connected:
    """A connection, and what its database offers."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.schema = Schema.of(connection)

    def rows(self, statement: str, values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, values).fetchall()


def connect(url: str) -> Connected:
    """A connection of its own, which prepares every statement the first time."""
    connection = psycopg.connect(url, prepare_threshold=0, options=OPTIONS)
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)
    connected = Connected(connection)
    connection.commit()
    return connected


def who(authority: Sequence[Any]) -> dict[str, Any]:
    """Whoever the authority statement found, as a change records them."""
    label = f"{authority[13]} {authority[14]}".strip()
    return {"member": authority[9], "credential": authority[16], "label": f"{label} ({authority[17]})"}


def in_json(status: str, body: dict[str, Any], **headers: str) -> Answer:
    """An answer, with moments in whole seconds."""
    return status, orjson.dumps(body, option=_WHOLE_SECONDS), list(headers.items())

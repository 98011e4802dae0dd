"""The limit of the benchmarks may do less than the project, but it has to say the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.db import connection
from psycopg.types.json import set_json_loads

from benchmarks.limit import document
from benchmarks.limit_statements import GET, Listing, Schema

pytestmark = pytest.mark.postgresql

NEWEST_FIRST = [("c.created_at", True), ("c.id", True)]


def rows_of(statement: str, values: Any) -> list[tuple[Any, ...]]:
    """As the limit reads them, in the transaction of the test."""
    with connection.connection.cursor() as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(statement, values).fetchall()


def as_json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_UTC_Z))


def test_the_limit_lists_the_wires_documents_and_total(north, winnerr):
    answer = winnerr(north.owner).get("/v1/contacts", {"limit": 100}).json()
    with north.scope():
        statement, values = Listing().page(Schema.of(connection.connection), NEWEST_FIRST, [], 100)
        rows = rows_of(statement, values)
    assert as_json([document(north.organization.public_id, row) for row in rows]) == answer["data"]
    assert {row[-1] for row in rows} == {answer["pagination"]["total"]}


def test_the_limit_reads_the_wires_document_of_one_contact(north, winnerr):
    answer = winnerr(north.owner).get(f"/v1/contacts/{north.contact.winnerr_id}", {"include": ""}).json()
    with north.scope():
        (row,) = rows_of(GET, [north.contact.uuid])
    assert as_json(document(north.organization.public_id, row)) == answer["data"]

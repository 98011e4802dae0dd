"""The limit on Rentalot's wire: the key's digest, the authority statement, one prepared statement, the 13 keys in JSON.

It reads the documented parameters but does not refuse bad ones, and computes no lead score.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb

from accounts.identifiers import uuid7
from benchmarks.limit_connection import Answer, Connected, in_json, who
from benchmarks.limit_statements import AUTHORITY
from benchmarks.rentalot_statements import FILTERS, GET, PATCH, SEARCH, page_statement, total_statement

PREFIX: Final = "/api/v1/"

UNFILTERED: Final = {"page", "limit"}

Query = dict[str, list[str]]
Row = tuple[Any, ...]

_PHONE: Final = re.compile(r"[\d\s+()./-]*\d[\d\s+()./-]*", re.ASCII)
_PHONE_WORD: Final = re.compile(r"[+(]?[0-9][0-9().+/-]{2,}", re.ASCII)


def answer(environ: dict[str, Any], connected: Connected) -> Answer:
    """What the wire answers, in the transaction the connection is in."""
    digest = hashlib.sha256(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ").encode()).hexdigest()
    query = parse_qs(environ["QUERY_STRING"])
    planning = "force_custom_plan" if query.keys() - UNFILTERED else "auto"
    authority = connected.rows(AUTHORITY, [planning, "rentalot", digest])[0]
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if method == "POST":
        return _create(connected, authority, environ["wsgi.input"].read())
    if path == f"{PREFIX}contacts":
        return _list(connected, query)
    identifier = UUID(path.rpartition("/")[2])
    if method == "PATCH":
        return _patch(connected, authority, identifier, environ["wsgi.input"].read())
    return _one("200 OK", connected.rows(GET, [identifier])[0])


def _list(connected: Connected, query: Query) -> Answer:
    page, limit = int(query.get("page", ["1"])[0]), min(int(query.get("limit", ["20"])[0]), 200)
    filters = {name: query[name][0].split(",") for name in FILTERS if name in query}
    first = (page - 1) * limit
    if "search" in query:
        rows, total = _found(connected, query["search"][0], filters, first, limit)
    else:
        rows = connected.rows(*page_statement(filters, limit=limit, first=first))
        total = rows[0][-1] if rows else connected.rows(*total_statement(filters))[0][0]
    pagination = {"page": page, "limit": limit, "total": total, "totalPages": ceil(total / limit)}
    return in_json("200 OK", {"data": [document(row) for row in rows], "pagination": pagination})


def _found(
    connected: Connected, text: str, filters: Mapping[str, Sequence[str]], first: int, limit: int
) -> tuple[list[Row], int]:
    narrowed = {name: filters.get(name) for name in FILTERS}
    rows = connected.rows(SEARCH, words_of(text) | narrowed | {"first": first, "limit": limit})
    return rows if rows[0][0] else [], rows[0][-1]


def words_of(text: str) -> dict[str, list[str]]:
    """What to look for as it was typed, and with numbers as the digits that were dialled. The text is ASCII here."""
    folded = " ".join(text.lower().split())
    if _PHONE.fullmatch(folded):
        return {"written": [folded], "dialled": [digits_of(folded)]}
    words = folded.split(" ")
    dialled = [digits_of(word) if _PHONE_WORD.fullmatch(word) else word for word in words]
    return {"written": words, "dialled": dialled}


def digits_of(text: str) -> str:
    """The digits of an ASCII text."""
    return "".join(filter(str.isdigit, text))


def _create(connected: Connected, authority: Sequence[Any], sent: bytes) -> Answer:
    body, uuid = orjson.loads(sent), uuid7()
    name, email, phone = body["name"], body["email"], body["phone"]
    first, _, last = name.partition(" ")
    digits = digits_of(phone)
    contact = {"first_name": first, "last_name": last, "full_name": name, "email": email, "phone": phone}
    contact |= {"type": "LEAD", "status": "ACTIVE", "source": body.get("source") or "api", "notes": ""}
    norms = {"first_name_norm": first.lower(), "last_name_norm": last.lower(), "email_norm": email.lower()}
    search = {"phone_norm": f"+1{digits}", "search_text": " ".join((name, name, email, phone, digits)).lower()}
    given = who(authority) | {"organization": authority[0], "uuid": uuid, "facts": Jsonb(contact)}
    made = connected.rows(connected.schema.create_for_rentalot, contact | norms | search | given)
    if not made:
        return in_json("409 Conflict", {"title": "Conflict"})
    now = made[0][0]
    row = (str(uuid), name, email, phone, "prospect", "prospect", "", contact["source"], "", "en", None, now, now, 1)
    return _one("201 Created", row, Location=f"{PREFIX}contacts/{uuid}")


def _patch(connected: Connected, authority: Sequence[Any], identifier: UUID, sent: bytes) -> Answer:
    """A status and notes, which is what the benchmarks change."""
    body = orjson.loads(sent)
    given = {"uuid": identifier, "stage": body["status"], "notes": body["notes"], "operation": uuid7()}
    return _one("200 OK", connected.rows(PATCH, who(authority) | given)[0])


def _one(status: str, row: Sequence[Any], **headers: str) -> Answer:
    return in_json(status, {"data": document(row)}, ETag=f'"{row[-1]}"', **headers)


def document(row: Sequence[Any]) -> dict[str, Any]:
    """The 13 keys of a contact, from a row that begins with ``COLUMNS``."""
    return {
        "id": row[0],
        "name": row[1] or None,
        "email": row[2] or None,
        "phone": row[3] or None,
        "status": row[4],
        "role": row[5],
        "channelPreference": row[6] or None,
        "source": row[7] or None,
        "referralSource": row[8] or None,
        "language": row[9],
        "appliedAt": row[10],
        "createdAt": row[11],
        "updatedAt": row[12],
    }

"""The fastest honest program beside which the project is measured: ``gunicorn -c config/gunicorn.py benchmarks.limit``.

One function from a request to bytes that does what the wire promises and nothing else: the token's signature, a
transaction as the application role, the authority statement, one prepared statement for the work, JSON. It reads the
documented filters but does not refuse bad ones, and computes no lead score. Winnerr's wire is here, Rentalot's in
``benchmarks.limit_rentalot`` and EstatePrime's in ``benchmarks.limit_estateprime``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import jwt
import orjson
from django.utils.crypto import salted_hmac
from psycopg.types.json import Jsonb

from accounts.identifiers import uuid7
from benchmarks import limit_estateprime, limit_rentalot
from benchmarks.limit_connection import Answer, Connected, connect, in_json, who
from benchmarks.limit_statements import AUTHORITY, BULK, GET, SORT_COLUMNS, Listing

Query = dict[str, list[str]]

CLAIMS: Final = {"require": ["exp", "iat", "iss", "aud", "sub", "jti", "sid", "org"]}

UNFILTERED: Final = {"limit", "cursor", "sort"}
DEFAULT_SORT: Final = "createdAt:desc"

_here = threading.local()


@cache
def _key() -> bytes:
    """The project's own signing key."""
    secret = os.environ["SECRET_KEY"]
    return salted_hmac("accounts.authentication.jwt", "", secret=secret, algorithm="sha256").digest()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The WSGI application."""
    if not hasattr(_here, "connected"):
        _here.connected = connect(os.environ["DATABASE_URL"])
    with _here.connected.connection.transaction():
        status, body, headers = _wire(environ["PATH_INFO"])(environ, _here.connected)
    fixed = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, fixed + headers)
    return [body]


def _wire(path: str) -> Callable[[dict[str, Any], Connected], Answer]:
    if path.startswith(limit_rentalot.PREFIX):
        return limit_rentalot.answer
    return limit_estateprime.answer if path.startswith(limit_estateprime.CONTACTS) else _answer


def _answer(environ: dict[str, Any], connected: Connected) -> Answer:
    token = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    claims = jwt.decode(token, _key(), ["HS256"], options=CLAIMS, issuer="latchkey", audience="winnerr")  # type: ignore[arg-type]  # a plain dict
    digest = hashlib.sha256(claims["sid"].encode()).hexdigest()
    query = parse_qs(environ["QUERY_STRING"])
    planning = "force_custom_plan" if query.keys() - UNFILTERED else "auto"
    authority = connected.rows(AUTHORITY, [planning, "winnerr", digest])[0]
    if claims["org"] != f"org_{authority[1]}" or claims["sub"] != f"agent_{authority[10]}":
        raise PermissionError
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if method == "PATCH":
        return _bulk(connected, authority, orjson.loads(environ["wsgi.input"].read()))
    if method == "POST":
        return _create(connected, authority, claims["org"], orjson.loads(environ["wsgi.input"].read()))
    if path == "/v1/contacts":
        return _list(connected, claims["org"], query)
    return _get(connected, claims["org"], path.rpartition("/")[2])


def _list(connected: Connected, organization: str, query: Query) -> Answer:
    limit = min(int(query.get("limit", ["25"])[0]), 100)
    sort = _sort(query.get("sort", [DEFAULT_SORT])[0])
    binding = _binding(organization, sort, query)
    after = _decoded(query["cursor"][0], binding) if "cursor" in query else []
    listing = _listing(query)
    rows = connected.rows(*listing.page(connected.schema, sort, after, limit + 1))
    total = rows[0][-1] if rows else connected.rows(*_select(listing.total(connected.schema)))[0][0]
    more = len(rows) > limit
    cursor = _encoded(rows[limit - 1][22:-1], binding) if more else None
    page = {"hasMore": more, "nextCursor": cursor, "total": total, "limit": limit}
    return _json("200 OK", {"data": [document(organization, row) for row in rows[:limit]], "pagination": page})


def _select(expression: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    return f"SELECT {expression[0]}", expression[1]


def _listing(query: Query) -> Listing:
    listing = Listing(tags=_words(query, "tags"))
    for name, column, counted in (
        ("type", "c.type", "types"),
        ("status", "c.status", "statuses"),
        ("source", "c.source", "sources"),
    ):
        if wanted := _words(query, name):
            listing.any_of(column, wanted, counted=counted)
    if wanted := _words(query, "assignedTo"):
        uuids = [UUID(name.removeprefix("agent_")) for name in wanted]
        listing.add("c.assigned_to_id = ANY(ARRAY(SELECT id FROM accounts_member WHERE uuid = ANY(%s)))", uuids)
        listing.count_by("", None)
    for name, sign, counted in (("leadScore[gte]", ">=", "lowest"), ("leadScore[lte]", "<=", "highest")):
        if name in query:
            listing.add(f"c.lead_score {sign} %s", int(query[name][0]))
            listing.count_by(counted, int(query[name][0]))
    for name, sign in (("createdAt[gte]", ">="), ("createdAt[lte]", "<=")):
        if name in query:
            listing.add(f"c.created_at {sign} %s", datetime.fromisoformat(query[name][0]))
            listing.count_by("", None)
    return listing


def _words(query: Query, name: str) -> list[str]:
    return query[name][0].split(",") if name in query else []


def _sort(text: str) -> list[tuple[str, bool]]:
    """Columns, each with whether it falls; age and the primary key go the way of the last."""
    keys = [(SORT_COLUMNS[name], way == "desc") for name, _, way in (part.partition(":") for part in text.split(","))]
    age = [] if "c.created_at" in dict(keys) else [("c.created_at", keys[-1][1])]
    return [*keys, *age, ("c.id", keys[-1][1])]


def _get(connected: Connected, organization: str, identifier: str) -> Answer:
    *row, version, deals, communications = connected.rows(GET, [UUID(identifier.removeprefix("contact_"))])[0]
    found = document(organization, row)
    found["deals"] = [dict(zip(("id", "title", "amount", "stage"), deal, strict=True)) for deal in deals or ()]
    found["communications"] = [
        dict(zip(("id", "type", "subject", "createdAt"), message, strict=True)) for message in communications or ()
    ]
    return _json("200 OK", {"data": found}, ETag=f'"{version}"')


def _create(connected: Connected, authority: Sequence[Any], organization: str, body: dict[str, Any]) -> Answer:
    uuid, first, last, phone = uuid7(), body["firstName"], body["lastName"], body.get("phone", "")
    digits = "".join(filter(str.isdigit, phone))
    email, tags, second = body["email"], body.get("tags", []), body.get("secondaryPhone", "")
    plain = {name: body.get(name, "") for name in ("source", "notes")}
    kind = {"type": body.get("type", "LEAD"), "status": body.get("status", "ACTIVE")}
    names = {"first_name": first, "last_name": last, "full_name": f"{first} {last}", "email": email, "phone": phone}
    norms = {"first_name_norm": first.lower(), "last_name_norm": last.lower(), "email_norm": email.lower()}
    phones = {"phone_norm": f"+1{digits}", "second_phone": second, "second_phone_norm": second}
    search = " ".join((names["full_name"], first, last, email, phone, digits)).lower()
    given = who(authority) | {"organization": authority[0], "uuid": uuid, "search_text": search, "tags": tags}
    facts = {"facts": Jsonb(names | kind | plain | {"tags": tags})}
    made = connected.rows(connected.schema.create, given | names | norms | phones | kind | plain | facts)
    if not made:
        return _json("409 Conflict", {"success": False})
    now, texts = made[0][0], (first, last, email, phone, second)
    row = (
        f"contact_{uuid}",
        *texts,
        *[""] * 5,
        *kind.values(),
        plain["source"],
        0,
        tags,
        plain["notes"],
        *[None] * 2,
        now,
        now,
        None,
    )
    document_of_it = document(organization, row)
    return _json("201 Created", {"data": document_of_it}, Location=f"/v1/contacts/contact_{uuid}", ETag='"1"')


def _bulk(connected: Connected, authority: Sequence[Any], body: dict[str, Any]) -> Answer:
    uuids = [UUID(name.removeprefix("contact_")) for name in body["contactIds"]]
    change = {"uuids": uuids, "status": body["updates"]["status"], "operation": uuid7()}
    found = {name for (name,) in connected.rows(BULK, change | who(authority))}
    results = [{"id": name, "success": name in found} for name in body["contactIds"]]
    counts = {"updated": len(found), "failed": len(results) - len(found)}
    return _json("200 OK", {"data": counts | {"results": results}})


def document(organization: str, row: Sequence[Any]) -> dict[str, Any]:
    """The 19 keys of a contact, from a row of ``COLUMNS``."""
    address = row[6:11]
    return {
        "id": row[0],
        "organizationId": organization,
        "firstName": row[1] or None,
        "lastName": row[2] or None,
        "email": row[3] or None,
        "phone": row[4] or None,
        "secondaryPhone": row[5] or None,
        "address": {
            "street": row[6] or None,
            "city": row[7] or None,
            "state": row[8] or None,
            "zipCode": row[9] or None,
            "country": row[10] or None,
        }
        if any(address)
        else None,
        "type": row[11],
        "status": row[12],
        "source": row[13] or None,
        "leadScore": row[14],
        "tags": row[15],
        "notes": row[16] or None,
        "preferences": row[17] and _preferences(row[17]),
        "assignedTo": row[18],
        "createdAt": row[19],
        "updatedAt": row[20],
        "lastContactedAt": row[21],
    }


def _preferences(stored: dict[str, Any]) -> dict[str, Any]:
    price = stored.get("price_range")
    return {
        "communicationMethod": stored.get("communication_method") or None,
        "propertyTypes": stored.get("property_types") or [],
        "priceRange": price and {"min": price.get("min"), "max": price.get("max")},
        "locations": stored.get("locations") or [],
    }


def _json(status: str, body: dict[str, Any], **headers: str) -> Answer:
    return in_json(status, {"success": True} | body, **headers)


def cursor_after(organization: str, values: Sequence[Any]) -> str:
    """The cursor of the plain list's page after the contact made at ``values[0]`` whose primary key is ``values[1]``."""
    return _encoded(values, _binding(organization, _sort(DEFAULT_SORT), {}))


def _binding(organization: str, sort: Sequence[Any], query: Query) -> str:
    return f"{organization}{sort}{query | {'cursor': ''}}"


def _encoded(values: Sequence[Any], binding: str) -> str:
    payload = base64.urlsafe_b64encode(orjson.dumps(values))
    return f"{payload.decode()}.{_signature(payload, binding)}"


def _decoded(cursor: str, binding: str) -> list[Any]:
    payload, _, signature = cursor.rpartition(".")
    if not hmac.compare_digest(signature, _signature(payload.encode(), binding)):
        raise PermissionError
    values: list[Any] = orjson.loads(base64.urlsafe_b64decode(payload))
    return values


def _signature(payload: bytes, binding: str) -> str:
    return hmac.new(_key(), payload + binding.encode(), hashlib.sha256).hexdigest()

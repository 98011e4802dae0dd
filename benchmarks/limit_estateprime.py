"""The limit on EstatePrime's wire: the key pair's digest, the authority statement, one prepared statement, JSON.

It reads the documented parameters but does not refuse bad ones, takes a range of whole days only, and computes no lead
score.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import orjson
from psycopg.types.json import Jsonb

from accounts.identifiers import uuid7
from benchmarks.estateprime_statements import GET, PATCH, page_statement, total_statement
from benchmarks.limit_connection import Answer, Connected, in_json, who
from benchmarks.limit_rentalot import digits_of, words_of
from benchmarks.limit_statements import AUTHORITY

CONTACTS: Final = "/api/contacts"
PAGE: Final = 50
UNFILTERED: Final = {"page"}

Query = dict[str, list[str]]


def answer(environ: dict[str, Any], connected: Connected) -> Answer:
    """What the wire answers, in the transaction the connection is in."""
    pair = base64.b64decode(environ["HTTP_AUTHORIZATION"].removeprefix("Basic "))
    query = parse_qs(environ["QUERY_STRING"])
    planning = "force_custom_plan" if query.keys() - UNFILTERED else "auto"
    authority = connected.rows(AUTHORITY, [planning, "estateprime", hashlib.sha256(pair).hexdigest()])[0]
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if method == "POST":
        return _create(connected, authority, orjson.loads(environ["wsgi.input"].read()))
    if path == CONTACTS:
        return _list(connected, authority, query)
    given = {"zone": authority[4], "number": int(path.rpartition("/")[2])}
    if method == "PATCH":
        sent = orjson.loads(environ["wsgi.input"].read())
        given |= who(authority) | {"operation": uuid7(), "is_lead": sent["is_lead"], "notes": sent["notes"]}
    return _one(connected.rows(PATCH if method == "PATCH" else GET, given)[0])


def _list(connected: Connected, authority: Sequence[Any], query: Query) -> Answer:
    page = int(query.get("page", ["1"])[0])
    first = (page - 1) * PAGE
    asked, values = _narrowed(query, ZoneInfo(authority[4]))
    given = values | {"zone": authority[4], "first": first}
    rows = connected.rows(page_statement(asked, is_first=first == 0), given)
    total = rows[0][-1] if rows else connected.rows(total_statement(asked), values)[0][0]
    definitions = rows[0][-2] if rows else ()
    body = {"status": 200, "page": page, "total_pages": ceil(total / PAGE), "results_per_page": PAGE}
    body |= {"total_results": total, "data": [document(row, definitions) for row in rows]}
    return in_json("200 OK", body)


def _narrowed(query: Query, zone: ZoneInfo) -> tuple[str, dict[str, Any]]:
    """What a list is narrowed by, in the words of ``page_statement``, and the values for it."""
    if "search" in query:
        return "search", dict(words_of(query["search"][0]))
    if "date_created[min]" not in query:
        return "", {}
    begin, end = (datetime.fromisoformat(query[f"date_created[{name}]"][0]) for name in ("min", "max"))
    return "range", {"begin": begin.replace(tzinfo=zone), "end": (end + timedelta(days=1)).replace(tzinfo=zone)}


def _one(row: Sequence[Any]) -> Answer:
    return in_json("200 OK", {"status": 200, "data": document(row, row[-1])}, ETag=f'"{row[-2]}"')


def _create(connected: Connected, authority: Sequence[Any], body: Mapping[str, Any]) -> Answer:
    """Somebody with at least one phone, address and user, which is whom the benchmarks make."""
    contact, rows = _contact_of(body), _rows_of(body)
    given = who(authority) | {"organization": authority[0], "uuid": uuid7(), "facts": Jsonb(contact | rows)}
    values = {str(entry["custom_field_id"]): entry["value"] for entry in body["custom_fields"]}
    stored = {name: Jsonb(sent) for name, sent in (rows | {"custom_values": values}).items()}
    made = connected.rows(connected.schema.create_for_estateprime, contact | _derived(contact, body) | given | stored)
    if not made:
        return in_json("400 Bad Request", {"status": 400})
    return in_json("200 OK", {"status": 200, "created_id": made[0][1]})


def _contact_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent for the contact's own row, and which rows of the catalogues belong to it."""
    phone, email = body["phones"][0], body["emails"][0]
    return {
        **{name: body[name] for name in ("first_name", "last_name", "notes", "source_id", "tags")},
        "full_name": f"{body['first_name']} {body['last_name']}",
        "type": "LEAD" if body["is_lead"] else "CLIENT",
        "status": "ACTIVE",
        "phone": phone["number"],
        "phone_label": phone["type"],
        "phone_note": phone["notes"],
        "email": email["email_address"],
        "email_label": email["type"],
        "email_note": email["notes"],
        "responsible": body["users"][0],
        "assignees": body["users"][1:],
    }


def _rows_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The rows that hang on the contact."""
    phones = [{**entry, "norm": f"+1{digits_of(entry['number'])}"} for entry in body["phones"][1:]]
    further = {"further_phones": phones, "further_emails": body["emails"][1:], "people": body["contact_details"]}
    return {name: _placed(entries) for name, entries in further.items()}


def _derived(contact: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, str]:
    """What is compared and searched."""
    numbers = [entry["number"] for entry in body["phones"]]
    digits = [digits_of(number) for number in numbers]
    names = [contact[name] for name in ("full_name", "first_name", "last_name")]
    addresses = [entry["email_address"] for entry in body["emails"]]
    texts = [*names, *addresses, *numbers, *digits, *(f"1{number}" for number in digits)]
    return {
        "first_name_norm": contact["first_name"].lower(),
        "last_name_norm": contact["last_name"].lower(),
        "email_norm": contact["email"].lower(),
        "phone_norm": f"+1{digits[0]}",
        "search_text": " ".join(texts).lower(),
    }


def _placed(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**entry, "position": place} for place, entry in enumerate(entries)]


def document(row: Sequence[Any], definitions: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The 18 keys of a contact, from a row that begins with ``COLUMNS``."""
    return {
        "id": row[0],
        "first_name": row[1],
        "last_name": row[2],
        "source_id": row[3],
        "is_lead": row[4],
        "is_company": row[5],
        "company_name": row[6] or None,
        "phones": _points("number", row[7:10], row[10]),
        "emails": _points("email_address", row[11:14], row[14]),
        "notes": row[15],
        "custom_fields": _values(row[16], definitions) if row[16] else [],
        "contact_details": [_person(person) for person in row[17] or ()],
        "tags": row[18],
        "date_created": row[19],
        "created_by": row[20],
        "users": list(dict.fromkeys([row[21], *row[22]] if row[21] else row[22])),
        "date_updated": row[23],
        "date_converted_to_client": row[24],
    }


def _points(name: str, own: Sequence[str], further: Sequence[Sequence[str]] | None) -> list[dict[str, str]]:
    """Phones or addresses: the contact's own, when it has one, before the others."""
    rows = [own, *(further or ())] if own[0] else further or ()
    return [{"type": label, name: point, "notes": note} for point, label, note in rows]


def _person(row: Sequence[str]) -> dict[str, str | None]:
    first, last, mobile, email, notes = row
    return {"first_name": first, "last_name": last, "mobile": mobile or None, "email": email or None, "notes": notes}


def _values(values: Mapping[str, Any], definitions: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """In the order of the fields, those of the kinds in the benchmarks."""
    found = []
    for number, key, kind, options in definitions:
        value = values.get(key)
        printed = None if value is None else _PRINTED.get(kind, _as_stored)(value, options)
        if printed is not None:
            found.append({"custom_field_id": number, "value": printed})
    return found


def _as_stored(value: Any, options: Sequence[int]) -> Any:
    return value


_PRINTED: Final[Mapping[str, Callable[[Any, Sequence[int]], Any]]] = {
    "number": lambda value, options: float(value) if "." in value else int(value),
    "select": lambda value, options: value if value in options else None,
    "select_multi": lambda value, options: [number for number in value if number in options] or None,
}

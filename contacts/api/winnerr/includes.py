"""What a contact may carry along: its newest deals, communications and activities (CONTRACTS W-C2, W-S16, W-S17)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.http import QueryDict

from accounts.exceptions import FieldError, Invalid
from accounts.prepared import read_json
from activities.querysets import newest_activities, newest_communications, newest_deals
from config.wires.fields import WireField, seconds
from contacts.querysets import RowsInOrder

# A single contact carries these unless the request says otherwise.
EMBEDDED = ("deals", "communications")


def _identifier(prefix: str, kept: str | None, uuid: str) -> str:
    # SQLite keeps a UUID without its dashes.
    return kept or f"{prefix}_{uuid if '-' in uuid else UUID(uuid)}"


def _moment(text: str | None) -> str | None:
    """A moment as the database writes it into JSON; what has no zone is UTC."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return seconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _deal(kept: str | None, uuid: str, title: str, amount: float | None, stage: str) -> dict[str, Any]:
    whole = amount is not None and amount == int(amount)
    return {
        "id": _identifier("deal", kept, uuid),
        "title": title,
        "amount": int(amount) if whole and amount is not None else amount,
        "stage": stage,
    }


def _communication(kept: str | None, uuid: str, kind: str, subject: str, occurred_at: str) -> dict[str, Any]:
    return {
        "id": _identifier("comm", kept, uuid),
        "type": kind.upper(),
        "subject": subject or None,
        "createdAt": _moment(occurred_at),
    }


def _activity(
    kept: str | None,
    uuid: str,
    type: str,
    description: str,
    created_at: str,
    metadata: Any,
    scheduled_at: str | None,
) -> dict[str, Any]:
    document = {
        "id": _identifier("activity", kept, uuid),
        "type": type,
        "description": description or None,
        "createdAt": _moment(created_at),
        # SQLite has JSON as text.
        "metadata": read_json(metadata) if isinstance(metadata, str) else metadata,
    }
    # Echoed when it was given, absent otherwise (CONTRACTS W-S18).
    return document | ({"scheduledAt": _moment(scheduled_at)} if scheduled_at else {})


def _documents(document: Callable[..., dict[str, Any]], rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [document(*row) for row in rows]


INCLUDES: dict[str, WireField] = {
    "deals": WireField("deals", ("newest_deals",), partial(_documents, _deal)),
    "communications": WireField("communications", ("newest_communications",), partial(_documents, _communication)),
    "activities": WireField("activities", ("newest_activities",), partial(_documents, _activity)),
}
# The columns the fields are printed from, for whoever reads the contacts to add.
INCLUDE_COLUMNS: dict[str, Callable[[], RowsInOrder]] = {
    "newest_deals": newest_deals,
    "newest_communications": newest_communications,
    "newest_activities": newest_activities,
}


def includes_asked(query: QueryDict, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names in ``include``; present and empty it asks for none. Raises ``Invalid`` for an unknown one."""
    if "include" not in query:
        return default
    names = dict.fromkeys(name.strip() for name in ",".join(query.getlist("include")).split(",") if name.strip())
    if not names.keys() <= INCLUDES.keys():
        message = f"must be a list of {', '.join(INCLUDES)}"
        raise Invalid([FieldError("include", "invalid_value", message=message)])
    return tuple(names)

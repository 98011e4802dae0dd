"""What a contact may carry along: its newest deals, communications and activities (CONTRACTS W-C2, W-S16, W-S17)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from accounts.exceptions import FieldError, Invalid
from activities.models import Activity, Communication, Deal
from activities.querysets import newest_activities, newest_communications, newest_deals
from config.wires.fields import plain_number, seconds

# A single contact carries these unless the request says otherwise.
EMBEDDED = ("deals", "communications")


@dataclass(frozen=True)
class Include:
    """One kind of related rows: the newest of many contacts in one statement, and how one prints."""

    newest: Callable[[Collection[int]], Mapping[int, list[Any]]]
    document: Callable[[Any], dict[str, Any]]


def _deal(deal: Deal) -> dict[str, Any]:
    return {"id": deal.winnerr_id, "title": deal.title, "amount": plain_number(deal.amount), "stage": deal.stage}


def _communication(communication: Communication) -> dict[str, Any]:
    return {
        "id": communication.winnerr_id,
        "type": communication.kind.upper(),
        "subject": communication.subject or None,
        "createdAt": seconds(communication.occurred_at),
    }


def _activity(activity: Activity) -> dict[str, Any]:
    document = {
        "id": activity.winnerr_id,
        "type": activity.type,
        "description": activity.description or None,
        "createdAt": seconds(activity.created_at),
        "metadata": activity.metadata,
    }
    # Echoed when it was given, absent otherwise (CONTRACTS W-S18).
    return document | ({"scheduledAt": seconds(activity.scheduled_at)} if activity.scheduled_at else {})


INCLUDES: dict[str, Include] = {
    "deals": Include(newest_deals, _deal),
    "communications": Include(newest_communications, _communication),
    "activities": Include(newest_activities, _activity),
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


def embed(documents: Mapping[int, dict[str, Any]], names: Collection[str]) -> None:
    """Put the related rows into the documents, by primary key of the contact; one statement per name."""
    for name in names:
        include = INCLUDES[name]
        newest = include.newest(list(documents))
        for contact_id, document in documents.items():
            document[name] = [include.document(row) for row in newest[contact_id]]

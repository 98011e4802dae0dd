"""From what a client sent to what the domain is asked for: a deal's draft (CONTRACTS 1.3, W-C7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.actor import Actor
from accounts.identifiers import parse_public_id, public_id
from accounts.models import Member
from activities.drafts import (
    CommissionDraft,
    DealDraft,
    DocumentDraft,
    PropertyDraft,
    TaskDraft,
    TeamMemberDraft,
    TimelineDraft,
)
from activities.models import Deal
from activities.rules import MOST_DEAL_ROWS
from contacts.models import Contact

_CHOICES = ("type", "stage", "status")
_TEXTS = ("description", "source", "notes")
_PARTS = {"commission": CommissionDraft, "property_details": PropertyDraft, "timeline": TimelineDraft}
_LISTS = {"team_members": TeamMemberDraft, "documents": DocumentDraft, "tasks": TaskDraft}
_PROPERTY_TEXTS = ("id", "address", "type")


def agents_named(body: Mapping[str, Any]) -> dict[str, int]:
    """The primary keys of the members that a body names, by public id, in one statement; strangers are absent."""
    team = body.get("teamMembers")
    rows = team[:MOST_DEAL_ROWS] if isinstance(team, list) else []
    sent = [body.get("assignedTo"), *(row.get("userId") for row in rows if isinstance(row, dict))]
    uuids = {uuid for text in sent if isinstance(text, str) and (uuid := parse_public_id("agent", text.strip()))}
    if not uuids:
        return {}
    found = Member.objects.filter(uuid__in=uuids).values_list("pk", "uuid")
    return {public_id("agent", uuid): pk for pk, uuid in found}


def contacts_named(body: Mapping[str, Any], actor: Actor) -> dict[str, int]:
    """The same for the contact of a new deal, if the actor may see it."""
    identifier = body.get("contactId")
    if not isinstance(identifier, str):
        return {}
    return Contact.objects.active().visible_to(actor).keys_by_winnerr_id([identifier.strip()])


def draft_of(accepted: Mapping[str, Any], stored: Deal | None = None) -> DealDraft:
    """The draft of an accepted body.

    Objects are merged with those of the stored deal, arrays replace theirs. ``null`` clears; a type, stage or status of
    ``null`` says nothing, for none of them can be empty.
    """
    said = {name: value for name, value in accepted.items() if name != "contactId"}
    for name in _CHOICES:
        if said.get(name, "") is None:
            del said[name]
    for name in _TEXTS:
        if name in said:
            said[name] = said[name] or ""
    if "amount" in said:
        said["amount"] = None if said["amount"] is None else Decimal(str(said["amount"]))
    if "tags" in said:
        said["tags"] = tuple(said["tags"] or ())
    for name, part in _PARTS.items():
        if name in said:
            merged = _merged(None if stored is None else getattr(stored, name), said[name])
            said[name] = merged and part(**merged)
    for name, row in _LISTS.items():
        if name in said:
            said[name] = tuple(row(**_without_nulls(sent)) for sent in said[name] or ())
    return DealDraft(**said)


def _merged(stored: dict[str, Any] | None, sent: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is said on top of what is stored; None when nothing is left."""
    if sent is None:
        return None
    merged = _without_nulls({name: _moment(name, value) for name, value in (stored or {}).items()} | sent)
    return merged if any(value != "" for value in merged.values()) else None


def _moment(name: str, value: Any) -> Any:
    """Dates of a timeline are stored as text."""
    return datetime.fromisoformat(value) if name.endswith("_date") and value else value


def _without_nulls(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if value is not None}

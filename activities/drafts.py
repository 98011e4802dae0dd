"""What a door wants written down about a contact, as frozen values. ``UNSET`` means "not said"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from contacts.drafts import UNSET, Unset


@dataclass(frozen=True, kw_only=True)
class ActivityDraft:
    """One thing somebody did or planned.

    ``type`` is open (CONTRACTS W-S19). ``metadata`` is a JSON object. ``member`` is a member's primary key; not said,
    it is the member who acts. ``created_at`` and ``winnerr_key`` are what a move from another system keeps.
    """

    type: str
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    scheduled_at: datetime | None = None
    member: int | Unset | None = UNSET
    communication: int | None = None
    created_at: datetime | Unset = UNSET
    winnerr_key: str | Unset = UNSET


@dataclass(frozen=True, kw_only=True)
class CommunicationDraft:
    """One message, call or meeting: ``kind`` of ``CommunicationKind``, ``direction`` of ``Direction``.

    ``occurred_at`` is now unless said. ``member`` is a member's primary key; not said, it is the member who acts.
    ``metadata`` is a JSON object, what came with it and is no text; ``extra`` one that is kept without meaning.
    """

    kind: str
    direction: str
    subject: str = ""
    body: str = ""
    occurred_at: datetime | Unset = UNSET
    member: int | Unset | None = UNSET
    provider_message_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    winnerr_key: str | Unset = UNSET


@dataclass(frozen=True, kw_only=True)
class CommissionDraft:
    """What a deal earns: ``rate`` and the share kept (``split``) in percent, ``amount`` in the deal's currency."""

    rate: int | float | None = None
    amount: int | float | None = None
    split: int | float | None = None


@dataclass(frozen=True, kw_only=True)
class PropertyDraft:
    """What a deal is about. ``id`` is another system's; ``square_footage`` is in square feet."""

    id: str = ""
    address: str = ""
    type: str = ""
    bedrooms: int | float | None = None
    bathrooms: int | float | None = None
    square_footage: int | float | None = None


@dataclass(frozen=True, kw_only=True)
class TeamMemberDraft:
    """Somebody who works on a deal, by a member's primary key, with their share of the commission in percent."""

    member_id: int
    role: str = ""
    commission_split: int | float | None = None


@dataclass(frozen=True, kw_only=True)
class TimelineDraft:
    """The dates of a deal."""

    listing_date: datetime | None = None
    contract_date: datetime | None = None
    inspection_date: datetime | None = None
    appraisal_date: datetime | None = None
    closing_date: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentDraft:
    """A paper of a deal, kept elsewhere: ``url`` is http or https."""

    id: str = ""
    name: str = ""
    type: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskDraft:
    """Something to do for a deal."""

    id: str = ""
    title: str
    due_date: datetime | None = None
    completed: bool = False


@dataclass(frozen=True, kw_only=True)
class DealDraft:
    """What is to be true of a deal after the write; ``UNSET`` stays, or takes its default on a new one.

    A part that is said replaces the stored part as a whole; None and ``()`` clear it. ``assigned_to`` is a member's
    primary key. ``amount`` is in the organization's currency, ``probability`` in percent.
    """

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    type: str | Unset = UNSET
    stage: str | Unset = UNSET
    status: str | Unset = UNSET
    amount: Decimal | Unset | None = UNSET
    probability: int | Unset | None = UNSET
    source: str | Unset = UNSET
    notes: str | Unset = UNSET
    tags: tuple[str, ...] | Unset = UNSET
    assigned_to: int | Unset | None = UNSET
    commission: CommissionDraft | Unset | None = UNSET
    property_details: PropertyDraft | Unset | None = UNSET
    team_members: tuple[TeamMemberDraft, ...] | Unset = UNSET
    timeline: TimelineDraft | Unset | None = UNSET
    documents: tuple[DocumentDraft, ...] | Unset = UNSET
    tasks: tuple[TaskDraft, ...] | Unset = UNSET

    # Only for a new deal: what a move from another system keeps.
    created_at: datetime | Unset = UNSET
    winnerr_key: str | Unset = UNSET

    def said(self) -> dict[str, Any]:
        """The fields that say something, by name."""
        return {item.name: value for item in fields(self) if (value := getattr(self, item.name)) is not UNSET}

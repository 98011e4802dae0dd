"""Winnerr's deal: its keys in the documented order, each declared once (CONTRACTS 1.3, 7.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from accounts.identifiers import public_id
from accounts.models import Member
from accounts.tenancy import current_organization
from activities.api.winnerr.fields import (
    LARGEST_PERCENTAGE,
    LONGEST_REFERENCE,
    Commission,
    Paper,
    Property,
    Reference,
    Rows,
    SameContact,
    Task,
    TeamMember,
    Timeline,
    WholeNumber,
)
from activities.models import DealStage, DealStatus, DealType
from activities.rules import (
    LARGEST_AMOUNT,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    LONGEST_TITLE,
)
from config.wires.fields import (
    Choice,
    Document,
    Documents,
    Number,
    Text,
    Texts,
    WireField,
    as_stored,
    plain_number,
    seconds,
    text_or_null,
)
from config.wires.openapi.shapes import EMAIL, MOMENT, TEXT, Component, closed, identifier, nullable
from contacts.rules import LONGEST_TAG, MOST_TAGS


def _deal_id(winnerr_key: str | None, uuid: UUID) -> str:
    return winnerr_key or public_id("deal", uuid)


def _organization_id() -> str:
    return current_organization().public_id


def _agent_id(uuid: UUID | None) -> str | None:
    return None if uuid is None else public_id("agent", uuid)


def _contact(winnerr_key: str | None, uuid: UUID, first_name: str, last_name: str, email: str | None) -> dict[str, Any]:
    return {
        "id": winnerr_key or public_id("contact", uuid),
        "firstName": text_or_null(first_name),
        "lastName": text_or_null(last_name),
        "email": text_or_null(email),
    }


# PostgreSQL keeps the keys of a stored object in an order of its own, so each is spelt out.
def _commission(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    return stored and {name: stored.get(name) for name in ("rate", "amount", "split")}


def _property(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    return stored and {
        **{name: text_or_null(stored.get(name)) for name in ("id", "address", "type")},
        "bedrooms": stored.get("bedrooms"),
        "bathrooms": stored.get("bathrooms"),
        "squareFootage": stored.get("square_footage"),
    }


def _timeline(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    return stored and {
        name: _stored_moment(stored.get(field.source or name)) for name, field in Timeline().fields.items()
    }


def _documents(stored: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: text_or_null(paper.get(name)) for name in ("id", "name", "type", "url")} for paper in stored]


def _tasks(stored: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": text_or_null(task.get("id")),
            "title": task.get("title"),
            "dueDate": _stored_moment(task.get("due_date")),
            "completed": bool(task.get("completed")),
        }
        for task in stored
    ]


def _stored_moment(text: str | None) -> str | None:
    return seconds(datetime.fromisoformat(text)) if text else None


DEAL_CONTACT = Component(
    "DealContact",
    closed(
        {
            "id": identifier("contact"),
            "firstName": nullable(TEXT),
            "lastName": nullable(TEXT),
            "email": nullable(EMAIL),
        }
    ),
)
DEAL_FIELDS: tuple[WireField, ...] = (
    WireField("id", ("winnerr_key", "uuid"), _deal_id, prints=identifier("deal")),
    WireField("organizationId", (), _organization_id, prints=identifier("org")),
    WireField("title", ("title",), as_stored, Text(LONGEST_TITLE, required=True)),
    WireField("description", ("description",), text_or_null, Text(LONGEST_TEXT)),
    WireField("type", ("type",), as_stored, Choice(DealType.values)),
    WireField("stage", ("stage",), as_stored, Choice(DealStage.values)),
    WireField("status", ("status",), as_stored, Choice(DealStatus.values)),
    WireField("amount", ("amount",), plain_number, Number(0, int(LARGEST_AMOUNT))),
    WireField("commission", ("commission",), _commission, Commission(required=False, allow_null=True)),
    WireField(
        "contact",
        ("contact__winnerr_key", "contact__uuid", "contact__first_name", "contact__last_name", "contact__email"),
        _contact,
        prints=DEAL_CONTACT,
    ),
    WireField(
        "property",
        ("property_details",),
        _property,
        Property(required=False, allow_null=True, source="property_details"),
    ),
    WireField("assignedTo", ("assigned_to__uuid",), _agent_id, Reference("agents", source="assigned_to")),
    # Primary keys until ``name_team`` has looked up whose they are.
    WireField("teamMembers", ("team_members",), as_stored, Rows(TeamMember(), source="team_members")),
    WireField("timeline", ("timeline",), _timeline, Timeline(required=False, allow_null=True)),
    WireField("documents", ("documents",), _documents, Rows(Paper())),
    WireField("tasks", ("tasks",), _tasks, Rows(Task())),
    WireField("probability", ("probability",), as_stored, WholeNumber(0, LARGEST_PERCENTAGE)),
    WireField("source", ("source",), text_or_null, Text(LONGEST_SOURCE)),
    WireField("tags", ("tags",), as_stored, Texts(LONGEST_TAG, MOST_TAGS)),
    WireField("notes", ("notes",), text_or_null, Text(LONGEST_TEXT)),
    WireField("createdAt", ("created_at",), seconds, prints=MOMENT),
    WireField("updatedAt", ("updated_at",), seconds, prints=MOMENT),
)
# Keys that ``include`` decides about.
EMBEDDED = frozenset({"contact", "property", "documents", "tasks"})


@lru_cache(maxsize=32)
def deal_documents(carried: frozenset[str] = EMBEDDED) -> Documents:
    """Documents with every key that is not embedded, and these of the embedded ones."""
    return Documents(field for field in DEAL_FIELDS if field.name not in EMBEDDED - carried)


def name_team(documents: Iterable[dict[str, Any]]) -> None:
    """Put the members' public ids into the documents, in one statement, in none where no deal has a team."""
    teams = list(documents)
    wanted = {person["member_id"] for document in teams for person in document["teamMembers"]}
    uuids = dict(Member.objects.filter(pk__in=wanted).values_list("pk", "uuid")) if wanted else {}
    for document in teams:
        document["teamMembers"] = [
            {
                "userId": _agent_id(uuids.get(person["member_id"])),
                "role": text_or_null(person.get("role")),
                "commissionSplit": person.get("commission_split"),
            }
            for person in document["teamMembers"]
        ]


class DealCreate(Document.of(DEAL_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a client may send for a new deal."""

    contactId = Reference("contacts", required=True)


class DealChange(Document.of(DEAL_FIELDS)):  # type: ignore[misc]  # made of the declaration above
    """What a client may send for a deal there is: nothing is required, and the contact stays."""

    contactId = SameContact(LONGEST_REFERENCE, required=True)

    def get_fields(self) -> dict[str, Any]:
        # Not ``partial``, which would make nothing required of a task or a team member either.
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields

"""What happened to contacts, read: one timeline per contact, and the newest of each kind beside a contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery

from accounts.actor import Actor
from accounts.identifiers import parse_public_id
from activities.models import Activity, Communication, Conversation, Deal
from contacts.models import ChangeVerb, Contact, ContactChange
from contacts.querysets import RowsInOrder
from contacts.services.contacting import LAST_CONTACTED

# Keys of changes that tell of a row beside the contact; the timeline shows the row itself.
ACTIVITY = "activity"
COMMUNICATION = "communication"
DEAL = "deal"

NEWEST = 25
MOVED_IN_AFTER = timedelta(days=1)
LONGEST_IDENTIFIER = 100
_Row = TypeVar("_Row", bound=Model)


class TimelineKind(StrEnum):
    """What an entry of a timeline is."""

    ACTIVITY = "activity"
    CHANGE = "change"
    COMMUNICATION = "communication"
    DEAL = "deal"


class TimelinePosition(NamedTuple):
    """Where an entry stands: by moment, then kind, then primary key."""

    moment: datetime
    kind: TimelineKind
    id: int


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, with the row that says what."""

    position: TimelinePosition
    row: Activity | Communication | Deal | ContactChange


def timeline(contact: Contact, *, before: TimelinePosition | None = None, limit: int = 50) -> list[TimelineEntry]:
    """What happened to a contact, newest first: activities, communications, live deals and changes of the contact.

    ``before`` is the position of the last entry already seen. One statement per kind, whatever there is. The caller has
    made sure that the contact may be seen.
    """
    branches = [
        _entries(kind, rows.filter(contact_id=contact.pk), moment, before, limit)
        for kind, (rows, moment) in _timeline_sources().items()
    ]
    return list(islice(merge(*branches, key=lambda entry: entry.position, reverse=True), limit))


def _timeline_sources() -> Mapping[TimelineKind, tuple[QuerySet[Any], str]]:
    """The rows of each kind and the column of their moment."""
    return {
        # One that tells of a message and nothing else would only say it twice.
        TimelineKind.ACTIVITY: (Activity.objects.filter(communication=None).select_related("member"), "created_at"),
        TimelineKind.CHANGE: (_contact_changes(), "created_at"),
        TimelineKind.COMMUNICATION: (_kept_communications().select_related("member"), "occurred_at"),
        TimelineKind.DEAL: (Deal.objects.filter(deleted_at=None).select_related("assigned_to"), "created_at"),
    }


def _contact_changes() -> QuerySet[ContactChange]:
    """Changes that no other entry tells of: those of the contact itself, and what became of its deals."""
    told_elsewhere = Q(after__has_any_keys=[ACTIVITY, COMMUNICATION, LAST_CONTACTED])
    new_deal = Q(after__has_key=DEAL) & ~Q(before__has_key=DEAL)
    # A contact that was known elsewhere before: its arrival here is history of the record, not of the relationship.
    moved_in = Q(verb=ChangeVerb.CREATED, contact__created_at__lt=F("created_at") - MOVED_IN_AFTER)
    return ContactChange.objects.exclude(told_elsewhere).exclude(new_deal).exclude(moved_in)


def _entries(
    kind: TimelineKind, rows: QuerySet[Any], moment: str, before: TimelinePosition | None, limit: int
) -> Iterator[TimelineEntry]:
    if before is not None:
        rows = rows.filter(_older(kind, moment, before))
    for row in rows.order_by(f"-{moment}", "-id")[:limit]:
        yield TimelineEntry(TimelinePosition(getattr(row, moment), kind, row.pk), row)


def _older(kind: TimelineKind, moment: str, before: TimelinePosition) -> Q:
    """Rows of one kind after a position, bounded first so that an index can be entered there."""
    bound = Q(**{f"{moment}__lte": before.moment})
    if kind < before.kind:
        return bound
    earlier = Q(**{f"{moment}__lt": before.moment})
    return bound & (earlier | Q(id__lt=before.id)) if kind == before.kind else earlier


def live_deals(actor: Actor) -> QuerySet[Deal]:
    """Deals that are not deleted, of contacts that are not deleted and the actor's to see."""
    return Deal.objects.filter(deleted_at=None, contact__in=Contact.objects.active().visible_to(actor))


def with_winnerr_id(deals: QuerySet[Deal], identifier: str) -> QuerySet[Deal]:
    """The one with this id on Winnerr's wire: the vendor's own where an import kept it, else the UUID's."""
    if "\x00" in identifier or len(identifier) > LONGEST_IDENTIFIER:
        return deals.none()
    kept = Q(winnerr_key=identifier)
    uuid = parse_public_id("deal", identifier)
    return deals.filter(kept if uuid is None else kept | Q(uuid=uuid, winnerr_key=None))


def live_conversations(actor: Actor) -> QuerySet[Conversation]:
    """Conversations with contacts that are not deleted and the actor's to see.

    Those of a deleted contact are history, which is kept and shown nowhere until the contact is restored.
    """
    shown = Conversation.objects.filter(is_hidden=False)
    return shown if actor.sees_all_contacts else of_live_contacts(shown, actor)


def live_communications(actor: Actor) -> QuerySet[Communication]:
    """Communications that are not deleted, with contacts that are not deleted and the actor's to see."""
    shown = shown_communications()
    return shown if actor.sees_all_contacts else of_live_contacts(shown, actor)


def shown_communications() -> QuerySet[Communication]:
    """The same for those who see all contacts, from the indexes of what is shown alone."""
    return _kept_communications().filter(is_hidden=False)


def _kept_communications() -> QuerySet[Communication]:
    """Those that are not deleted, whatever became of their contact."""
    return Communication.objects.filter(deleted_at=None)


def of_live_contacts(rows: QuerySet[_Row], actor: Actor) -> QuerySet[_Row]:
    """Those of the rows whose contact is not deleted and the actor's to see."""
    return rows.filter(contact_id__in=Contact.objects.active().visible_to(actor).values("pk"))


def with_contact_uuid(conversations: QuerySet[Conversation]) -> QuerySet[Any]:
    """Adds ``contact_uuid``, looked up for each of them: joined, a database without statistics reads all contacts instead."""
    contact = Contact.objects.filter(pk=OuterRef("contact_id")).values("uuid")
    return conversations.annotate(contact_uuid=Subquery(contact))


def messages_of_conversation(columns: Sequence[str], *, first: int, limit: int) -> RowsInOrder:
    """A page of a conversation's communications, newest first, to annotate the conversation with.

    ``first`` is how many stand before the page. The page is found in the index alone: an offset would otherwise read
    the bodies of all that it leaves out.
    """
    order = ("-occurred_at", "-id")
    said = _kept_communications().filter(conversation_id=OuterRef(OuterRef("pk")))
    page = said.order_by(*order).values("pk")[first : first + limit]
    return RowsInOrder(Communication.objects.filter(pk__in=page).order_by(*order), *columns)


def shown_activities() -> QuerySet[Activity]:
    """All but those that tell of a message that was taken away, and of nothing else. Their rows stay, as the message's does."""
    # Looked up for each that tells of a message: joined, a planner may read all messages first, and sort.
    taken_away = Communication.objects.filter(pk=OuterRef("communication_id")).order_by().values("deleted_at")
    return Activity.objects.alias(taken_away_at=Subquery(taken_away)).filter(
        Q(communication=None) | Q(taken_away_at=None)
    )


def newest_activities(of: str = "pk") -> RowsInOrder:
    """The newest activities of a contact, newest first, to annotate a row with (CONTRACTS W-S17).

    ``of`` is the path from that row to its contact. Lists of key kept from a vendor, UUID, type, description, moment,
    metadata, and the moment it is scheduled for.
    """
    rows = _newest(shown_activities(), "created_at", of)
    return RowsInOrder(rows, "winnerr_key", "uuid", "type", "description", "created_at", "metadata", "scheduled_at")


def newest_communications(of: str = "pk") -> RowsInOrder:
    """The same for communications: key kept from a vendor, UUID, kind, subject, moment."""
    rows = _newest(_kept_communications(), "occurred_at", of)
    return RowsInOrder(rows, "winnerr_key", "uuid", "kind", "subject", "occurred_at")


def newest_deals(of: str = "pk") -> RowsInOrder:
    """The same for live deals: key kept from a vendor, UUID, title, amount, stage."""
    rows = _newest(Deal.objects.filter(deleted_at=None), "created_at", of)
    return RowsInOrder(rows, "winnerr_key", "uuid", "title", "amount", "stage")


def _newest(rows: QuerySet[_Row], moment: str, of: str) -> QuerySet[_Row]:
    return rows.filter(contact_id=OuterRef(of)).order_by(f"-{moment}", "-id")[:NEWEST]

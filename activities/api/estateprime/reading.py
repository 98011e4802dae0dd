"""From what was said to EstatePrime's documents, a page and its total in one statement (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db import models
from django.db.models import Q, QuerySet, Subquery

from accounts.actor import Actor
from accounts.models import Member
from accounts.ordering import Counted
from accounts.prepared import PreparedQuery, Slot, kept, prepare
from activities.api.estateprime.serializers import COMMUNICATIONS
from activities.models import Communication
from activities.querysets import shown_communications
from config.wires.estateprime import PAGE_SIZE, FixedPage
from contacts.models import Contact
from contacts.stretches import Numbered

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)
# Beyond everything that was ever said, and small enough to add a page to.
_FURTHEST: Final = 2**40


def list_page(page: FixedPage, narrowed_by: Mapping[str, Any], *, actor: Actor) -> tuple[list[dict[str, Any]], int]:
    """The communications of a page as documents, the newest number first, and how many all pages have.

    ``narrowed_by`` are parameters as ``filters.narrowing`` reads them.
    """
    names = frozenset(narrowed_by)
    values = _slots(narrowed_by) | {"member": actor.member_id or 0, "first": min(page.first, _FURTHEST)}
    rows = _list_statement(names, actor.sees_all_contacts).rows(values)
    # A page without any rows is the first of nothing, or beyond the last.
    if not rows and page.first:
        return [], _total_statement(names, actor.sees_all_contacts).rows(values)[0][0]
    return COMMUNICATIONS.documents(rows), rows[0][-1] if rows else 0


def single_communication(number: int, *, actor: Actor) -> dict[str, Any] | None:
    """The document of the communication with this number, None where the actor may see none."""
    values = {"number": number, "member": actor.member_id or 0}
    rows = _single_statement(actor.sees_all_contacts).rows(values)
    return COMMUNICATIONS.document(rows[0]) if rows else None


def _slots(narrowed_by: Mapping[str, Any]) -> dict[str, Any]:
    """The values for the slots of the conditions, by name."""
    values: dict[str, Any] = {}
    for name, value in narrowed_by.items():
        if isinstance(value, tuple):
            begin, end = value
            values |= {f"{name}_begin": begin or _BEGINNING, f"{name}_end": end or _END}
        else:
            values[name] = value
    return values


@kept
def _list_statement(names: frozenset[str], sees_all_contacts: bool) -> PreparedQuery:
    """The rows are passed over in an index alone; only those of the page are read."""
    chosen = _chosen(names, sees_all_contacts)
    keys = chosen.order_by("-number").values("pk")
    page = Numbered(keys, first=Slot("first", models.BigIntegerField()), limit=PAGE_SIZE)
    rows = Communication.objects.filter(pk__in=page).order_by("-number").annotate(total=Counted(chosen.values("pk")))
    return prepare(rows.values_list(*COMMUNICATIONS.columns, "total"))


@kept
def _total_statement(names: frozenset[str], sees_all_contacts: bool) -> PreparedQuery:
    # Any row will do to say it beside: the requester is one of the organization's members.
    total = Counted(_chosen(names, sees_all_contacts).values("pk"))
    return prepare(Member.objects.annotate(total=total).values_list("total")[:1])


@kept
def _single_statement(sees_all_contacts: bool) -> PreparedQuery:
    rows = _chosen(frozenset(), sees_all_contacts).filter(number=Slot("number", models.BigIntegerField()))
    return prepare(rows.values_list(*COMMUNICATIONS.columns))


def _chosen(names: frozenset[str], sees_all_contacts: bool) -> QuerySet[Communication]:
    """Everything a list is about, in no order."""
    rows = shown_communications().order_by()
    if not sees_all_contacts:
        mine = Contact.objects.active().assigned_to(Slot("member", models.BigIntegerField()))
        rows = rows.filter(contact_id__in=mine.values("pk"))
    for name in sorted(names):
        rows = rows.filter(_CONDITIONS[name](name))
    return rows


def _text(column: str) -> Callable[[str], Q]:
    return lambda name: Q(**{column: Slot(name, models.TextField())})


def _row_of(column: str, model: type[Contact] | type[Member]) -> Callable[[str], Q]:
    """The column is the row with a number, which is looked up once, and not joined for every communication."""

    def condition(name: str) -> Q:
        found = model.objects.filter(number=Slot(name, models.BigIntegerField())).order_by().values("pk")
        return Q(**{column: Subquery(found[:1])})

    return condition


def _between(column: str) -> Callable[[str], Q]:
    def condition(name: str) -> Q:
        begin, end = (Slot(f"{name}_{bound}", models.DateTimeField()) for bound in ("begin", "end"))
        return Q(**{f"{column}__gte": begin, f"{column}__lt": end})

    return condition


_CONDITIONS: Final[Mapping[str, Callable[[str], Q]]] = {
    "type": _text("direction"),
    "channel": _text("kind"),
    "contact_id": _row_of("contact_id", Contact),
    "user_id": _row_of("member_id", Member),
    "date_created": _between("created_at"),
    "communication_date": _between("occurred_at"),
}

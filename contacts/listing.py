"""The address book, page by page: which contacts, in which order, and how many there are.

A list is one statement whatever it asks for. Its page is found among the entries of an index that begins with the
organization and what is filtered by and ends with the order, and so is as quick on the last page as on the first.
Where a filter allows several values, each has a stretch of the index of its own (``contacts.stretches``).

A statement is made for a ``Listing`` and kept (``accounts.prepared``); ``slots`` has the values that fill it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Q, Value

from accounts.actor import Actor
from accounts.models import Member
from accounts.ordering import Counted, Order, SortKey, after, order_by
from accounts.prepared import OneOf, Slot
from contacts.models import Contact, ContactRole, ContactStage, ContactStatus, ContactType, Tag, TaggedContact
from contacts.querysets import ContactQuerySet
from contacts.scoring import MAXIMUM_SCORE, MINIMUM_SCORE
from contacts.search import FoundPage, FoundTotal, is_found, words_of
from contacts.stretches import Element, IsOneOf, Numbered, NumberedStretches, Place, Placed, Stretches

# To pass over so many entries of an index costs less than to ask the counters where a page begins.
NEAR: Final = 1_000
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)
# Beyond every address book, and small enough to add a page to.
_FURTHEST: Final = 2**40


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which contacts: those that meet all of it. None does not narrow; a sequence means any of its values.

    ``assignees`` are the UUIDs of members. ``scores`` are a lower and an upper bound, both included; ``created`` begins
    with its first moment and ends before its last. Either bound may be None. ``search`` is text for
    ``contacts.search``; blank text does not narrow.
    """

    types: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    assignees: Sequence[UUID] | None = None
    tags: Sequence[str] | None = None
    scores: tuple[int | None, int | None] | None = None
    created: tuple[datetime | None, datetime | None] | None = None
    stages: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    channels: Sequence[str] | None = None
    search: str | None = None

    def narrowed_by(self) -> frozenset[str]:
        """The names of the fields that narrow."""
        names = {field.name for field in fields(self) if getattr(self, field.name) is not None}
        return frozenset(names if words_of(self.search or "") else names - {"search"})


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a list's statement depends on; everything else about a request fills its slots.

    ``order`` ends with ``id`` (see ``total_order``). ``limit`` is how many rows are read. ``is_continued``: the page
    comes after a row whose values of the order's columns are given as ``position``. ``is_numbered``: it begins after
    the ``first`` rows of the order; ``is_near`` says that it ends within the first ``NEAR`` of them.
    """

    narrowed_by: frozenset[str]
    has_one_tag: bool
    sees_all_contacts: bool
    order: Order
    limit: int
    is_continued: bool
    is_numbered: bool
    is_near: bool

    @classmethod
    def of(
        cls,
        selection: Selection,
        order: Order,
        limit: int,
        *,
        actor: Actor,
        position: Sequence[Any] | None = None,
        is_numbered: bool = False,
        is_near: bool = False,
    ) -> Listing:
        return cls(
            narrowed_by=selection.narrowed_by(),
            has_one_tag=selection.tags is not None and len(selection.tags) == 1,
            sees_all_contacts=actor.sees_all_contacts,
            order=order,
            limit=limit,
            is_continued=position is not None,
            is_numbered=is_numbered,
            is_near=is_near,
        )


def total_order(keys: Sequence[SortKey]) -> Order:
    """The keys made a total order: what they leave equal is ordered by age and in the end by primary key.

    Both go the way of the last key, so that one index serves a column up and down. Age is what people expect among
    equals, and lets the indexes behind the filters serve the sorts too.
    """
    order: dict[str, SortKey] = {}
    for key in keys:
        order.setdefault(key.column, key)
    descending = [True, *(key.descending for key in order.values())][-1]
    for column in ("created_at", "id"):
        order.setdefault(column, SortKey(column, descending))
    return tuple(order.values())


def slots(
    selection: Selection, *, actor: Actor, position: Sequence[Any] | None = None, first: int = 0
) -> dict[str, Any]:
    """The values for the slots of a listing's statement, by name; ``first`` is how many rows a numbered page leaves out."""
    lowest, highest = _score_bounds(selection)
    begin, end = selection.created or (None, None)
    words = words_of(selection.search or "")
    values = {
        "types": ContactType.values if selection.types is None else selection.types,
        "statuses": ContactStatus.values if selection.statuses is None else selection.statuses,
        "sources": selection.sources,
        "assignees": selection.assignees,
        "tags": selection.tags,
        "tag": selection.tags[0] if selection.tags else None,
        "scores": range(lowest, highest + 1),
        "lowest": lowest,
        "highest": highest,
        "begin": begin or _BEGINNING,
        "end": end or _END,
        "stages": _distinct(ContactStage.values if selection.stages is None else selection.stages),
        "roles": _distinct(ContactRole.values if selection.roles is None else selection.roles),
        "channels": _distinct(selection.channels or ()),
        "written": words.written,
        "dialled": words.dialled,
        "member": actor.member_id or 0,
        "first": min(max(first, 0), _FURTHEST),
    }
    return values | {f"position{place}": value for place, value in enumerate(position or ())}


def _distinct(values: Sequence[str]) -> list[str]:
    """Each once: a value has one stretch of an index, and is counted once."""
    return list(dict.fromkeys(values))


def _score_bounds(selection: Selection) -> tuple[int, int]:
    """Within what scores can be, so that no bound a client sends is too large for the column."""
    lowest, highest = selection.scores or (None, None)
    low = MINIMUM_SCORE if lowest is None else lowest
    high = MAXIMUM_SCORE if highest is None else highest
    return min(max(low, MINIMUM_SCORE), MAXIMUM_SCORE + 1), max(min(high, MAXIMUM_SCORE), MINIMUM_SCORE - 1)


def page_of(listing: Listing) -> ContactQuerySet[Contact]:
    """The contacts of one page in their order, with slots for the values."""
    if listing.is_numbered:
        return _numbered(listing)
    dimensions = _dimensions(listing) if connection.vendor == "postgresql" and listing.sees_all_contacts else {}
    if not dimensions:
        return _ordered(_positioned(chosen(listing), listing), listing)
    if "tags" in dimensions:
        return _of_stretches(_tag_stretch(listing), dimensions, listing, may_repeat=True)
    return _of_stretches(_contact_stretch(listing, dimensions), dimensions, listing)


def _numbered(listing: Listing) -> ContactQuerySet[Contact]:
    """The rows are passed over in an index alone, as few as can be; only those of the page are read."""
    first = Slot("first", models.BigIntegerField())
    is_quick = connection.vendor == "postgresql" and listing.sees_all_contacts and listing.order == _BY_AGE[0]
    keys: models.Expression
    if _is_searched(listing):
        keys = FoundPage(*_searched(listing))
    elif is_quick and not listing.narrowed_by and not listing.is_near:
        keys = Placed(_from_place(listing), first=first, limit=listing.limit)
    elif is_quick and listing.narrowed_by and listing.narrowed_by <= _STAGED:
        dimensions = _dimensions(listing)
        stretch = _contact_stretch(listing, dimensions, is_limited=False)
        keys = NumberedStretches(
            stretch, list(dimensions.values()), _both_ways(listing), total_of(listing), first=first, limit=listing.limit
        )
    else:
        rows = chosen(listing).order_by(*order_by(listing.order)).values("pk")
        keys = Numbered(rows, first=first, limit=listing.limit)
    return Contact.objects.filter(IsOneOf(F("pk"), keys)).order_by(*order_by(listing.order))


def _is_searched(listing: Listing) -> bool:
    """Whether one function finds, filters, orders and counts."""
    is_plain = listing.is_numbered and listing.sees_all_contacts and listing.order == _BY_AGE[0]
    is_ours = "search" in listing.narrowed_by and listing.narrowed_by <= _STAGED | {"search"}
    return connection.vendor == "postgresql" and is_plain and is_ours


def _searched(listing: Listing) -> list[models.Expression]:
    number = models.BigIntegerField()
    return [
        _words("written"),
        _words("dialled"),
        *_arrays(listing.narrowed_by, "stages", "roles", "channels"),
        Slot("first", number),
        Value(listing.limit, output_field=number),
    ]


_BothWays: TypeAlias = tuple[models.QuerySet[Any, Any], models.QuerySet[Any, Any]]


def _both_ways(listing: Listing) -> _BothWays:
    """The keys of all its contacts, newest first and oldest first."""
    down, up = (chosen(listing).order_by(*order_by(order)).values("pk") for order in _BY_AGE)
    return down, up


def _from_place(listing: Listing) -> _BothWays:
    """Those on either side of the place where the page is, beginning there."""
    down, up = _both_ways(listing)
    return down.filter(created_at__lt=Place("until")), up.filter(created_at__gte=Place("since"))


def chosen(listing: Listing, *, without: frozenset[str] = frozenset()) -> ContactQuerySet[Contact]:
    """All contacts the listing is about, in no order; ``without`` leaves out conditions that are met another way."""
    contacts = Contact.objects.active()
    if not listing.sees_all_contacts:
        contacts = contacts.assigned_to(Slot("member", models.BigIntegerField()))
    for name in sorted(listing.narrowed_by - without):
        contacts = contacts.filter(_CONDITIONS[name]())
    return contacts


def _column(name: str) -> models.Field[Any, Any]:
    """What a column compares as; a generated one like what it is generated as."""
    field: models.Field[Any, Any] = Contact._meta.get_field(name)  # type: ignore[assignment]  # a column, never a relation back
    found: models.Field[Any, Any] = getattr(field, "output_field", field)
    return found


def _array(name: str, column: str) -> Slot:
    return Slot(name, _column(column), is_array=True)


def _one_of(name: str, column: str) -> Q:
    return Q(OneOf(F(column), _array(name, column)))


def _members() -> models.QuerySet[Any, Any]:
    return Member.objects.filter(OneOf(F("uuid"), Slot("assignees", models.UUIDField(), is_array=True))).values("pk")


def _tags() -> models.QuerySet[Any, Any]:
    return Tag.objects.filter(OneOf(F("name"), Slot("tags", models.CharField(max_length=50), is_array=True))).values(
        "pk"
    )


def _has_a_tag() -> Q:
    return Q(Exists(TaggedContact.objects.filter(content_object=OuterRef("pk"), tag__in=_tags())))


def _words(name: str) -> Slot:
    return Slot(name, models.TextField(), is_array=True)


def _score_range() -> Q:
    score = models.SmallIntegerField()
    return Q(lead_score__gte=Slot("lowest", score), lead_score__lte=Slot("highest", score))


def _created_range() -> Q:
    moment = models.DateTimeField()
    return Q(created_at__gte=Slot("begin", moment), created_at__lt=Slot("end", moment))


_CONDITIONS: Final[Mapping[str, Callable[[], Q]]] = {
    "types": lambda: _one_of("types", "type"),
    "statuses": lambda: _one_of("statuses", "status"),
    "sources": lambda: _one_of("sources", "source"),
    "assignees": lambda: Q(assigned_to__in=_members()),
    "tags": _has_a_tag,
    "scores": _score_range,
    "created": _created_range,
    "stages": lambda: _one_of("stages", "stage"),
    "roles": lambda: _one_of("roles", "role"),
    "channels": lambda: _one_of("channels", "channel_preference"),
    "search": lambda: is_found(_words("written"), _words("dialled")),
}


def _dimensions(listing: Listing) -> dict[str, Slot | models.QuerySet[Any, Any]]:
    """The filters whose values have stretches of their own, by name; none where one walk along an index does.

    Type and status come as a pair, because the index has them as a pair; so a sort by either is a filter by all of it.
    Scores have stretches where something else is sorted by: there the index ends with the order. So do stage, role and
    channel together, where nothing else is asked for.
    """
    narrowed = listing.narrowed_by
    first = listing.order[0].column
    by_age = first == "created_at"
    if "tags" in narrowed:
        return {"tags": _tags()} if listing.order in _BY_AGE else {}
    if by_age and narrowed and narrowed <= _STAGED:
        pair = {"stages": _array("stages", "stage"), "roles": _array("roles", "role")}
        channels = {"channels": _array("channels", "channel_preference")}
        return {**(channels if "channels" in narrowed else {}), **pair}
    dimensions: dict[str, Slot | models.QuerySet[Any, Any]] = {}
    if first in ("type", "status") or ({"types", "statuses"} & narrowed and first in ("created_at", "lead_score")):
        dimensions |= {"types": _array("types", "type"), "statuses": _array("statuses", "status")}
    if by_age and "sources" in narrowed:
        dimensions["sources"] = _array("sources", "source")
    if by_age and "assignees" in narrowed:
        dimensions["assignees"] = _members()
    if by_age and "scores" in narrowed and not {"sources", "assignees"} & narrowed:
        dimensions["scores"] = _array("scores", "lead_score")
    return dimensions


_STAGED: Final = frozenset({"stages", "roles", "channels"})
_BY_AGE: Final = tuple(total_order([SortKey("created_at", descending)]) for descending in (True, False))


_COLUMNS: Final = {
    "types": "type",
    "statuses": "status",
    "sources": "source",
    "assignees": "assigned_to_id",
    "scores": "lead_score",
    "stages": "stage",
    "roles": "role",
    "channels": "channel_preference",
}


def _contact_stretch(
    listing: Listing, dimensions: Mapping[str, Any], *, is_limited: bool = True
) -> models.QuerySet[Any, Any]:
    contacts = chosen(listing, without=frozenset(dimensions))
    for position, name in enumerate(dimensions):
        column = _COLUMNS[name]
        contacts = contacts.filter(**{column: Element(position, _column(column))})
    columns = [key.column for key in listing.order]
    contacts = _positioned(contacts, listing).order_by(*order_by(listing.order))
    return (contacts[: listing.limit] if is_limited else contacts).values_list(*columns)


def _tag_stretch(listing: Listing) -> models.QuerySet[Any, Any]:
    """Contacts with one tag by age, from the index that has both; whatever else is asked is looked up."""
    names = {"created_at": "contact_created_at", "id": "content_object_id"}
    order = tuple(SortKey(names[key.column], key.descending) for key in listing.order)
    rows = TaggedContact.objects.filter(tag_id=Element(0, models.BigIntegerField()))
    others = listing.narrowed_by - {"tags"}
    live = chosen(listing, without=frozenset({"tags"})).filter(pk=OuterRef("content_object_id"))
    rows = rows.filter(Exists(live)) if others else rows.filter(content_object__deleted_at=None)
    if listing.is_continued:
        rows = rows.filter(after(order, _position(listing)))
    return rows.order_by(*order_by(order)).values_list(*names.values())[: listing.limit]


def _of_stretches(
    stretch: models.QuerySet[Any, Any], dimensions: Mapping[str, Any], listing: Listing, *, may_repeat: bool = False
) -> ContactQuerySet[Contact]:
    keys = Stretches(
        stretch,
        list(dimensions.values()),
        descending=[key.descending for key in listing.order],
        limit=listing.limit,
        may_repeat=may_repeat,
    )
    return Contact.objects.filter(pk__in=keys).order_by(*order_by(listing.order))


def _position(listing: Listing) -> list[Slot]:
    return [Slot(f"position{place}", _column(key.column)) for place, key in enumerate(listing.order)]


def _positioned(contacts: ContactQuerySet[Contact], listing: Listing) -> ContactQuerySet[Contact]:
    return contacts.filter(after(listing.order, _position(listing))) if listing.is_continued else contacts


def _ordered(contacts: ContactQuerySet[Contact], listing: Listing) -> ContactQuerySet[Contact]:
    return contacts.order_by(*order_by(listing.order))[: listing.limit]


class _Once(models.Func):
    """A function of the database asked once for all rows and not once for each."""

    template = "(SELECT %(function)s(%(expressions)s))"
    output_field = models.BigIntegerField()


def total_of(listing: Listing) -> _Once | Counted | FoundTotal:
    """How many contacts the listing is about, exact, with slots for the values; the same on every page.

    Only where a numbered page of a search lies within the first 10,000 and there are more, it says 10,001 (0021).

    On PostgreSQL the counters know (migration 0005) wherever a filter is one of theirs; everything else is counted.
    """
    if _is_searched(listing):
        return FoundTotal(*_searched(listing))
    if connection.vendor == "postgresql" and listing.sees_all_contacts:
        narrowed = listing.narrowed_by
        if narrowed <= {"types", "statuses", "sources", "scores"}:
            return _Once(*_wanted(narrowed), _bound("lowest"), _bound("highest"), function="contacts_total")
        if narrowed <= _STAGED:
            return _Once(*_arrays(narrowed, "stages", "roles", "channels"), function="contacts_staged_total")
        if narrowed == {"assignees"}:
            return _Once(ArraySubquery(_members()), function="contacts_assigned_total")
        if narrowed <= {"sources", "created"}:
            begin, end = Slot("begin", models.DateTimeField()), Slot("end", models.DateTimeField())
            return _Once(_wanted(narrowed)[2], begin, end, function="contacts_created_total")
        if narrowed == {"tags"} and listing.has_one_tag:
            return _Once(Slot("tag", models.TextField()), function="contacts_tag_total")
        if narrowed == {"tags"}:
            return _Once(Slot("tags", models.TextField(), is_array=True), function="contacts_any_tag_total")
    return Counted(chosen(listing).values("pk"))


def _wanted(narrowed: frozenset[str]) -> list[models.Expression]:
    return _arrays(narrowed, "types", "statuses", "sources")


def _arrays(narrowed: frozenset[str], *names: str) -> list[models.Expression]:
    """Arrays of values to filter by, NULL for those that do not narrow."""
    return [Slot(name, models.TextField(), is_array=True) if name in narrowed else Value(None) for name in names]


def _bound(name: str) -> Slot:
    return Slot(name, models.IntegerField())


def tags_by_use(actor: Actor) -> list[tuple[str, str, int]]:
    """Name, colour and number of contacts of each of the organization's tags, most used first.

    Counted are the contacts the actor may see.
    """
    if connection.vendor == "postgresql" and actor.sees_all_contacts:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tag_id, n FROM contacts_tag_totals()")
            uses: dict[int, int] = dict(cursor.fetchall())
    else:
        tagged = TaggedContact.objects.filter(content_object__in=Contact.objects.active().visible_to(actor))
        counts = tagged.order_by().values("tag").annotate(n=Count("pk"))
        uses = dict(counts.values_list("tag", "n"))
    # The catalogue's own order decides among equals.
    tags = [(name, color, uses.get(pk, 0)) for pk, name, color in Tag.objects.values_list("pk", "name", "color")]
    return sorted(tags, key=lambda tag: -tag[2])

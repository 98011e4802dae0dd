"""Contacts in the words of the team."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Self, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import JSONArray
from django.db.models.sql.compiler import SQLCompiler

from accounts.actor import Actor
from accounts.identifiers import parse_public_id, public_id
from accounts.prepared import read_json
from accounts.tenancy import BaseTenantManager, TenantQuerySet

_Row = TypeVar("_Row", bound=models.Model)
LONGEST_IDENTIFIER = 100


class InOrder(Subquery):
    """The values of a one-column subquery ``element`` as a list, in the subquery's order, on either database."""

    output_field = models.JSONField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="(SELECT json_group_array(element) FROM (%(subquery)s))")

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="ARRAY(%(subquery)s)")

    @property
    def convert_value(self) -> Callable[[Any, Any, Any], list[Any]]:
        # PostgreSQL's array arrives as a list, SQLite's JSON as text.
        return lambda value, expression, connection: read_json(value) if isinstance(value, str) else value

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        # A list needs no conversion, and a page has one for each of its rows.
        return [] if connection.vendor == "postgresql" else [self.convert_value]


class InOrderInside(InOrder):
    """The same for a value of ``RowsInOrder``, whose rows are JSON."""

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="to_jsonb(ARRAY(%(subquery)s))")


def as_list(value: Any) -> list[Any]:
    """A list inside of a row: SQLite has it as text."""
    found: list[Any] = read_json(value) if isinstance(value, str) else value
    return found


class RowsInOrder(InOrder):
    """Rows of a queryset, each as a list of the values of ``columns`` the way JSON has them; moments are ISO 8601 in UTC."""

    def __init__(self, rows: models.QuerySet[Any], *columns: str) -> None:
        super().__init__(rows.annotate(element=JSONArray(*columns)).values("element"))

    @property
    def convert_value(self) -> Callable[[Any, Any, Any], list[list[Any]]]:
        def rows_of(value: Any, expression: Any, connection: Any) -> list[list[Any]]:
            rows = read_json(value) if isinstance(value, str) else value
            return [read_json(row) if isinstance(row, str) else row for row in rows]

        return rows_of

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        return [self.convert_value]


class ContactQuerySet(TenantQuerySet[_Row]):
    """Narrower views of the organization's contacts."""

    def active(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def deleted(self) -> Self:
        return self.exclude(deleted_at=None)

    def visible_to(self, actor: Actor) -> Self:
        """Those the actor may see: all, or the ones assigned to them (DESIGN section 4, decision 15)."""
        if actor.sees_all_contacts:
            return self
        return self.none() if actor.member_id is None else self.assigned_to(actor.member_id)

    def assigned_to(self, member: int | models.Expression) -> Self:
        """Those a member looks after, alone or among others; ``member`` is a primary key."""
        shared = self._related("further_assignees").filter(contact=OuterRef("pk"), member_id=member)
        return self.filter(Q(assigned_to_id=member) | Exists(shared))

    def with_winnerr_id(self, identifier: str) -> Self:
        """The one with this id on Winnerr's wire: the vendor's own where an import kept it, else the UUID's."""
        if "\x00" in identifier or len(identifier) > LONGEST_IDENTIFIER:
            return self.none()
        kept = Q(winnerr_key=identifier)
        uuid = parse_public_id("contact", identifier)
        return self.filter(kept if uuid is None else kept | Q(uuid=uuid, winnerr_key=None))

    def keys_by_winnerr_id(self, identifiers: Collection[str]) -> dict[str, int]:
        """The primary keys of those with these ids on Winnerr's wire, by id; ids that are nobody's are absent."""
        usable = [text for text in identifiers if "\x00" not in text and len(text) <= LONGEST_IDENTIFIER]
        uuids = [uuid for text in usable if (uuid := parse_public_id("contact", text))]
        rows = self.filter(Q(winnerr_key__in=usable) | Q(uuid__in=uuids, winnerr_key=None))
        return {
            key or public_id("contact", uuid): pk for key, uuid, pk in rows.values_list("winnerr_key", "uuid", "pk")
        }

    def with_tag_names(self) -> Self:
        """Adds ``tag_names``: the names of the tags, in order, in the same statement."""
        tagged = self._related("tagged").filter(content_object=OuterRef("pk")).order_by("position", "id")
        # A subquery and no join, for which PostgreSQL would read the whole catalogue for every contact.
        name = self._related("tags").filter(pk=OuterRef("tag")).values("name")
        return self.annotate(tag_names=InOrder(tagged.annotate(element=Subquery(name)).values("element")))

    def with_secondary_phone(self) -> Self:
        """Adds ``secondary_phone``: the first further phone as typed, None without one."""
        phones = self._related("further_phones").filter(contact=OuterRef("pk")).order_by("position", "id")
        return self.annotate(secondary_phone=Subquery(phones.values("phone")[:1]))

    def _related(self, accessor: str) -> models.QuerySet[models.Model]:
        # The child models import this module's managers, so they are reached through the field that leads to them.
        model: type[models.Model] = self.model._meta.get_field(accessor).related_model  # type: ignore[assignment]  # never "self" here
        return model._default_manager.all()


ContactManager = BaseTenantManager.from_queryset(ContactQuerySet)

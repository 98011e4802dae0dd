"""The tenant fence, wall 1: every query of a tenant model is filtered by the organization in scope, in the SQL itself.

The filter is an expression that reads the scope when SQL is compiled, so there is no query method that could forget it:
``exists()``, ``explain()``, ``async for``, a queryset built at import time all raise ``TenantNotSet`` or are fenced.
Writes are guarded where rows leave Python: ``save``, ``delete``, ``bulk_create`` and ``update``.

``Scope`` is also the unit of work. On PostgreSQL it holds the transaction in which wall 2 (row-level security) knows
the organization; on SQLite it holds one only for writes, because ``BEGIN IMMEDIATE`` takes the one write lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self, TypeVar

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.sql.compiler import SQLCompiler

from accounts.exceptions import TenantError, TenantMismatch, TenantNotSet

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from accounts.models import Organization

_current: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)
_Row = TypeVar("_Row", bound=models.Model)

# Seconds for which a connection that has just answered is taken to be alive. Django would ask it before each request,
# which costs as much as the cheapest answer. Should it have gone in between, this request fails and says "try again".
TRUSTED_FOR: Final = 1.0
_ANSWERED: Final = "latchkey_answered_at"


class Scope:
    """One unit of work: empty until an organization is known, and from then on that organization's alone."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.organization_id: int | None = None
        self.organization: Organization | None = None
        self._outer = outer
        self._transaction: transaction.Atomic | None = None
        self._rollback = False
        self._longest_statement: str | None = None

    def begin(self, *, write: bool = False) -> None:
        """Open the transaction: always on PostgreSQL, on SQLite only when ``write``. Repeated calls do nothing."""
        if self._transaction is not None or not (write or connection.vendor == "postgresql"):
            return
        if monotonic() - getattr(connection, _ANSWERED, -inf) < TRUSTED_FOR:
            connection.health_check_done = True  # type: ignore[attr-defined]  # what Django sets when it has asked
        opened = transaction.atomic()
        opened.__enter__()
        # Only now: a database that is away must surface as that, and not as a transaction that cannot be closed.
        self._transaction = opened

    def fill(self, organization_id: int, *, database_knows: bool = False, longest_statement: str | None = None) -> None:
        """Give the scope its organization, once.

        ``database_knows`` says that the statement which found the organization has set it in the database already, and
        ``longest_statement`` what it set PostgreSQL's ``statement_timeout`` to beside it.
        Raises ``TenantMismatch`` when the scope belongs to another organization.
        """
        if self.organization_id not in (None, organization_id):
            raise TenantMismatch("this unit of work belongs to another organization")
        self.begin()
        if not database_knows:
            _tell_database(organization_id)
        self.organization_id = organization_id
        self._longest_statement = longest_statement or self._longest_statement

    def allow_long_work(self) -> None:
        """Let statements, and the pauses between them, take as long as they take until this commits: nobody waits for it."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', '0', true),"
                    " set_config('idle_in_transaction_session_timeout', '0', true)"
                )

    def commit(self) -> None:
        """Keep what was done so far, whatever becomes of the rest of this unit of work, and release its locks.

        What the transaction knew, the next one is told again: the organization, and how long a statement may take. On
        SQLite there is a next one when somebody writes. Nothing is kept of what was marked for rollback already. Raises
        ``TransactionManagementError`` as ``close`` does.
        """
        opened, self._transaction = self._transaction, None
        if opened is None:
            return
        if self._leave(opened):
            raise transaction.TransactionManagementError("the unit of work broke and was rolled back")
        self.begin()
        _tell_database(self.organization_id, self._longest_statement)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Keep what was done so far, and no transaction while the block waits for somebody: for a client that sends much.

        In the block the database is asked nothing.
        """
        self.commit()
        opened, self._transaction = self._transaction, None
        if opened is not None:
            self._leave(opened)
        try:
            yield
        finally:
            self.begin()
            _tell_database(self.organization_id, self._longest_statement)

    def mark_for_rollback(self) -> None:
        """Nothing of this unit of work is to be kept."""
        self._rollback = True

    def close(self, error: BaseException | None = None) -> None:
        """End the unit of work: commit, or roll back after an error, a mark or a broken transaction.

        Raises ``TransactionManagementError`` when the transaction broke without anybody having reported it: an answer
        that says "stored" must not leave then.
        """
        # A copy of the context that outlives this unit of work, such as a task's, finds no organization in it.
        self.organization_id = self.organization = None
        opened, self._transaction = self._transaction, None
        if opened is None:
            return
        broken = self._leave(opened, error)
        if connection.in_atomic_block and connection.vendor == "postgresql" and not connection.needs_rollback:
            # Nested in somebody's transaction, whose local settings outlive this scope.
            _tell_database(self._outer.organization_id if self._outer else None)
        if broken:
            raise transaction.TransactionManagementError("the unit of work broke and was rolled back")

    def _leave(self, opened: transaction.Atomic, error: BaseException | None = None) -> bool:
        """Commit a transaction or roll it back; says whether it had broken without anybody having reported it."""
        broken = connection.needs_rollback and error is None and not self._rollback
        if error is not None or self._rollback:
            transaction.set_rollback(True)
        opened.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        if error is None:
            setattr(connection, _ANSWERED, monotonic())
        return broken


def _tell_database(organization_id: int | None, longest_statement: str | None = None) -> None:
    """Set the organization for wall 2, local to the transaction so that a pooled connection cannot carry it over."""
    if connection.vendor != "postgresql":
        return
    settings = {"app.organization": "" if organization_id is None else str(organization_id)}
    if longest_statement is not None:
        settings["statement_timeout"] = longest_statement
    with connection.cursor() as cursor:
        calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
        cursor.execute(f"SELECT {calls}", [text for setting in settings.items() for text in setting])


def current_scope() -> Scope | None:
    """The unit of work in force, None outside any."""
    return _current.get()


def current_organization_id() -> int:
    """The primary key of the organization in scope. Raises ``TenantNotSet``."""
    scope = _current.get()
    if scope is None or scope.organization_id is None:
        raise TenantNotSet("no organization is in scope")
    return scope.organization_id


def current_organization() -> Organization:
    """The organization in scope, read once per unit of work unless whoever filled it brought it. Raises ``TenantNotSet``."""
    scope = _current.get()
    if scope is None or scope.organization_id is None:
        raise TenantNotSet("no organization is in scope")
    if scope.organization is None:
        scope.organization = apps.get_model("accounts", "Organization").objects.get()
    return scope.organization


@contextmanager
def empty_scope() -> Iterator[Scope]:
    """A unit of work that does not know its organization yet; whoever authenticates the caller fills it."""
    scope = Scope(outer=_current.get())
    token = _current.set(scope)
    try:
        yield scope
    except BaseException as error:
        scope.close(error)
        raise
    else:
        scope.close()
    finally:
        _current.reset(token)


@contextmanager
def tenant_scope(organization: Organization | int) -> Iterator[Scope]:
    """The unit of work of one organization.

    Nested in a scope of the same organization it joins it; nested in another's it raises ``TenantMismatch``. Everything
    is committed when the outermost block ends, or rolled back when it ends with an exception.
    """
    organization_id: int = organization if isinstance(organization, int) else organization.pk
    scope = _current.get()
    if scope is not None and scope.organization_id is not None:
        if scope.organization_id != organization_id:
            raise TenantMismatch("another organization is in scope")
        yield scope
        return
    with empty_scope() as scope:
        scope.fill(organization_id)
        yield scope


@contextmanager
def placeholder_scope(organization_id: Any) -> Iterator[None]:
    """While it lasts, SQL is compiled for ``organization_id``, a marker that whoever runs it replaces.

    For ``accounts.prepared`` alone. Nothing can be run in it: no database takes the marker for a value.
    """
    scope = Scope()
    scope.organization_id = organization_id
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)


class CurrentOrganization(models.Expression):
    """The organization in scope, read when the SQL is compiled."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[int]]:
        return "%s", (current_organization_id(),)


class TenantQuerySet(models.QuerySet[_Row]):
    """Rows of the organization in scope."""

    def bulk_create(
        self,
        objs: Iterable[_Row],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[_Row]:
        if update_conflicts and not {"organization", "organization_id"} & set(unique_fields or ()):
            raise TenantMismatch("a conflict on a key without the organization could overwrite another's row")
        rows = list(objs)
        for row in rows:
            claim(row)
        return super().bulk_create(rows, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)

    def update(self, **kwargs: Any) -> int:
        if {"organization", "organization_id"} & kwargs.keys():
            raise TenantMismatch("a row never moves to another organization")
        return super().update(**kwargs)

    def raw(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: SQL written by hand is not filtered."""
        raise TenantError("raw SQL goes around the fence; use a cursor, where it can be seen")

    # Django asks for the mark again on an override that changes data.
    update.alters_data = True  # type: ignore[attr-defined]  # functions take attributes; the stubs do not know this one
    bulk_create.alters_data = True  # type: ignore[attr-defined]  # as above


class BaseTenantManager(models.Manager[_Row]):
    """Hands out fenced querysets; ``unscoped()`` is the loud way out, and a test lists the files that may say it."""

    def get_queryset(self) -> models.QuerySet[_Row]:
        return super().get_queryset().filter(**{self._tenant_column: CurrentOrganization()})

    def unscoped(self) -> models.QuerySet[_Row]:
        """All organizations' rows. Only where the organization is not known yet, and in the owner's maintenance."""
        return models.QuerySet(self.model, using=self._db)

    @property
    def _tenant_column(self) -> str:
        return getattr(self.model, "tenant_column", "organization_id")


TenantManager = BaseTenantManager.from_queryset(TenantQuerySet)


def claim(row: models.Model) -> None:
    """Make a row the current organization's, or raise ``TenantMismatch`` when it, or a row it refers to, is another's.

    Only rows in hand are looked at: a reference that is a bare key is for services and composite foreign keys to check.
    """
    # The organization itself is fenced by its own key, everything else by its ``organization``.
    column = getattr(row, "tenant_column", "organization_id")
    organization_id = current_organization_id()
    if getattr(row, column) is None:
        setattr(row, column, organization_id)
    if getattr(row, column) != organization_id:
        raise TenantMismatch(f"a {type(row).__name__} of another organization")
    for related in row._state.fields_cache.values():
        if isinstance(related, TenantModel) and related.organization_id != organization_id:
            raise TenantMismatch(f"a {type(row).__name__} referring to another organization's {type(related).__name__}")


class TenantModel(models.Model):
    """A row that belongs to exactly one organization. Child and through rows carry the organization themselves."""

    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.PROTECT,
        related_name="+",
        # Every index that is used starts with the organization; one on it alone would only cost writes.
        db_index=False,
    )

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        # Foreign-key access, refresh_from_db and form validation go through the base manager.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        claim(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        claim(self)
        # Django deletes one row by its key alone; a row made up around a key must not take another organization's.
        if self.pk is not None and not type(self)._base_manager.filter(pk=self.pk).exists():
            return 0, {}
        return super().delete(*args, **kwargs)


def tenant_models(candidates: Collection[type[models.Model]]) -> list[type[TenantModel]]:
    """Those of the models that are tenant-owned."""
    return [model for model in candidates if issubclass(model, TenantModel)]

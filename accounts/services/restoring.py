"""Taking an organization in from an archive: rows as they were, which no default, receiver or recomputation touches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db import DataError, IntegrityError, connection, models

from accounts.archive.exporting import Progress
from accounts.archive.files import ArchiveReader
from accounts.archive.keys import KeyStore
from accounts.archive.kinds import Column, Kind, models_referred_to, natural_key
from accounts.archive.members import MemberNumbers
from accounts.archive.reading import Document, RowReader, place_of
from accounts.exceptions import ArchiveRefused, Duplicate, Invalid, TenantMismatch
from accounts.identifiers import uuid7
from accounts.models import Organization, User
from accounts.services.members import login_without_password
from accounts.services.organizations import insert_organization
from accounts.services.validation import email_faults, faults_of
from accounts.tenancy import current_scope, empty_scope

CHUNK: Final = 1_000
_CHECKED: Final = ("name", "slug", "time_zone", "phone_region", "plan")


@dataclass(kw_only=True)
class Restored:
    """What was taken in. ``has_new_id`` says that another organization of the instance had the archive's id already."""

    organization: Organization
    has_new_id: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    logins_made: list[str] = field(default_factory=list)


def restore_organization(directory: Path, slug: str, kinds: Sequence[Kind], *, progress: Progress) -> Restored:
    """Take in the archive in a directory as an organization with this slug, in a unit of work of its own.

    ``kinds`` begin with the organization, and each comes after those it refers to. All of it is stored in one
    transaction, or nothing; memory does not grow with the rows. Primary keys are new. A member's login is the one with
    their e-mail address; where there is none, one is made that nobody can use until its owner has set a password.
    Existing logins stay as they are.

    Raises ``ArchiveRefused``, ``Invalid`` and ``Duplicate`` for the slug, and ``OSError``.
    """
    scope = current_scope()
    if scope is not None and scope.organization_id is not None:
        raise TenantMismatch("an organization is not restored inside another")
    archive = ArchiveReader.open(directory, [kind.file for kind in kinds])
    founding, *others = kinds
    with KeyStore.opened() as keys, empty_scope() as scope:
        scope.begin(write=True)
        restored = _restore_organization(archive, founding, slug)
        scope.allow_long_work()
        restoring = _Restoring(archive, models_referred_to(others), keys, restored, progress)
        highest = {kind.name: restoring.restore(kind) for kind in others}
        # At the end: nobody who makes rows of other organizations meanwhile is kept waiting for it.
        for kind in others:
            if kind.keep_number is not None and highest[kind.name]:
                _keep_number(kind, kind.keep_number, highest[kind.name])
    return restored


def _keep_number(kind: Kind, keep: Callable[[int], None], highest: int) -> None:
    try:
        keep(highest)
    except DataError as error:
        raise ArchiveRefused(kind.file, f"has a number that is too large to be kept, {highest}") from error


def _restore_organization(archive: ArchiveReader, kind: Kind, slug: str) -> Restored:
    documents = list(islice(archive.documents(kind.file), 2))
    if len(documents) != 1:
        raise ArchiveRefused(kind.file, "must have one row")
    values = RowReader(kind, MemberNumbers()).values(documents[0])
    organization = Organization(slug=slug)
    for name, value in values.items():
        setattr(organization, name, value)
    if faults := faults_of(organization, _CHECKED):
        raise Invalid(faults)
    restored = Restored(organization=organization, rows={kind.name: 1})
    try:
        insert_organization(organization)
    except Duplicate as error:
        if error.field != "uuid":
            raise
        organization.uuid, restored.has_new_id = uuid7(), True
        insert_organization(organization)
    _keep_moments(kind, [organization], [values])
    return restored


class _Restoring:
    """One pass over all kinds but the organization, each after those it refers to."""

    def __init__(
        self,
        archive: ArchiveReader,
        referred_to: Collection[type[models.Model]],
        keys: KeyStore,
        restored: Restored,
        progress: Progress,
    ) -> None:
        self._archive = archive
        self._referred_to = referred_to
        self._keys = keys
        self._restored = restored
        self._progress = progress

    def restore(self, kind: Kind) -> int:
        """Store the rows of one kind; returns the greatest number among them where numbers are to be kept, else 0."""
        reader = RowReader(kind, MemberNumbers.read())
        documents = self._archive.documents(kind.file)
        done = highest = 0
        while batch := list(islice(documents, CHUNK)):
            rows = [reader.values(document) for document in batch]
            for column in kind.columns:
                if column.target is not None:
                    self._put_keys(kind, column, column.target, batch, rows)
            stored = _insert(kind, batch, rows)
            if kind.model in self._referred_to:
                name = natural_key(kind.model)
                self._keys.remember(kind.model, ((row[name], each.pk) for row, each in zip(rows, stored, strict=True)))
            if kind.keep_number is not None:
                highest = max(highest, *(row["number"] for row in rows))
            done += len(rows)
            self._progress(kind.name, done, self._archive.rows(kind.file))
        self._restored.rows[kind.name] = done
        return highest

    def _put_keys(
        self,
        kind: Kind,
        column: Column,
        target: type[models.Model],
        batch: Sequence[Document],
        rows: Sequence[dict[str, Any]],
    ) -> None:
        """Replace natural keys by the primary keys of the rows that have them here."""
        name = column.field.attname
        wanted = {row[name] for row in rows} - {None}
        made = self._restored.logins_made
        keys = _logins(kind, wanted, made) if target is User else self._keys.find(target, wanted)
        for (line, _), row in zip(batch, rows, strict=True):
            if row[name] is not None and row[name] not in keys:
                place = f"{place_of(kind, line)}, {column.name}:"
                raise ArchiveRefused(place, "names a row that the archive does not have")
            row[name] = None if row[name] is None else keys[row[name]]


def _logins(kind: Kind, emails: set[str], made: list[str]) -> dict[str, int]:
    keys = {}
    for email in sorted(emails):
        if email_faults(email):
            raise ArchiveRefused(kind.file, "has a member whose e-mail address is none")
        user, is_new = login_without_password(email)
        keys[email] = user.pk
        if is_new:
            made.append(user.email)
    return keys


def _insert(kind: Kind, batch: Sequence[Document], rows: Sequence[Mapping[str, Any]]) -> Sequence[models.Model]:
    objects = [kind.model(**row) for row in rows]
    try:
        kind.model._default_manager.bulk_create(objects)
        if connection.vendor == "postgresql":
            # References are checked now and not all at the end: what waits for that is kept in the server's memory.
            connection.check_constraints()
    except (IntegrityError, DataError) as error:
        first, last = batch[0][0], batch[-1][0]
        # Not the lines behind the first one, which repeat what is in the row.
        reason = str(error).strip().partition("\n")[0]
        raise ArchiveRefused(
            f"{kind.file}, lines {first} to {last}:", f"the database refuses a row, {reason}"
        ) from error
    _keep_moments(kind, objects, rows)
    return objects


def _keep_moments(kind: Kind, objects: Sequence[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write again what a model sets by itself when a row is made."""
    automatic = [
        column.field.attname
        for column in kind.columns
        if isinstance(column.field, models.DateTimeField) and (column.field.auto_now or column.field.auto_now_add)
    ]
    for name in automatic:
        for written, row in zip(objects, rows, strict=True):
            setattr(written, name, row[name])
    if automatic:
        kind.model._default_manager.bulk_update(objects, automatic)

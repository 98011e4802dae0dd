"""Taking an organization in from an archive: rows as they were, which no default, receiver or recomputation touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db import DataError, IntegrityError, connection, models

from accounts.archive.exporting import Progress
from accounts.archive.files import ArchiveReader
from accounts.archive.kinds import Column, Kind, natural_key
from accounts.archive.members import MemberNumbers
from accounts.archive.reading import Document, RowReader, place_of, referred_to
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
    with empty_scope() as scope:
        scope.begin(write=True)
        restored = _restore_organization(archive, founding, slug)
        scope.allow_long_work()
        highest = {kind.name: _restore_rows(archive, kind, restored, progress) for kind in others}
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


def _restore_rows(archive: ArchiveReader, kind: Kind, restored: Restored, progress: Progress) -> int:
    """Store the rows of one kind; returns the greatest number among them where numbers are to be kept, else 0."""
    reader = RowReader(kind, MemberNumbers.read())
    documents = archive.documents(kind.file)
    done = highest = 0
    while batch := list(islice(documents, CHUNK)):
        rows = [reader.values(document) for document in batch]
        for column in kind.columns:
            if column.target is not None:
                _put_keys(kind, column, batch, rows, restored.logins_made)
        _insert(kind, batch, rows)
        done += len(rows)
        if kind.keep_number is not None:
            highest = max(highest, *(row["number"] for row in rows))
        progress(kind.name, done, archive.rows(kind.file))
    restored.rows[kind.name] = done
    return highest


def _put_keys(
    kind: Kind, column: Column, batch: Sequence[Document], rows: Sequence[dict[str, Any]], logins_made: list[str]
) -> None:
    """Replace natural keys by the primary keys of the rows that have them here."""
    wanted = referred_to(column, rows)
    keys = _logins(kind, wanted, logins_made) if column.target is User else _keys_of(column.target, wanted)
    name = column.field.attname
    for (line, _), row in zip(batch, rows, strict=True):
        if row[name] is None:
            continue
        if row[name] not in keys:
            raise ArchiveRefused(
                f"{place_of(kind, line)}, {column.name}:", "names a row that the archive does not have"
            )
        row[name] = keys[row[name]]


def _keys_of(model: type[models.Model] | None, wanted: set[Any]) -> dict[Any, int]:
    if model is None or not wanted:
        return {}
    key = natural_key(model)
    return dict(model._default_manager.filter(**{f"{key}__in": wanted}).values_list(key, "pk"))


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


def _insert(kind: Kind, batch: Sequence[Document], rows: Sequence[Mapping[str, Any]]) -> None:
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

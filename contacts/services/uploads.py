"""Files that are uploaded to be imported: kept in the database in parts, so that whichever worker takes one finds it there."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Right
from accounts.tenancy import tenant_scope
from contacts.exceptions import ImportRefused
from contacts.importing.options import WORKER_CHUNK, ImportOptions
from contacts.importing.reading import open_source
from contacts.importing.records import Source, Unreadable
from contacts.importing.tables import insert_rows
from contacts.models import WORKING, ImportJob, ImportPart
from contacts.services.imports import begin_import

MEBIBYTE: Final = 1024 * 1024
MOST_BYTES: Final = 200 * MEBIBYTE
KEPT_FOR: Final = timedelta(days=30)
# What purge_expired calls them.
IMPORT_FILES: Final = "import_files"
GONE: Final = "The file is not kept any more: upload it again."
# Parts that are stored by one statement.
_AT_ONCE: Final = 8
# As much as shows what a file is and how its first rows look.
_BEGINNING: Final = 2 * MEBIBYTE
# Nothing can be read of these but the whole.
_INDIVISIBLE: Final = frozenset({"xlsx"})
# Where a file without a name can be opened.
_OPEN_FILES: Final = Path("/proc/self/fd")


def upload(chunks: Iterable[bytes], name: str, *, actor: Actor) -> ImportJob:
    """Keep a file to be imported; the import waits for what its columns are.

    ``chunks`` are of any size and are not held together. Of a file that is refused nothing is kept: ``ImportRefused`` for an
    empty one, or one of more than 200 MiB, as soon as that is known; ``Unreadable`` for one of no format that can be
    imported. Raises ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    with _private_file() as (file, path):
        size, file_hash = _received(chunks, file)
        with opened(path) as source:
            file_format = source.format
        file.seek(0)
        with transaction.atomic():
            job = begin_import(
                file_name=_base_name(name),
                file_size=size,
                file_hash=file_hash,
                file_format=file_format,
                options=ImportOptions().in_chunks(WORKER_CHUNK),
                actor=actor,
            )
            ImportJob.objects.filter(pk=job.pk).update(is_background=True)
            _keep(job, file)
    return ImportJob.objects.get(pk=job.pk)


def _keep(job: ImportJob, file: IO[bytes]) -> None:
    """Past the ORM, whose objects would hold much of a large file until cycles are collected."""
    parts = enumerate(iter(lambda: file.read(MEBIBYTE), b""))
    while batch := [(job.pk, number, data) for number, data in islice(parts, _AT_ONCE)]:
        insert_rows(ImportPart, ("job_id", "number", "data"), batch)


def _received(chunks: Iterable[bytes], file: IO[bytes]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise ImportRefused(f"the file is larger than {MOST_BYTES // MEBIBYTE} MiB: split it, or ask an operator")
        digest.update(chunk)
        file.write(chunk)
    if not size:
        raise ImportRefused("the file is empty")
    file.flush()
    return size, digest.hexdigest()


def _base_name(name: str) -> str:
    """The name without the folders some browsers send, and without what no line can show."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[-255:] or "file"


@contextmanager
def opened(path: Path, file_format: str = "auto") -> Iterator[Source]:
    """The file as a source that is closed in any case; ``""`` is no format that is known yet. Raises ``Unreadable``."""
    source = open_source(path, file_format or "auto")
    try:
        yield source
    finally:
        source.close()


@contextmanager
def spooled(job: ImportJob) -> Iterator[Path]:
    """The uploaded file as one of this process alone, gone with the block or, should that be killed, with the process.

    To be called in the organization's scope, or outside any. Raises ``Unreadable`` for one that is not kept any more.
    """
    with _private_file() as (file, path):
        digest = hashlib.sha256()
        for data in _parts(job):
            digest.update(data)
            file.write(data)
        if digest.hexdigest() != job.file_hash:
            raise Unreadable(GONE)
        file.flush()
        yield path


@contextmanager
def beginning(job: ImportJob) -> Iterator[Source]:
    """The first rows of the uploaded file, opened; a file that can only be read as a whole is. Raises ``Unreadable``."""
    with _private_file() as (file, path):
        for data in _parts(job):
            file.write(data)
            if job.format not in _INDIVISIBLE and file.tell() >= _BEGINNING:
                break
        file.flush()
        if not file.tell():
            raise Unreadable(GONE)
        with opened(path, job.format) as source:
            yield source


def is_kept(job: ImportJob) -> bool:
    """Whether the uploaded file is still there."""
    return ImportPart.objects.filter(job=job, number=0).exists()


def _parts(job: ImportJob) -> Iterator[memoryview | bytes]:
    number = 0
    while True:
        # A unit of work for each: no statement, and no transaction, takes as long as the file is large.
        with tenant_scope(job.organization_id):
            data = ImportPart.objects.filter(job=job, number=number).values_list("data", flat=True).first()
        if data is None:
            return
        yield data
        number += 1


@contextmanager
def _private_file() -> Iterator[tuple[IO[bytes], Path]]:
    """A temporary file for this process alone and a path to open it by; without a name where the system allows that."""
    if _OPEN_FILES.is_dir():
        with tempfile.TemporaryFile(prefix="import-") as nameless:
            yield nameless, _OPEN_FILES / str(nameless.fileno())
    else:
        with tempfile.NamedTemporaryFile(prefix="import-") as named:
            yield named, Path(named.name)


def purge_files(limit: int) -> int:
    """Remove up to ``limit`` parts of files whose import has not moved for 30 days and is not being worked on."""
    before = timezone.now() - KEPT_FOR
    quiet = ImportJob.objects.exclude(state__in=WORKING).filter(_quiet_since("requested_at", before))
    for name in ("moved_at", "finished_at", "undone_at"):
        quiet = quiet.filter(_quiet_since(name, before))
    # The first part goes first: a file without it is none.
    ids = _ids(ImportPart.objects.filter(job__in=quiet).order_by("job_id", "number"), limit)
    removed, _ = ImportPart.objects.filter(pk__in=ids).delete()
    return removed


def _quiet_since(name: str, before: object) -> Q:
    return Q((name, None)) | Q((f"{name}__lte", before))


def _ids(rows: QuerySet[ImportPart], limit: int) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:limit])

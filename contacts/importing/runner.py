"""Taking a file through, chunk by chunk: each in a unit of work of its own, the next one read meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.actor import Actor
from accounts.tenancy import tenant_scope
from contacts.exceptions import SurroundingsChanged
from contacts.importing.context import Context, read_context
from contacts.importing.interpreting import interpreter_for
from contacts.importing.matching import PlannedBook, StoredBook
from contacts.importing.options import ImportOptions
from contacts.importing.records import IgnoredColumn, Source
from contacts.importing.rows import Preparation, Row, highest_number
from contacts.models import ImportJob
from contacts.services.imports import (
    finish_plan,
    finish_run,
    import_actor,
    plan_chunk,
    read_surroundings,
    run_chunk,
    surroundings_digest,
)


class Passage:
    """One file on its way through one import, by whoever holds its lease.

    ``is_plan`` plans it, otherwise it is run. ``step`` does one chunk, and says False when there was none left and the
    import is finished. Raises what ``plan_chunk`` and ``run_chunk`` do; ``Unreadable`` where the rest cannot be read.
    """

    def __init__(self, organization_id: int, job: ImportJob, source: Source, *, actor: Actor, is_plan: bool) -> None:
        self.job = job
        self._organization_id = organization_id
        self._source = source
        self._actor = import_actor(actor)
        self._is_plan = is_plan
        self._options = ImportOptions.from_json(job.options)
        self._book = PlannedBook(StoredBook(job.operation, actor=self._actor, locks=False)) if is_plan else None
        self._chunks: _Chunks | None = None

    def step(self) -> bool:
        """Do the next chunk; False when all are done."""
        while True:
            if self._chunks is None:
                self._chunks = self._begin()
            rows = self._chunks.next()
            try:
                with tenant_scope(self._organization_id), transaction.atomic():
                    return self._do(rows, self._chunks)
            except SurroundingsChanged:
                # The rows mean something else by now: read them again from where the last chunk ended.
                self._chunks = None

    def ignored(self) -> list[IgnoredColumn]:
        """What of the file was not imported, as far as it was read."""
        return self._preparation.ignored()

    def close(self) -> None:
        """Give back the temporary file."""
        if self._book is not None:
            self._book.close()

    def _do(self, rows: list[Row], chunks: _Chunks) -> bool:
        if not rows:
            self.job = finish_plan(self.job, self._digest) if self._is_plan else finish_run(self.job)
        elif self._book is not None:
            self.job = plan_chunk(self.job, rows, self._preparation, self._book, actor=self._actor)
        else:
            self.job = run_chunk(self.job, rows, self._preparation, actor=self._actor, meanwhile=chunks.read_on)
        return bool(rows)

    def _begin(self) -> _Chunks:
        with tenant_scope(self._organization_id):
            context, surroundings = read_context(), read_surroundings()
        self._digest = surroundings_digest(surroundings, context)
        interpreter = interpreter_for(self._source, self._options.mapping, context)
        self._preparation = Preparation(interpreter, self._options, surroundings, actor=self._actor)
        if not self._is_plan and any(used.target == "number" for used in interpreter.used()):
            rest = self._source.records(self.job.position, self.job.line)
            self._preparation.highest_number = highest_number(rest, interpreter)
        return _Chunks(self._rows(self._preparation), self._options.chunk)

    def _rows(self, preparation: Preparation) -> Iterator[Row]:
        """The rows behind the last chunk, prepared."""
        records = self._source.records(self.job.position, self.job.line)
        return (preparation.row(record, ordinal) for ordinal, record in enumerate(records, start=self.job.rows))


class _Chunks:
    """Rows in chunks, the next of which is begun while one is stored: reading needs no database."""

    def __init__(self, rows: Iterator[Row], size: int) -> None:
        self._rows = rows
        self._size = size
        self._read: list[Row] = []
        self._is_at_end = False
        self._error: Exception | None = None

    def next(self) -> list[Row]:
        """The next chunk, empty behind the last. Raises what reading does, behind the rows that could be read."""
        while self.read_on():
            pass
        if self._error is not None and not self._read:
            raise self._error
        read, self._read = self._read, []
        return read

    def read_on(self) -> bool:
        """Read one more row of the next chunk; False when it is whole. Raises nothing: ``next`` does."""
        if self._is_at_end or len(self._read) >= self._size:
            return False
        try:
            row = next(self._rows, None)
        except Exception as error:
            row, self._error = None, error
        if row is None:
            self._is_at_end = True
            return False
        self._read.append(row)
        return True


@contextmanager
def passage(organization_id: int, job: ImportJob, source: Source, *, actor: Actor, is_plan: bool) -> Iterator[Passage]:
    """A passage that is closed in any case."""
    opened = Passage(organization_id, job, source, actor=actor, is_plan=is_plan)
    try:
        yield opened
    finally:
        opened.close()


def context_digest(context: Context) -> str:
    """What ``surroundings_digest`` says now, for whoever wants to know whether a plan still holds."""
    return surroundings_digest(read_surroundings(), context)

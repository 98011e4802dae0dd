"""Taking a file through, chunk by chunk: each in a unit of work of its own, the next one prepared meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, Final

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

# Chunks prepared ahead of the one that is being stored. More would only take memory.
AHEAD: Final = 1
_WAIT: Final = 0.1


class Passage:
    """One file on its way through one import, by whoever holds its lease.

    ``is_plan`` plans it, otherwise it is run. ``step`` does one chunk, and says False when there was none left and the
    import is finished. Raises what ``plan_chunk`` and ``run_chunk`` do; ``Unreadable`` where the rest cannot be read.
    """

    def __init__(
        self, organization_id: int, job: ImportJob, source: Source, *, actor: Actor, is_plan: bool, ahead: bool = False
    ) -> None:
        self.job = job
        self._organization_id = organization_id
        self._source = source
        self._actor = import_actor(actor)
        self._is_plan = is_plan
        self._ahead = ahead
        self._options = ImportOptions.from_json(job.options)
        self._book = PlannedBook(StoredBook(job.operation, actor=self._actor, locks=False)) if is_plan else None
        self._chunks: Iterator[list[Row]] | None = None

    def step(self) -> bool:
        """Do the next chunk; False when all are done."""
        while True:
            if self._chunks is None:
                self._chunks = self._begin()
            rows = next(self._chunks, None)
            try:
                with tenant_scope(self._organization_id), transaction.atomic():
                    return self._do(rows)
            except SurroundingsChanged:
                # The rows mean something else by now: read them again from where the last chunk ended.
                self._stop()

    def ignored(self) -> list[IgnoredColumn]:
        """What of the file was not imported, as far as it was read."""
        return self._preparation.ignored()

    def close(self) -> None:
        """Give back the thread and the temporary file."""
        self._stop()
        if self._book is not None:
            self._book.close()

    def _do(self, rows: list[Row] | None) -> bool:
        if rows is None:
            self.job = finish_plan(self.job, self._digest) if self._is_plan else finish_run(self.job)
        elif self._book is not None:
            self.job = plan_chunk(self.job, rows, self._preparation, self._book, actor=self._actor)
        else:
            self.job = run_chunk(self.job, rows, self._preparation, actor=self._actor)
        return rows is not None

    def _begin(self) -> Iterator[list[Row]]:
        with tenant_scope(self._organization_id):
            context, surroundings = read_context(), read_surroundings()
        self._digest = surroundings_digest(surroundings, context)
        interpreter = interpreter_for(self._source, self._options.mapping, context)
        self._preparation = Preparation(interpreter, self._options, surroundings, actor=self._actor)
        if not self._is_plan and any(used.target == "number" for used in interpreter.used()):
            rest = self._source.records(self.job.position, self.job.line)
            self._preparation.highest_number = highest_number(rest, interpreter)
        chunks = self._prepared(self._preparation)
        return _ahead(chunks) if self._ahead else chunks

    def _prepared(self, preparation: Preparation) -> Iterator[list[Row]]:
        """The rows behind the last chunk, prepared."""
        records = self._source.records(self.job.position, self.job.line)
        rows = (preparation.row(record, ordinal) for ordinal, record in enumerate(records, start=self.job.rows))
        while chunk := list(islice(rows, self._options.chunk)):
            yield chunk

    def _stop(self) -> None:
        chunks, self._chunks = self._chunks, None
        if chunks is not None:
            chunks.close()  # type: ignore[attr-defined]  # generators, both of them


@contextmanager
def passage(
    organization_id: int, job: ImportJob, source: Source, *, actor: Actor, is_plan: bool, ahead: bool = False
) -> Iterator[Passage]:
    """A passage that is closed in any case."""
    opened = Passage(organization_id, job, source, actor=actor, is_plan=is_plan, ahead=ahead)
    try:
        yield opened
    finally:
        opened.close()


def _ahead(chunks: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """The same chunks, made in a thread: while one is being stored, which is waiting for the database, the next is read."""
    ready: Queue[Any] = Queue(maxsize=AHEAD)
    stopped = Event()
    thread = Thread(target=_produce, args=(chunks, ready, stopped), name="import-reader", daemon=True)
    # Whoever comes back from the database is let in ten times as soon as usual: a chunk comes back dozens of times.
    patience = sys.getswitchinterval()
    sys.setswitchinterval(patience / 10)
    thread.start()
    try:
        while True:
            made = ready.get()
            if isinstance(made, BaseException):
                raise made
            if made is None:
                return
            yield made
    finally:
        stopped.set()
        thread.join()
        sys.setswitchinterval(patience)


def _produce(chunks: Iterator[list[Row]], ready: Queue[Any], stopped: Event) -> None:
    made: Any
    try:
        for made in chunks:
            if not _put(ready, made, stopped):
                return
        made = None
    except BaseException as error:
        made = error
    _put(ready, made, stopped)


def _put(ready: Queue[Any], made: Any, stopped: Event) -> bool:
    while not stopped.is_set():
        try:
            ready.put(made, timeout=_WAIT)
        except Full:
            continue
        return True
    return False


def context_digest(context: Context) -> str:
    """What ``surroundings_digest`` says now, for whoever wants to know whether a plan still holds."""
    return surroundings_digest(read_surroundings(), context)

"""Imports: begun, planned and run chunk by chunk, and finished. Each chunk is one transaction, with what says how far it is.

Whoever works on an import has its lease, made anew each time. Every chunk is stored by the holder of the lease only and
only where the one before ended: whoever was killed, or overtaken, leaves no row half done and does none twice.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from accounts.actor import Actor, Door
from accounts.identifiers import uuid7
from accounts.models import Member, Organization
from accounts.roles import Right
from accounts.tenancy import current_organization
from contacts.exceptions import ImportRefused, Overtaken, SurroundingsChanged
from contacts.importing.context import Context
from contacts.importing.deciding import Decided, Decider
from contacts.importing.matching import PlannedBook, StoredBook
from contacts.importing.meanwhile import Later, Meanwhile, doing, idle
from contacts.importing.objecting import media_by_contact, note, objections_of
from contacts.importing.options import ImportOptions
from contacts.importing.outcomes import COUNTED, Outcome, pack, unpack
from contacts.importing.records import RowFault
from contacts.importing.rows import Preparation, Row, Surroundings
from contacts.importing.tables import settle, take_time
from contacts.models import WORKING, ImportChunk, ImportJob, ImportState
from contacts.services.custom_values import known_fields
from contacts.services.objecting import open_media, record_objections
from contacts.services.scoring_facts import current_weights
from contacts.services.storing import Import, store_changed, store_created

# Others may take an address, or hold a row, between a chunk's questions and its writes; it then asks again.
ATTEMPTS: Final = 8
COUNTS: Final = ("rows", *COUNTED.values())
_Result = TypeVar("_Result")


def begin_import(
    *, file_name: str, file_size: int, file_hash: str, file_format: str, options: ImportOptions, actor: Actor
) -> ImportJob:
    """A new import of a file that is not uploaded; it waits to be planned or run. Raises ``Forbidden``."""
    actor.require(Right.WRITE_CONTACTS)
    with transaction.atomic():
        # One at a time decides about the next number.
        Organization.objects.select_for_update(no_key=True).get()
        last = ImportJob.objects.aggregate(last=Max("number"))["last"] or 0
        return ImportJob.objects.create(
            number=last + 1,
            file_name=file_name[:255],
            file_size=file_size,
            file_hash=file_hash,
            identity=options.identity(file_hash, file_format),
            format=file_format,
            options=options.as_json(),
            actor_kind=actor.kind.value,
            actor_label=actor.label[:320],
            member_id=actor.member_id,
            operation=uuid7(),
            requested_at=timezone.now(),
        )


def claim(job: ImportJob, state: ImportState, *, expected: Sequence[ImportState]) -> ImportJob:
    """Take an import to work on it, in ``state`` from then on; returns it fresh, with the lease.

    Raises ``ImportRefused`` where it stands in none of the ``expected`` states, somebody is at work on it, or another
    import of the organization is unfinished.
    """
    with transaction.atomic():
        fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if fresh.state not in expected:
            raise ImportRefused(f"import {fresh.number} is {ImportState(fresh.state).label.lower()}")
        if fresh.is_working and not is_abandoned(fresh):
            raise ImportRefused(f"import {fresh.number} of the same file is being worked on")
        if state is not ImportState.PLANNING:
            _refuse_beside(fresh)
        fresh.state, fresh.lease, fresh.worker, fresh.moved_at = state, uuid4(), _this_worker(), timezone.now()
        _save_claimed(fresh)
    return fresh


def _save_claimed(job: ImportJob) -> None:
    """Two that begin at the same moment see nothing of each other; the unique index does."""
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError as error:
        raise ImportRefused("another import has just been begun") from error


def _refuse_beside(job: ImportJob) -> None:
    """The unique index holds it as well; this has words for it."""
    active = Q(state__in=[ImportState.RUNNING, ImportState.UNDOING])
    other = ImportJob.objects.filter(active).exclude(pk=job.pk).first()
    if other is not None:
        is_left = is_abandoned(other) and not other.is_background
        how = (
            f"was interrupted: go on with --resume and its own file, or take it back with undo_import {other.number}"
            if is_left
            else "is being worked on"
        )
        raise ImportRefused(f"import {other.number} of {other.file_name!r} {how}")


def is_abandoned(job: ImportJob) -> bool:
    """Whether whoever worked on it is gone: a process of this machine that ended, or one that gave no sign for a minute."""
    if job.lease is None:
        return True
    host, _, process = job.worker.partition(" ")
    if host == socket.gethostname() and process != _process_of(process.partition(" ")[0]):
        return True
    return job.is_stalled


def _this_worker() -> str:
    return f"{socket.gethostname()} {_process_of(str(os.getpid()))}"


def _process_of(pid: str) -> str:
    """The process with this number and the moment it began, which tells it from a later one with the same number."""
    with suppress(OSError, IndexError):
        # The name may hold blanks and ends with a bracket; the 20th field after it is the start.
        return f"{pid} {Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return ""
    except PermissionError:
        pass
    return pid


def read_surroundings() -> Surroundings:
    """What of the organization in scope decides how rows become contacts."""
    members = frozenset(Member.objects.filter(is_active=True).values_list("pk", flat=True))
    return Surroundings(current_organization().phone_region, current_weights(), known_fields(), members)


def surroundings_digest(surroundings: Surroundings, context: Context) -> str:
    """A digest of everything but the file and the book that a plan hangs on; the same in every process."""
    known = [(number, kind.name, definition) for number, (kind, definition) in surroundings.fields.items()]
    named = [(field.number, field.name) for field in context.fields]
    members = sorted(context.members.items()), sorted(context.members_by_id.items())
    facts = (surroundings.region, surroundings.weights, known, named, context.time_zone.key, members)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def import_actor(actor: Actor) -> Actor:
    """Who changes contacts by an import."""
    return actor.through(Door.IMPORT)


def plan_chunk(
    job: ImportJob, rows: Sequence[Row], preparation: Preparation, book: PlannedBook, *, actor: Actor
) -> ImportJob:
    """Plan the next rows and keep that; returns the import as it stands then. Changes no contact.

    Raises ``Overtaken``, ``SurroundingsChanged``.
    """
    options = ImportOptions.from_json(job.options)
    take_time()
    decider = Decider(options, preparation.surroundings, preparation, book, actor=actor)
    decided = decider.decide(rows)
    if objections := objections_of(rows, decided):
        note(objections, open_media(media_by_contact(objections)))
    with transaction.atomic():
        fresh = _held(job, preparation)
        packed = pack(decided.outcomes)
        _keep_chunk(fresh, packed, rows, is_plan=True)
        fresh.plan_hash = hashlib.sha256(fresh.plan_hash.encode() + packed).hexdigest()
        _advance(fresh, decided, rows)
    touched = [*decided.created, *decided.changed.values()]
    book.remember(touched, decided.keys, whole=options.on_duplicate in ("fill", "update"))
    return fresh


def run_chunk(
    job: ImportJob, rows: Sequence[Row], preparation: Preparation, *, actor: Actor, meanwhile: Meanwhile = idle
) -> ImportJob:
    """Store the next rows, all of them or, on an error, none; returns the import as it stands then.

    A row that the database refuses for a reason the rules do not know fails by itself and keeps no other from going in.
    While the database is at work ``meanwhile`` is done.

    Raises ``Overtaken``, ``SurroundingsChanged``.
    """
    try:
        with doing(meanwhile):
            return persistently(lambda: _run_chunk(job, rows, preparation, actor))
    except (DataError, IntegrityError):
        if len(rows) == 1:
            refused = replace(rows[0], contact=None, faults=[_REFUSED])
            return persistently(lambda: _run_chunk(job, [refused], preparation, actor))
    # One of them: half of the rows by themselves are done, or have it.
    half = len(rows) // 2
    job = run_chunk(job, rows[:half], preparation, actor=actor)
    return run_chunk(job, rows[half:], preparation, actor=actor)


_REFUSED: Final = RowFault("", "", "refused", "the database refuses this row")


def _run_chunk(job: ImportJob, rows: Sequence[Row], preparation: Preparation, actor: Actor) -> ImportJob:
    options = ImportOptions.from_json(job.options)
    take_time()
    fresh = _held(job, preparation)
    book = StoredBook(fresh.operation, actor=actor, locks=True)
    planned = _planned(fresh, rows) if fresh.is_bound else None
    decider = Decider(options, preparation.surroundings, preparation, book, actor=actor, planned=planned)
    decided = decider.decide(rows)
    of = Import(
        fresh.number,
        fresh.operation,
        import_actor(actor),
        preparation.surroundings.region,
        timezone.now(),
        preparation.highest_number,
    )
    store_created(decided.created, of)
    store_changed([target for target in decided.changed.values() if target.stored is not None], of)
    for outcome, target in zip(decided.outcomes, decided.about, strict=True):
        if target is not None and outcome.contact_id is None:
            outcome.contact_id, outcome.number = target.id, target.number
    if objections := objections_of(rows, decided):
        note(objections, record_objections(media_by_contact(objections), actor=of.actor))
    packed = Later(lambda: pack(decided.outcomes))
    if decided.created or decided.changed:
        with doing(packed.step):
            settle()
    _keep_chunk(fresh, packed.value(), rows, is_plan=False)
    _advance(fresh, decided, rows)
    return fresh


def persistently(attempt: Callable[[], _Result]) -> _Result:
    """Try again what lost a race for an address, an id or a row."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic():
                return attempt()
        except (IntegrityError, OperationalError) as error:
            if not left or not _is_race(error):
                raise
    raise AssertionError("the last attempt returns or raises")


def _is_race(error: Exception) -> bool:
    """A unique value that is taken by now, a deadlock, a lock that took too long to get."""
    if isinstance(error, IntegrityError):
        return True
    return getattr(error.__cause__, "sqlstate", None) in ("40P01", "55P03", "40001")


def _held(job: ImportJob, preparation: Preparation) -> ImportJob:
    """The import, locked, where ``job`` left it."""
    fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if fresh.lease != job.lease or fresh.position != job.position or fresh.rows != job.rows:
        raise Overtaken(f"somebody else works on import {job.number}")
    if fresh.state not in WORKING:
        raise Overtaken(f"import {job.number} is {ImportState(fresh.state).label.lower()}")
    if read_surroundings() != preparation.surroundings:
        raise SurroundingsChanged
    return fresh


def _planned(job: ImportJob, rows: Sequence[Row]) -> dict[int, Outcome]:
    """What was planned for the rows, by line."""
    chunks = ImportChunk.objects.filter(
        job=job, is_plan=True, first_line__lte=rows[-1].line, last_line__gte=rows[0].line
    )
    return {outcome.line: outcome for chunk in chunks for outcome in unpack(chunk.rows)}


def _keep_chunk(job: ImportJob, packed: bytes, rows: Sequence[Row], *, is_plan: bool) -> None:
    # Chunks are counted by what is done, so that a resumed import goes on counting.
    number = ImportChunk.objects.filter(job=job, is_plan=is_plan).count()
    ImportChunk.objects.create(
        job=job,
        number=number,
        is_plan=is_plan,
        first_line=rows[0].line,
        last_line=rows[-1].line,
        rows=packed,
    )


def _advance(job: ImportJob, decided: Decided, rows: Sequence[Row]) -> None:
    now = timezone.now()
    job.position, job.line = rows[-1].position, rows[-1].last_line
    job.rows += len(rows)
    for outcome in decided.outcomes:
        name = COUNTED[outcome.fate]
        setattr(job, name, getattr(job, name) + 1)
    job.seconds += (now - (job.moved_at or now)).total_seconds()
    job.moved_at = now
    job.save()


def finish_plan(job: ImportJob, digest: str) -> ImportJob:
    """The plan is whole: its hash stands for the file, the options, the surroundings and every row's fate."""
    return _finish(job, ImportState.PLANNED, planned_at=timezone.now(), digest=digest)


def finish_run(job: ImportJob) -> ImportJob:
    """Every row is accounted for."""
    return _finish(job, ImportState.FINISHED, finished_at=timezone.now())


def _finish(job: ImportJob, state: ImportState, *, digest: str = "", **moments: datetime) -> ImportJob:
    with transaction.atomic():
        fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if fresh.lease != job.lease:
            raise Overtaken(f"somebody else works on import {job.number}")
        fresh.state, fresh.lease, fresh.worker = state, None, ""
        for name, moment in moments.items():
            setattr(fresh, name, moment)
        if state is ImportState.PLANNED:
            fresh.plan_hash = hashlib.sha256(f"{fresh.identity}{digest}{fresh.plan_hash}".encode()).hexdigest()
            fresh.planned = {"surroundings": digest, **{name: getattr(fresh, name) for name in COUNTS}}
        fresh.save()
    return fresh


def refuse_import(job: ImportJob, message: str) -> ImportJob:
    """The file turned out to be none that can be imported, or the rest of it none that can be read; returns it fresh.

    A run that has stored rows is finished then, with the message: it can be taken back. Somebody else's stays as it is.
    """
    with transaction.atomic():
        fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if fresh.lease != job.lease:
            return fresh
        if fresh.state == ImportState.RUNNING and fresh.rows:
            fresh.state, fresh.finished_at = ImportState.FINISHED, timezone.now()
        else:
            fresh.state = ImportState.REFUSED
        fresh.message, fresh.lease, fresh.worker = message[:1_000], None, ""
        fresh.save()
    return fresh


def let_go(job: ImportJob) -> None:
    """Stop working on an import where it stands, for somebody else to go on at once."""
    ImportJob.objects.filter(pk=job.pk, lease=job.lease).update(lease=None, worker="")


def bind_to_plan(job: ImportJob, digest: str) -> ImportJob:
    """The planned import begins anew, to do exactly what was planned.

    Raises ``ImportRefused`` where the team's fields, members, weights or region are others than they were: the rows would
    mean something else.
    """
    if job.planned.get("surroundings") != digest:
        raise ImportRefused(
            "the organization's custom fields, members, scoring or phone region changed since the plan: plan again"
        )
    fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    fresh.is_bound = True
    _begin_anew(fresh)
    return fresh


def restart_plan(job: ImportJob) -> ImportJob:
    """Begin planning from the first row again: what earlier rows would have made is not kept between processes."""
    with transaction.atomic():
        ImportChunk.objects.filter(job=job, is_plan=True).delete()
        fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if fresh.lease != job.lease:
            raise Overtaken(f"somebody else works on import {job.number}")
        fresh.plan_hash, fresh.planned = "", {}
        _begin_anew(fresh)
    return fresh


def _begin_anew(job: ImportJob) -> None:
    for name in (*COUNTS, "position", "line", "seconds"):
        setattr(job, name, 0)
    job.save()


def planned_import(identity: str, plan_hash: str) -> ImportJob | None:
    """The import of this file and these options that was planned with this hash."""
    return ImportJob.objects.filter(identity=identity, plan_hash=plan_hash).order_by("-id").first()


def interrupted_import(identity: str) -> ImportJob | None:
    """The run of this file and these options that is not done, or else the last one that is."""
    rows = ImportJob.objects.filter(identity=identity, state__in=[ImportState.RUNNING, ImportState.FINISHED])
    return rows.order_by(F("finished_at").desc(nulls_first=True), "-id").first()


def cancel_import(job: ImportJob, *, actor: Actor) -> None:
    """Give an import up that nobody works on; what a run stored before stays, and can be taken back.

    Raises ``ImportRefused`` where somebody does, ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    with transaction.atomic():
        fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if fresh.state == ImportState.RUNNING:
            # Whoever is at work on it notices: the lease is not theirs any more.
            fresh.state, fresh.finished_at = ImportState.FINISHED, timezone.now()
        elif fresh.state in (ImportState.UPLOADED, ImportState.PLANNING, ImportState.PLANNED):
            fresh.state = ImportState.CANCELLED
        else:
            raise ImportRefused(f"import {fresh.number} is {ImportState(fresh.state).label.lower()}")
        fresh.lease, fresh.worker, fresh.message = None, "", "Stopped before its end."
        fresh.save()


def outcomes_of(job: ImportJob, *, is_plan: bool) -> Iterator[Outcome]:
    """The outcomes of an import's rows in the order of the file, a chunk at a time."""
    chunks = ImportChunk.objects.filter(job=job, is_plan=is_plan)
    for number in range(chunks.count()):
        yield from unpack(chunks.get(number=number).rows)

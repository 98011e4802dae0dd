"""Imports done by workers, a chunk at a time: planned, run, taken back.

Whoever takes an import keeps it, with its open file, until it is done: what earlier rows of a plan would have made lives in
that process alone. A worker that is killed leaves its lease, and another one goes on as soon as the process is seen to be
gone, or after a minute without a sign; a plan then begins again from the first row.

Nothing is tried for ever. Each taking of an import is an attempt that is written down before it is made, so that one which
ends its worker's process counts as well; progress of a run forgives those before it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from traceback import format_tb
from typing import Final, Protocol

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor, Door
from accounts.exceptions import DomainError, Forbidden
from accounts.roles import Right
from accounts.services.members import acting_member
from accounts.tenancy import tenant_scope
from contacts.exceptions import ImportRefused, Overtaken
from contacts.importing.records import Unreadable
from contacts.importing.runner import passage
from contacts.models import ImportJob, ImportState
from contacts.services.imports import claim, is_abandoned, let_go, refuse_import, restart_plan
from contacts.services.undoing import Undoing
from contacts.services.uploads import opened, spooled
from contacts.waiting_imports import waiting_imports

logger = logging.getLogger("latchkey.imports")

# Each has an open file of its own; further imports wait for one of these to end.
MOST_AT_HAND: Final = 8
MOST_ATTEMPTS: Final = 3
GIVEN_UP: Final = (
    "Something unexpected went wrong several times. Whoever runs Latchkey finds it in the log of its worker."
)


class Steps(Protocol):
    """What does an import: ``Passage``, ``Undoing``."""

    job: ImportJob

    def step(self) -> bool:
        """Do the next chunk; False when all are done."""


class _AtHand:
    """An import this process holds: whose authority it acts with, and what does it, opened."""

    def __init__(self, job: ImportJob, actor: Actor) -> None:
        self.actor = actor
        self._open = ExitStack()
        with ExitStack() as opening:
            self._steps = self._opened(job, opening)
            self._open = opening.pop_all()

    def _opened(self, job: ImportJob, opening: ExitStack) -> Steps:
        if job.state == ImportState.UNDOING:
            return Undoing(job.organization_id, job, actor=self.actor)
        source = opening.enter_context(opened(opening.enter_context(spooled(job)), job.format))
        _note_size(job, source.size)
        is_plan = job.state == ImportState.PLANNING
        return opening.enter_context(passage(job.organization_id, job, source, actor=self.actor, is_plan=is_plan))

    @property
    def job(self) -> ImportJob:
        return self._steps.job

    def step(self) -> bool:
        return self._steps.step()

    def close(self) -> None:
        self._open.close()


# By primary key, those of this process.
_at_hand: Final[dict[int, _AtHand]] = {}


def work_on_imports(stop: Callable[[], bool] = lambda: False) -> int:
    """Do a chunk of the import that has been waiting the longest, of any organization; returns 1, or 0 when there is none.

    To be called again until it returns 0, outside any unit of work. ``stop`` is asked before.
    """
    waiting = waiting_imports()
    _forget_all_but({job.pk for job in waiting})
    for job in waiting:
        if stop():
            break
        if _take_turn(job):
            return 1
    return 0


def let_imports_go() -> None:
    """Let go of all imports of this process, which ends: others go on at once, and no attempt was in vain."""
    while _at_hand:
        _, at_hand = _at_hand.popitem()
        at_hand.close()
        with tenant_scope(at_hand.job.organization_id):
            held = ImportJob.objects.filter(pk=at_hand.job.pk, lease=at_hand.job.lease, attempts__gt=0)
            held.update(attempts=F("attempts") - 1)
            let_go(at_hand.job)


def _take_turn(job: ImportJob) -> bool:
    """Do a chunk of an import; False where it is in other hands, or these are full."""
    at_hand = _at_hand.get(job.pk)
    if at_hand is not None and at_hand.job.lease != job.lease:
        # Somebody stopped it, or thought that this process was gone.
        _forget(job.pk)
        at_hand = None
    if at_hand is None and (not is_abandoned(job) or len(_at_hand) >= MOST_AT_HAND):
        return False
    held = at_hand.job if at_hand is not None else _claimed(job)
    if held is None:
        return False
    try:
        _advance(held)
    except Overtaken:
        _forget(held.pk)
    except (Unreadable, DomainError) as error:
        _refuse(held, _sentence(error))
    except Exception as error:
        _put_off(held, error)
    return True


def _claimed(job: ImportJob) -> ImportJob | None:
    """The import, taken by this process; None where another one was faster, or no further attempt is made."""
    state = ImportState(job.state)
    with tenant_scope(job.organization_id), transaction.atomic():
        try:
            held = claim(job, state, expected=[state])
        except (ImportRefused, ImportJob.DoesNotExist):
            return None
        held.attempts += 1
        ImportJob.objects.filter(pk=held.pk).update(attempts=held.attempts)
        if state is ImportState.PLANNING:
            held = restart_plan(held)
    if held.attempts > MOST_ATTEMPTS:
        _refuse(held, GIVEN_UP)
        return None
    return held


def _advance(job: ImportJob) -> None:
    """Do the next chunk of an import that this process holds."""
    with tenant_scope(job.organization_id):
        actor = _actor_of(job)
    at_hand = _at_hand.get(job.pk)
    if at_hand is not None and at_hand.actor != actor:
        # What was planned with another authority would not be the plan of this one.
        _forget(job.pk)
        if job.state == ImportState.PLANNING:
            with tenant_scope(job.organization_id):
                job = restart_plan(job)
        at_hand = None
    if at_hand is None:
        at_hand = _at_hand[job.pk] = _AtHand(job, actor)
    if not at_hand.step():
        _forget(job.pk)
    elif job.attempts and job.state != ImportState.PLANNING:
        _forgive(at_hand.job)


def _actor_of(job: ImportJob) -> Actor:
    """Who wants it, as they are now: their role may be another by now. Raises ``Forbidden``."""
    member_id = job.undo_member_id if job.state == ImportState.UNDOING and job.undo_member_id else job.member_id
    if member_id is None:
        return Actor.command(job.actor_label).through(Door.IMPORT)
    actor = acting_member(member_id, Door.IMPORT)
    actor.require(Right.WRITE_CONTACTS)
    return actor


def _note_size(job: ImportJob, size: int | None) -> None:
    """For who looks at the progress; and a sign of life, for large files take a while to open."""
    with tenant_scope(job.organization_id):
        ImportJob.objects.filter(pk=job.pk, lease=job.lease).update(size=size, moved_at=timezone.now())


def _forgive(job: ImportJob) -> None:
    with tenant_scope(job.organization_id):
        ImportJob.objects.filter(pk=job.pk, lease=job.lease).update(attempts=0)
    job.attempts = 0


def _refuse(job: ImportJob, message: str) -> None:
    """End an import that cannot be gone on with; what a run has stored so far can be taken back."""
    at_hand = _forget(job.pk)
    job = at_hand.job if at_hand is not None else job
    with tenant_scope(job.organization_id), transaction.atomic():
        if job.state == ImportState.PLANNING or (job.state == ImportState.RUNNING and not job.rows):
            refuse_import(job, message)
            return
        ended_at = job.finished_at or timezone.now()
        held = ImportJob.objects.filter(pk=job.pk, lease=job.lease)
        held.update(state=ImportState.FINISHED, message=message[:1_000], finished_at=ended_at, lease=None, worker="")


def _put_off(job: ImportJob, error: Exception) -> None:
    """Leave it, under the lease, to be taken up again in a minute; or end it after the last attempt.

    A database that is away raises here as well.
    """
    # Without the words of the error: they may repeat a person's data.
    trace = "".join(format_tb(error.__traceback__))
    logger.error("import %d failed at attempt %d: %s\n%s", job.pk, job.attempts, type(error).__name__, trace)
    _forget(job.pk)
    if job.attempts >= MOST_ATTEMPTS:
        _refuse(job, GIVEN_UP)
        return
    with tenant_scope(job.organization_id):
        ImportJob.objects.filter(pk=job.pk, lease=job.lease).update(moved_at=timezone.now())


def _sentence(error: Exception) -> str:
    if isinstance(error, Forbidden):
        return f"{error.reason[:1].upper()}{error.reason[1:]}."
    return getattr(error, "message", "") or str(error)


def _forget(pk: int) -> _AtHand | None:
    at_hand = _at_hand.pop(pk, None)
    if at_hand is not None:
        at_hand.close()
    return at_hand


def _forget_all_but(waiting: set[int]) -> None:
    for pk in set(_at_hand) - waiting:
        _forget(pk)

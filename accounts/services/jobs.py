"""The queue of background jobs (docs/decisions/0016). All organizations share it, so its rows hold ids and nothing else.

The library claims and runs jobs. It knows no lease and no second attempt: a job whose worker was killed would be
running for ever, and one that failed would stay so. Both are here, and jobs bear it because they may run twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from traceback import format_tb
from typing import Any, Final, TypeAlias

from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

logger = logging.getLogger("latchkey.jobs")

Job: TypeAlias = "DBTaskResult[..., Any]"
READY: Final = TaskResultStatus.READY
FAILED: Final = TaskResultStatus.FAILED

# A job does some seconds of work. One that has run for longer lost its worker.
LEASE = timedelta(minutes=1)
# 5 seconds before the second, 10 before the third, more than 5 minutes before the last.
MOST_ATTEMPTS = 8
_FIRST_DELAY = timedelta(seconds=5)
# Looked into by whoever wonders what happened.
KEPT_FOR = timedelta(days=7)
BATCH = 1_000


# Work that is always waiting to be found: rows of their own say what is due, so no job can be lost. Each does some
# tenths of a second of it and returns how much it did; ``stop`` says to do no more. Apps add theirs when they are loaded.
Standing: TypeAlias = Callable[[Callable[[], bool]], int]
standing_work: Final[list[Standing]] = []
# How long the oldest of it has been waiting, None when none is.
standing_waits: Final[list[Callable[[], timedelta | None]]] = []
# What a worker lets go of when it ends, so that others need not wait for it.
standing_ends: Final[list[Callable[[], None]]] = []


def sweep_jobs() -> int:
    """Make the jobs ready again whose worker is gone; returns how many.

    Several workers may sweep at once: each row is one's alone while it decides. A job that ends its workers
    ``MOST_ATTEMPTS`` times is left failed.
    """
    now = timezone.now()
    lost = DBTaskResult.objects.running().filter(started_at__lte=now - LEASE)
    if not lost.exists():
        # The usual case, without SQLite's one write lock.
        return 0
    with transaction.atomic():
        jobs = list(lost.select_for_update(skip_locked=True)[:BATCH])
        for job in jobs:
            logger.warning("job %s was left by its worker at attempt %d", job.id, len(job.worker_ids))
            job.status, job.finished_at = (FAILED, now) if _is_exhausted(job) else (READY, None)
            job.save(update_fields=["status", "finished_at"])
    return len(jobs)


def record_failure(job: Job, error: BaseException) -> None:
    """Put a job off that failed, each time for longer, and after ``MOST_ATTEMPTS`` leave it failed.

    Without the words of the error: they may repeat a person's data, which belongs in no shared table.
    """
    now = timezone.now()
    attempts = len(job.worker_ids)
    if _is_exhausted(job):
        job.status, job.finished_at = FAILED, now
    else:
        logger.warning("job %s failed at attempt %d and is put off", job.id, attempts, exc_info=error)
        job.status, job.run_after = READY, now + _FIRST_DELAY * 2 ** (attempts - 1)
    job.exception_class_path = f"{type(error).__module__}.{type(error).__qualname__}"
    job.traceback = "".join(format_tb(error.__traceback__))
    job.save(update_fields=["status", "finished_at", "run_after", "exception_class_path", "traceback"])


def purge_jobs(*, limit: int = BATCH) -> int:
    """Remove up to ``limit`` jobs that ended a week ago; returns how many."""
    ended = DBTaskResult.objects.finished().filter(finished_at__lte=timezone.now() - KEPT_FOR)
    ids = list(ended.order_by("finished_at").values_list("pk", flat=True)[:limit])
    removed, _ = DBTaskResult.objects.filter(pk__in=ids).delete()
    return removed


def longest_wait() -> timedelta | None:
    """How long the job or standing work has been waiting that waits the longest, None when none does."""
    at_once = Q(run_after=get_date_max())
    since = DBTaskResult.objects.ready().aggregate(
        enqueued=Min("enqueued_at", filter=at_once), due=Min("run_after", filter=~at_once)
    )
    now = timezone.now()
    waits = [max(now - moment, timedelta()) for moment in since.values() if moment is not None]
    waits += [wait for waited in standing_waits if (wait := waited()) is not None]
    return max(waits, default=None)


def _is_exhausted(job: Job) -> bool:
    return len(job.worker_ids) >= MOST_ATTEMPTS

"""Run background jobs."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from django.core.management.base import CommandParser
from django.db import InterfaceError, OperationalError, connection
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS
from django_tasks_db.management.commands.db_worker import Worker

from accounts.commands import JsonCommand
from accounts.services.jobs import Job, record_failure, standing_ends, standing_work, sweep_jobs

logger = logging.getLogger("latchkey.jobs")

SECONDS_BETWEEN_SWEEPS = 5
# How many are run before the next look around.
MOST_IN_A_ROW = 20
# SQLite's one write lock goes to whoever asks at the right moment; those who wait ask ten times a second. Without a
# pause between jobs a request that writes could wait for all of them.
GIVING_WAY = 0.12
WORKER_ID = f"{socket.gethostname()}-{os.getpid()}"[-64:]
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class JobWorker(Worker):
    """The library's worker for one round: the jobs that are ready, and no more than a few."""

    def __init__(self) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=0,
            batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=MOST_IN_A_ROW,
            worker_id=WORKER_ID,
        )
        self.jobs = 0

    def run_task(self, db_task_result: Job) -> None:
        # The library's own keeps the error's words, and knows no second attempt.
        db_task_result.set_failed = partial(record_failure, db_task_result)
        super().run_task(db_task_result)
        self.jobs += 1
        if connection.vendor == "sqlite":
            sleep(GIVING_WAY)


class Command(JsonCommand):
    help = (
        "Run background jobs until SIGTERM or SIGINT, which let the job at hand end; a second one breaks it off, to be"
        " repeated. Any number of these may run at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", action="store_true", help="end when no job is ready")
        parser.add_argument(
            "--interval", type=float, default=0.25, metavar="SECONDS", help="between looks (default: 0.25)"
        )
        parser.add_argument(
            "--stop-at-eof", action="store_true", help="end when standard input does, with whoever holds its other end"
        )

    def answer(self, **options: Any) -> dict[str, Any]:
        self._stopping = Event()
        self._round: JobWorker | None = None
        with _stopping_on_signals(self._stop):
            if options["stop_at_eof"]:
                Thread(target=_stop_at_eof, args=[self._stopping], daemon=True).start()
            logger.info("%s is looking for jobs", WORKER_ID)
            try:
                return {"jobs": self._run(interval=options["interval"], batch=options["batch"])}
            finally:
                self._attempt(self._let_go)

    def _run(self, *, interval: float, batch: bool) -> int:
        jobs, next_sweep = 0, monotonic()
        while not self._stopping.is_set():
            if monotonic() >= next_sweep:
                next_sweep = monotonic() + SECONDS_BETWEEN_SWEEPS
                self._attempt(sweep_jobs)
            stood = self._attempt(self._do_standing_work)
            done = self._attempt(self._run_ready_jobs)
            jobs += done
            if done < MOST_IN_A_ROW and not stood:
                if batch:
                    break
                self._stopping.wait(interval)
        return jobs

    def _do_standing_work(self) -> int:
        done = 0
        for work in standing_work:
            done += work(self._between_pieces())
        if done and connection.vendor == "sqlite":
            sleep(GIVING_WAY)
        return done

    def _let_go(self) -> int:
        for end in standing_ends:
            end()
        return len(standing_ends)

    def _between_pieces(self) -> Callable[[], bool]:
        """What tells a piece of standing work to stop, and lets others write before the second and each that follows."""
        pauses = chain([0.0], repeat(GIVING_WAY))

        def stops() -> bool:
            if connection.vendor == "sqlite":
                sleep(next(pauses))
            return self._stopping.is_set()

        return stops

    def _run_ready_jobs(self) -> int:
        self._round = JobWorker()
        self._round.running = not self._stopping.is_set()
        self._round.run()
        return self._round.jobs

    def _attempt(self, work: Callable[[], int]) -> int:
        """What the work returns; nothing while the database is away, which ends no worker."""
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database cannot be used: %s", str(error).partition("\n")[0])
            connection.close()
            return 0

    def _stop(self, number: int, frame: Any) -> None:
        if self._stopping.is_set():
            raise SystemExit(1)
        self._stopping.set()
        if self._round is not None:
            self._round.running = False


@contextmanager
def _stopping_on_signals(stop: Callable[[int, Any], None]) -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_at_eof(stopping: Event) -> None:
    # The bare descriptor: Python cannot shut down while a thread is inside the buffered stream.
    while os.read(0, 1_024):
        pass
    # A second signal would break off the job at hand.
    if not stopping.is_set():
        os.kill(os.getpid(), signal.SIGTERM)

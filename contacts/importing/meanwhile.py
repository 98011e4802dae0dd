"""What is done while the database is at work: the file is read on, the rows of the next table are made ready.

On PostgreSQL, which has a processor of its own, and in the thread that waits. One that worked beside it contended with it
for the interpreter, and made imports slower on SQLite and, where processors are few, on PostgreSQL too
(docs/decisions/0033).
"""

from __future__ import annotations

import select
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from django.db import connection
from psycopg.waiting import Wait

_Made = TypeVar("_Made")

# Does a little of what is to be done, mostly well below a millisecond; False when there is nothing to do by now.
Meanwhile = Callable[[], bool]

_EVENTS: Final = {
    Wait.R: select.POLLIN,
    Wait.W: select.POLLOUT,
    Wait.RW: select.POLLIN | select.POLLOUT,
}


def idle() -> bool:
    """Nothing to do."""
    return False


class Later(Generic[_Made]):
    """Something that is made meanwhile, in one go, or else when it is asked for."""

    def __init__(self, make: Callable[[], _Made]) -> None:
        self._make = make
        self._made: list[_Made] = []

    def step(self) -> bool:
        """Make it, unless it is made."""
        if self._made:
            return False
        self._made.append(self._make())
        return True

    def value(self) -> _Made:
        self.step()
        return self._made[0]


@contextmanager
def doing(meanwhile: Meanwhile) -> Iterator[None]:
    """Within this, do ``meanwhile`` whenever the connection would wait for PostgreSQL; nothing on SQLite.

    ``meanwhile`` must not use the connection. What it raises is raised when the statement is over. Inside another, the
    inner one's work comes first.
    """
    if connection.vendor != "postgresql" or meanwhile is idle:
        yield
        return
    connection.ensure_connection()
    opened: Any = connection.connection
    outer = opened.wait

    def wait(steps: Generator[Any, Any, Any], *arguments: Any, **more: Any) -> Any:
        errors: list[BaseException] = []
        try:
            return outer(_busy(steps, opened.pgconn.socket, meanwhile, errors), *arguments, **more)
        finally:
            # Before what the statement raises: that may be tried again, and an interruption would be lost.
            if errors:
                raise errors[0]

    # How psycopg lets others wait in its place: every statement and every COPY goes through here.
    opened.wait = wait
    try:
        yield
    finally:
        opened.wait = outer


def _busy(
    steps: Generator[Any, Any, Any], socket: int, meanwhile: Meanwhile, errors: list[BaseException]
) -> Generator[Any, Any, Any]:
    """The same steps; before each wait of theirs there is work, until there is none left or nothing to wait for."""
    poll = select.poll()
    poll.register(socket)
    try:
        state = next(steps)
        while True:
            poll.modify(socket, _EVENTS[state])
            while not errors and not poll.poll(0) and _does(meanwhile, errors):
                pass
            state = steps.send((yield state))
    except StopIteration as stopped:
        return stopped.value


def _does(meanwhile: Meanwhile, errors: list[BaseException]) -> bool:
    try:
        return meanwhile()
    except BaseException as error:
        # The statement would be left half done, and the connection of no use to whoever rolls back.
        errors.append(error)
        return False

"""What is done while the database is at a long statement of this process: the file is read on, the next rows made ready.

On PostgreSQL, which has a processor of its own. One thread waits for the statement, which takes none; the work stays
where it is. A thread that worked beside the one that stores contended with it for the interpreter, and made imports
slower on SQLite and, where processors are few, on PostgreSQL too (docs/decisions/0033).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import Any, Final

# Does a little of what is to be done; False when there is nothing to do by now.
Meanwhile = Callable[[], bool]

# How soon, in seconds, the waiting thread may say that the statement is done; the interpreter's own is ten times that.
_SOON: Final = 0.0005


def idle() -> bool:
    """Nothing to do."""
    return False


def do_meanwhile(wait: Callable[[], Any], meanwhile: Meanwhile) -> None:
    """Let another thread ``wait``, which must be all that uses the connection, and do ``meanwhile`` until it has waited.

    Raises what ``wait`` raises, and what ``meanwhile`` does, but never before ``wait`` is over.
    """
    if not meanwhile():
        wait()
        return
    with _handing_over():
        waiting = _waiter().submit(copy_context().run, wait)
        try:
            while not waiting.done() and meanwhile():
                pass
        finally:
            waiting.result()


@cache
def _waiter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="import-statement")


@contextmanager
def _handing_over() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SOON)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)

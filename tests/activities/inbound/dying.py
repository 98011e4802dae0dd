"""A process that takes messages in and is killed between every two steps it takes, a child of its own for each.

``python -m tests.activities.inbound.dying PATH ORGANIZATION`` prints how many children it took. The ``n``-th sends one
new message with an edit of it and applies what is due; it is killed before one of the statements and commits on the way,
each child one step later than the one before, until there is one that comes to the end. With ``later`` as a third
argument, each is like a process that has applied batches before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import django
from django.db import connection, connections
from django.test import Client

# More than there are steps.
MOST_CHILDREN = 400


def main(path: str, organization_id: int, *mode: str) -> None:
    django.setup()
    from activities.services.applying import apply_batch  # noqa: PLC0415 - after Django is set up

    if mode:
        apply_batch(organization_id)
    # No two processes may use one connection.
    connections.close_all()
    for child in range(1, MOST_CHILDREN):
        process = os.fork()
        if not process:
            with dying(child):
                live(path, child, lambda: apply_batch(organization_id))
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"child {child} failed") if status else print(json.dumps(child))
            return


def live(path: str, child: int, apply: Callable[[], int]) -> None:
    """One message, what the provider says of it a second later, and what a worker does."""
    from tests.updates import SIGNED, edit, update  # noqa: PLC0415 - after Django is set up

    provider = Client(headers={"host": "localhost", **SIGNED})
    message = update(2 * child)
    for body in (message, edit(2 * child + 1, message, f"Edited {child}")):
        answer = provider.generic("POST", path, json.dumps(body).encode(), content_type="application/json")
        assert answer.status_code == 200
    while apply():
        pass


@contextmanager
def dying(steps: int) -> Iterator[None]:
    """Ends the process instead of this step, counted from one: a statement, or a commit."""
    left = steps
    commit = connection._commit  # type: ignore[attr-defined]  # not public: where a transaction ends

    def step() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        step()
        return execute(sql, parameters, many, context)

    def commit_or_die() -> None:
        step()
        commit()

    with connection.execute_wrapper(execute), mock.patch.object(connection, "_commit", commit_or_die):
        yield


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])

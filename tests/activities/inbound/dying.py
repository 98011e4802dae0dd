"""A process that takes messages in and is killed between every two steps it takes, a child of its own for each.

``python -m tests.activities.inbound.dying PATH ORGANIZATION`` prints how many children it took. The ``n``-th sends one
new message with an edit of it and applies what is due; it is killed before one of the statements and commits on the way,
each child one step later than the one before, until there is one that comes to the end. After each, the provider sends
again and another child applies what is due. With ``later`` as a third argument, each is like a process that has applied
batches before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import django
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

# More than there are steps.
MOST_CHILDREN = 400


def main(path: str, organization_id: int, *mode: str) -> None:
    django.setup()
    from activities.services.applying import apply_batch  # noqa: PLC0415 - after Django is set up
    from tests import updates  # noqa: F401, PLC0415 - as above; loaded here once, and not in every child

    # So is what a server and a worker have loaded before their first message.
    assert Client(headers={"host": "localhost"}).get("/healthz").status_code == 200
    if mode:
        apply_batch(organization_id)
    # No two processes may use one connection.
    connections.close_all()
    for child in range(1, MOST_CHILDREN):
        work = partial(live, path, organization_id, child)
        if _ends(work, steps=child):
            print(json.dumps(child))
            return
        # Whoever comes after it, when all that was put off is due again.
        if not _ends(work):
            sys.exit(f"the one after child {child} was killed")


def _ends(work: Callable[[], None], *, steps: int = 0) -> bool:
    """Whether a child that works comes to its end, and is not killed at this step. Raises ``SystemExit`` if it fails."""
    process = os.fork()
    if not process:
        with dying(steps):
            work()
        os._exit(0)
    _, status = os.waitpid(process, 0)
    if os.WIFEXITED(status) and status:
        sys.exit("a child failed")
    return not status


def live(path: str, organization_id: int, child: int) -> None:
    """One message, what the provider says of it a second later, and what a worker does."""
    from accounts.tenancy import tenant_scope  # noqa: PLC0415 - after Django is set up
    from activities.models import Receipt, ReceiptState  # noqa: PLC0415 - as above
    from activities.services.applying import apply_batch  # noqa: PLC0415 - as above
    from tests.updates import SIGNED, edit, update  # noqa: PLC0415 - as above

    provider = Client(headers={"host": "localhost", **SIGNED})
    message = update(2 * child)
    for body in (message, edit(2 * child + 1, message, f"Edited {child}")):
        answer = provider.generic("POST", path, json.dumps(body).encode(), content_type="application/json")
        assert answer.status_code == 200
    with tenant_scope(organization_id):
        Receipt.objects.filter(state=ReceiptState.PENDING).update(due_at=timezone.now())
    while apply_batch(organization_id):
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

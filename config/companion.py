"""The background worker that `make demo` and `make serve` run beside gunicorn, as hooks of gunicorn's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
# The job at hand may end; it takes some tenths of a second.
PATIENCE = 10

_worker: subprocess.Popen[bytes] | None = None


def start(server: Any) -> None:
    """Start the worker. It ends when its standard input does, so gunicorn cannot leave it behind, however gunicorn ends."""
    global _worker
    command = [sys.executable, str(MANAGE), "worker", "--stop-at-eof"]
    _worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


def let_go(server: Any, worker: Any) -> None:
    """gunicorn's own workers, forked later, inherit the worker's standard input and must not keep it open."""
    if _worker is not None and _worker.stdin is not None:
        _worker.stdin.close()


def stop(server: Any) -> None:
    """End the worker, and wait for it."""
    if _worker is None or _worker.stdin is None:
        return
    _worker.stdin.close()
    try:
        _worker.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        # What it was doing is repeated by the next one.
        _worker.kill()

"""The background worker that `make demo` and `make serve` run beside gunicorn, as hooks of gunicorn's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
MANAGE = _HERE.parent / "manage.py"
KEEP_RUNNING = _HERE / "keep_running.py"
# The keeper itself waits for ten seconds before it kills the worker.
PATIENCE = 15

_keeper: subprocess.Popen[bytes] | None = None


def start(server: Any) -> None:
    """Start the worker and what starts it again. Both end when their standard input does, however gunicorn ends."""
    global _keeper
    worker = [sys.executable, str(MANAGE), "worker", "--stop-at-eof"]
    # -P: the modules beside the keeper are no libraries of its own.
    command = [sys.executable, "-P", str(KEEP_RUNNING), *worker]
    _keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


def let_go(server: Any, worker: Any) -> None:
    """gunicorn's own workers, forked later, inherit the other end of that standard input and must not keep it open."""
    if _keeper is not None and _keeper.stdin is not None:
        _keeper.stdin.close()


def stop(server: Any) -> None:
    """End both, and wait for them."""
    if _keeper is None or _keeper.stdin is None:
        return
    _keeper.stdin.close()
    try:
        _keeper.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _keeper.kill()

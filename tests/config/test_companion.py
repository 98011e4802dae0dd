"""The worker that `make demo` and `make serve` run beside gunicorn ends with it, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.papers import REPOSITORY, environment, shell
from tests.test_papers import free_port, is_ready

ENDING = 60


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server with a worker beside it, ready; both write to one pipe."""
    port = free_port()
    env = environment(tmp_path, WITH_WORKER="true", WEB_CONCURRENCY="1", PORT=str(port))
    shell(f"{sys.executable} manage.py migrate --verbosity 0", cwd=REPOSITORY, env=env)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"],
        cwd=REPOSITORY,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(server, "is looking for jobs")
    yield server
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate(timeout=ENDING)
    assert not is_ready(f"http://127.0.0.1:{port}")


def wait_for(server: subprocess.Popen[str], words: str) -> None:
    assert server.stderr is not None
    for line in server.stderr:
        if words in line:
            return
    pytest.fail(f"the server ended without {words!r}")


@pytest.mark.sqlite
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_no_worker_outlives_its_server(gunicorn: subprocess.Popen[str], end: signal.Signals) -> None:
    gunicorn.send_signal(end)
    # The pipe has an end only when everybody who writes to it has ended: the server's own workers, and this one.
    gunicorn.communicate(timeout=ENDING)
    assert gunicorn.returncode == (-signal.SIGKILL if end is signal.SIGKILL else 0)

"""The worker that `make demo` and `make serve` run beside gunicorn ends with it, however that ends, and comes back until then."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.inbound import payload
from tests.papers import REPOSITORY, environment, shell
from tests.test_papers import free_port, is_ready

ENDING = 60
WORKING = 60
SECRET = "sesame-opens-this-one"
ORGANIZATION = (
    "create_organization --name North --slug north --owner-first-name Odalys --owner-email odalys@example.com"
    " --owner-password lanterns-at-noon-3"
)
CHANNEL = f"create_channel --organization north --kind telegram --name Bot --secret {SECRET}"


@dataclass(frozen=True)
class Served:
    """A server that runs, where it answers, and the environment of whoever looks after it."""

    process: subprocess.Popen[str]
    address: str
    env: dict[str, str]

    def manage(self, command: str) -> str:
        return shell(f"{sys.executable} manage.py {command}", cwd=REPOSITORY, env=self.env)

    def line(self, words: str) -> str:
        """The next line of its log with these words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if words in line:
                return line
        pytest.fail(f"the server ended without {words!r}")

    def next_worker(self) -> int:
        """The process id of the worker that starts next."""
        found = re.search(r"-(\d+) is looking for jobs", self.line("is looking for jobs"))
        assert found is not None
        return int(found[1])

    def wait_until_nothing_waits(self) -> None:
        """What was acknowledged waits from then on, until a worker has done it."""
        deadline = monotonic() + WORKING
        while self.oldest_waiting_job() is not None:
            assert monotonic() < deadline, f"it still waits after {WORKING} seconds"
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.2)

    def oldest_waiting_job(self) -> int | None:
        with urllib.request.urlopen(f"{self.address}/readyz", timeout=10) as answer:  # noqa: S310 - an address of this machine
            age: int | None = json.load(answer)["oldest_waiting_job"]
            return age

    def end(self, number: signal.Signals) -> None:
        """Send a signal, and wait for everybody."""
        self.process.send_signal(number)
        # The pipe has an end only when everybody who writes to it has ended: the server's own workers, and this one.
        self.process.communicate(timeout=ENDING)
        assert self.process.returncode == (-signal.SIGKILL if number is signal.SIGKILL else 0)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a migrated database, to be copied: making one takes longer than everything else here."""
    data = tmp_path_factory.mktemp("migrated")
    shell(f"{sys.executable} manage.py migrate --verbosity 0", cwd=REPOSITORY, env=environment(data))
    return data


@pytest.fixture
def served(migrated: Path, tmp_path: Path) -> Iterator[Served]:
    """A server that starts a worker beside it; both write to one pipe."""
    port = free_port()
    env = environment(tmp_path, WITH_WORKER="true", WEB_CONCURRENCY="1", PORT=str(port))
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"],
        cwd=REPOSITORY,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield Served(server, f"http://127.0.0.1:{port}", env)
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate(timeout=ENDING)
    assert not is_ready(f"http://127.0.0.1:{port}")


@pytest.mark.sqlite
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_no_worker_outlives_its_server(served: Served, end: signal.Signals) -> None:
    served.next_worker()
    served.end(end)


@pytest.mark.sqlite
def test_a_worker_that_was_killed_is_followed_by_another(served: Served) -> None:
    served.manage(ORGANIZATION)
    path = json.loads(served.manage(CHANNEL))["path"]
    killed = served.next_worker()
    os.kill(killed, signal.SIGKILL)
    assert "the worker ended (signal 9), another one is started in 0.5 s" in served.line("latchkey.companion")
    following = served.next_worker()
    assert following != killed
    write_to(f"{served.address}{path}")
    served.wait_until_nothing_waits()
    # Another time, and no longer at once; how the second one ends makes no difference.
    os.kill(following, signal.SIGTERM)
    assert "the worker ended (exit code 0), another one is started in 1 s" in served.line("latchkey.companion")
    assert served.next_worker() not in {killed, following}
    served.end(signal.SIGTERM)


@pytest.mark.sqlite
def test_what_starts_workers_again_leaves_none_behind_when_it_is_killed(served: Served) -> None:
    os.kill(parent_of(served.next_worker()), signal.SIGKILL)
    served.end(signal.SIGTERM)


def parent_of(process: int) -> int:
    return int(shell(f"ps -o ppid= -p {process}", cwd=REPOSITORY, env=dict(os.environ)))


def write_to(address: str) -> None:
    """Somebody's message, by Telegram."""
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
    body = payload("telegram/message_text.json")
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - an address of this machine
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        assert answer.status == 200

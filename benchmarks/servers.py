"""Programs under load: each under gunicorn with the project's own configuration, on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Final

from benchmarks.place import REPOSITORY

HOST: Final = "127.0.0.1"
PATIENCE: Final = 60


@dataclass(frozen=True)
class Server:
    """A program that answers, and the credential it wants."""

    name: str
    port: int
    authorization: str

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A whole HTTP request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nAuthorization: {self.authorization}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


@contextmanager
def serving(name: str, application: str, environment: Mapping[str, str], authorization: str) -> Iterator[Server]:
    """A WSGI application behind gunicorn until the block ends; what it has to say goes to ``var/bench``."""
    server = Server(name, _free_port(), authorization)
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", application]
    variables = os.environ | environment | {"PORT": str(server.port), "BIND": HOST}
    logs = REPOSITORY / "var" / "bench"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=variables, stdout=log, stderr=log)
        try:
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind((HOST, 0))
        port: int = asked.getsockname()[1]
        return port


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Until it takes connections, and one of its workers has loaded the program. Raises ``RuntimeError``."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex((HOST, server.port)) == 0:
                _await_answer(server)
                return
        time.sleep(0.1)
    raise RuntimeError(f"{server.name} does not answer; see var/bench/{server.name}.log")


def _await_answer(server: Server) -> None:
    """The first answer takes as long as the program takes to load; whether there is anything at this address is all the same."""
    asking = HTTPConnection(HOST, server.port, timeout=PATIENCE)
    asking.request("GET", "/", headers={"Authorization": server.authorization})
    asking.getresponse().read()
    asking.close()

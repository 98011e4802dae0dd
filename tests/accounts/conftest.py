"""Somebody at a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests import postgresql

REPOSITORY = Path(__file__).resolve().parents[2]


class Operator:
    """Somebody at a shell whose environment leads to the tests' database."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command; with variables of its own, in a process that has loaded nothing before (see tests.accounts.shell)."""
        if not variables:
            return self._run_in_shell(arguments)
        return subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=REPOSITORY,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _run_in_shell(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        print(json.dumps(arguments), file=self.shell.stdin, flush=True)
        return subprocess.CompletedProcess(arguments, *json.loads(self.shell.stdout.readline()))

    @cached_property
    def shell(self) -> subprocess.Popen[str]:
        """Started by the first command."""
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.accounts.shell"],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def leave(self) -> None:
        if "shell" in self.__dict__:
            self.shell.communicate()

    def answer(self, *arguments: str, **variables: str) -> Any:
        """What the command prints: one line, one JSON object, and nothing on the other stream."""
        done = self.run(*arguments, **variables)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    def refusal(self, *arguments: str, **variables: str) -> str:
        """The one sentence a command ends with when it refuses."""
        done = self.run(*arguments, **variables)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        return done.stderr.removeprefix("CommandError: ").strip()


@pytest.fixture(scope="session")
def operator(django_db_setup: None, postgresql_server: postgresql.Server | None) -> Iterator[Operator]:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(settings.DATA_DIR), "SECRET_KEY": settings.SECRET_KEY}
    if postgresql_server is None:
        environment["DATABASE_URL"] = f"sqlite:///{connection.settings_dict['NAME']}"
    else:
        environment["DATABASE_URL"] = postgresql_server.url(postgresql_server.application)
        environment["DATABASE_OWNER_URL"] = postgresql_server.url(postgresql_server.owner)
    somebody = Operator(environment)
    yield somebody
    somebody.leave()

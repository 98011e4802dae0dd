"""Somebody at a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
        return subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=REPOSITORY,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

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


@pytest.fixture
def operator(postgresql_server: postgresql.Server | None) -> Operator:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(settings.DATA_DIR), "SECRET_KEY": settings.SECRET_KEY}
    if postgresql_server is None:
        environment["DATABASE_URL"] = f"sqlite:///{connection.settings_dict['NAME']}"
    else:
        environment["DATABASE_URL"] = postgresql_server.url(postgresql_server.application)
        environment["DATABASE_OWNER_URL"] = postgresql_server.url(postgresql_server.owner)
    return Operator(environment)

"""An installation of its own for one run: a database, roles and a directory that are gone in the end."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.database import OWNER_RIGHTS, create, enter
from benchmarks.place import REPOSITORY, Login, place_of_this_run, superuser_url


@dataclass(frozen=True)
class Installation:
    """How its programs find the database, how this one does (a URL, or SQLite's file), and the paths of the channels."""

    environment: Mapping[str, str]
    database: str
    secret: str
    paths: Sequence[str] = ()

    def manage(self, *arguments: str) -> dict[str, Any]:
        """Run one of the project's commands; returns the object it printed, {} for none."""
        command = [sys.executable, "manage.py", *arguments]
        variables = os.environ | dict(self.environment)
        done = subprocess.run(command, cwd=REPOSITORY, env=variables, stdout=subprocess.PIPE, check=True)
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        return answer

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement gives, of all organizations; of one that changes something, nothing."""
        if self.database.startswith("postgres://"):
            with psycopg.connect(self.database, autocommit=True) as owner:
                asked = owner.execute(statement.encode())
                return asked.fetchall() if asked.description else []
        with closing(sqlite3.connect(self.database, timeout=60, isolation_level=None)) as opened:
            return opened.execute(statement).fetchall()


@contextmanager
def on_sqlite(what: str) -> Iterator[Installation]:
    """In a file that is gone in the end; ``what`` is part of its name."""
    with tempfile.TemporaryDirectory(prefix=f"latchkey-{what}-") as directory:
        file = f"{directory}/latchkey.sqlite3"
        yield Installation(_environment(f"sqlite:///{file}", directory), file, secrets.token_hex(16))


@contextmanager
def on_postgresql(what: str) -> Iterator[Installation]:
    """In a database and with roles that are dropped in the end."""
    name = f"latchkey_{what}_{os.getpid()}"
    logins = [Login(f"{name}_{kind}", secrets.token_hex(16)) for kind in ("owner", "application")]
    place = replace(place_of_this_run(), owner=logins[0], application=logins[1])
    enter(place.owner, OWNER_RIGHTS)
    try:
        create(name, place.owner)
        with tempfile.TemporaryDirectory(prefix=f"latchkey-{what}-") as directory:
            owner = place.url(place.owner, name)
            environment = _environment(place.url(place.application, name), directory) | {"DATABASE_OWNER_URL": owner}
            made = Installation(environment, owner, secrets.token_hex(16))
            made.manage("create_database_role")
            yield made
    finally:
        with psycopg.connect(superuser_url(), autocommit=True) as superuser:
            superuser.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for login in logins:
                superuser.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login.role)))


def _environment(url: str, directory: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": "local",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": url,
        "DATA_DIR": directory,
        "WEB_CONCURRENCY": "2",
    }

"""Where the benchmarks' databases are, who may enter them, and the environment in which programs find them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

from config.env import database_from_url

REPOSITORY: Final = Path(__file__).resolve().parent.parent
DEFAULT_URL: Final = "postgres://postgres@127.0.0.1:5432/postgres"
DATABASE: Final = "latchkey_bench"
TEXTBOOK: Final = "latchkey_bench_textbook"


@dataclass(frozen=True)
class Login:
    """A role, and the password it has for this run."""

    role: str
    password: str


@dataclass(frozen=True)
class Place:
    """One PostgreSQL server and the three roles of a run."""

    host: str
    port: str
    owner: Login
    application: Login
    textbook: Login
    secret_key: str

    def url(self, login: Login, database: str = DATABASE) -> str:
        """What an operator writes into ``DATABASE_URL`` or ``DATABASE_OWNER_URL``."""
        return f"postgres://{login.role}:{login.password}@{quote(self.host, safe='')}:{self.port}/{database}"

    @contextmanager
    def session(self, login: Login, database: str = DATABASE) -> Iterator[psycopg.Connection[Any]]:
        """A connection that commits by itself."""
        with psycopg.connect(self.url(login, database), autocommit=True) as opened:
            yield opened

    def environment(self) -> dict[str, str]:
        """The variables of a program that serves the benchmarks' database, as the application role."""
        return {
            "ENVIRONMENT": "local",
            "SECRET_KEY": self.secret_key,
            "DATABASE_URL": self.url(self.application),
            "DATA_DIR": str(REPOSITORY / "var" / "bench"),
            "WEB_CONCURRENCY": "2",
            # What the limit of requests is set to must not be what is measured.
            "RATE_LIMIT_PER_MINUTE": "1000000000",
        }

    def owner_environment(self) -> dict[str, str]:
        """The same for commands that an operator runs."""
        return self.environment() | {"DATABASE_OWNER_URL": self.url(self.owner)}

    def textbook_environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "benchmarks.textbook.settings",
            "TEXTBOOK_DATABASE_URL": self.url(self.textbook, TEXTBOOK),
            "WEB_CONCURRENCY": "2",
        }


def superuser_url() -> str:
    """Whoever makes roles and databases, and has them written out: a superuser."""
    return os.environ.get("BENCH_POSTGRES_URL") or DEFAULT_URL


def place_of_this_run() -> Place:
    """The server of ``BENCH_POSTGRES_URL`` with passwords and a signing secret nobody had before."""
    server = database_from_url(superuser_url(), "BENCH_POSTGRES_URL")
    return Place(
        host=server["HOST"] or "127.0.0.1",
        port=str(server["PORT"] or 5432),
        owner=Login(f"{DATABASE}_owner", secrets.token_hex(16)),
        application=Login(f"{DATABASE}_application", secrets.token_hex(16)),
        textbook=Login(TEXTBOOK, secrets.token_hex(16)),
        secret_key=secrets.token_urlsafe(64),
    )

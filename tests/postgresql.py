"""A PostgreSQL database for one test process: made by an owner role, used as an application role, dropped at the end.

The owner makes and migrates the database, as an operator does; then Django's connection becomes the application role's,
so that row-level security is in force in every test. Only putting rows back after a transactional test is the owner's
(tests.restoring).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psycopg
from django.db import connection
from psycopg import sql

from accounts.rls import create_application_role
from config.env import database_from_url

DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/postgres"


def is_chosen() -> bool:
    """Whether this run is on PostgreSQL."""
    return os.environ.get("TEST_DATABASE", "sqlite") == "postgresql"


@dataclass(frozen=True)
class Login:
    """A role and its password."""

    role: str
    password: str

    def settings(self) -> dict[str, str]:
        return {"USER": self.role, "PASSWORD": self.password}


@dataclass(frozen=True)
class Server:
    """Where the tests' database lives, and who may enter it how."""

    host: str
    port: str
    owner: Login
    application: Login

    def url(self, login: Login) -> str:
        """What an operator writes into ``DATABASE_URL`` or ``DATABASE_OWNER_URL`` for the tests' database."""
        name = quote(str(connection.settings_dict["NAME"]), safe="")
        return f"postgres://{login.role}:{login.password}@{quote(self.host, safe='')}:{self.port}/{name}"

    @contextmanager
    def session(self, login: Login) -> Iterator[psycopg.Connection[Any]]:
        """A connection of its own beside Django's, committing by itself."""
        opened = psycopg.connect(
            host=self.host,
            port=self.port,
            user=login.role,
            password=login.password,
            dbname=str(connection.settings_dict["NAME"]),
            autocommit=True,
        )
        with opened:
            yield opened


def superuser_url() -> str:
    return os.environ.get("TEST_POSTGRES_URL") or DEFAULT_URL


@contextmanager
def roles() -> Iterator[Server]:
    """Make the owner role, let Django's connection be the owner's, and drop everything of this run at the end."""
    place = database_from_url(superuser_url(), "TEST_POSTGRES_URL")
    run = f"latchkey_{os.getpid()}_{secrets.token_hex(4)}"
    server = Server(
        host=place.get("HOST") or "127.0.0.1",
        port=str(place.get("PORT") or 5432),
        owner=Login(f"{run}_owner", secrets.token_hex(16)),
        application=Login(f"{run}_application", secrets.token_hex(16)),
    )
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        _drop_leftovers(superuser)
        superuser.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                sql.Identifier(server.owner.role), sql.Literal(server.owner.password)
            )
        )
    try:
        connection.settings_dict.update({"HOST": server.host, "PORT": server.port, **server.owner.settings()})
        # A template nobody can be connected to: test processes need not wait for each other.
        connection.settings_dict["TEST"].update({"NAME": f"{run}_tests", "TEMPLATE": "template0"})
        yield server
    finally:
        _drop(server)


@contextmanager
def application_role(server: Server) -> Iterator[None]:
    """Make the application role on the migrated database and let everything that follows run as it."""
    create_application_role(connection, server.application.role, server.application.password)
    with connection.cursor() as cursor:
        # A test is one transaction that Python may think in for longer than a request ever does.
        name = sql.Identifier(server.application.role)
        cursor.execute(sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = '60s'").format(name))
        # Nothing of a run has to outlive the machine: a commit need not wait for the disk.
        for login in (server.owner, server.application):
            cursor.execute(sql.SQL("ALTER ROLE {} SET synchronous_commit = off").format(sql.Identifier(login.role)))
    connection.close()
    connection.settings_dict.update(server.application.settings())
    try:
        yield
    finally:
        connection.close()
        # A thread that a test left behind must not keep the database from being dropped.
        with psycopg.connect(superuser_url(), autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [connection.settings_dict["NAME"]],
            )
        connection.settings_dict.update(server.owner.settings())


def _drop(server: Server) -> None:
    connection.close()
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        _drop_role(superuser, server.owner.role)
        _drop_role(superuser, server.application.role)


def _drop_role(superuser: psycopg.Connection[Any], role: str) -> None:
    owned = "SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE rolname = %s"
    for (name,) in superuser.execute(owned, [role]).fetchall():
        superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    superuser.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _drop_leftovers(superuser: psycopg.Connection[Any]) -> None:
    """What runs that were killed left behind: their process is gone from this machine and nobody is connected."""
    # One process at a time looks and sweeps.
    superuser.execute("SELECT pg_advisory_lock(hashtext('latchkey leftovers'))")
    in_use = "SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL"
    busy = " ".join(name for (name,) in superuser.execute(in_use).fetchall())
    # Owners first: dropping their databases takes away what the application roles were granted there.
    found = superuser.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'latchkey\\_%' ORDER BY rolname DESC")
    for (role,) in found.fetchall():
        match = re.fullmatch(r"(latchkey_(\d+)_[0-9a-f]{8})_(owner|application)", role)
        if match and match[1] not in busy and not _is_running(int(match[2])):
            _drop_role(superuser, role)
    superuser.execute("SELECT pg_advisory_unlock(hashtext('latchkey leftovers'))")


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

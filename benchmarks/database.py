"""Makes the benchmarks' database as an operator would: an owner, ``migrate``, the application role, organizations, tokens.

A database of the same size, the same migrations and the same rows is used again, so that a second run starts at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.filling import BIG, OWNER_EMAIL, THOUSAND, fill, restore, rows_of_small
from benchmarks.patching import restore_patched
from benchmarks.place import DATABASE, REPOSITORY, Login, Place, superuser_url

Say = Callable[[str], None]

PLAIN_RIGHTS: Final = sql.SQL("LOGIN")
# What an operator gives the owner role, who makes the application role.
OWNER_RIGHTS: Final = sql.SQL("LOGIN CREATEDB CREATEROLE")


@dataclass(frozen=True)
class Measured:
    """An organization that is asked for its contacts, with what each wire takes for ``Authorization``."""

    id: int
    slug: str
    winnerr: str
    rentalot: str
    estateprime: str
    contacts: int


@dataclass(frozen=True)
class Bench:
    """The filled database. Contacts with a number above ``last_number`` came after it was filled."""

    place: Place
    rows: int
    last_number: int
    big: Measured
    thousand: Measured

    def owner(self) -> Any:
        """A connection as the owner of the tables, whom row-level security does not hold."""
        return self.place.session(self.place.owner)


def prepare(place: Place, rows: int, *, keep: bool, say: Say) -> Bench:
    """The database of ``rows`` contacts in its big organization: the one that is there when ``keep``, else a new one."""
    enter(place.owner, OWNER_RIGHTS)
    stamp = _stamp(rows)
    if keep and stamp_of(DATABASE) == stamp:
        say(f"Using the database {DATABASE} that is there ({rows:,} contacts).")
        manage(place, "create_database_role")
        bench = _bench(place, rows)
        with bench.owner() as owner:
            # A run that was stopped left what it wrote.
            restore_patched(owner)
            restore(owner, bench.last_number)
        return bench
    say(f"Making the database {DATABASE} ({rows:,} contacts in one organization); this takes a while.")
    _make(place)
    with place.session(place.owner) as owner:
        fill(owner, rows, datetime.now(UTC).replace(minute=0, second=0, microsecond=0), say)
    put_stamp(DATABASE, stamp)
    return _bench(place, rows)


def _bench(place: Place, rows: int) -> Bench:
    last = rows + 1_000 + 1_000 * rows_of_small(rows)
    return Bench(place, rows, last, _measured(place, BIG, rows), _measured(place, THOUSAND, 1_000))


def _measured(place: Place, slug: str, contacts: int) -> Measured:
    with place.session(place.owner) as owner:
        row = owner.execute("SELECT id FROM accounts_organization WHERE slug = %s", [slug]).fetchone()
    email = OWNER_EMAIL.format(slug=slug)
    token = manage(place, "issue_token", "--organization", slug, "--email", email, "--hours", "240")["token"]
    key = _key(place, slug, "rentalot")["key"]
    pair = _key(place, slug, "estateprime")
    basic = base64.b64encode(f"{pair['public_key']}:{pair['secret_key']}".encode()).decode()
    return Measured(row[0] if row else 0, slug, f"Bearer {token}", f"Bearer {key}", f"Basic {basic}", contacts)


def _key(place: Place, slug: str, wire: str) -> dict[str, Any]:
    return manage(place, "issue_key", "--organization", slug, "--wire", wire, "--name", "Benchmarks")


def _make(place: Place) -> None:
    create(DATABASE, place.owner)
    manage(place, "create_database_role")
    manage(place, "migrate", "--verbosity", "0")
    for slug in (BIG, THOUSAND):
        owner = ("--owner-email", OWNER_EMAIL.format(slug=slug), "--owner-first-name", "Olga")
        secret = ("--owner-password", place.owner.password)
        manage(place, "create_organization", "--name", slug.title(), "--slug", slug, *owner, *secret)


def manage(place: Place, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run one of the project's commands as an operator; returns the object it printed, {} for none."""
    variables = os.environ | place.owner_environment() | dict(environment or {})
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, env=variables, stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
    return answer


def enter(login: Login, rights: sql.SQL = PLAIN_RIGHTS) -> None:
    """Make a role, or give the one that is there this run's password."""
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        found = superuser.execute("SELECT FROM pg_roles WHERE rolname = %s", [login.role]).fetchone()
        verb = sql.SQL("CREATE" if found is None else "ALTER")
        superuser.execute(
            sql.SQL("{} ROLE {} WITH {} PASSWORD {}").format(
                verb, sql.Identifier(login.role), rights, sql.Literal(login.password)
            )
        )


def create(database: str, owner: Login) -> None:
    """Make a database, in place of the one of this name."""
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        name = sql.Identifier(database)
        superuser.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        made = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
        superuser.execute(made.format(name, sql.Identifier(owner.role)))


def stamp_of(database: str) -> str:
    """What ``put_stamp`` wrote on a database; '' without any."""
    statement = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        row = superuser.execute(statement, [database]).fetchone()
    return row[0] or "" if row else ""


def put_stamp(database: str, stamp: str) -> None:
    """Say that a database was filled to its end, and have it written out, so that nothing of it disturbs what follows."""
    with psycopg.connect(superuser_url(), autocommit=True) as superuser:
        superuser.execute("CHECKPOINT")
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        superuser.execute(comment.format(sql.Identifier(database), sql.Literal(stamp)))


_FILLERS: Final = ("rows.py", "child_rows.py", "history.py", "filling.py")


def _stamp(rows: int) -> str:
    """The size, and a digest of every migration and of what fills the tables."""
    files = sorted(REPOSITORY.glob("*/migrations/0*.py")) + [REPOSITORY / "benchmarks" / name for name in _FILLERS]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return f"{rows} contacts, {digest[:16]}"

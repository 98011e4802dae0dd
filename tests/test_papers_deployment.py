"""The deployment paper's commands do what it says: they are run here, with this machine's places and names of their own."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.env import database_from_url
from tests import postgresql
from tests.papers import REPOSITORY, blocks, environment, paper, shell


@pytest.mark.sqlite
def test_a_sqlite_backup_made_under_a_writer_is_restored_whole(tmp_path: Path) -> None:
    data = tmp_path / "var"
    env = environment(data)
    migrate = f"{sys.executable} manage.py migrate --verbosity 0"
    shell(migrate, cwd=REPOSITORY, env=env)
    assert data.stat().st_mode & 0o077 == 0
    backup, check, restore = (
        block.text.replace(".venv/bin/python", sys.executable)
        for block in blocks(paper("docs/deployment.md"), "sh")
        if block.heading == "SQLite"
    )
    database = data / "latchkey.sqlite3"
    with writing(database):
        shell(backup + check, cwd=tmp_path, env=env)
    summary = (tmp_path / "backup" / "sums").read_text().splitlines()
    assert summary[:2] == ["integrity ok", "dangling references 0"]
    assert halves(tmp_path / "backup" / "latchkey.sqlite3") == {0}
    later = sqlite3.connect(database)
    later.execute("DELETE FROM django_content_type")
    later.commit()
    later.close()
    # ``cmp`` inside compares the restored file's hash with the backup's.
    shell(restore, cwd=tmp_path, env=env)
    assert halves(database) == {0}


@contextmanager
def writing(database: Path) -> Iterator[None]:
    """Somebody who writes all the time, two rows per transaction that add up to nothing."""
    connection = sqlite3.connect(database, check_same_thread=False, timeout=20)
    connection.execute("CREATE TABLE ledger (entry INTEGER, amount INTEGER)")
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        entry = 0
        while not done.is_set():
            with connection:
                connection.execute("INSERT INTO ledger VALUES (?, 1)", [entry])
                connection.execute("INSERT INTO ledger VALUES (?, -1)", [entry])
            entry += 1
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(timeout=20)
        yield
    finally:
        done.set()
        writer.join()
        connection.close()


def halves(database: Path) -> set[int]:
    """What the transactions in a file add up to; anything but 0 is one that was torn."""
    connection = sqlite3.connect(database)
    sums = {total for (total,) in connection.execute("SELECT sum(amount) FROM ledger GROUP BY entry")}
    connection.close()
    return sums


@pytest.mark.postgresql
def test_a_postgresql_backup_is_restored_whole_under_the_roles_that_the_paper_makes(tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("a backup is made with pg_dump, which is not installed")
    text = paper("docs/deployment.md")
    install = [block.text for block in blocks(text, "sh") if block.heading == "Install"]
    (backup,) = [block.text for block in blocks(text, "sh") if block.heading == "Backup"]
    restore = next(block.text for block in blocks(text, "sh") if block.heading == "Restore")
    # Without the packages, the system user and ``make setup``, which this machine has behind it.
    script = "".join([*install[2:], backup, restore])
    prefix = f"papers_{os.getpid()}_{secrets.token_hex(4)}"
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", deployed(script, prefix, tmp_path)],  # noqa: S607 - the reader's own
            cwd=REPOSITORY,
            env=environment(tmp_path, PATH=f"{tmp_path}/sbin:{os.environ['PATH']}"),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        sums = next((tmp_path / "backups").glob("*/sums")).read_text()
        assert re.search(r"^accounts_organization\|1\|-?\d+$", sums, re.MULTILINE)
    finally:
        forget(prefix)


def deployed(script: str, prefix: str, root: Path) -> str:
    """A script of the deployment paper with this machine's places, and names that are nobody else's."""
    superuser = database_from_url(postgresql.superuser_url(), "TEST_POSTGRES_URL")
    host, port = superuser["HOST"] or "127.0.0.1", superuser["PORT"] or "5432"
    login = f"PGUSER={superuser['USER']} PGPASSWORD={superuser['PASSWORD']} PGHOST={host} PGPORT={port}"
    for directory in ("etc", "backups", "sbin"):
        (root / directory).mkdir()
    for words, here in {
        "sudo -u postgres": f"env PGDATABASE=postgres {login}",
        "127.0.0.1:5432": f"{host}:{port}",
        "PGHOST=127.0.0.1\nPGPORT=5432": f"PGHOST={host}\nPGPORT={port}",
        "setpriv --reuid=latchkey --regid=latchkey --init-groups .venv/bin/python": sys.executable,
        "chown root:latchkey": "ls",
        "/opt/latchkey": str(REPOSITORY),
        "/etc/latchkey": f"{root}/etc",
        "/var/lib/latchkey": f"{root}/var",
        "/var/backups/latchkey": f"{root}/backups",
        "/usr/local/sbin": f"{root}/sbin",
        "latchkey_owner": f"{prefix}_owner",
        "latchkey_restored": f"{prefix}_restored",
        "DATABASE latchkey ": f"DATABASE {prefix} ",
        "DATABASE=latchkey\n": f"DATABASE={prefix}\n",
        f"{port}/latchkey": f"{port}/{prefix}",
        "postgres://latchkey:": f"postgres://{prefix}_application:",
    }.items():
        script = script.replace(words, here)
    return script


def forget(prefix: str) -> None:
    """Drop the databases and roles of one deployment."""
    with psycopg.connect(postgresql.superuser_url(), autocommit=True) as superuser:
        for database in (prefix, f"{prefix}_restored"):
            superuser.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        for role in (f"{prefix}_application", f"{prefix}_owner"):
            superuser.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))

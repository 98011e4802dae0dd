"""Gives the textbook the same rows: copied from the benchmarks' database, table by table."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from psycopg import Connection

from benchmarks.database import Bench, Say, create, enter, put_stamp, stamp_of
from benchmarks.filling import BIG
from benchmarks.place import DATABASE, REPOSITORY, TEXTBOOK
from benchmarks.textbook.copies import COPIES

# The big organization and a few others are enough to have neighbours in every index.
_CHOSEN: Final = f"""
    SELECT id FROM accounts_organization WHERE slug = '{BIG}' OR slug IN ('small-1', 'small-2', 'small-3', 'small-4')
"""
TOKEN: Final = "0" * 40


def prepare(bench: Bench, *, keep: bool, say: Say) -> None:
    """The textbook's database with the rows of the benchmarks' one."""
    place = bench.place
    enter(place.textbook)
    # Copied rows are those of one filling, in tables of one shape.
    shape = b"".join(
        (REPOSITORY / "benchmarks" / "textbook" / name).read_bytes()
        for name in ("models.py", "copies.py", "filling.py")
    )
    stamp = f"copy of {stamp_of(DATABASE)}, {hashlib.sha256(shape).hexdigest()[:16]}"
    if keep and stamp_of(TEXTBOOK) == stamp:
        with place.session(place.owner) as origin, place.session(place.textbook, TEXTBOOK) as target:
            restore(origin, target)
        return
    say(f"Making the database {TEXTBOOK}.")
    create(TEXTBOOK, place.textbook)
    migrate(place.textbook_environment())
    with place.session(place.owner) as origin, place.session(place.textbook, TEXTBOOK) as target:
        fill(origin, target, bench.big.id, _CHOSEN)
    put_stamp(TEXTBOOK, stamp)


def fill(origin: Connection[Any], target: Connection[Any], asked: int, chosen: str) -> None:
    """Copy the organizations whose ids are ``chosen`` (SQL); ``TOKEN`` is for the first member of the ``asked`` one."""
    found = target.execute("SELECT id FROM django_content_type WHERE app_label = 'textbook' AND model = 'contact'")
    content_type = (found.fetchone() or (0,))[0]
    for table, rows in COPIES:
        _copy(origin, rows.format(content_type=content_type, chosen=chosen), target, table)
    for table in ("textbook_contact", "textbook_person", "textbook_client", "textbook_user", "taggit_tag"):
        target.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    owner = "SELECT %s, now(), id FROM textbook_user WHERE organization_id = %s ORDER BY id LIMIT 1"
    target.execute(f"INSERT INTO authtoken_token (key, created, user_id) {owner}", [TOKEN, asked])
    target.execute("VACUUM ANALYZE")


def restore(origin: Connection[Any], target: Connection[Any]) -> None:
    """Make the copy again what it was, after runs that wrote into it."""
    created = "SELECT id FROM textbook_contact WHERE email LIKE '%@new.example.com'"
    target.execute(f"DELETE FROM taggit_taggeditem WHERE object_id IN ({created})")
    for table in ("textbook_contact", "textbook_person"):
        target.execute(f"DELETE FROM {table} WHERE email LIKE '%@new.example.com'")
    _remove_new_clients(target)
    columns = "id bigint PRIMARY KEY, number bigint, type text, status text, stage text, notes text"
    target.execute(f"CREATE TEMPORARY TABLE was ({columns})")
    rows = f"SELECT id, number, type, status, stage, notes FROM contacts_contact WHERE organization_id IN ({_CHOSEN})"
    _copy(origin, rows, target, "was")
    changed = "was WHERE was.id = c.id AND was.status <> c.status"
    target.execute(f"UPDATE textbook_contact c SET status = was.status FROM {changed}")
    patched = "was WHERE was.id = p.id AND (was.stage, was.notes) <> (p.status, p.notes)"
    target.execute(f"UPDATE textbook_person p SET status = was.stage, notes = was.notes FROM {patched}")
    converted = "was WHERE was.number = c.id AND (was.type = 'LEAD', was.notes) <> (c.is_lead, c.notes)"
    target.execute(f"UPDATE textbook_client c SET is_lead = was.type = 'LEAD', notes = was.notes FROM {converted}")
    target.execute("VACUUM ANALYZE")


def _remove_new_clients(target: Connection[Any]) -> None:
    created = "SELECT client_id FROM textbook_clientemail WHERE email_address LIKE '%@new.example.com'"
    target.execute(f"CREATE TEMPORARY TABLE created AS {created}")
    for name in ("phone", "email", "detail", "value", "_tags", "_users"):
        target.execute(f"DELETE FROM textbook_client{name} WHERE client_id IN (SELECT client_id FROM created)")
    target.execute("DELETE FROM textbook_client WHERE id IN (SELECT client_id FROM created)")


def _copy(origin: Connection[Any], rows: str, target: Connection[Any], table: str) -> None:
    reading = origin.cursor().copy(f"COPY ({rows}) TO STDOUT")
    with reading as out, target.cursor().copy(f"COPY {table} FROM STDIN") as into:
        for block in out:
            into.write(block)


def migrate(environment: Mapping[str, str]) -> None:
    """Make the textbook's tables in the database its environment names."""
    command = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    subprocess.run(command, cwd=REPOSITORY, env=os.environ | environment, check=True)

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

# The big organization and a few others are enough to have neighbours in every index.
_CHOSEN: Final = f"""
    SELECT id FROM accounts_organization WHERE slug = '{BIG}' OR slug IN ('small-1', 'small-2', 'small-3', 'small-4')
"""
TOKEN: Final = "0" * 40

# Target table with its columns, and the rows of the chosen organizations for it.
COPIES: Final = (
    ("textbook_organization (id, name)", "SELECT id, name FROM accounts_organization WHERE id IN ({chosen})"),
    (
        "textbook_user (id, password, email, first_name, last_name, is_active, organization_id)",
        "SELECT m.id, '!', u.email, m.first_name, m.last_name, true, m.organization_id"
        " FROM accounts_member m JOIN accounts_user u ON u.id = m.user_id"
        " WHERE m.organization_id IN ({chosen})",
    ),
    (
        "textbook_contact (id, organization_id, first_name, last_name, email, phone, secondary_phone, street, city, state,"
        " zip_code, country, type, status, source, lead_score, notes, preferences, assigned_to_id, created_at, updated_at,"
        " last_contacted_at)",
        "SELECT c.id, c.organization_id, first_name, last_name, email, c.phone, coalesce(p.phone, ''), street, city, state,"
        " zip_code, country, type, status, source, lead_score, notes, preferences, assigned_to_id, created_at, updated_at,"
        " last_contacted_at FROM contacts_contact c LEFT JOIN contacts_contactphone p ON p.contact_id = c.id"
        " WHERE c.organization_id IN ({chosen}) ORDER BY c.id",
    ),
    (
        "textbook_person (id, uuid, organization_id, name, email, phone, status, role, channel, source, referral_source,"
        " language, notes, applied_at, created_at, updated_at)",
        "SELECT id, uuid, organization_id, coalesce(nullif(full_name, ''), company_name), email, phone, stage, role,"
        " channel_preference, source, referral_source, language, notes, applied_at, created_at, updated_at"
        " FROM contacts_contact WHERE organization_id IN ({chosen}) AND deleted_at IS NULL ORDER BY id",
    ),
    (
        "taggit_tag (id, name, slug)",
        "SELECT min(id), name, name FROM contacts_tag WHERE organization_id IN ({chosen}) GROUP BY name",
    ),
    (
        "taggit_taggeditem (object_id, content_type_id, tag_id)",
        "SELECT content_object_id, {content_type}, first.id FROM contacts_taggedcontact x JOIN contacts_tag t ON t.id = x.tag_id"
        " JOIN (SELECT min(id) AS id, name FROM contacts_tag WHERE organization_id IN ({chosen}) GROUP BY name) first"
        " ON first.name = t.name WHERE x.organization_id IN ({chosen}) ORDER BY content_object_id",
    ),
)


def prepare(bench: Bench, *, keep: bool, say: Say) -> None:
    """The textbook's database with the rows of the benchmarks' one."""
    place = bench.place
    enter(place.textbook)
    # Copied rows are those of one filling, in tables of one shape.
    shape = b"".join(
        (REPOSITORY / "benchmarks" / "textbook" / name).read_bytes() for name in ("models.py", "filling.py")
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
    for table in ("textbook_contact", "textbook_person", "textbook_user", "taggit_tag"):
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
    target.execute("CREATE TEMPORARY TABLE was (id bigint PRIMARY KEY, status text, stage text, notes text)")
    rows = f"SELECT id, status, stage, notes FROM contacts_contact WHERE organization_id IN ({_CHOSEN})"
    _copy(origin, rows, target, "was")
    changed = "was WHERE was.id = c.id AND was.status <> c.status"
    target.execute(f"UPDATE textbook_contact c SET status = was.status FROM {changed}")
    patched = "was WHERE was.id = p.id AND (was.stage, was.notes) <> (p.status, p.notes)"
    target.execute(f"UPDATE textbook_person p SET status = was.stage, notes = was.notes FROM {patched}")
    target.execute("VACUUM ANALYZE")


def _copy(origin: Connection[Any], rows: str, target: Connection[Any], table: str) -> None:
    reading = origin.cursor().copy(f"COPY ({rows}) TO STDOUT")
    with reading as out, target.cursor().copy(f"COPY {table} FROM STDIN") as into:
        for block in out:
            into.write(block)


def migrate(environment: Mapping[str, str]) -> None:
    """Make the textbook's tables in the database its environment names."""
    command = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    subprocess.run(command, cwd=REPOSITORY, env=os.environ | environment, check=True)

"""Fills the benchmarks' database as its owner, set by set: organizations, people, tags, contacts and their history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection

from benchmarks import child_rows, history, rows
from benchmarks.inserting import insert
from benchmarks.upkeep import OF_CONTACTS, TO_CONTACTS, without_keys, without_text_indexes

# One big organization and one of a thousand contacts are measured; a thousand small ones stand beside them.
BIG: Final = "bench-big"
THOUSAND: Final = "bench-thousand"
SMALL_ORGANIZATIONS: Final = 1_000
AGENTS: Final = 50
TAGS: Final = 200
TAGS_OF_SMALL: Final = 20
CHUNK: Final = 50_000
OWNER_EMAIL: Final = "owner@{slug}.example.com"

_ORGANIZATIONS: Final = """
CREATE TEMPORARY TABLE bench_organization
    (organization_id bigint PRIMARY KEY, first bigint, last bigint, members bigint[], tags bigint[])
"""
_NUMBERED: Final = """
INSERT INTO bench_organization (organization_id, first, last)
SELECT id, {first} + place * {size}, {first} + (place + 1) * {size} - 1
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM accounts_organization WHERE slug LIKE %s) AS numbered
"""
_PEOPLE: Final = """
UPDATE bench_organization AS o SET
    members = ARRAY(SELECT id FROM accounts_member m WHERE m.organization_id = o.organization_id ORDER BY id),
    tags = ARRAY(SELECT id FROM contacts_tag t WHERE t.organization_id = o.organization_id ORDER BY number)
"""


@dataclass(frozen=True)
class Batch:
    """Contacts by number, from ``first`` to ``last``, made no later than ``newest``.

    ``spread`` 0 makes all of them at that moment, and ``score`` is the greatest lead score among them.
    """

    first: int
    last: int
    newest: datetime
    spread: int = 1
    score: int = 100


def rows_of_small(count: int) -> int:
    """How many contacts each of the small organizations has, beside ``count`` in the big one."""
    return max(10, count // 10 // SMALL_ORGANIZATIONS)


def fill(owner: Connection[Any], count: int, newest: datetime, say: Callable[[str], None]) -> int:
    """Fill a migrated database in which both measured organizations have their owners; returns the last number given."""
    _found_small_organizations(owner)
    _people_and_catalogue(owner)
    last = organizations(owner, count)
    with without_keys(owner, OF_CONTACTS), without_text_indexes(owner):
        for first in range(1, last + 1, CHUNK):
            batch = Batch(first, min(first + CHUNK - 1, last), newest)
            insert_contacts(owner, batch)
            insert_history(owner, batch)
            say(f"{batch.last:,} of {last:,} contacts")
    owner.execute("SELECT setval('contacts_contact_number', %s)", [last])
    owner.execute("SELECT setval('activities_communication_number', %s)", [last])
    owner.execute("VACUUM ANALYZE")
    return last


def organizations(owner: Connection[Any], count: int) -> int:
    """Say for this session which organization has which numbers, members and tags; returns the last number."""
    owner.execute("DROP TABLE IF EXISTS pg_temp.bench_organization")
    owner.execute(_ORGANIZATIONS)
    small = rows_of_small(count)
    for slug, first, size in ((BIG, 1, count), (THOUSAND, count + 1, 1_000), ("small-%", count + 1_001, small)):
        owner.execute(_NUMBERED.format(first=first, size=size), [slug])
    owner.execute(_PEOPLE)
    return count + 1_000 + SMALL_ORGANIZATIONS * small


def insert_contacts(owner: Connection[Any], batch: Batch) -> None:
    """Contacts with what hangs on them, in one transaction. Needs ``organizations`` in this session."""
    numbers = {"first": batch.first, "last": batch.last}
    moments = {"newest": batch.newest, "spread": batch.spread, "score": batch.score}
    with owner.transaction():
        insert(owner, "contacts_contact", rows.CONTACT, rows.CONTACTS, **numbers, **moments)
        for table, columns, source in child_rows.CHILDREN:
            insert(owner, table, columns, source, **numbers)


def insert_history(owner: Connection[Any], batch: Batch) -> None:
    numbers = {"first": batch.first, "last": batch.last}
    with owner.transaction():
        insert(owner, "activities_conversation", history.CONVERSATION, history.TENTH, **numbers)
        insert(owner, "activities_communication", history.COMMUNICATION, history.COMMUNICATIONS, **numbers)
        insert(owner, "activities_deal", history.DEAL, history.TENTH, **numbers)
        insert(owner, "activities_activity", history.ACTIVITY, history.TENTH, **numbers)


_CHILDREN: Final = (
    ("contacts_contactchange", "contact_id"),
    ("contacts_taggedcontact", "content_object_id"),
    ("contacts_contactassignee", "contact_id"),
    ("contacts_relatedperson", "contact_id"),
    ("contacts_contactemail", "contact_id"),
    ("contacts_contactphone", "contact_id"),
)


def remove_contacts_after(owner: Connection[Any], number: int) -> int:
    """Take away the contacts that came later than ``number``, and what they left; returns how many there were."""
    later = "SELECT id FROM contacts_contact WHERE number > %s"
    if owner.execute("SELECT FROM contacts_contact WHERE number > %s LIMIT 1", [number]).fetchone() is None:
        return 0
    with without_keys(owner, TO_CONTACTS), owner.transaction():
        for table, column in _CHILDREN:
            owner.execute(f"DELETE FROM {table} WHERE {column} IN ({later})", [number])
        return owner.execute("DELETE FROM contacts_contact WHERE number > %s", [number]).rowcount


def restore(owner: Connection[Any], last: int) -> None:
    """Make the database again what it was when it was filled with contacts up to the number ``last``."""
    remove_contacts_after(owner, last)
    numbered = "(SELECT id, number AS n FROM contacts_contact WHERE version > 1) AS changed"
    was = f"(SELECT id, {rows.CONTACT['status']} AS status FROM {numbered}) AS was"
    owner.execute(f"UPDATE contacts_contact c SET status = was.status, version = 1 FROM {was} WHERE c.id = was.id")
    owner.execute("DELETE FROM contacts_contactchange")
    owner.execute("VACUUM ANALYZE")


def _found_small_organizations(owner: Connection[Any]) -> None:
    numbered = f"generate_series(1, {SMALL_ORGANIZATIONS}) AS n"
    given = {"uuid": "gen_random_uuid()", "name": "'Small ' || n", "slug": "'small-' || n", "created_at": "now()"}
    insert(owner, "accounts_organization", given, numbered)
    _insert_users(owner, "'owner@small-' || n || '.example.com'", numbered)
    source = "accounts_organization o JOIN accounts_user u ON u.email = 'owner@' || o.slug || '.example.com'"
    _insert_members(owner, "owner", "1", f"{source} WHERE o.slug LIKE 'small-%'")


def _people_and_catalogue(owner: Connection[Any]) -> None:
    measured = f"accounts_organization o CROSS JOIN generate_series(1, {AGENTS}) AS n WHERE o.slug LIKE 'bench-%'"
    _insert_users(owner, "'agent-' || n || '@' || o.slug || '.example.com'", measured)
    agents = f"""
        accounts_organization o CROSS JOIN generate_series(1, {AGENTS}) AS n
        JOIN accounts_user u ON u.email = 'agent-' || n || '@' || o.slug || '.example.com' WHERE o.slug LIKE 'bench-%'
    """
    _insert_members(owner, "agent", "1 + n", agents)
    number = f"CASE WHEN o.slug LIKE 'small-%' THEN {TAGS_OF_SMALL} ELSE {TAGS} END"
    tag = {"organization_id": "o.id", "name": "'tag-' || n - 1", "slug": "'tag-' || n", "number": "n", "position": "n"}
    tags = f"accounts_organization o CROSS JOIN LATERAL generate_series(1, {number}) AS n"
    insert(owner, "contacts_tag", tag | {"color": "'#2563eb'"}, tags)
    source = {"organization_id": "o.id", "number": "n", "position": "n", "name": "name"}
    names = ", ".join(f"'{name}'" for name in rows.SOURCES)
    listed = f"accounts_organization o CROSS JOIN unnest(ARRAY[{names}]) WITH ORDINALITY AS s (name, n)"
    insert(owner, "contacts_source", source | {"name": "s.name"}, f"{listed} WHERE o.slug LIKE 'bench-%'")
    insert(owner, "contacts_customfield", child_rows.FIELD, child_rows.DEFINED)
    insert(owner, "contacts_customfieldoption", child_rows.OPTION, child_rows.OPTIONS)


def _insert_users(owner: Connection[Any], email: str, source: str) -> None:
    # No password opens these accounts.
    given = {"email": email, "password": "'!'", "is_active": "true", "created_at": "now()"}
    insert(owner, "accounts_user", given | {"password_changed_at": "now()"}, source)


def _insert_members(owner: Connection[Any], role: str, number: str, source: str) -> None:
    given = {"organization_id": "o.id", "user_id": "u.id", "uuid": "gen_random_uuid()", "number": number}
    named = {"role": f"'{role}'", "first_name": "initcap(split_part(u.email, '@', 1))", "is_active": "true"}
    insert(owner, "accounts_member", given | named | {"created_at": "now()"}, source)

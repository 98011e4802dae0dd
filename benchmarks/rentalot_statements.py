"""The limit's statements on Rentalot's wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.limit_statements import Schema

# In the order in which ``benchmarks.limit_rentalot.document`` takes them.
COLUMNS: Final = """
    c.uuid::text, coalesce(nullif(c.full_name, ''), c.company_name), c.email, c.phone, c.stage, c.role,
    c.channel_preference, c.source, c.referral_source, c.language, c.applied_at, c.created_at, c.updated_at
"""
# Each documented filter as a condition on ``k``; a search has two values, the others have one.
FILTERS: Final = {
    "status": "k.stage = ANY(%s)",
    "role": "k.role = ANY(%s)",
    "channel": "k.channel_preference = ANY(%s)",
    "search": "(k.id IN (SELECT contacts_search(%s)) OR k.id IN (SELECT contacts_search(%s)))",
}

GET: Final = f"SELECT {COLUMNS}, c.version FROM contacts_contact c WHERE c.uuid = %s AND c.deleted_at IS NULL"

PATCH: Final = f"""
WITH found AS (
    SELECT id, stage, notes FROM contacts_contact WHERE uuid = %(uuid)s AND deleted_at IS NULL FOR UPDATE
), changed AS (
    UPDATE contacts_contact c SET stage = %(stage)s::text, notes = %(notes)s::text, version = c.version + 1,
        applied_at = CASE WHEN %(stage)s::text = 'applicant' THEN coalesce(c.applied_at, now()) END,
        updated_at = greatest(now(), c.updated_at)
    FROM found WHERE c.id = found.id RETURNING c.*, found.stage AS stage_before, found.notes AS notes_before
), recorded AS (
    INSERT INTO contacts_contactchange (organization_id, contact_id, operation, verb, actor_kind, actor_label, member_id,
                                        credential_id, door, request_id, before, after, created_at)
    SELECT organization_id, id, %(operation)s, 'updated', 'credential', %(label)s, %(member)s, %(credential)s, 'rentalot',
           '', jsonb_build_object('stage', stage_before, 'notes', notes_before),
           jsonb_build_object('stage', stage, 'notes', notes), now()
    FROM changed
)
SELECT {COLUMNS}, c.version FROM changed c
"""


def page_statement(
    schema: Schema, conditions: Sequence[str], values: Sequence[Any], *, limit: int, is_first: bool
) -> tuple[str, list[Any]]:
    """The page's one statement: ``COLUMNS`` and the total. Returned beside it are the total's values.

    They come first, then those of the conditions, then, on other pages than the first, how many rows stand before it.
    """
    total, of_total = _total(schema, conditions, values)
    # The first page has a text of its own, and so a plan of its own. All of it are names, placeholders and a number.
    keys = f"""SELECT k.id FROM contacts_contact k WHERE {_where(conditions)}
        ORDER BY k.created_at DESC, k.id DESC LIMIT {limit:d} {"" if is_first else "OFFSET %s"}"""
    statement = f"""SELECT {COLUMNS}, {total} FROM contacts_contact c WHERE c.id IN ({keys})
        ORDER BY c.created_at DESC, c.id DESC"""
    return statement, of_total


def total_statement(schema: Schema, conditions: Sequence[str], values: Sequence[Any]) -> tuple[str, list[Any]]:
    """The total alone, for a page beyond the last."""
    total, of_total = _total(schema, conditions, values)
    return f"SELECT {total}", of_total


def _total(schema: Schema, conditions: Sequence[str], values: Sequence[Any]) -> tuple[str, list[Any]]:
    if schema.has_totals and not conditions:
        return "(SELECT contacts_total(NULL, NULL, NULL, NULL, NULL))", []
    return f"(SELECT count(*) FROM contacts_contact k WHERE {_where(conditions)})", list(values)


def _where(conditions: Sequence[str]) -> str:
    return " AND ".join(["k.deleted_at IS NULL", *(FILTERS[name] for name in conditions)])

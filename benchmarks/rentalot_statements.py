"""The limit's statements on Rentalot's wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

# In the order in which ``benchmarks.limit_rentalot.document`` takes them.
COLUMNS: Final = """
    c.uuid::text, coalesce(nullif(c.full_name, ''), c.company_name), c.email, c.phone, c.stage, c.role,
    c.channel_preference, c.source, c.referral_source, c.language, c.applied_at, c.created_at, c.updated_at
"""
# The documented filters, in the order in which the counters take them.
FILTERS: Final = {"status": "k.stage", "role": "k.role", "channel": "k.channel_preference"}

# The function has the order and the total too. Nobody found is one row of nothing, with the total.
SEARCH: Final = f"""
    SELECT {COLUMNS}, page.total
    FROM contacts_searched(%(written)s, %(dialled)s, %(status)s, %(role)s, %(channel)s, %(first)s, %(limit)s) AS page
    LEFT JOIN contacts_contact c ON c.id = ANY(page.keys) ORDER BY c.created_at DESC, c.id DESC
"""
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


def page_statement(filters: Mapping[str, Sequence[str]], *, limit: int, first: int) -> tuple[str, list[Any]]:
    """The page after the ``first`` contacts of a list, and the values: ``COLUMNS`` and the total, in one statement."""
    total, of_total = _total(filters)
    where = ["k.deleted_at IS NULL", *(_condition(FILTERS[name], wanted) for name, wanted in filters.items())]
    values = [wanted[0] if len(wanted) == 1 else wanted for wanted in filters.values()]
    # The first page has a text of its own, and so a plan of its own. All of it are names, placeholders and a number.
    keys = f"""SELECT k.id FROM contacts_contact k WHERE {" AND ".join(where)}
        ORDER BY k.created_at DESC, k.id DESC LIMIT {limit:d} {"OFFSET %s" if first else ""}"""
    statement = f"""SELECT {COLUMNS}, {total} FROM contacts_contact c WHERE c.id IN ({keys})
        ORDER BY c.created_at DESC, c.id DESC"""
    return statement, [*of_total, *values, *([first] if first else [])]


def total_statement(filters: Mapping[str, Sequence[str]]) -> tuple[str, list[Any]]:
    """The total alone, for a page beyond the last."""
    total, values = _total(filters)
    return f"SELECT {total}", values


def _total(filters: Mapping[str, Sequence[str]]) -> tuple[str, list[Any]]:
    if not filters:
        return "(SELECT contacts_total(NULL, NULL, NULL, NULL, NULL))", []
    return "(SELECT contacts_staged_total(%s, %s, %s))", [filters.get(name) for name in FILTERS]


def _condition(column: str, wanted: Sequence[str]) -> str:
    """An equality keeps the index's order; a list of values loses it."""
    return f"{column} = %s" if len(wanted) == 1 else f"{column} = ANY(%s)"

"""Searching messages in PostgreSQL: the trigram index, and the function that may use it."""

from django.db import migrations

from accounts.rls import CURRENT_ORGANIZATION, DefineFunction, PostgresOperation


class TrigramIndex(PostgresOperation):
    """Finds any part of the search text inside one organization."""

    def forward_sql(self) -> tuple[str, ...]:
        return (
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "CREATE EXTENSION IF NOT EXISTS btree_gin",
            # Entries that wait to be sorted in would be read through by every search.
            "CREATE INDEX communication_search ON activities_communication"
            " USING gin (organization_id, search_text gin_trgm_ops) WITH (fastupdate = off)",
        )

    def backward_sql(self) -> tuple[str, ...]:
        return ("DROP INDEX communication_search",)


# LIKE ALL is nothing an index can be asked: the longest words are asked for one by one.
MATCHING = """
    search_text LIKE patterns[1] AND search_text LIKE coalesce(patterns[2], '%')
    AND search_text LIKE coalesce(patterns[3], '%') AND search_text LIKE coalesce(patterns[4], '%')
    AND search_text LIKE ALL (patterns) AND (mine IS NULL OR contact_id = ANY (mine))
"""
LIVE_CONTACT = """NOT EXISTS (
    SELECT FROM contacts_contact WHERE contacts_contact.organization_id = organization
    AND contacts_contact.id = contact_id AND contacts_contact.deleted_at IS NOT NULL
)"""
# A CTE is read no further than it is asked for, and planned as if it were read to its end: from the trigram index.
HITS = f"""
    hits AS MATERIALIZED (
        SELECT id, contact_id, occurred_at FROM activities_communication
        WHERE organization_id = organization AND {MATCHING}
    )
"""
PAGE = "ORDER BY occurred_at DESC, id DESC OFFSET first LIMIT size"

# Row-level security keeps LIKE away from the trigram index, because LIKE is not leakproof. This function reads as the
# owner instead and repeats the organization's predicate itself; without an organization it finds nothing.
#
# `patterns` has the longest first; `in_index` says whether the trigram index knows of any. `member`, unless NULL, is
# whose contacts are looked at. The page is of the `most` newest hits, `total` counts no others. Where there are more, it
# is looked for among the `recent` newest messages first; where the index does not help, among no others.
# `is_cut_off`: there may be hits that no page has.
SEARCH = f"""
CREATE FUNCTION activities_search(
    patterns text[], in_index boolean, member bigint, first bigint, size bigint, most bigint, recent bigint,
    OUT ids bigint[], OUT total bigint, OUT is_cut_off boolean
)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    organization bigint := {CURRENT_ORGANIZATION};
    mine bigint[];
BEGIN
    IF member IS NOT NULL THEN
        mine := ARRAY(
            SELECT id FROM contacts_contact
            WHERE organization_id = organization AND deleted_at IS NULL AND assigned_to_id = member
            UNION
            SELECT contact_id FROM contacts_contactassignee
            WHERE organization_id = organization AND member_id = member
        );
    END IF;
    IF in_index THEN
        WITH {HITS}, counted AS MATERIALIZED (
            SELECT id, occurred_at FROM hits WHERE {LIVE_CONTACT} LIMIT most + 1
        )
        SELECT ARRAY(SELECT id FROM counted {PAGE}), (SELECT count(*) FROM counted) INTO ids, total;
        is_cut_off := total > most;
        -- Few enough to have them all.
        IF NOT is_cut_off THEN
            RETURN;
        END IF;
    END IF;
    -- Newest first, no further than it takes.
    WITH newest AS (
        SELECT id, contact_id, occurred_at, search_text FROM activities_communication
        WHERE organization_id = organization
        ORDER BY occurred_at DESC, id DESC LIMIT recent
    ), counted AS MATERIALIZED (
        SELECT id, occurred_at FROM newest WHERE {MATCHING} AND {LIVE_CONTACT} ORDER BY occurred_at DESC, id DESC
        LIMIT CASE WHEN in_index THEN least(first + size, most) ELSE most + 1 END
    )
    SELECT ARRAY(SELECT id FROM counted {PAGE}), (SELECT count(*) FROM counted) INTO ids, total;
    IF NOT in_index THEN
        is_cut_off := total > most OR EXISTS (
            SELECT FROM activities_communication WHERE organization_id = organization
            ORDER BY occurred_at DESC, id DESC OFFSET recent LIMIT 1
        );
    ELSIF cardinality(ids) < size THEN
        WITH {HITS}
        SELECT ARRAY(SELECT id FROM hits WHERE {LIVE_CONTACT} {PAGE}) INTO ids;
    END IF;
    total := CASE WHEN in_index THEN most ELSE least(total, most) END;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0004_conversations_and_search_text")]

    operations = [
        TrigramIndex(),
        DefineFunction("activities_search(text[], boolean, bigint, bigint, bigint, bigint, bigint)", SEARCH),
    ]

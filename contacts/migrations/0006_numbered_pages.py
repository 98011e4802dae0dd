"""Pages by number, and the filters by stage, role and channel: their indexes, their totals, and where a page begins.

PostgreSQL's counters (migration 0005) also count by stage, role and channel from here on, and their sums by day say on
which day the n-th contact was made, so that no page is reached by passing over all that come before it.
"""

import importlib
from collections.abc import Sequence

from django.db import migrations, models

from accounts.rls import CURRENT_ORGANIZATION, DefineFunction, PostgresOperation

counters = importlib.import_module("contacts.migrations.0005_counters")

ADDED = {"channel": "varchar(50)", "stage": "varchar(20)", "role": "varchar(20)"}
DIMENSIONS = f"{counters.DIMENSIONS}, {', '.join(ADDED)}"
OF_CONTACT = """
    organization_id, source, type, status, lead_score, assigned_to_id, (created_at AT TIME ZONE 'UTC')::date AS day,
    channel_preference AS channel, stage, role
"""
SUMS = counters.SUMS | {8: "stage, role", 9: "channel, stage, role"}
_BITS = DIMENSIONS.split(", ")
GRAIN_OF_ROW = "CASE GROUPING({}) {} END".format(
    DIMENSIONS,
    " ".join(
        f"WHEN {sum(1 << place for place, name in enumerate(reversed(_BITS)) if name not in columns.split(', '))}"
        f" THEN {grain}"
        for grain, columns in SUMS.items()
    ),
)
GROUPING_SETS = ", ".join(f"(organization_id, {columns})" for columns in SUMS.values())


def contacts(table: str, n: int) -> str:
    return f"SELECT {OF_CONTACT}, {n} AS n FROM {table} WHERE deleted_at IS NULL"


# No writer is at it while the columns come, so that no line is without them. Everything is counted anew.
COUNT_ANEW = (
    "TRUNCATE contacts_count, contacts_count_change",
    f"INSERT INTO contacts_count (organization_id, grain, {DIMENSIONS}, n)"
    f" SELECT organization_id, {GRAIN_OF_ROW}, {DIMENSIONS}, sum(n)"
    f" FROM ({contacts('contacts_contact', 1)}) AS counted GROUP BY GROUPING SETS ({GROUPING_SETS})",
)
KEY = "CREATE UNIQUE INDEX contacts_count_key ON contacts_count (organization_id, grain, {}) NULLS NOT DISTINCT"


class MoreDimensions(PostgresOperation):
    """The counters' tables with a column for each of the added dimensions."""

    TABLES = ("contacts_count", "contacts_count_change")

    def forward_sql(self) -> Sequence[str]:
        added = ", ".join(f'ADD COLUMN {name} {kind} COLLATE "C"' for name, kind in ADDED.items())
        return (
            "LOCK TABLE contacts_contact IN SHARE ROW EXCLUSIVE MODE",
            *(f"ALTER TABLE {table} {added}" for table in self.TABLES),
            "DROP INDEX contacts_count_key",
            KEY.format(DIMENSIONS),
        )

    def backward_sql(self) -> Sequence[str]:
        dropped = ", ".join(f"DROP COLUMN {name}" for name in ADDED)
        return (
            "LOCK TABLE contacts_contact IN SHARE ROW EXCLUSIVE MODE",
            f"DELETE FROM contacts_count WHERE grain > {max(counters.SUMS)}",
            *(f"ALTER TABLE {table} {dropped}" for table in self.TABLES),
            KEY.format(counters.DIMENSIONS),
        )


class CountAnew(PostgresOperation):
    """The sums of all rows that are there; the way back needs none, because the old ones are still right."""

    def forward_sql(self) -> Sequence[str]:
        return COUNT_ANEW


class ReplaceFunction(PostgresOperation):
    """Another body for a function of migration 0005; whoever could call it still can."""

    def __init__(self, signature: str, definition: str) -> None:
        self.signature = signature
        self.definition = definition

    def forward_sql(self) -> Sequence[str]:
        return (_replacing(self.definition),)

    def backward_sql(self) -> Sequence[str]:
        earlier = (step for step in counters.Migration.operations if isinstance(step, DefineFunction))
        return tuple(_replacing(step.definition) for step in earlier if step.signature == self.signature)

    def describe(self) -> str:
        return f"Replace {self.signature}"


def _replacing(definition: str) -> str:
    return definition.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


FOLD = f"""
CREATE FUNCTION contacts_fold_counts(organization bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Whoever finds somebody at it leaves it to them: nobody waits, and no two touch the same sums.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('contacts_count', organization)) THEN
        RETURN;
    END IF;
    WITH taken AS (DELETE FROM contacts_count_change WHERE organization_id = organization RETURNING *)
    INSERT INTO contacts_count AS stored (organization_id, grain, {DIMENSIONS}, n)
    SELECT organization_id, {GRAIN_OF_ROW}, {DIMENSIONS}, sum(n)
    FROM taken GROUP BY GROUPING SETS ({GROUPING_SETS}) HAVING sum(n) <> 0
    ON CONFLICT (organization_id, grain, {DIMENSIONS}) DO UPDATE SET n = stored.n + excluded.n;
    WITH taken AS (DELETE FROM contacts_tag_count_change WHERE organization_id = organization RETURNING *)
    INSERT INTO contacts_tag_count AS stored (organization_id, tag_id, n)
    SELECT organization_id, tag_id, sum(n) FROM taken GROUP BY organization_id, tag_id HAVING sum(n) <> 0
    ON CONFLICT (organization_id, tag_id) DO UPDATE SET n = stored.n + excluded.n;
END
$$
"""


def trigger_function(name: str, counted: str, tags: str = "") -> ReplaceFunction:
    earlier = counters.trigger_function(name, counted, tags)
    return ReplaceFunction(earlier.signature, earlier.definition.replace(counters.DIMENSIONS, DIMENSIONS))


STAGE, ROLE = counters.any_of("stage", "stages"), counters.any_of("role", "roles")
# What is no part of these sums is NULL in them, and saying so lets the key's index be used.
NOT_SUMMED = tuple(f"{name} IS NULL" for name in counters.DIMENSIONS.split(", "))
STAGED_TOTAL = f"""
    IF channels IS NULL THEN
        total := {counters.sum_of(8, *NOT_SUMMED, "channel IS NULL", STAGE, ROLE)};
    ELSE
        -- One after another: of an array the planner expects too much to use the index.
        FOREACH wanted IN ARRAY channels LOOP
            total := coalesce(total, 0)
                + coalesce({counters.sum_of(9, *NOT_SUMMED, "channel = wanted", STAGE, ROLE)}, 0);
        END LOOP;
    END IF;
    appended := {counters.sum_appended(counters.any_of("channel", "channels"), STAGE, ROLE)};
"""

# Newest first, a page of `size` contacts after the `first` ones is `down` of those made before `until`, after
# `down_after` of them; or, where that is nearer, `up` of those made since `since`, oldest first, after `up_after`. One
# of the two is empty, and both are past the end. Whole days are left out by their sums, so one day is all that may have
# to be passed over, from its nearer end.
PLACE = f"""
CREATE FUNCTION contacts_place(first bigint, size bigint) RETURNS TABLE
    (until timestamptz, down_after bigint, down bigint, since timestamptz, up_after bigint, up bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    organization bigint := {CURRENT_ORGANIZATION};
BEGIN
    RETURN QUERY
    WITH counted AS (
        SELECT day, n FROM contacts_count
        WHERE organization_id = organization AND grain = 6 AND source IS NULL AND type IS NULL AND status IS NULL
            AND lead_score IS NULL AND assigned_to_id IS NULL
        UNION ALL
        SELECT day, n FROM contacts_count_change WHERE organization_id = organization
    ), days AS (
        SELECT day, sum(sum(n)) OVER (ORDER BY day DESC) AS upto, sum(n) AS n FROM counted GROUP BY day
    ), page AS (
        SELECT least(first + size, max(upto)) AS until FROM days
    ), bounds AS (
        SELECT begins.day AS newest, (begins.upto - begins.n)::bigint AS newer, ends.day AS oldest,
            ends.upto::bigint AS upto, page.until::bigint AS until
        FROM page
        CROSS JOIN LATERAL (SELECT * FROM days WHERE days.upto > first ORDER BY days.day DESC LIMIT 1) AS begins
        CROSS JOIN LATERAL (SELECT * FROM days WHERE days.upto >= page.until ORDER BY days.day DESC LIMIT 1) AS ends
    ), nearer AS (
        SELECT *, bounds.upto - first < bounds.until - bounds.newer AS is_up, bounds.until - first AS many FROM bounds
    )
    SELECT (newest + 1)::timestamp AT TIME ZONE 'UTC', first - newer, CASE WHEN is_up THEN 0 ELSE many END,
        oldest::timestamp AT TIME ZONE 'UTC', nearer.upto - nearer.until, CASE WHEN is_up THEN many ELSE 0 END
    FROM nearer;
END
$$
"""


def index(name: str, *columns: str) -> migrations.AddIndex:
    fields = ["organization", *columns, "created_at", "id"]
    return migrations.AddIndex("contact", models.Index(fields=fields, condition=models.Q(deleted_at=None), name=name))


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_counters")]

    operations = [
        migrations.RemoveIndex("contact", "contact_list"),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["organization", "created_at", "id"],
                include=["stage", "role", "channel_preference"],
                condition=models.Q(deleted_at=None),
                name="contact_list",
            ),
        ),
        index("contact_by_stage_role", "stage", "role"),
        index("contact_by_channel_stage_role", "channel_preference", "stage", "role"),
        MoreDimensions(),
        ReplaceFunction("contacts_fold_counts(bigint)", FOLD),
        trigger_function("contacts_count_added", contacts("after", 1)),
        trigger_function(
            "contacts_count_changed",
            f"{contacts('after', 1)} UNION ALL {contacts('before', -1)}",
            counters.TAGS_OF_DELETED_AND_RESTORED,
        ),
        trigger_function("contacts_count_removed", contacts("before", -1)),
        CountAnew(),
        counters.total_function(
            "contacts_staged_total(stages text[], roles text[], channels text[])",
            "text[], text[], text[]",
            STAGED_TOTAL,
        ),
        DefineFunction("contacts_place(bigint, bigint)", PLACE),
    ]

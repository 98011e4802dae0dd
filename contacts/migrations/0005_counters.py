"""How many contacts there are, kept while they are written: exact at any moment, and read in a fraction of a millisecond.

PostgreSQL only; on SQLite lists count. Triggers see every write, whoever makes it and however many rows it has. Each
appends what it changed, so that writers never wait for one another's counts; every few hundred lines somebody folds
what has been appended into the sums. A total is the sums and what is not folded yet, in one snapshot.

The application role can neither read nor write the tables: it calls functions, which ask for the current organization.
"""

from django.db import migrations

from accounts.rls import CURRENT_ORGANIZATION, DefineFunction, PostgresOperation

# Lines appended between two folds, on average. More makes totals slower, less makes writers fold more often.
FOLDED_EVERY = 256

# What a contact counts under. `day` is the day of its creation in UTC.
DIMENSIONS = "source, type, status, lead_score, assigned_to_id, day"
OF_CONTACT = """
    organization_id, source, type, status, lead_score, assigned_to_id, (created_at AT TIME ZONE 'UTC')::date AS day
"""

# Sums by what lists are filtered by together, each fine enough for its filters and small enough to add up at once.
# A column that is no part of a sum is NULL in it, and so is the assignee of contacts nobody looks after.
SUMS = {
    1: "type, status",
    2: "type, status, lead_score",
    3: "source, type, status, lead_score",
    4: "assigned_to_id",
    5: "source, day",
    6: "day",
    7: "source, type, status",
}
# GROUPING() has a bit for each argument that is no part of the row's set, the last one lowest.
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


class Tables(PostgresOperation):
    """The sums and what was appended to them. No policy lets the application role see a row, and it is granted nothing."""

    NAMES = ("contacts_count", "contacts_count_change", "contacts_tag_count", "contacts_tag_count_change")

    def forward_sql(self) -> tuple[str, ...]:
        dimensions = """
            source varchar(100) COLLATE "C", type varchar(20) COLLATE "C", status varchar(20) COLLATE "C",
            lead_score smallint, assigned_to_id bigint, day date, n bigint NOT NULL
        """
        return (
            f"CREATE TABLE contacts_count (organization_id bigint NOT NULL, grain smallint NOT NULL, {dimensions})",
            "CREATE UNIQUE INDEX contacts_count_key ON contacts_count"
            f" (organization_id, grain, {DIMENSIONS}) NULLS NOT DISTINCT",
            "CREATE TABLE contacts_count_change"
            f" (id bigint GENERATED ALWAYS AS IDENTITY, organization_id bigint NOT NULL, {dimensions})",
            "CREATE INDEX contacts_count_change_key ON contacts_count_change (organization_id)",
            "CREATE TABLE contacts_tag_count (organization_id bigint NOT NULL, tag_id bigint NOT NULL,"
            " n bigint NOT NULL, PRIMARY KEY (organization_id, tag_id))",
            "CREATE TABLE contacts_tag_count_change (id bigint GENERATED ALWAYS AS IDENTITY,"
            " organization_id bigint NOT NULL, tag_id bigint NOT NULL, n bigint NOT NULL)",
            "CREATE INDEX contacts_tag_count_change_key ON contacts_tag_count_change (organization_id, tag_id)",
            *(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY" for name in self.NAMES),
            # Rows come and go all the time: they are cleared away early, or every total would read over the dead.
            *(
                f"ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)"
                for name in self.NAMES
            ),
        )

    def backward_sql(self) -> tuple[str, ...]:
        return tuple(f"DROP TABLE {name}" for name in reversed(self.NAMES))


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

FOLD_SOMETIMES = f"""
    -- The numbers come from one sequence, so that about every {FOLDED_EVERY}th line has somebody fold.
    FOR folded IN SELECT DISTINCT organization_id FROM unnest(lines, owners) AS appended(line, organization_id)
                  WHERE line % {FOLDED_EVERY} = 0
    LOOP
        PERFORM contacts_fold_counts(folded);
    END LOOP;
"""


def trigger_function(name: str, counted: str, tags: str = "") -> DefineFunction:
    """A trigger's function that appends what ``counted`` selects, a number of contacts for each place they count in."""
    return DefineFunction(
        f"{name}()",
        f"""
        CREATE FUNCTION {name}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = auto AS $$
        DECLARE
            lines bigint[];
            owners bigint[];
            folded bigint;
        BEGIN
            WITH appended AS (
                INSERT INTO contacts_count_change (organization_id, {DIMENSIONS}, n)
                SELECT organization_id, {DIMENSIONS}, sum(n) FROM ({counted}) AS counted
                GROUP BY organization_id, {DIMENSIONS} HAVING sum(n) <> 0
                RETURNING id, organization_id
            )
            SELECT array_agg(id), array_agg(organization_id) INTO lines, owners FROM appended;
            {tags}
            {FOLD_SOMETIMES}
            RETURN NULL;
        END
        $$
        """,
    )


def tag_trigger_function(name: str, rows: str) -> DefineFunction:
    """The same for tags on contacts, of which only those that are not deleted count."""
    return DefineFunction(
        f"{name}()",
        f"""
        CREATE FUNCTION {name}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = auto AS $$
        DECLARE
            lines bigint[];
            owners bigint[];
            folded bigint;
        BEGIN
            WITH appended AS (
                INSERT INTO contacts_tag_count_change (organization_id, tag_id, n)
                SELECT tagged.organization_id, tagged.tag_id, sum(tagged.n)
                FROM ({rows}) AS tagged
                JOIN contacts_contact c ON c.id = tagged.content_object_id AND c.deleted_at IS NULL
                GROUP BY tagged.organization_id, tagged.tag_id HAVING sum(tagged.n) <> 0
                RETURNING id, organization_id
            )
            SELECT array_agg(id), array_agg(organization_id) INTO lines, owners FROM appended;
            {FOLD_SOMETIMES}
            RETURN NULL;
        END
        $$
        """,
    )


def contacts(table: str, n: int) -> str:
    return f"SELECT {OF_CONTACT}, {n} AS n FROM {table} WHERE deleted_at IS NULL"


def tagged(table: str, n: int) -> str:
    return f"SELECT organization_id, tag_id, content_object_id, {n} AS n FROM {table}"


# A deleted contact takes its tags out of the counts, a restored one brings them back.
TAGS_OF_DELETED_AND_RESTORED = """
    IF EXISTS (
        SELECT FROM before JOIN after USING (id) WHERE (before.deleted_at IS NULL) <> (after.deleted_at IS NULL)
    ) THEN
        INSERT INTO contacts_tag_count_change (organization_id, tag_id, n)
        SELECT t.organization_id, t.tag_id, sum(CASE WHEN after.deleted_at IS NULL THEN 1 ELSE -1 END)
        FROM before JOIN after USING (id)
        JOIN contacts_taggedcontact t ON t.organization_id = after.organization_id AND t.content_object_id = after.id
        WHERE (before.deleted_at IS NULL) <> (after.deleted_at IS NULL)
        GROUP BY t.organization_id, t.tag_id;
    END IF;
"""


class Triggers(PostgresOperation):
    """One trigger for each kind of write, fired once a statement."""

    TRIGGERS = {
        ("contacts_contact", "INSERT"): ("contacts_count_added", "NEW TABLE AS after"),
        ("contacts_contact", "UPDATE"): ("contacts_count_changed", "OLD TABLE AS before NEW TABLE AS after"),
        ("contacts_contact", "DELETE"): ("contacts_count_removed", "OLD TABLE AS before"),
        ("contacts_taggedcontact", "INSERT"): ("contacts_tag_count_added", "NEW TABLE AS after"),
        ("contacts_taggedcontact", "UPDATE"): ("contacts_tag_count_changed", "OLD TABLE AS before NEW TABLE AS after"),
        ("contacts_taggedcontact", "DELETE"): ("contacts_tag_count_removed", "OLD TABLE AS before"),
    }

    def forward_sql(self) -> tuple[str, ...]:
        return tuple(
            f"CREATE TRIGGER {function} AFTER {event} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            for (table, event), (function, rows) in self.TRIGGERS.items()
        )

    def backward_sql(self) -> tuple[str, ...]:
        return tuple(f"DROP TRIGGER {function} ON {table}" for (table, _), (function, _) in self.TRIGGERS.items())


class CountWhatIsThere(PostgresOperation):
    """The sums of the rows that were there before the triggers."""

    def forward_sql(self) -> tuple[str, ...]:
        return (
            f"INSERT INTO contacts_count (organization_id, grain, {DIMENSIONS}, n)"
            f" SELECT organization_id, {GRAIN_OF_ROW}, {DIMENSIONS}, sum(n)"
            f" FROM ({contacts('contacts_contact', 1)}) AS counted GROUP BY GROUPING SETS ({GROUPING_SETS})",
            "INSERT INTO contacts_tag_count (organization_id, tag_id, n)"
            " SELECT t.organization_id, t.tag_id, count(*) FROM contacts_taggedcontact t"
            " JOIN contacts_contact c ON c.id = t.content_object_id AND c.deleted_at IS NULL"
            " GROUP BY t.organization_id, t.tag_id",
        )

    def backward_sql(self) -> tuple[str, ...]:
        return ("TRUNCATE contacts_count, contacts_tag_count",)


def any_of(column: str, wanted: str) -> str:
    return f"({wanted} IS NULL OR {column} = ANY ({wanted}))"


def total_function(signature: str, types: str, body: str) -> DefineFunction:
    """A function the application role calls. Its plans are kept: the tables behind it are small and of one shape."""
    return DefineFunction(
        f"{signature.partition('(')[0]}({types})",
        f"""
        CREATE FUNCTION {signature} RETURNS bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
        DECLARE
            organization bigint := {CURRENT_ORGANIZATION};
            total bigint;
            appended bigint;
            wanted text;
        BEGIN
            {body}
            RETURN coalesce(total, 0) + coalesce(appended, 0);
        END
        $$
        """,
    )


def sum_of(grain: int, *conditions: str) -> str:
    tests = "".join(f" AND {condition}" for condition in conditions)
    return f"(SELECT sum(n) FROM contacts_count WHERE organization_id = organization AND grain = {grain}{tests})"


def sum_appended(*conditions: str) -> str:
    tests = "".join(f" AND {condition}" for condition in conditions)
    return f"(SELECT sum(n) FROM contacts_count_change WHERE organization_id = organization{tests})"


def for_each_source(expression: str) -> str:
    """Adds it up for one ``wanted`` source after another: of an array the planner expects too much to use the index."""
    return f"""
        FOREACH wanted IN ARRAY sources LOOP
            total := coalesce(total, 0) + coalesce({expression}, 0);
        END LOOP;
    """


TYPE, STATUS = any_of("type", "types"), any_of("status", "statuses")
SCORE = "lead_score BETWEEN lowest AND highest"
# NULL is any, of each. Without a source, type or status the columns are NULL in the sums, and saying so lets the key's index be used.
TOTAL = f"""
    lowest := coalesce(lowest, 0);
    highest := coalesce(highest, 100);
    IF sources IS NOT NULL AND (lowest > 0 OR highest < 100) THEN
        {for_each_source(sum_of(3, "source = wanted", TYPE, STATUS, SCORE))}
    ELSIF sources IS NOT NULL THEN
        {for_each_source(sum_of(7, "source = wanted", TYPE, STATUS))}
    ELSIF lowest > 0 OR highest < 100 THEN
        total := {sum_of(2, "source IS NULL", TYPE, STATUS, SCORE)};
    ELSE
        total := {sum_of(1, "source IS NULL", TYPE, STATUS)};
    END IF;
    appended := {sum_appended(any_of("source", "sources"), TYPE, STATUS, SCORE)};
"""

NOT_SUMMED = ("type IS NULL", "status IS NULL", "lead_score IS NULL")
ASSIGNED_TOTAL = f"""
    total := {sum_of(4, "source IS NULL", *NOT_SUMMED, "assigned_to_id = ANY (members)")};
    appended := {sum_appended("assigned_to_id = ANY (members)")};
"""

# Whole days from the sums; the days a bound lies in, where they are not whole, by counting.
DAYS = "day >= first_day AND day < last_day"
LIVE = "organization_id = organization AND deleted_at IS NULL"


def count_between(begin: str, end: str, *conditions: str) -> str:
    tests = "".join(f" AND {condition}" for condition in conditions)
    return (
        f"(SELECT count(*) FROM contacts_contact WHERE {LIVE} AND created_at >= {begin} AND created_at < {end}{tests})"
    )


def created_between(grain: int, source: str, *counted: str) -> str:
    """An expression: the sums of the whole days, what is appended to them, and the parts of days counted."""
    begin, end = "first_day::timestamp AT TIME ZONE 'UTC'", "last_day::timestamp AT TIME ZONE 'UTC'"
    summed = sum_of(grain, source, *NOT_SUMMED, "assigned_to_id IS NULL", DAYS)
    return (
        f"coalesce({summed}, 0) + coalesce({sum_appended(*counted, DAYS)}, 0)"
        f" + {count_between('since', begin, *counted)} + {count_between(end, 'until', *counted)}"
    )


CREATED_TOTAL = f"""
    DECLARE
        -- The first day that is in as a whole, and the first one after it that is not.
        first_day date := (date_trunc('day', (since AT TIME ZONE 'UTC') - interval '1 microsecond') + interval '1 day')::date;
        last_day date := (until AT TIME ZONE 'UTC')::date;
    BEGIN
        IF first_day >= last_day THEN
            total := {count_between("since", "until", any_of("source", "sources"))};
        ELSIF sources IS NULL THEN
            total := {created_between(6, "source IS NULL")};
        ELSE
            {for_each_source(created_between(5, "source = wanted", "source = wanted"))}
        END IF;
    END;
"""

TAG_TOTAL = """
    DECLARE
        it bigint := (SELECT id FROM contacts_tag WHERE organization_id = organization AND name = tag);
    BEGIN
        SELECT n INTO total FROM contacts_tag_count WHERE organization_id = organization AND tag_id = it;
        SELECT sum(n) INTO appended FROM contacts_tag_count_change WHERE organization_id = organization AND tag_id = it;
    END;
"""

# Contacts with several of the tags count once; deleted ones, which are few, are taken off again.
ANY_TAG_TOTAL = """
    DECLARE
        them bigint[] := ARRAY(SELECT id FROM contacts_tag WHERE organization_id = organization AND name = ANY (tags));
    BEGIN
        SELECT count(*) INTO total FROM (
            SELECT DISTINCT content_object_id FROM contacts_taggedcontact
            WHERE organization_id = organization AND tag_id = ANY (them)
        ) AS tagged;
        SELECT -count(*) INTO appended FROM contacts_contact c
        WHERE c.organization_id = organization AND c.deleted_at IS NOT NULL AND EXISTS (
            SELECT FROM contacts_taggedcontact t
            WHERE t.organization_id = organization AND t.content_object_id = c.id AND t.tag_id = ANY (them)
        );
    END;
"""

TAG_TOTALS = f"""
CREATE FUNCTION contacts_tag_totals() RETURNS TABLE (tag_id bigint, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT tag_id, sum(n)::bigint
    FROM (
        SELECT tag_id, n FROM contacts_tag_count WHERE organization_id = {CURRENT_ORGANIZATION}
        UNION ALL
        SELECT tag_id, n FROM contacts_tag_count_change WHERE organization_id = {CURRENT_ORGANIZATION}
    ) AS counted
    GROUP BY tag_id
$$
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_listing")]

    operations = [
        Tables(),
        DefineFunction("contacts_fold_counts(bigint)", FOLD),
        trigger_function("contacts_count_added", contacts("after", 1)),
        trigger_function(
            "contacts_count_changed",
            f"{contacts('after', 1)} UNION ALL {contacts('before', -1)}",
            TAGS_OF_DELETED_AND_RESTORED,
        ),
        trigger_function("contacts_count_removed", contacts("before", -1)),
        tag_trigger_function("contacts_tag_count_added", tagged("after", 1)),
        tag_trigger_function("contacts_tag_count_changed", f"{tagged('after', 1)} UNION ALL {tagged('before', -1)}"),
        tag_trigger_function("contacts_tag_count_removed", tagged("before", -1)),
        Triggers(),
        CountWhatIsThere(),
        total_function(
            "contacts_total(types text[], statuses text[], sources text[], lowest integer, highest integer)",
            "text[], text[], text[], integer, integer",
            TOTAL,
        ),
        total_function("contacts_assigned_total(members bigint[])", "bigint[]", ASSIGNED_TOTAL),
        total_function(
            "contacts_created_total(sources text[], since timestamptz, until timestamptz)",
            "text[], timestamptz, timestamptz",
            CREATED_TOTAL,
        ),
        total_function("contacts_tag_total(tag text)", "text", TAG_TOTAL),
        total_function("contacts_any_tag_total(tags text[])", "text[]", ANY_TAG_TOTAL),
        DefineFunction("contacts_tag_totals()", TAG_TOTALS),
    ]

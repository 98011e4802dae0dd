"""The search reads narrow rows of its own, kept by triggers, and numbers as they are dialled from abroad are in them.

PostgreSQL only, but for the numbers; on SQLite the search reads the contacts themselves. A contact is a wide row, and
most of what a search costs is fetching rows to look into them. These hold what is searched, filtered and sorted by, and
live contacts alone; and the trigram index is touched by no write that changes nothing of it.
"""

import re
from collections.abc import Sequence

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.rls import CURRENT_ORGANIZATION, DefineFunction, PostgresOperation


class NoIndexOfContacts(PostgresOperation):
    """The trigram index of the contacts themselves goes, and the function that looked into it."""

    def forward_sql(self) -> Sequence[str]:
        return ("DROP FUNCTION contacts_search(text[])", "DROP INDEX contact_search")

    def backward_sql(self) -> Sequence[str]:
        return (
            "CREATE INDEX contact_search ON contacts_contact USING gin (organization_id, search_text gin_trgm_ops)"
            " WITH (fastupdate = off) WHERE deleted_at IS NULL",
            f"""
            CREATE FUNCTION contacts_search(patterns text[]) RETURNS SETOF bigint
            LANGUAGE plpgsql STABLE SECURITY DEFINER
            SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
            BEGIN
                RETURN QUERY
                SELECT id FROM contacts_contact
                WHERE organization_id = {CURRENT_ORGANIZATION} AND deleted_at IS NULL AND search_text LIKE ALL (patterns);
            END
            $$
            """,
            "REVOKE ALL ON FUNCTION contacts_search(text[]) FROM PUBLIC",
        )


class AddDialledNumbers(PostgresOperation):
    """The digits of each phone's normal form, where the search text does not hold them yet (``normalise.search_text``).

    Nothing that a wire shows changes, so neither does the version. No counter changes either, and their trigger would
    remember every row before and after.
    """

    def forward_sql(self) -> Sequence[str]:
        return (
            "ALTER TABLE contacts_contact DISABLE TRIGGER contacts_count_changed",
            r"""
            WITH phone AS (
                SELECT id AS contact_id, -1 AS place, phone_norm FROM contacts_contact WHERE phone_norm <> ''
                UNION ALL
                SELECT contact_id, position, phone_norm FROM contacts_contactphone WHERE phone_norm <> ''
            ), number AS (
                SELECT contact_id, regexp_replace(phone_norm, '\D', '', 'g') AS digits, min(place) AS place
                FROM phone GROUP BY 1, 2
            ), added AS (
                SELECT contact_id, string_agg(digits, ' ' ORDER BY number.place) AS digits
                FROM number JOIN contacts_contact c ON c.id = contact_id
                WHERE digits <> '' AND position(digits IN c.search_text) = 0
                GROUP BY contact_id
            )
            UPDATE contacts_contact c SET search_text = concat_ws(' ', nullif(c.search_text, ''), added.digits)
            FROM added WHERE added.contact_id = c.id
            """,
            "ALTER TABLE contacts_contact ENABLE TRIGGER contacts_count_changed",
        )


def add_dialled_numbers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The same on SQLite, which has no functions for it."""
    if schema_editor.connection.vendor == "postgresql":
        return
    alias = schema_editor.connection.alias
    contacts = apps.get_model("contacts", "Contact").objects.using(alias)
    for contact in contacts.prefetch_related("further_phones").only("phone_norm", "search_text").iterator(1_000):
        further = sorted(contact.further_phones.all(), key=lambda phone: (phone.position, phone.pk))
        numbers = [re.sub(r"\D", "", form) for form in (contact.phone_norm, *(phone.phone_norm for phone in further))]
        added = [digits for digits in dict.fromkeys(numbers) if digits not in contact.search_text]
        if added:
            text = " ".join([contact.search_text, *added]).strip()
            contacts.filter(pk=contact.pk).update(search_text=text)


WHAT = "organization_id, id, created_at, stage, role, channel_preference, search_text"


class Table(PostgresOperation):
    """A narrow row for each live contact. No policy lets the application role see one, and it is granted nothing."""

    def forward_sql(self) -> Sequence[str]:
        return (
            """
            CREATE TABLE contacts_searchable (
                organization_id bigint NOT NULL, contact_id bigint NOT NULL, created_at timestamptz NOT NULL,
                stage varchar(20) NOT NULL, role varchar(20) NOT NULL, channel varchar(50) NOT NULL,
                search_text text NOT NULL
            )
            """,
            "ALTER TABLE contacts_searchable ENABLE ROW LEVEL SECURITY",
            f"INSERT INTO contacts_searchable SELECT {WHAT} FROM contacts_contact WHERE deleted_at IS NULL",
            "CREATE UNIQUE INDEX contacts_searchable_key ON contacts_searchable (organization_id, created_at, contact_id)",
            "CREATE INDEX contacts_searchable_text ON contacts_searchable"
            " USING gin (organization_id, stage, role, channel, search_text gin_trgm_ops) WITH (fastupdate = off)",
            "ANALYZE contacts_searchable",
        )

    def backward_sql(self) -> Sequence[str]:
        return ("DROP TABLE contacts_searchable",)


def trigger_function(name: str, body: str) -> DefineFunction:
    return DefineFunction(
        f"{name}()",
        f"""
        CREATE FUNCTION {name}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = auto AS $$
        BEGIN
            {body}
            RETURN NULL;
        END
        $$
        """,
    )


def whether_changed(alias: str) -> str:
    columns = ", ".join(f"{alias}.{column}" for column in WHAT.split(", "))
    return f"({columns}, {alias}.deleted_at IS NULL)"


KEY_OF_BEFORE = (
    "s.organization_id = before.organization_id AND s.created_at = before.created_at AND s.contact_id = before.id"
)
ADDED = f"INSERT INTO contacts_searchable SELECT {WHAT} FROM after WHERE deleted_at IS NULL;"
REMOVED = f"DELETE FROM contacts_searchable s USING before WHERE {KEY_OF_BEFORE};"
# Most writes change nothing of it.
CHANGED = f"""
    IF EXISTS (
        SELECT FROM before JOIN after USING (id) WHERE {whether_changed("before")} <> {whether_changed("after")}
    ) THEN
        DELETE FROM contacts_searchable s USING before JOIN after USING (id)
        WHERE {KEY_OF_BEFORE} AND {whether_changed("before")} <> {whether_changed("after")};
        INSERT INTO contacts_searchable
        SELECT {", ".join(f"after.{column}" for column in WHAT.split(", "))} FROM before JOIN after USING (id)
        WHERE after.deleted_at IS NULL AND {whether_changed("before")} <> {whether_changed("after")};
    END IF;
"""


class Triggers(PostgresOperation):
    """One trigger for each kind of write, fired once a statement."""

    TRIGGERS = {
        "contacts_searchable_added": ("INSERT", "NEW TABLE AS after"),
        "contacts_searchable_changed": ("UPDATE", "OLD TABLE AS before NEW TABLE AS after"),
        "contacts_searchable_removed": ("DELETE", "OLD TABLE AS before"),
    }

    def forward_sql(self) -> Sequence[str]:
        return tuple(
            f"CREATE TRIGGER {function} AFTER {event} ON contacts_contact REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            for function, (event, rows) in self.TRIGGERS.items()
        )

    def backward_sql(self) -> Sequence[str]:
        return tuple(f"DROP TRIGGER {function} ON contacts_contact" for function in self.TRIGGERS)


# How many of the newest rows say how common a word is.
SAMPLE = 500
NEWEST = "ORDER BY created_at DESC, contact_id DESC"
SAMPLED = f"""
    ARRAY(SELECT search_text FROM contacts_searchable WHERE organization_id = organization {NEWEST} LIMIT {SAMPLE})
"""

# The text of a condition: all of the words are in `search_text`. LIKE ALL reaches no index; what does are pieces of the
# words, letters and digits only, and of them as few as will do: reading an index for what most rows have takes longer
# than all the rest. What half of the sample has is no help at all, and where there is a piece that it hardly has, only
# others that are rare too are worth their while.
CONDITION = r"""
CREATE FUNCTION contacts_search_condition(words text[], sample text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH piece AS (
        SELECT DISTINCT (regexp_matches(word, '[[:alnum:]]{3,}', 'g'))[1] AS piece FROM unnest(words) AS word
    ), counted AS (
        SELECT piece, (SELECT count(*) FROM unnest(sample) AS text WHERE text LIKE '%' || piece || '%') AS hits
        FROM piece WHERE cardinality(show_trgm(piece)) > 0
    ), ranked AS (
        SELECT piece, hits, min(hits) OVER () AS fewest, row_number() OVER (ORDER BY hits, length(piece) DESC, piece) AS place
        FROM counted WHERE hits * 2 <= cardinality(sample)
    )
    SELECT format(
        '(search_text LIKE ALL (%L::text[])%s)',
        CASE WHEN words IS NOT NULL THEN ARRAY(
            SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(words) AS word
        ) END,
        string_agg(format(' AND search_text LIKE %L', '%' || piece || '%'), '' ORDER BY place)
    ) FROM ranked WHERE place = 1 OR hits * 20 <= cardinality(sample) OR fewest * 100 > cardinality(sample)
$$
"""

EITHER = """
    condition := contacts_search_condition(written, sample);
    IF dialled <> written THEN
        condition := format('(%s OR %s)', condition, contacts_search_condition(dialled, sample));
    END IF;
"""

# All of them, for whoever narrows or counts on by other means. The texts of statements are put together here alone, and
# every value in them is quoted.
SEARCH = f"""
CREATE FUNCTION contacts_search(written text[], dialled text[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    organization bigint := {CURRENT_ORGANIZATION};
    sample text[] := {SAMPLED};
    condition text;
BEGIN
    {EITHER}
    RETURN QUERY EXECUTE format(
        'SELECT contact_id FROM contacts_searchable WHERE organization_id = %L AND %s', organization, condition
    );
END
$$
"""


# A page by number, newest first, and the total. What a statement asks twice, for its page and for its total, is looked
# for once: the answer waits in a setting of the transaction, under what was asked and when the statement began.
def searched(*, counted: int, walked: int) -> str:
    """The function's text. Up to ``counted`` everything found is counted (decision 0021 says what a caller sees beyond);
    ``walked`` is how many of the newest rows are read for a page of something common, before everything is.
    """
    return f"""
CREATE FUNCTION contacts_searched(
    written text[], dialled text[], stages text[], roles text[], channels text[], first bigint, size bigint,
    OUT keys bigint[], OUT total bigint
) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan SET work_mem = '64MB' AS $$
DECLARE
    organization bigint := {CURRENT_ORGANIZATION};
    asked text := md5(
        ROW(written, dialled, stages, roles, channels, first, size, organization, statement_timestamp())::text
    );
    answer text[] := string_to_array(current_setting('app.searched', true), ' ');
    sample text[];
    condition text;
    found_rows text;
    newest_rows text;
    hits bigint;
BEGIN
    IF answer[1] = asked THEN
        keys := answer[2]::bigint[];
        total := answer[3]::bigint;
        RETURN;
    END IF;
    sample := {SAMPLED};
    {EITHER}
    condition := concat(
        condition,
        ' AND stage = ANY (' || quote_literal(stages) || '::text[])',
        ' AND role = ANY (' || quote_literal(roles) || '::text[])',
        ' AND channel = ANY (' || quote_literal(channels) || '::text[])'
    );
    found_rows := format(
        'SELECT contact_id, created_at FROM contacts_searchable WHERE organization_id = %L AND %s',
        organization, condition
    );
    newest_rows := format(
        'SELECT array_agg(contact_id {NEWEST}) FROM (SELECT contact_id, created_at FROM (SELECT *'
        ' FROM contacts_searchable WHERE organization_id = %L {NEWEST} LIMIT $1) AS newest WHERE %s LIMIT $2) AS found',
        organization, condition
    );
    EXECUTE format(
        'SELECT count(*) FROM (SELECT * FROM contacts_searchable WHERE organization_id = %L {NEWEST} LIMIT {SAMPLE})'
        ' AS newest WHERE %s', organization, condition
    ) INTO hits;
    IF first + size <= {counted} THEN
        -- What most of the newest have is counted among them, and reading its index is left alone.
        IF hits * 2 > {SAMPLE} THEN
            EXECUTE newest_rows INTO keys USING 2 * {counted}, {counted} + 1;
        END IF;
        IF keys IS NULL OR cardinality(keys) <= {counted} THEN
            EXECUTE format('SELECT array_agg(contact_id {NEWEST}) FROM (%s LIMIT {counted} + 1) AS found', found_rows)
                INTO keys;
            total := coalesce(cardinality(keys), 0);
            IF total > {counted} AND (first + size) * {SAMPLE} <= greatest(hits, 1) * {walked} THEN
                EXECUTE newest_rows INTO keys USING {walked}, first + size;
            ELSIF total > {counted} THEN
                keys := NULL;
            END IF;
        END IF;
        total := coalesce(total, {counted} + 1);
        keys := keys[first + 1:first + size];
    END IF;
    IF total IS NULL OR (total > {counted} AND coalesce(cardinality(keys), 0) < size) THEN
        EXECUTE format(
            'WITH found AS MATERIALIZED (%s) SELECT ARRAY(SELECT contact_id FROM found {NEWEST} LIMIT $1 OFFSET $2),'
            ' (SELECT count(*) FROM found)', found_rows
        ) INTO keys, total USING size, first;
    END IF;
    keys := coalesce(keys, ARRAY[]::bigint[]);
    PERFORM set_config('app.searched', concat_ws(' ', asked, keys::text, total::text), true);
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_numbered_pages")]

    operations = [
        NoIndexOfContacts(),
        AddDialledNumbers(),
        migrations.RunPython(add_dialled_numbers, migrations.RunPython.noop),
        Table(),
        trigger_function("contacts_searchable_added", ADDED),
        trigger_function("contacts_searchable_changed", CHANGED),
        trigger_function("contacts_searchable_removed", REMOVED),
        Triggers(),
        DefineFunction("contacts_search_condition(text[], text[])", CONDITION),
        DefineFunction("contacts_search(text[], text[])", SEARCH),
        DefineFunction(
            "contacts_searched(text[], text[], text[], text[], text[], bigint, bigint)",
            searched(counted=10_000, walked=50_000),
        ),
    ]

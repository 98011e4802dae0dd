"""The second tenancy wall for contacts, their sequence of numbers, and the search function."""

from django.db import migrations

from accounts.rls import CURRENT_ORGANIZATION, CompositeForeignKey, DefineFunction, FenceTable, PostgresOperation


class NumberSequence(PostgresOperation):
    """Numbers for contacts that nobody had before, whatever is rolled back."""

    def forward_sql(self) -> tuple[str, ...]:
        return ("CREATE SEQUENCE contacts_contact_number",)

    def backward_sql(self) -> tuple[str, ...]:
        return ("DROP SEQUENCE contacts_contact_number",)


class SortByCodePoint(PostgresOperation):
    """Sort text the same way everywhere: by code point, as SQLite does and no locale of a server changes."""

    def __init__(self, table: str, columns: dict[str, str]) -> None:
        self.table = table
        self.columns = columns

    def forward_sql(self) -> tuple[str, ...]:
        return tuple(
            f'ALTER TABLE "{self.table}" ALTER COLUMN {column} TYPE {kind} COLLATE "C"'
            for column, kind in self.columns.items()
        )

    def backward_sql(self) -> tuple[str, ...]:
        return tuple(
            f'ALTER TABLE "{self.table}" ALTER COLUMN {column} TYPE {kind} COLLATE "default"'
            for column, kind in self.columns.items()
        )


class TrigramIndex(PostgresOperation):
    """Finds any part of the search text inside one organization."""

    def forward_sql(self) -> tuple[str, ...]:
        return (
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "CREATE EXTENSION IF NOT EXISTS btree_gin",
            "CREATE INDEX contact_search ON contacts_contact USING gin (organization_id, search_text gin_trgm_ops)"
            " WITH (fastupdate = off) WHERE deleted_at IS NULL",
        )

    def backward_sql(self) -> tuple[str, ...]:
        return ("DROP INDEX contact_search",)


# Row-level security keeps LIKE away from the trigram index, because LIKE is not leakproof. This function reads as the
# owner instead and repeats the organization's predicate itself; without an organization it finds nothing.
SEARCH = f"""
CREATE FUNCTION contacts_search(patterns text[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY
    SELECT id FROM contacts_contact
    WHERE organization_id = {CURRENT_ORGANIZATION} AND deleted_at IS NULL AND search_text LIKE ALL (patterns);
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial"), ("accounts", "0002_fence")]

    operations = [
        NumberSequence(),
        SortByCodePoint(
            "contacts_contact",
            {
                "first_name_norm": "text",
                "last_name_norm": "text",
                "email_norm": "varchar(400)",
                "type": "varchar(20)",
                "status": "varchar(20)",
                "source": "varchar(100)",
            },
        ),
        CompositeForeignKey("contacts_contact", "assigned_to_id", "accounts_member"),
        CompositeForeignKey("contacts_contact", "created_by_id", "accounts_member"),
        CompositeForeignKey("contacts_contactemail", "contact_id", "contacts_contact"),
        CompositeForeignKey("contacts_contactphone", "contact_id", "contacts_contact"),
        CompositeForeignKey("contacts_contactassignee", "contact_id", "contacts_contact"),
        CompositeForeignKey("contacts_contactassignee", "member_id", "accounts_member"),
        CompositeForeignKey("contacts_relatedperson", "contact_id", "contacts_contact"),
        CompositeForeignKey("contacts_taggedcontact", "content_object_id", "contacts_contact"),
        CompositeForeignKey("contacts_taggedcontact", "tag_id", "contacts_tag"),
        CompositeForeignKey("contacts_contactchange", "contact_id", "contacts_contact"),
        FenceTable("contacts_contact"),
        FenceTable("contacts_contactemail"),
        FenceTable("contacts_contactphone"),
        FenceTable("contacts_contactassignee"),
        FenceTable("contacts_relatedperson"),
        FenceTable("contacts_source"),
        FenceTable("contacts_tag"),
        FenceTable("contacts_taggedcontact"),
        FenceTable("contacts_scoringweights"),
        FenceTable("contacts_contactchange"),
        TrigramIndex(),
        DefineFunction("contacts_search(text[])", SEARCH),
    ]

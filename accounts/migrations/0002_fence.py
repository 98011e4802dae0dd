"""The second tenancy wall for accounts, and the functions that find out who asks before the organization is known."""

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.rls import CompositeForeignKey, DefineFunction, FenceTable

# What every authority function returns, in the order of accounts.authentication.Authority.
AUTHORITY = """
    organization_id bigint, organization_uuid uuid, organization_slug varchar, organization_name varchar,
    time_zone varchar, phone_region varchar, plan varchar, agents_see_only_their_contacts boolean,
    organization_created_at timestamptz,
    member_id bigint, member_uuid uuid, member_number integer, member_role varchar,
    first_name varchar, last_name varchar, user_id bigint
"""
AUTHORITY_COLUMNS = """
    o.id, o.uuid, o.slug, o.name, o.time_zone, o.phone_region, o.plan, o.agents_see_only_their_contacts, o.created_at,
    m.id, m.uuid, m.number, m.role, m.first_name, m.last_name, m.user_id
"""
AUTHORITY_TARGETS = """
    organization_id, organization_uuid, organization_slug, organization_name, time_zone, phone_region, plan,
    agents_see_only_their_contacts, organization_created_at,
    member_id, member_uuid, member_number, member_role, first_name, last_name, user_id
"""

BY_CREDENTIAL = f"""
CREATE FUNCTION accounts_authority_by_credential(wanted_wire text, wanted_digest text)
RETURNS TABLE ({AUTHORITY}, credential_id bigint, credential_name varchar, credential_kind varchar)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    used_at timestamptz;
BEGIN
    SELECT {AUTHORITY_COLUMNS}, c.id, c.name, c.kind, c.last_used_at
    INTO {AUTHORITY_TARGETS}, credential_id, credential_name, credential_kind, used_at
    FROM accounts_credential c
    JOIN accounts_member m ON m.id = c.member_id AND m.organization_id = c.organization_id
    JOIN accounts_user u ON u.id = m.user_id
    JOIN accounts_organization o ON o.id = c.organization_id
    WHERE c.digest = wanted_digest AND c.wire = wanted_wire AND c.revoked_at IS NULL
      AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
      AND (c.kind <> 'session' OR c.created_at >= u.password_changed_at)
      AND m.is_active AND u.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('app.organization', organization_id::text, true);
    IF used_at IS NULL OR used_at < statement_timestamp() - interval '5 minutes' THEN
        -- Whoever holds the row's lock is writing the same thing: nobody waits for it.
        UPDATE accounts_credential SET last_used_at = statement_timestamp() WHERE id IN (
            SELECT id FROM accounts_credential WHERE digest = wanted_digest FOR UPDATE SKIP LOCKED
        );
    END IF;
    RETURN NEXT;
END
$$
"""

BY_SESSION = f"""
CREATE FUNCTION accounts_authority_by_session(wanted_user bigint, wanted_organization bigint)
RETURNS TABLE ({AUTHORITY})
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT {AUTHORITY_COLUMNS} INTO {AUTHORITY_TARGETS}
    FROM accounts_member m
    JOIN accounts_user u ON u.id = m.user_id
    JOIN accounts_organization o ON o.id = m.organization_id
    WHERE m.user_id = wanted_user AND m.organization_id = wanted_organization AND m.is_active AND u.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('app.organization', organization_id::text, true);
    RETURN NEXT;
END
$$
"""

MEMBERSHIPS = """
CREATE FUNCTION accounts_memberships(wanted_user bigint)
RETURNS TABLE (organization_id bigint, organization_name varchar, organization_slug varchar, member_id bigint,
               member_role varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.name, o.slug, m.id, m.role
    FROM accounts_member m
    JOIN accounts_user u ON u.id = m.user_id
    JOIN accounts_organization o ON o.id = m.organization_id
    WHERE m.user_id = wanted_user AND m.is_active AND u.is_active
    ORDER BY o.name, o.id
$$
"""


def organization_of(function: str, table: str, column: str, result: str) -> DefineFunction:
    """A function from one secret or name to the organization it belongs to, and nothing else."""
    return DefineFunction(
        f"{function}(text)",
        f"""
        CREATE FUNCTION {function}(wanted text) RETURNS SETOF bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT {result} FROM {table} WHERE {column} = wanted
        $$
        """,
    )


def create_cache_table(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def drop_cache_table(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute("DROP TABLE accounts_cache")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunPython(create_cache_table, drop_cache_table),
        CompositeForeignKey("accounts_credential", "member_id", "accounts_member"),
        CompositeForeignKey("accounts_refreshtoken", "credential_id", "accounts_credential"),
        CompositeForeignKey("accounts_idempotencyrecord", "credential_id", "accounts_credential"),
        CompositeForeignKey("accounts_invitation", "invited_by_id", "accounts_member"),
        FenceTable("accounts_organization", column="id"),
        FenceTable("accounts_member"),
        FenceTable("accounts_credential"),
        FenceTable("accounts_refreshtoken"),
        FenceTable("accounts_idempotencyrecord"),
        FenceTable("accounts_invitation"),
        DefineFunction("accounts_authority_by_credential(text, text)", BY_CREDENTIAL),
        DefineFunction("accounts_authority_by_session(bigint, bigint)", BY_SESSION),
        DefineFunction("accounts_memberships(bigint)", MEMBERSHIPS),
        organization_of("accounts_organization_by_slug", "accounts_organization", "slug", "id"),
        organization_of("accounts_organization_by_refresh_token", "accounts_refreshtoken", "digest", "organization_id"),
        organization_of("accounts_organization_by_invitation", "accounts_invitation", "digest", "organization_id"),
    ]

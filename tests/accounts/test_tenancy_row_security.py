"""Wall 2: what PostgreSQL itself refuses, whatever SQL the application role sends."""
# ruff: noqa: S608 - what is put into statements here are names of tables and columns, from the models

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, InternalError, ProgrammingError, connection, models, transaction
from psycopg import sql

from accounts.models import Organization, User
from accounts.rls import APPEND_ONLY_TABLES, create_application_role, role_faults
from accounts.tenancy import TenantModel, tenant_models
from contacts.models import MergeSuggestion
from tests.postgresql import Server
from tests.worlds import World

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

TENANT_MODELS = tenant_models(apps.get_models())
FENCED: list[type[models.Model]] = [*TENANT_MODELS, Organization]
# The record of changes is only ever added to; that is tested below.
CHANGEABLE = [model for model in FENCED if model._meta.db_table not in APPEND_ONLY_TABLES]
Reference = tuple[type[TenantModel], Any]
REFERENCES: list[Reference] = [
    (model, field)
    for model in TENANT_MODELS
    for field in model._meta.concrete_fields
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]


def rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """The answer to SQL sent as the application role, past every manager."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def changed(statement: str, parameters: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def table_of(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def column_of(model: type[models.Model]) -> str:
    return str(getattr(model, "tenant_column", "organization_id"))


def label(model: type[models.Model]) -> str:
    return model._meta.label


@pytest.fixture
def owner(transactional_db: None, postgresql_server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the role that owns the tables, for which row-level security does not hold."""
    with postgresql_server.session(postgresql_server.owner) as session:
        yield session


def test_the_application_role_has_no_rights_that_see_through_the_fence():
    assert role_faults(connection) == []
    attributes = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
    assert rows(f"SELECT {attributes} FROM pg_roles WHERE rolname = current_user") == [(False,) * 5]
    memberships = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
    assert rows(memberships) == [(0,)]
    owned = "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = current_user::regrole"
    assert rows(owned) == [(0,)]


def test_a_role_that_owns_the_tables_is_named_as_a_fault(owner: psycopg.Connection[Any], postgresql_server: Server):
    connection.close()
    connection.settings_dict.update(postgresql_server.owner.settings())
    try:
        (fault,) = role_faults(connection)
    finally:
        connection.close()
        connection.settings_dict.update(postgresql_server.application.settings())
    assert fault.startswith(f"role {postgresql_server.owner.role} owns")


def test_the_application_role_can_be_brought_up_to_date_again(
    owner: psycopg.Connection[Any], postgresql_server: Server
):
    application = postgresql_server.application
    connection.close()
    connection.settings_dict.update(postgresql_server.owner.settings())
    try:
        create_application_role(connection, application.role, application.password)
        owner.execute(
            sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = '60s'").format(
                sql.Identifier(application.role)
            )
        )
    finally:
        connection.close()
        connection.settings_dict.update(application.settings())
    assert role_faults(connection) == []


@pytest.mark.parametrize("model", FENCED, ids=label)
def test_without_an_organization_raw_sql_sees_nothing(north: World, south: World, model: type[models.Model]):
    assert rows(f"SELECT count(*) FROM {table_of(model)}") == [(0,)]


@pytest.mark.parametrize("setting", ["", "0", "-1", "9223372036854775807"])
def test_an_organization_that_is_none_sees_nothing(north: World, south: World, setting: str):
    rows("SELECT set_config('app.organization', %s, true)", [setting])
    assert rows("SELECT count(*) FROM contacts_contact") == [(0,)]
    rows("SELECT set_config('app.organization', '', true)")


@pytest.mark.parametrize("model", FENCED, ids=label)
def test_with_an_organization_raw_sql_sees_its_rows_alone(north: World, south: World, model: type[models.Model]):
    for world in (north, south):
        with world.scope():
            owners = rows(f"SELECT DISTINCT {column_of(model)} FROM {table_of(model)}")
        assert owners == [(world.organization.pk,)]


@pytest.mark.parametrize("model", CHANGEABLE, ids=label)
def test_raw_sql_changes_and_deletes_no_row_of_another_organization(
    north: World, south: World, model: type[models.Model]
):
    theirs = [south.organization.pk]
    with north.scope():
        column = column_of(model)
        assert changed(f"UPDATE {table_of(model)} SET id = id WHERE {column} = %s", theirs) == 0
        assert changed(f"DELETE FROM {table_of(model)} WHERE {column} = %s", theirs) == 0


@pytest.mark.parametrize("model", [model for model in CHANGEABLE if model in TENANT_MODELS], ids=label)
def test_raw_sql_moves_no_row_to_another_organization(north: World, south: World, model: type[TenantModel]):
    with north.scope(), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        rows(f"UPDATE {table_of(model)} SET organization_id = %s", [south.organization.pk])


@pytest.mark.parametrize("model", TENANT_MODELS, ids=label)
def test_raw_sql_adds_no_row_to_another_organization(north: World, south: World, model: type[TenantModel]):
    names = [
        str(field.column)
        for field in model._meta.concrete_fields
        if not field.generated and field.column not in ("id", "organization_id")
    ]
    columns = ", ".join(connection.ops.quote_name(name) for name in names)
    copied = f"INSERT INTO {table_of(model)} (organization_id, {columns}) SELECT %s, {columns} FROM {table_of(model)}"
    for organization in (south.organization.pk, None):
        # Refused for the foreign organization; for none by the same rule, or because the column wants one.
        with north.scope(), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            rows(copied, [organization])


@pytest.mark.parametrize("model", TENANT_MODELS, ids=label)
def test_without_an_organization_nothing_is_written(north: World, model: type[TenantModel]):
    if model._meta.db_table not in APPEND_ONLY_TABLES:
        assert changed(f"UPDATE {table_of(model)} SET id = id") == 0
        assert changed(f"DELETE FROM {table_of(model)}") == 0
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        rows(f"INSERT INTO {table_of(model)} (organization_id) VALUES (%s)", [north.organization.pk])


def _key(world: World, model: type[TenantModel]) -> int:
    with world.scope():
        return int(model._default_manager.values_list("pk", flat=True)[0])


def _refer(reference: Reference, ours: int, theirs: int) -> None:
    """Let a row of ours refer to a row of theirs, and have the database look at it at once."""
    model, field = reference
    assert changed(f"UPDATE {table_of(model)} SET {field.column} = %s WHERE id = %s", [theirs, ours]) == 1
    rows("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "reference", [each for each in REFERENCES if each[0] in CHANGEABLE], ids=lambda each: f"{label(each[0])}.{each[1]}"
)
def test_no_reference_crosses_organizations(north: World, south: World, reference: Reference):
    model, field = reference
    refusals = []
    # Both ways: of a pair in the order of its keys one way is refused for the order already.
    for ours, theirs in ((north, south), (south, north)):
        row, target = _key(ours, model), _key(theirs, field.related_model)
        with ours.scope(), pytest.raises(IntegrityError) as refused, transaction.atomic():
            _refer(reference, row, target)
        refusals.append("_tenant_fk" in str(refused.value))
    assert any(refusals) if model is MergeSuggestion else all(refusals)


def test_no_reference_crosses_organizations_for_the_owner_either(
    north: World, south: World, owner: psycopg.Connection[Any]
):
    crossed = []
    for model, field in REFERENCES:
        ours, theirs = _key(north, model), _key(south, field.related_model)
        # Committed by itself, and checked then.
        crossing = f"UPDATE {table_of(model)} SET {field.column} = {theirs} WHERE id = {ours}"
        try:
            owner.execute(crossing)
        except (psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation):
            continue
        crossed.append(f"{label(model)}.{field.name}")
    assert crossed == []


def test_a_raw_insert_that_refers_to_another_organizations_row_is_refused(
    north: World, south: World, owner: psycopg.Connection[Any]
):
    statement = (
        "INSERT INTO contacts_contactemail (organization_id, contact_id, position, email, email_norm, label, note)"
        " VALUES (%s, %s, 0, 'x@example.com', 'x@example.com', '', '')"
    )
    values = [north.organization.pk, south.contact.pk]
    with pytest.raises(IntegrityError, match="_tenant_fk"), north.scope():
        rows(statement, values)
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="_tenant_fk"):
        owner.execute(statement, values)


FORBIDDEN = {
    "truncate": "TRUNCATE contacts_contactemail",
    "truncate the record of changes": "TRUNCATE contacts_contactchange",
    "change the record of changes": "UPDATE contacts_contactchange SET actor_label = 'somebody else'",
    "delete from the record of changes": "DELETE FROM contacts_contactchange",
    "lift row-level security": "ALTER TABLE contacts_contact DISABLE ROW LEVEL SECURITY",
    "drop a policy": "DROP POLICY tenant ON contacts_contact",
    "add a policy": "CREATE POLICY mine ON contacts_contact USING (true)",
    "drop a table": "DROP TABLE contacts_contactemail",
    "drop a constraint": "ALTER TABLE contacts_contactemail DROP CONSTRAINT contacts_contactemail_contact_id_tenant_fk",
    "create a table": "CREATE TABLE mine (id int)",
    "create a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "replace a definer function": (
        "CREATE OR REPLACE FUNCTION contacts_search(written text[], dialled text[]) RETURNS SETOF bigint"
        " LANGUAGE sql AS"
        " 'SELECT id FROM contacts_contact'"
    ),
    "create a trigger": (
        "CREATE TRIGGER mine BEFORE INSERT ON contacts_contact EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ),
    "disable triggers": "ALTER TABLE contacts_contact DISABLE TRIGGER ALL",
    "replicate": "SET session_replication_role = 'replica'",
    "create a role": "CREATE ROLE mine",
    "become a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "bypass row-level security": "ALTER ROLE CURRENT_USER BYPASSRLS",
    "become the owner": "SET ROLE {owner}",
    "set the sequence back": "SELECT setval('contacts_contact_number', 1)",
    "read a file": "COPY contacts_source FROM '/etc/hostname'",
    "run a program": "COPY contacts_source TO PROGRAM 'true'",
    "rewrite migrations": "DELETE FROM django_migrations",
    "grant to others": "GRANT SELECT ON contacts_contact TO PUBLIC",
    "read password hashes of the server": "SELECT * FROM pg_authid",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_application_role_may_not(north: World, postgresql_server: Server, statement: str):
    # GRANT without the right to is a warning and grants nothing; everything else is an error.
    with north.scope():
        if statement.startswith("GRANT"):
            rows(statement)
            privileges = (
                "SELECT count(*) FROM aclexplode((SELECT relacl FROM pg_class WHERE relname = %s)) WHERE grantee = 0"
            )
            assert rows(privileges, ["contacts_contact"]) == [(0,)]
            return
        with pytest.raises((ProgrammingError, InternalError, DatabaseError)) as refusal, transaction.atomic():
            rows(statement.replace("{owner}", postgresql_server.owner.role))
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_a_function_nobody_granted_cannot_be_called(owner: psycopg.Connection[Any]):
    owner.execute("CREATE FUNCTION not_granted() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    owner.execute("REVOKE ALL ON FUNCTION not_granted() FROM PUBLIC")
    try:
        with pytest.raises(ProgrammingError, match="permission denied"):
            rows("SELECT not_granted()")
    finally:
        owner.execute("DROP FUNCTION not_granted()")


DEFINER_FUNCTIONS = {
    "accounts_authority_by_credential",
    "accounts_authority_by_session",
    "accounts_memberships",
    "accounts_organization_by_invitation",
    "accounts_organization_by_refresh_token",
    "accounts_organization_by_slug",
    "activities_channel_at",
    "activities_channel_with_uuid",
    "activities_channels_of_address",
    "activities_due_receipts",
    "activities_keep_number",
    "activities_search",
    "contacts_any_tag_total",
    "contacts_assigned_total",
    "contacts_count_added",
    "contacts_count_changed",
    "contacts_count_removed",
    "contacts_created_total",
    "contacts_enter_searchable",
    "contacts_fold_counts",
    "contacts_place",
    "contacts_refresh_statistics",
    "contacts_search",
    "contacts_searchable_added",
    "contacts_searchable_changed",
    "contacts_searchable_removed",
    "contacts_searched",
    "contacts_staged_total",
    "contacts_tag_count_added",
    "contacts_tag_count_changed",
    "contacts_tag_count_removed",
    "contacts_tag_total",
    "contacts_tag_totals",
    "contacts_total",
    "contacts_waiting_imports",
}


def test_the_functions_that_read_as_the_owner_are_these_and_nobody_else_may_call_them(postgresql_server: Server):
    found = rows(
        "SELECT proname, proconfig::text LIKE '%%search_path=public, pg_temp%%', proowner::regrole::text,"
        " EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)"
        " FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace",
        [],
    )
    assert {name for name, *_ in found} == DEFINER_FUNCTIONS
    for _, fixed_path, function_owner, public in found:
        assert (fixed_path, function_owner, public) == (True, postgresql_server.owner.role, False)


SEARCH = "SELECT * FROM contacts_search(%s, %s)"
SEARCHED = "SELECT unnest(keys) FROM contacts_searched(%s, %s, NULL, NULL, NULL, 0, 100)"
ANYTHING: list[str] = []


@pytest.mark.parametrize("search", [SEARCH, SEARCHED])
def test_search_finds_nothing_without_an_organization(north: World, south: World, search: str):
    for words in (ANYTHING, [""], [south.canary], [north.canary]):
        assert rows(search, [words, words]) == []
        assert rows(search, [words, []]) == []
    assert rows("SELECT total FROM contacts_searched('{}', '{}', NULL, NULL, NULL, 0, 100)") == [(0,)]


@pytest.mark.parametrize("search", [SEARCH, SEARCHED])
def test_search_finds_the_organizations_own_contacts_alone(north: World, south: World, search: str):
    for world, stranger in ((north, south), (south, north)):
        with world.scope():
            found = {pk for (pk,) in rows(search, [ANYTHING, ANYTHING])}
            assert found == {contact.pk for contact in world.contacts}
            assert rows(search, [[stranger.canary], [stranger.canary]]) == []
            assert rows(search, [None, None]) == []


@pytest.mark.parametrize("search", [SEARCH, SEARCHED])
def test_words_cannot_leave_the_text_that_a_search_is_made_of(north: World, south: World, search: str):
    hostile = [
        "'; SELECT 1; --",
        "') OR true --",
        "\\') OR true --",
        "$$",
        "%L",
        "%s%1$s",
        '"',
        "{}",
        "{a,b}",
        "\\",
        "%",
        "_",
    ]
    with north.scope():
        for word in hostile:
            assert rows(search, [[word], [word]]) == []
        for value in hostile:
            statement = "SELECT unnest(keys) FROM contacts_searched('{a}', '{a}', %s, %s, %s, 0, 100)"
            assert rows(statement, [[value]] * 3) == []


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("accounts_authority_by_credential", ["winnerr", "0" * 64]),
        ("accounts_authority_by_credential", ["winnerr", ""]),
        ("accounts_authority_by_credential", ["winnerr", "%"]),
        ("accounts_authority_by_credential", [None, None]),
        ("accounts_authority_by_session", [None, None]),
        ("accounts_memberships", [None]),
        ("accounts_memberships", [0]),
        ("accounts_organization_by_slug", ["%"]),
        ("accounts_organization_by_slug", [""]),
        ("accounts_organization_by_slug", [None]),
        ("accounts_organization_by_refresh_token", ["%"]),
        ("accounts_organization_by_invitation", ["%"]),
        ("activities_channel_with_uuid", [None]),
        ("activities_channel_with_uuid", ["00000000-0000-7000-8000-000000000000"]),
    ],
)
def test_who_shows_nothing_valid_is_told_nothing(north: World, south: World, function: str, arguments: list[Any]):
    placeholders = ", ".join(["%s"] * len(arguments))
    assert rows(f"SELECT * FROM {function}({placeholders})", arguments) == []
    assert rows("SELECT nullif(current_setting('app.organization', true), '')") == [(None,)]


def test_an_authority_is_one_row_and_sets_its_own_organization(north: World, south: World):
    arguments = [north.owner.user_id, north.organization.pk]
    with transaction.atomic():
        found = rows("SELECT organization_id, member_id FROM accounts_authority_by_session(%s, %s)", arguments)
        assert found == [(north.organization.pk, north.owner.pk)]
        assert rows("SELECT DISTINCT organization_id FROM contacts_contact") == [(north.organization.pk,)]
        arguments = [north.owner.user_id, south.organization.pk]
        assert rows("SELECT * FROM accounts_authority_by_session(%s, %s)", arguments) == []
        rows("SELECT set_config('app.organization', '', true)")


def test_errors_do_not_probe_rows_of_another_organization(north: World, south: World):
    """A condition that fails on the stranger's row must never be asked about it."""
    probe = "SELECT count(*) FROM contacts_contact WHERE 1 / (CASE WHEN notes LIKE %s THEN 0 ELSE 1 END) = 1"
    with north.scope():
        assert rows(probe, [f"%{south.canary}%"]) == [(7,)]
        with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
            rows(probe, [f"%{north.canary}%"])


def test_a_temporary_table_does_not_stand_in_for_a_real_one_in_definer_functions(north: World, south: World):
    with north.scope():
        rows(
            "CREATE TEMP TABLE contacts_searchable"
            " (contact_id bigint, organization_id bigint, created_at date, search_text text)"
        )
        rows("INSERT INTO pg_temp.contacts_searchable VALUES (%s, %s, NULL, 'x')", [7, north.organization.pk])
        found = {pk for (pk,) in rows(SEARCH, [ANYTHING, ANYTHING])}
        assert found == {contact.pk for contact in north.contacts}
        rows("DROP TABLE pg_temp.contacts_searchable")


def test_users_are_shared_and_say_nothing_of_organizations(north: World):
    assert User.objects.filter(email="owner@south.example").exists()
    names = {field.name for field in User._meta.get_fields()}
    assert names.isdisjoint({"organization", "member", "members", "first_name", "last_name", "role"})

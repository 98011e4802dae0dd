"""The tenant fence, wall 2: row-level security in PostgreSQL, for migrations and for making the application role.

Every operation here does nothing on other databases. Policies are ``ENABLE``, not ``FORCE``: the owner role's data
migrations and its ``SECURITY DEFINER`` functions must see rows, and the application role is never the owner.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from psycopg import sql

logger = logging.getLogger("latchkey.accounts")

# The setting reads '' and not NULL after a transaction that set it locally has ended.
CURRENT_ORGANIZATION = "nullif(current_setting('app.organization', true), '')::bigint"

# Rows that record what happened: the application may add them and read them, nobody rewrites history.
APPEND_ONLY_TABLES = ("contacts_consent", "contacts_contactchange")
# Kept by triggers and read through functions, both the owner's; the application itself has no business in them.
PRIVATE_TABLES = (
    "contacts_count",
    "contacts_count_change",
    "contacts_searchable",
    "contacts_tag_count",
    "contacts_tag_count_change",
)


class PostgresOperation(Operation):
    """A migration step of plain SQL that only PostgreSQL takes."""

    reduces_to_sql = True
    reversible = True

    def forward_sql(self) -> Sequence[str]:
        return ()

    def backward_sql(self) -> Sequence[str]:
        return ()

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models do not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self._run(schema_editor, self.forward_sql())

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self._run(schema_editor, self.backward_sql())

    def _run(self, schema_editor: BaseDatabaseSchemaEditor, statements: Sequence[str]) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        for statement in statements:
            # No parameters: a percent sign in a function's body is meant literally.
            schema_editor.execute(statement, params=None)


class FenceTable(PostgresOperation):
    """Only the current organization's rows of a table can be seen or written by the application role."""

    def __init__(self, table: str, column: str = "organization_id") -> None:
        self.table = table
        self.column = column

    def forward_sql(self) -> Sequence[str]:
        rule = f"{self.column} = {CURRENT_ORGANIZATION}"
        return (
            f'ALTER TABLE "{self.table}" ENABLE ROW LEVEL SECURITY',
            f'CREATE POLICY tenant ON "{self.table}" USING ({rule}) WITH CHECK ({rule})',
        )

    def backward_sql(self) -> Sequence[str]:
        return (
            f'DROP POLICY tenant ON "{self.table}"',
            f'ALTER TABLE "{self.table}" DISABLE ROW LEVEL SECURITY',
        )

    def describe(self) -> str:
        return f"Fence {self.table} by {self.column}"


class CompositeForeignKey(PostgresOperation):
    """A reference that carries the organization with it, so that it cannot cross tenants.

    Foreign keys are checked without row-level security; only a key over both columns refuses another tenant's id.
    """

    def __init__(self, table: str, column: str, target: str) -> None:
        self.table = table
        self.column = column
        self.target = target

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_tenant_fk"[:63]

    def forward_sql(self) -> Sequence[str]:
        return (
            f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{self.name}" FOREIGN KEY (organization_id, "{self.column}") '
            f'REFERENCES "{self.target}" (organization_id, id) DEFERRABLE INITIALLY DEFERRED',
        )

    def backward_sql(self) -> Sequence[str]:
        return (f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.name}"',)

    def describe(self) -> str:
        return f"Tie {self.table}.{self.column} to {self.target} within one organization"


_DROP_FOREIGN_KEYS = """
DO $$
DECLARE found name;
BEGIN
    FOR found IN
        SELECT c.conname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
        WHERE c.contype = 'f' AND c.conrelid = '"{table}"'::regclass AND a.attname = '{column}'
    LOOP
        EXECUTE format('ALTER TABLE "{table}" DROP CONSTRAINT %I', found);
    END LOOP;
END
$$
"""


class DropForeignKey(PostgresOperation):
    """Leave out a reference of one column that a composite one of the same table implies (docs/decisions/0031).

    Each is a question to another table for every row that is written. ``target`` is what it refers to.
    """

    def __init__(self, table: str, column: str, target: str) -> None:
        self.table = table
        self.column = column
        self.target = target

    def forward_sql(self) -> Sequence[str]:
        # Its name has a digest of Django's in it.
        return (_DROP_FOREIGN_KEYS.replace("{table}", self.table).replace("{column}", self.column),)

    def backward_sql(self) -> Sequence[str]:
        name = f"{self.table}_{self.column}_fk"[:63]
        return (
            f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{self.column}")'
            f' REFERENCES "{self.target}" (id) DEFERRABLE INITIALLY DEFERRED',
        )

    def describe(self) -> str:
        return f"Leave the reference of {self.table}.{self.column} to the composite one"


class DefineFunction(PostgresOperation):
    """Create an audited ``SECURITY DEFINER`` function that only roles it is granted to may call.

    ``signature`` is the name with its argument types, as ``DROP FUNCTION`` wants it.
    """

    def __init__(self, signature: str, definition: str) -> None:
        self.signature = signature
        self.definition = definition

    def forward_sql(self) -> Sequence[str]:
        return (self.definition, f"REVOKE ALL ON FUNCTION {self.signature} FROM PUBLIC")

    def backward_sql(self) -> Sequence[str]:
        return (f"DROP FUNCTION {self.signature}",)

    def describe(self) -> str:
        return f"Define {self.signature}"


def create_application_role(owner: BaseDatabaseWrapper, role: str, password: str) -> None:
    """Make, or bring up to date, the login role the application runs as. ``owner`` is connected as the owner role.

    The role can read and write rows through the fence and nothing else: it owns nothing, does not bypass row-level
    security, cannot truncate, and gives up on slow statements and locks by itself (seconds, RELIABILITY 6 item 29).
    """
    name = sql.Identifier(role)
    with owner.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = %s", [role])
        existing = cursor.fetchone()
        verb = sql.SQL("ALTER" if existing else "CREATE")
        # Taking these away needs a superuser even where the role has none of them, so only what is there is taken.
        privileged = ("NOSUPERUSER", "NOBYPASSRLS", "NOREPLICATION")
        refused = [name for name, has in zip(privileged, existing or (True,) * 3, strict=True) if has]
        attributes = sql.SQL(" ".join(["LOGIN NOCREATEDB NOCREATEROLE", *refused]))
        secret = sql.SQL("PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
        _execute(cursor, sql.SQL("{} ROLE {} WITH {} {}").format(verb, name, attributes, secret))
        for setting, value in ROLE_SETTINGS.items():
            _execute(cursor, sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.SQL(setting), sql.Literal(value)))
    grant_application_role(owner, role)


# plan_cache_mode: lists are prepared, and made so that one plan suits all values (``contacts.listing``); the search,
# whose plan depends on its pattern, says otherwise for itself. jit: never worth its start-up on statements this short.
# gin_pending_list_limit: the rows of a few requests wait to be entered into the search index together, and no more, because
# every search reads the list of those that wait (docs/decisions/0027).
ROLE_SETTINGS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "plan_cache_mode": "auto",
    "jit": "off",
    "gin_pending_list_limit": "64kB",
}


def grant_application_role(owner: BaseDatabaseWrapper, role: str) -> None:
    """Grant the application role what the application does, on everything that exists now. Safe to repeat."""
    name = sql.Identifier(role)
    with owner.cursor() as cursor:
        for grant in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
        ):
            _execute(cursor, sql.SQL(grant).format(name))
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(APPEND_ONLY_TABLES)])
        for (table,) in cursor.fetchall():
            revoke = sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}")
            _execute(cursor, revoke.format(sql.Identifier(table), name))
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(PRIVATE_TABLES)])
        for (table,) in cursor.fetchall():
            _execute(cursor, sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(table), name))
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if cursor.fetchone()[0]:
            _execute(cursor, sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(name))


def _execute(cursor: Any, statement: sql.Composable) -> None:
    cursor.execute(statement)


def role_faults(connection: BaseDatabaseWrapper) -> list[str]:
    """Why the role this connection uses would see through the fence; empty when it would not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user")
        superuser, bypasses, name = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND pg_has_role(current_user, relowner, 'MEMBER')"
        )
        owned = cursor.fetchone()[0]
    faults = {
        f"role {name} is a superuser": superuser,
        f"role {name} bypasses row-level security": bypasses,
        f"role {name} owns {owned} of the tables": bool(owned) and not superuser,
    }
    return [fault for fault, holds in faults.items() if holds]


def guard_role(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Look at the role of each new connection that requests will use.

    In production a role that sees through the fence raises ``ImproperlyConfigured``; on a machine of one's own it is a
    warning, because there the database often has but one role. Migrations use the owner's connection and pass.
    """
    if connection.vendor != "postgresql" or connection.alias != DEFAULT_DB_ALIAS:
        return
    faults = role_faults(connection)
    if not faults:
        return
    sentence = f"DATABASE_URL must use a role that row-level security holds, but {'; '.join(faults)}."
    if settings.PRODUCTION:
        raise ImproperlyConfigured(f"{sentence} Make one with: manage.py create_database_role")
    logger.warning("%s One of the two tenancy walls is down.", sentence)

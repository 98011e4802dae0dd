"""The authority statement of a request that only reads also says how long its other statements may take."""

from importlib import import_module

from django.db import migrations

from accounts.rls import DefineFunction, PostgresOperation

before = import_module("accounts.migrations.0002_fence")

BY_CREDENTIAL = before.BY_CREDENTIAL.replace(
    "(wanted_wire text, wanted_digest text)",
    "(wanted_wire text, wanted_digest text, longest_statement text DEFAULT NULL)",
).replace(
    "    IF used_at IS NULL",
    """    IF longest_statement IS NOT NULL THEN
        -- For the rest of the transaction; the statement that calls this was timed when it began.
        PERFORM set_config('statement_timeout', longest_statement, true);
    END IF;
    IF used_at IS NULL""",
)


class DropFunction(PostgresOperation):
    """Without the third argument, a call with two would be ambiguous."""

    def forward_sql(self) -> tuple[str, ...]:
        return ("DROP FUNCTION accounts_authority_by_credential(text, text)",)

    def backward_sql(self) -> tuple[str, ...]:
        return before.DefineFunction("accounts_authority_by_credential(text, text)", before.BY_CREDENTIAL).forward_sql()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_fence")]

    operations = [
        DropFunction(),
        DefineFunction("accounts_authority_by_credential(text, text, text)", BY_CREDENTIAL),
    ]

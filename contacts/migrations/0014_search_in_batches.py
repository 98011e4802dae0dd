"""What is found is entered into the search index in batches (docs/decisions/0027).

Entered one row at a time, the trigrams of a contact are some sixty descents of the index: 0.9 ms of the 1.1 ms that a new
contact took in an import of thousands. Entered together, equal trigrams of many contacts are one: 0.09 ms. Rows wait for
that in a list that every search reads too, so for the application's role it is short (``accounts.rls.ROLE_SETTINGS``);
an import lets it grow for as long as one of its chunks takes, and has it entered at the end by this function.
"""

from django.db import migrations

from accounts.rls import DefineFunction, PostgresOperation


class EnterInBatches(PostgresOperation):
    def forward_sql(self) -> tuple[str, ...]:
        return ("ALTER INDEX contacts_searchable_text SET (fastupdate = on)",)

    def backward_sql(self) -> tuple[str, ...]:
        return (
            "ALTER INDEX contacts_searchable_text SET (fastupdate = off)",
            "SELECT gin_clean_pending_list('contacts_searchable_text')",
        )

    def describe(self) -> str:
        return "Enter what is searched in batches"


ENTER = """
CREATE FUNCTION contacts_enter_searchable() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT gin_clean_pending_list('public.contacts_searchable_text')
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0013_background_imports"),
    ]

    operations = [
        EnterInBatches(),
        DefineFunction("contacts_enter_searchable()", ENTER),
    ]

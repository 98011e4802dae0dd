"""Statistics of tables that grow many times over within a minute (docs/decisions/0027).

Without any, PostgreSQL takes every index that begins with the organization for as good as another, and asks for each of the
rows that a new one refers to by reading all of the organization's: a first import of 20,000 rows took a minute, and a million
would have taken days. Autovacuum looks once a minute, and only at what is committed.
"""

from django.db import migrations

from accounts.rls import DefineFunction

# Of tables with some hundreds of rows at least: below that any plan will do. Once there are statistics, plans grow with the
# table, so that it is counted anew when it is eight times as large, and autovacuum sees to the rest; at every doubling it was a
# tenth of an import's time. In the transaction that made them grow, so that its own references are asked about with the new
# plans already. Whoever else is at a table's statistics is not waited for.
REFRESH = """
CREATE FUNCTION contacts_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE grown text;
BEGIN
    FOR grown IN
        SELECT c.oid::regclass::text FROM pg_class c
        WHERE c.oid IN (
            'public.contacts_contact'::regclass, 'public.contacts_taggedcontact'::regclass,
            'public.contacts_contactchange'::regclass, 'public.contacts_contactemail'::regclass,
            'public.contacts_contactphone'::regclass, 'public.contacts_contactassignee'::regclass,
            'public.contacts_relatedperson'::regclass, 'public.contacts_searchable'::regclass,
            'public.contacts_tag'::regclass, 'public.contacts_consent'::regclass, 'public.accounts_member'::regclass
        )
        AND pg_relation_size(c.oid) / current_setting('block_size')::int > greatest(8 * c.relpages, 64)
    LOOP
        EXECUTE 'ANALYZE (SKIP_LOCKED) ' || grown;
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0015_one_reference_each"),
    ]

    operations = [DefineFunction("contacts_refresh_statistics()", REFRESH)]

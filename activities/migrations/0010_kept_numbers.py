"""Numbers that communications bring along."""

from django.db import migrations

from accounts.rls import DefineFunction

# Numbers that came with rows from elsewhere are nobody else's. A sequence cannot be locked against nextval for a moment
# only, so a small gap is walked: nothing is ever set back, whoever takes numbers meanwhile. A large one is jumped over, and
# nobody takes so many in between.
KEEP_NUMBER = """
CREATE FUNCTION activities_keep_number(highest bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    reached bigint := nextval('activities_communication_number');
BEGIN
    -- As contacts_keep_number has it: what is far beyond all numbers must not use up the sequence for everybody.
    IF highest > 1000000000000 THEN
        RAISE EXCEPTION 'no such number is kept' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    IF highest - reached > 10000 THEN
        PERFORM setval('activities_communication_number', highest);
        RETURN;
    END IF;
    WHILE reached < highest LOOP
        reached := nextval('activities_communication_number');
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0009_emptied_receipts")]

    operations = [DefineFunction("activities_keep_number(bigint)", KEEP_NUMBER)]

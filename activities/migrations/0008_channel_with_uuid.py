from django.db import migrations

from accounts.rls import DefineFunction

# The channel a command names by its id alone, on or off, with its organization set in the same statement.
CHANNEL_WITH_UUID = """
CREATE FUNCTION activities_channel_with_uuid(wanted_uuid uuid)
RETURNS TABLE (id bigint, organization_id bigint, uuid uuid, kind varchar, name varchar, token varchar,
               address varchar, account varchar, sealed_secret text, sealed_previous_secret text,
               previous_until timestamptz, sealed_verify_token text, is_active boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT c.id, c.organization_id, c.uuid, c.kind, c.name, c.token, c.address, c.account, c.sealed_secret,
           c.sealed_previous_secret, c.previous_until, c.sealed_verify_token, c.is_active
    INTO id, organization_id, uuid, kind, name, token, address, account, sealed_secret,
         sealed_previous_secret, previous_until, sealed_verify_token, is_active
    FROM activities_inboundchannel c
    WHERE c.uuid = wanted_uuid
    ORDER BY c.id LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('app.organization', organization_id::text, true);
    RETURN NEXT;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0007_inbound")]

    operations = [DefineFunction("activities_channel_with_uuid(uuid)", CHANNEL_WITH_UUID)]

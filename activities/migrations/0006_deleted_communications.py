"""Communications that can be deleted, that are hidden with their contact, and that are listed by number."""

from importlib import import_module

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.rls import CURRENT_ORGANIZATION, PostgresOperation

PREVIOUS = import_module("activities.migrations.0005_search")
MATCHING, PAGE = PREVIOUS.MATCHING, PREVIOUS.PAGE
SHOWN_HERE = "organization_id = organization AND deleted_at IS NULL AND NOT is_hidden"
# A CTE is read no further than it is asked for, and planned as if it were read to its end: from the trigram index.
HITS = f"""
    hits AS MATERIALIZED (
        SELECT id, occurred_at FROM activities_communication WHERE {SHOWN_HERE} AND {MATCHING}
    )
"""

# The search of migration 0005, whose remarks hold here too. It leaves out what was deleted, and asks a message and no
# longer its contact whether that was. Replaced and not made anew, so that whoever may call it still may.
SEARCH = f"""
CREATE OR REPLACE FUNCTION activities_search(
    patterns text[], in_index boolean, member bigint, first bigint, size bigint, most bigint, recent bigint,
    OUT ids bigint[], OUT total bigint, OUT is_cut_off boolean
)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    organization bigint := {CURRENT_ORGANIZATION};
    mine bigint[];
BEGIN
    IF member IS NOT NULL THEN
        mine := ARRAY(
            SELECT id FROM contacts_contact
            WHERE organization_id = organization AND deleted_at IS NULL AND assigned_to_id = member
            UNION
            SELECT contact_id FROM contacts_contactassignee
            WHERE organization_id = organization AND member_id = member
        );
    END IF;
    IF in_index THEN
        WITH {HITS}, counted AS MATERIALIZED (SELECT id, occurred_at FROM hits LIMIT most + 1)
        SELECT ARRAY(SELECT id FROM counted {PAGE}), (SELECT count(*) FROM counted) INTO ids, total;
        is_cut_off := total > most;
        -- Few enough to have them all.
        IF NOT is_cut_off THEN
            RETURN;
        END IF;
    END IF;
    -- Newest first, no further than it takes.
    WITH newest AS (
        SELECT id, contact_id, occurred_at, search_text FROM activities_communication WHERE {SHOWN_HERE}
        ORDER BY occurred_at DESC, id DESC LIMIT recent
    ), counted AS MATERIALIZED (
        SELECT id, occurred_at FROM newest WHERE {MATCHING} ORDER BY occurred_at DESC, id DESC
        LIMIT CASE WHEN in_index THEN least(first + size, most) ELSE most + 1 END
    )
    SELECT ARRAY(SELECT id FROM counted {PAGE}), (SELECT count(*) FROM counted) INTO ids, total;
    IF NOT in_index THEN
        is_cut_off := total > most OR EXISTS (
            SELECT FROM activities_communication WHERE {SHOWN_HERE}
            ORDER BY occurred_at DESC, id DESC OFFSET recent LIMIT 1
        );
    ELSIF cardinality(ids) < size THEN
        WITH {HITS}
        SELECT ARRAY(SELECT id FROM hits {PAGE}) INTO ids;
    END IF;
    total := CASE WHEN in_index THEN most ELSE least(total, most) END;
END
$$
"""


class ReplaceSearch(PostgresOperation):
    """The search of what is shown, in place of the one of everything."""

    def forward_sql(self) -> tuple[str, ...]:
        return (SEARCH,)

    def backward_sql(self) -> tuple[str, ...]:
        return (PREVIOUS.SEARCH.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1),)


def hide_communications(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    communications = apps.get_model("activities", "Communication").objects.using(schema_editor.connection.alias)
    communications.exclude(contact__deleted_at=None).update(is_hidden=True)


KEPT = models.Q(deleted_at=None)
SHOWN = models.Q(deleted_at=None, is_hidden=False)


def newest_first(column: str, name: str) -> models.Index:
    return models.Index(
        models.F("organization"),
        models.F(column),
        models.OrderBy(models.F("occurred_at"), descending=True),
        models.OrderBy(models.F("id"), descending=True),
        condition=KEPT,
        name=name,
    )


INDEXES = (
    newest_first("contact", "communication_of_contact"),
    newest_first("conversation", "communication_in_conversation"),
    models.Index(fields=["organization", "occurred_at", "id"], condition=KEPT, name="communication_newest_first"),
    models.Index(
        fields=["organization", "number", "id"],
        include=("direction", "created_at", "occurred_at"),
        condition=SHOWN,
        name="communication_by_number",
    ),
    models.Index(
        fields=["organization", "contact", "number", "id"], condition=SHOWN, name="communication_number_contact"
    ),
    models.Index(
        fields=["organization", "member", "number", "id"], condition=SHOWN, name="communication_number_member"
    ),
    models.Index(fields=["organization", "kind", "number", "id"], condition=SHOWN, name="communication_number_kind"),
    models.Index(
        fields=["organization", "created_at", "number", "id"], condition=SHOWN, name="communication_number_created"
    ),
)


class Migration(migrations.Migration):
    dependencies = [("activities", "0005_search")]

    operations = [
        *(
            migrations.RemoveIndex(model_name="communication", name=name)
            for name in ("communication_of_contact", "communication_in_conversation", "communication_newest_first")
        ),
        migrations.AddField(
            model_name="communication",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="communication",
            name="extra",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="communication",
            name="is_hidden",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(hide_communications, migrations.RunPython.noop),
        *(migrations.AddIndex(model_name="communication", index=index) for index in INDEXES),
        ReplaceSearch(),
    ]

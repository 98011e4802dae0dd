"""Imports that workers do, and where they find them."""

from django.db import migrations, models

from accounts.rls import DefineFunction

# A worker looks for work before it knows whose it is; what it needs to know of an import is whether somebody is at it.
WAITING_IMPORTS = """
CREATE FUNCTION contacts_waiting_imports()
RETURNS TABLE (
    organization_id bigint, id bigint, state varchar, lease uuid, worker varchar,
    requested_at timestamptz, moved_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT j.organization_id, j.id, j.state, j.lease, j.worker, j.requested_at, j.moved_at
    FROM contacts_importjob j
    WHERE j.is_background AND j.state IN ('planning', 'running', 'undoing')
    ORDER BY coalesce(j.moved_at, j.requested_at), j.id
    LIMIT 1000
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0012_imports"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="importjob",
            options={"base_manager_name": "objects", "ordering": ["-id"], "verbose_name": "import"},
        ),
        migrations.AddField(
            model_name="importjob",
            name="is_background",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="importjob",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importjob",
            name="undo_member_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="importjob",
            index=models.Index(
                condition=models.Q(("is_background", True), ("state__in", ("planning", "running", "undoing"))),
                fields=["organization", "id"],
                name="import_in_background",
            ),
        ),
        DefineFunction("contacts_waiting_imports()", WAITING_IMPORTS),
    ]

"""The indexes behind every filter and sort of a list (``contacts.listing``)."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Left, Length

LONGEST_SORT_KEY = 200


def shorten_sort_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """An entry of an index has an end."""
    contacts = apps.get_model("contacts", "Contact").objects.using(schema_editor.connection.alias)
    for column in ("first_name_norm", "last_name_norm"):
        too_long = contacts.annotate(length=Length(column)).filter(length__gt=LONGEST_SORT_KEY)
        too_long.update(**{column: Left(column, LONGEST_SORT_KEY)})


def repeat_age(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    contacts = apps.get_model("contacts", "Contact").objects.using(alias)
    age = contacts.filter(pk=OuterRef("content_object")).values("created_at")
    apps.get_model("contacts", "TaggedContact").objects.using(alias).update(contact_created_at=Subquery(age))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_fence"),
        ("contacts", "0003_rescoring"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_list",
        ),
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_score",
        ),
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_type_status",
        ),
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_assignee",
        ),
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_source",
        ),
        migrations.RemoveIndex(
            model_name="taggedcontact",
            name="contact_by_tag",
        ),
        migrations.RunPython(shorten_sort_keys, migrations.RunPython.noop),
        migrations.AddField("taggedcontact", "contact_created_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunPython(repeat_age, migrations.RunPython.noop),
        migrations.AlterField("taggedcontact", "contact_created_at", models.DateTimeField(editable=False)),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=~models.Q(deleted_at=None),
                fields=["organization", "deleted_at", "id"],
                name="contact_deleted",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "created_at", "id"],
                name="contact_list",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "type", "status", "created_at", "id"],
                name="contact_by_type_status",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "type", "status", "lead_score", "created_at", "id"],
                name="contact_by_type_status_score",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "lead_score", "created_at", "id"],
                name="contact_by_score",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "source", "created_at", "id"],
                name="contact_by_source",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "assigned_to", "created_at", "id"],
                name="contact_by_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "first_name_norm", "created_at", "id"],
                name="contact_by_first_name",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "last_name_norm", "created_at", "id"],
                name="contact_by_last_name",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "email_norm", "created_at", "id"],
                name="contact_by_email",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "updated_at", "created_at", "id"],
                name="contact_by_update",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "last_contacted_order", "created_at", "id"],
                name="contact_by_last_contact",
            ),
        ),
        migrations.AddIndex(
            model_name="taggedcontact",
            index=models.Index(
                fields=["organization", "tag", "contact_created_at", "content_object"], name="contact_by_tag_and_age"
            ),
        ),
    ]

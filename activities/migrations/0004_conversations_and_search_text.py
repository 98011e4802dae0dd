"""What lists of conversations and the search of messages are read from, for what there is already too."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from contacts.normalise import fold

LONGEST_SEARCHED = 10_000
BATCH = 1_000


def fill_search_text(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    communications = apps.get_model("activities", "Communication").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(communications.filter(pk__gt=last).only("subject", "body").order_by("pk")[:BATCH]):
        for communication in batch:
            written = f"{communication.subject}\n{communication.body[:LONGEST_SEARCHED]}"
            communication.search_text = fold(written[:LONGEST_SEARCHED])
        communications.bulk_update(batch, ["search_text"], batch_size=200)
        last = batch[-1].pk


def hide_conversations(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    conversations = apps.get_model("activities", "Conversation").objects.using(schema_editor.connection.alias)
    conversations.exclude(contact__deleted_at=None).update(is_hidden=True)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_reading_limit"),
        ("activities", "0003_activity_newest_first"),
        ("contacts", "0005_counters"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="conversation",
            name="conversation_newest_first",
        ),
        migrations.AddField(
            model_name="communication",
            name="search_text",
            field=models.TextField(blank=True, default="", editable=False),
        ),
        migrations.AddField(
            model_name="conversation",
            name="is_hidden",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(fill_search_text, migrations.RunPython.noop),
        migrations.RunPython(hide_conversations, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="communication",
            index=models.Index(fields=["organization", "occurred_at", "id"], name="communication_newest_first"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["organization", "last_message_at", "id"],
                condition=models.Q(("is_hidden", False)),
                name="conversation_newest_first",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["organization", "is_archived", "last_message_at", "id"],
                condition=models.Q(("is_hidden", False)),
                name="conversation_by_archived",
            ),
        ),
    ]

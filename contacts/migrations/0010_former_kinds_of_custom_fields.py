"""Which kinds a field had before, for the histories that show their values."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0009_custom_fields"),
    ]

    operations = [
        migrations.AddField(
            model_name="customfield",
            name="former_kinds",
            field=models.JSONField(default=dict, editable=False),
        ),
    ]

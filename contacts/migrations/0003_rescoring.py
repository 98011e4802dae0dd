"""Passes over all contacts that follow new weights, and their second tenancy wall."""

import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import FenceTable


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_fence"), ("contacts", "0002_fence")]

    operations = [
        migrations.AlterModelOptions(
            name="scoringweights",
            options={
                "base_manager_name": "objects",
                "verbose_name": "lead scoring",
                "verbose_name_plural": "lead scoring",
            },
        ),
        migrations.CreateModel(
            name="Rescore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("requested_at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=320)),
                ("member_id", models.BigIntegerField(null=True)),
                ("overrides_before", models.JSONField(default=dict)),
                ("overrides", models.JSONField(default=dict)),
                ("position", models.BigIntegerField(default=0)),
                ("total", models.PositiveIntegerField(null=True)),
                ("done", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("moved_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="rescore_newest_first",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None), ("superseded_at", None)),
                        fields=("organization",),
                        name="rescore_one_at_a_time",
                    )
                ],
            },
        ),
        FenceTable("contacts_rescore"),
    ]

"""Imports, what became of their rows, and uploaded files."""

import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import CompositeForeignKey, FenceTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_quotas"),
        ("contacts", "0011_consent_and_merge_suggestions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(editable=False)),
                ("file_name", models.CharField(max_length=255)),
                ("file_size", models.BigIntegerField()),
                ("file_hash", models.CharField(blank=True, default="", max_length=64)),
                ("identity", models.CharField(blank=True, default="", max_length=64)),
                ("format", models.CharField(blank=True, default="", max_length=12)),
                ("options", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Waiting for its columns"),
                            ("planning", "Being planned"),
                            ("planned", "Planned"),
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("undoing", "Being taken back"),
                            ("undone", "Taken back"),
                            ("refused", "Refused"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("message", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("member", "member"),
                            ("credential", "credential"),
                            ("command", "command"),
                            ("system", "system"),
                        ],
                        max_length=12,
                    ),
                ),
                ("actor_label", models.CharField(max_length=320)),
                ("member_id", models.BigIntegerField(null=True)),
                ("operation", models.UUIDField()),
                ("lease", models.UUIDField(null=True)),
                ("worker", models.CharField(blank=True, default="", max_length=200)),
                ("plan_hash", models.CharField(blank=True, default="", max_length=64)),
                ("is_bound", models.BooleanField(default=False)),
                ("position", models.BigIntegerField(default=0)),
                ("line", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(null=True)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("planned", models.JSONField(default=dict)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("restored", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("requested_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField(null=True)),
                ("planned_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
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
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("is_plan", models.BooleanField()),
                ("first_line", models.BigIntegerField()),
                ("last_line", models.BigIntegerField()),
                ("rows", models.BinaryField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="contacts.importjob",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ImportPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="contacts.importjob",
                    ),
                ),
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
                "ordering": ["number"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="importjob",
            index=models.Index(fields=["organization", "identity"], name="import_by_identity"),
        ),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="import_job_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.UniqueConstraint(fields=("organization", "number"), name="import_job_number_key"),
        ),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["running", "undoing"])),
                fields=("organization",),
                name="import_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "uploaded",
                            "planning",
                            "planned",
                            "running",
                            "finished",
                            "undoing",
                            "undone",
                            "refused",
                            "cancelled",
                        ],
                    )
                ),
                name="import_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="importchunk",
            constraint=models.UniqueConstraint(
                fields=("organization", "job", "is_plan", "number"), name="import_chunk_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="importpart",
            constraint=models.UniqueConstraint(fields=("organization", "job", "number"), name="import_part_once"),
        ),
        CompositeForeignKey("contacts_importchunk", "job_id", "contacts_importjob"),
        CompositeForeignKey("contacts_importpart", "job_id", "contacts_importjob"),
        FenceTable("contacts_importjob"),
        FenceTable("contacts_importchunk"),
        FenceTable("contacts_importpart"),
    ]

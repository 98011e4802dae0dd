"""Counters of what plans allow, shared by all workers; those of requests are unlogged, because they may be lost."""

import django.db.models.deletion
from django.db import migrations, models

from accounts.rls import FenceTable, PostgresOperation


class KeepOutOfTheLog(PostgresOperation):
    """A table that a crash empties, which makes writing to it cheap. A standby has no rows of it."""

    def __init__(self, table: str) -> None:
        self.table = table

    def forward_sql(self) -> tuple[str, ...]:
        return (f'ALTER TABLE "{self.table}" SET UNLOGGED',)

    def backward_sql(self) -> tuple[str, ...]:
        return (f'ALTER TABLE "{self.table}" SET LOGGED',)

    def describe(self) -> str:
        return f"Keep {self.table} out of the log"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_reading_limit")]

    operations = [
        migrations.CreateModel(
            name="RequestMeter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                ("minute_began", models.BigIntegerField(default=0)),
                ("minute_taken", models.PositiveIntegerField(default=0)),
                ("day_began", models.BigIntegerField(default=0)),
                ("day_taken", models.PositiveIntegerField(default=0)),
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
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("organization", "name"), name="request_meter_once")],
            },
        ),
        migrations.CreateModel(
            name="WriteMeter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                ("minute_began", models.BigIntegerField(default=0)),
                ("minute_taken", models.PositiveIntegerField(default=0)),
                ("day_began", models.BigIntegerField(default=0)),
                ("day_taken", models.PositiveIntegerField(default=0)),
                ("month_began", models.BigIntegerField(default=0)),
                ("month_taken", models.PositiveIntegerField(default=0)),
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
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("organization", "name"), name="write_meter_once")],
            },
        ),
        KeepOutOfTheLog("accounts_requestmeter"),
        FenceTable("accounts_requestmeter"),
        FenceTable("accounts_writemeter"),
    ]

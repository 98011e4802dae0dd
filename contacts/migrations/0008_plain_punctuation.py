"""Apostrophes and dashes that are found however they are typed (``contacts.normalise.fold``), also in what is stored."""

from functools import reduce

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q, Value
from django.db.models.functions import Replace

PLAIN = {**dict.fromkeys("’‘ʼ′", "'"), **dict.fromkeys("“”„", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}


def write_plainly(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Nothing that a wire shows changes, so neither does the version."""
    contacts = apps.get_model("contacts", "Contact").objects.using(schema_editor.connection.alias)
    for column in ("search_text", "first_name_norm", "last_name_norm"):
        holds = reduce(Q.__or__, (Q(**{f"{column}__contains": character}) for character in PLAIN))
        plain = reduce(lambda text, pair: Replace(text, Value(pair[0]), Value(pair[1])), PLAIN.items(), F(column))
        contacts.filter(holds).update(**{column: plain})


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_search")]

    operations = [migrations.RunPython(write_plainly, migrations.RunPython.noop)]

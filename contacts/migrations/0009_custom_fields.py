"""The team's own fields, their options, and the order of EstatePrime's lists."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from accounts.rls import CompositeForeignKey, FenceTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_reading_limit"),
        ("contacts", "0008_plain_punctuation"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(editable=False)),
                ("name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("textarea", "Long text"),
                            ("wysiwyg", "Formatted text"),
                            ("number", "Number"),
                            ("formatted_number", "Formatted number"),
                            ("select", "One of a list"),
                            ("select_multi", "Several of a list"),
                            ("checkbox", "Yes or no"),
                            ("file", "File"),
                            ("file_multi", "Files"),
                            ("image", "Picture"),
                            ("image_multi", "Pictures"),
                            ("address", "Address"),
                            ("url", "Web address"),
                            ("date", "Date"),
                            ("datetime", "Date and time"),
                            ("currency", "Amount of money"),
                            ("user", "Member"),
                            ("user_multi", "Members"),
                            ("contact", "Contact"),
                            ("contact_multi", "Contacts"),
                            ("phone", "Phone"),
                        ],
                        max_length=20,
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0, editable=False)),
                ("generation", models.PositiveIntegerField(default=0, editable=False)),
                ("last_option", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="CustomFieldOption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(editable=False)),
                ("name", models.CharField(max_length=100)),
                ("position", models.PositiveIntegerField(default=0, editable=False)),
            ],
            options={
                "ordering": ["position", "id"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["organization", "number", "id"],
                name="contact_by_number",
            ),
        ),
        migrations.AddField(
            model_name="customfield",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="customfieldoption",
            name="field",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="options",
                to="contacts.customfield",
            ),
        ),
        migrations.AddField(
            model_name="customfieldoption",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="custom_field_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.UniqueConstraint(fields=("organization", "number"), name="custom_field_number_key"),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at", None)), fields=("organization", "name"), name="custom_field_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "text",
                            "textarea",
                            "wysiwyg",
                            "number",
                            "formatted_number",
                            "select",
                            "select_multi",
                            "checkbox",
                            "file",
                            "file_multi",
                            "image",
                            "image_multi",
                            "address",
                            "url",
                            "date",
                            "datetime",
                            "currency",
                            "user",
                            "user_multi",
                            "contact",
                            "contact_multi",
                            "phone",
                        ],
                    )
                ),
                name="custom_field_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customfieldoption",
            constraint=models.UniqueConstraint(
                fields=("organization", "field", "number"), name="custom_field_option_number_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="customfieldoption",
            constraint=models.UniqueConstraint(
                fields=("organization", "field", "name"), name="custom_field_option_name_once"
            ),
        ),
        CompositeForeignKey("contacts_customfieldoption", "field_id", "contacts_customfield"),
        FenceTable("contacts_customfield"),
        FenceTable("contacts_customfieldoption"),
    ]

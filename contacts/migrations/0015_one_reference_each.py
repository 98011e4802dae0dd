"""One foreign key for each reference of the rows that are written by the thousand (docs/decisions/0031)."""

from django.db import migrations

from accounts.rls import DropForeignKey

MEMBER, CONTACT, TAG, ORGANIZATION = "accounts_member", "contacts_contact", "contacts_tag", "accounts_organization"
# What the composite references of these columns say already; and, of rows that hang on a contact, that the organization
# there is: the contact's own reference says so.
IMPLIED = (
    ("contacts_contact", "assigned_to_id", MEMBER),
    ("contacts_contact", "created_by_id", MEMBER),
    *(
        (table, column, target)
        for table, owner in (
            ("contacts_contactemail", "contact_id"),
            ("contacts_contactphone", "contact_id"),
            ("contacts_contactassignee", "contact_id"),
            ("contacts_relatedperson", "contact_id"),
            ("contacts_taggedcontact", "content_object_id"),
            ("contacts_contactchange", "contact_id"),
        )
        for column, target in ((owner, CONTACT), ("organization_id", ORGANIZATION))
    ),
    ("contacts_contactassignee", "member_id", MEMBER),
    ("contacts_taggedcontact", "tag_id", TAG),
)


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0014_search_in_batches"),
    ]

    operations = [DropForeignKey(table, column, target) for table, column, target in IMPLIED]

"""The second tenancy wall for activities, and the sequence of communication numbers."""

from django.db import migrations

from accounts.rls import CompositeForeignKey, FenceTable, PostgresOperation


class NumberSequence(PostgresOperation):
    """Numbers for communications that nobody had before."""

    def forward_sql(self) -> tuple[str, ...]:
        return ("CREATE SEQUENCE activities_communication_number",)

    def backward_sql(self) -> tuple[str, ...]:
        return ("DROP SEQUENCE activities_communication_number",)


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial"), ("contacts", "0002_fence")]

    operations = [
        NumberSequence(),
        CompositeForeignKey("activities_activity", "contact_id", "contacts_contact"),
        CompositeForeignKey("activities_activity", "member_id", "accounts_member"),
        CompositeForeignKey("activities_conversation", "contact_id", "contacts_contact"),
        CompositeForeignKey("activities_communication", "contact_id", "contacts_contact"),
        CompositeForeignKey("activities_communication", "conversation_id", "activities_conversation"),
        CompositeForeignKey("activities_communication", "member_id", "accounts_member"),
        CompositeForeignKey("activities_deal", "contact_id", "contacts_contact"),
        CompositeForeignKey("activities_deal", "assigned_to_id", "accounts_member"),
        FenceTable("activities_activity"),
        FenceTable("activities_conversation"),
        FenceTable("activities_communication"),
        FenceTable("activities_deal"),
    ]

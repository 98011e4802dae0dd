"""What the textbook's tables hold: rows of the benchmarks' database, as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LIVE: Final = """
    (SELECT * FROM contacts_contact WHERE organization_id IN ({chosen}) AND deleted_at IS NULL) AS c
"""

# Target table with its columns, and the rows of the chosen organizations for it.
COPIES: Final[Sequence[tuple[str, str]]] = (
    ("textbook_organization (id, name)", "SELECT id, name FROM accounts_organization WHERE id IN ({chosen})"),
    (
        "textbook_user (id, password, email, first_name, last_name, is_active, organization_id)",
        "SELECT m.id, '!', u.email, m.first_name, m.last_name, true, m.organization_id"
        " FROM accounts_member m JOIN accounts_user u ON u.id = m.user_id"
        " WHERE m.organization_id IN ({chosen})",
    ),
    (
        "textbook_contact (id, organization_id, first_name, last_name, email, phone, secondary_phone, street, city, state,"
        " zip_code, country, type, status, source, lead_score, notes, preferences, assigned_to_id, created_at, updated_at,"
        " last_contacted_at)",
        "SELECT c.id, c.organization_id, first_name, last_name, email, c.phone, coalesce(p.phone, ''), street, city, state,"
        " zip_code, country, type, status, source, lead_score, notes, preferences, assigned_to_id, created_at, updated_at,"
        " last_contacted_at FROM contacts_contact c LEFT JOIN contacts_contactphone p ON p.contact_id = c.id"
        " AND p.position = 0 WHERE c.organization_id IN ({chosen}) ORDER BY c.id",
    ),
    (
        "textbook_person (id, uuid, organization_id, name, email, phone, status, role, channel, source, referral_source,"
        " language, notes, applied_at, created_at, updated_at)",
        "SELECT id, uuid, organization_id, coalesce(nullif(full_name, ''), company_name), email, phone, stage, role,"
        " channel_preference, source, referral_source, language, notes, applied_at, created_at, updated_at"
        " FROM contacts_contact WHERE organization_id IN ({chosen}) AND deleted_at IS NULL ORDER BY id",
    ),
    (
        "taggit_tag (id, name, slug)",
        "SELECT min(id), name, name FROM contacts_tag WHERE organization_id IN ({chosen}) GROUP BY name",
    ),
    (
        "taggit_taggeditem (object_id, content_type_id, tag_id)",
        "SELECT content_object_id, {content_type}, first.id FROM contacts_taggedcontact x JOIN contacts_tag t ON t.id = x.tag_id"
        " JOIN (SELECT min(id) AS id, name FROM contacts_tag WHERE organization_id IN ({chosen}) GROUP BY name) first"
        " ON first.name = t.name WHERE x.organization_id IN ({chosen}) ORDER BY content_object_id",
    ),
    (
        "textbook_source (id, organization_id, name)",
        "SELECT id, organization_id, name FROM contacts_source WHERE organization_id IN ({chosen})",
    ),
    (
        "textbook_tag (id, organization_id, name)",
        "SELECT id, organization_id, name FROM contacts_tag WHERE organization_id IN ({chosen})",
    ),
    (
        "textbook_customfield (id, organization_id, name, type)",
        "SELECT id, organization_id, name, kind FROM contacts_customfield WHERE organization_id IN ({chosen})",
    ),
    (
        "textbook_client (id, organization_id, first_name, last_name, source_id, is_lead, is_company, company_name, notes,"
        " created_by_id, date_created, date_updated, date_converted_to_client)",
        "SELECT c.number, c.organization_id, first_name, last_name, s.id, type = 'LEAD', is_company, company_name, notes,"
        " created_by_id, created_at, updated_at, converted_at FROM contacts_contact c"
        " LEFT JOIN contacts_source s ON s.organization_id = c.organization_id AND s.name = c.source"
        " WHERE c.organization_id IN ({chosen}) AND deleted_at IS NULL ORDER BY c.number",
    ),
    (
        "textbook_clientphone (client_id, type, number, notes)",
        f"SELECT number, phone_label, phone, phone_note FROM {_LIVE} WHERE phone <> ''",
    ),
    (
        "textbook_clientphone (client_id, type, number, notes)",
        f"SELECT number, label, p.phone, note FROM {_LIVE} JOIN contacts_contactphone p ON p.contact_id = c.id"
        " ORDER BY number, position, p.id",
    ),
    (
        "textbook_clientemail (client_id, type, email_address, notes)",
        f"SELECT number, email_label, email, email_note FROM {_LIVE} WHERE email <> ''",
    ),
    (
        "textbook_clientemail (client_id, type, email_address, notes)",
        f"SELECT number, label, e.email, note FROM {_LIVE} JOIN contacts_contactemail e ON e.contact_id = c.id"
        " ORDER BY number, position, e.id",
    ),
    (
        "textbook_clientdetail (client_id, first_name, last_name, mobile, email, notes)",
        f"SELECT number, r.first_name, r.last_name, mobile, r.email, r.notes FROM {_LIVE}"
        " JOIN contacts_relatedperson r ON r.contact_id = c.id ORDER BY number, position, r.id",
    ),
    (
        "textbook_clientvalue (client_id, custom_field_id, value)",
        f"SELECT c.number, f.id, v.value FROM {_LIVE} CROSS JOIN LATERAL jsonb_each(custom_values) AS v"
        " JOIN contacts_customfield f ON f.organization_id = c.organization_id AND f.number::text = v.key"
        " ORDER BY c.number, f.position",
    ),
    (
        "textbook_client_tags (client_id, tag_id)",
        f"SELECT number, tag_id FROM {_LIVE} JOIN contacts_taggedcontact x ON x.content_object_id = c.id",
    ),
    (
        "textbook_client_users (client_id, user_id)",
        f"SELECT number, assigned_to_id FROM {_LIVE} WHERE assigned_to_id IS NOT NULL"
        f" UNION SELECT number, member_id FROM {_LIVE} JOIN contacts_contactassignee a ON a.contact_id = c.id",
    ),
)

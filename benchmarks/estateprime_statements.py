"""The limit's statements on EstatePrime's wire: each contact with its child rows, as many as hang on it."""

from __future__ import annotations

from typing import Final

# In the order in which ``benchmarks.limit_estateprime.document`` takes them.
COLUMNS: Final = """
    c.number, c.first_name, c.last_name, (SELECT s.number FROM contacts_source s WHERE s.name = c.source), c.type = 'LEAD',
    c.is_company, c.company_name,
    c.phone, c.phone_label, c.phone_note,
    (SELECT json_agg(json_build_array(p.phone, p.label, p.note) ORDER BY p.position, p.id)
     FROM contacts_contactphone p WHERE p.contact_id = c.id),
    c.email, c.email_label, c.email_note,
    (SELECT json_agg(json_build_array(e.email, e.label, e.note) ORDER BY e.position, e.id)
     FROM contacts_contactemail e WHERE e.contact_id = c.id),
    c.notes, c.custom_values,
    (SELECT json_agg(json_build_array(r.first_name, r.last_name, r.mobile, r.email, r.notes) ORDER BY r.position, r.id)
     FROM contacts_relatedperson r WHERE r.contact_id = c.id),
    ARRAY(SELECT t.number FROM contacts_taggedcontact x JOIN contacts_tag t ON t.id = x.tag_id
          WHERE x.content_object_id = c.id ORDER BY t.number),
    left((c.created_at AT TIME ZONE %(zone)s::text)::text, 19), creator.number, assignee.number,
    ARRAY(SELECT m.number FROM contacts_contactassignee a JOIN accounts_member m ON m.id = a.member_id
          WHERE a.contact_id = c.id ORDER BY a.position, a.id),
    left((c.updated_at AT TIME ZONE %(zone)s::text)::text, 19), left((c.converted_at AT TIME ZONE %(zone)s::text)::text, 19)
"""
_MEMBERS: Final = """
    LEFT JOIN accounts_member creator ON creator.id = c.created_by_id
    LEFT JOIN accounts_member assignee ON assignee.id = c.assigned_to_id
"""
# The fields there are, each with the key of its values, its kind and its options.
_DEFINITIONS: Final = """
    (SELECT json_agg(json_build_array(f.number, f.number || coalesce('.' || nullif(f.generation, 0), ''), f.kind,
                ARRAY(SELECT o.number FROM contacts_customfieldoption o WHERE o.field_id = f.id)) ORDER BY f.position, f.id)
     FROM contacts_customfield f WHERE f.retired_at IS NULL)
"""
_NEWEST: Final = "ORDER BY c.number DESC, c.id DESC"
# They are the same for all of a page, and told with its first contact only.
_OF_PAGE: Final = f"CASE WHEN row_number() OVER ({_NEWEST}) = 1 THEN {_DEFINITIONS} END"

GET: Final = f"""
    SELECT {COLUMNS}, c.version, {_DEFINITIONS} FROM contacts_contact c {_MEMBERS}
    WHERE c.number = %(number)s AND c.deleted_at IS NULL
"""

PATCH: Final = f"""
WITH found AS (
    SELECT id, type, notes FROM contacts_contact WHERE number = %(number)s AND deleted_at IS NULL FOR UPDATE
), changed AS (
    UPDATE contacts_contact c SET notes = %(notes)s::text, version = c.version + 1, updated_at = greatest(now(), c.updated_at),
        type = CASE WHEN %(is_lead)s::boolean THEN 'LEAD' WHEN found.type = 'LEAD' THEN 'CLIENT' ELSE found.type END,
        converted_at = CASE WHEN %(is_lead)s::boolean THEN NULL WHEN found.type = 'LEAD' THEN now() ELSE c.converted_at END
    FROM found WHERE c.id = found.id RETURNING c.*, found.type AS type_before, found.notes AS notes_before
), recorded AS (
    INSERT INTO contacts_contactchange (organization_id, contact_id, operation, verb, actor_kind, actor_label, member_id,
                                        credential_id, door, request_id, before, after, created_at)
    SELECT organization_id, id, %(operation)s, 'updated', 'credential', %(label)s, %(member)s, %(credential)s, 'estateprime',
           '', jsonb_build_object('type', type_before, 'notes', notes_before),
           jsonb_build_object('type', type, 'notes', notes), now()
    FROM changed
)
SELECT {COLUMNS}, c.version, {_DEFINITIONS} FROM changed c {_MEMBERS}
"""

# What a new contact has beside what every wire gives it.
CREATED: Final = {
    "source": "coalesce((SELECT name FROM contacts_source WHERE number = %(source_id)s), '')",
    "assigned_to_id": "(SELECT id FROM accounts_member WHERE number = %(responsible)s)",
    "phone_label": "%(phone_label)s",
    "phone_note": "%(phone_note)s",
    "email_label": "%(email_label)s",
    "email_note": "%(email_note)s",
    "custom_values": "%(custom_values)s",
}
# Rows come as JSON, each with its position.
CREATED_ROWS: Final = """, phone AS (
    INSERT INTO contacts_contactphone (organization_id, contact_id, position, phone, phone_norm, label, note)
    SELECT organization_id, id, position, p.number, norm, type, notes FROM contact
    CROSS JOIN jsonb_to_recordset(%(further_phones)s) AS p (position int, number text, norm text, type text, notes text)
), email AS (
    INSERT INTO contacts_contactemail (organization_id, contact_id, position, email, email_norm, label, note)
    SELECT organization_id, id, position, email_address, lower(email_address), type, notes FROM contact
    CROSS JOIN jsonb_to_recordset(%(further_emails)s) AS e (position int, email_address text, type text, notes text)
), person AS (
    INSERT INTO contacts_relatedperson (organization_id, contact_id, position, first_name, last_name, mobile, email, notes)
    SELECT organization_id, id, position, first_name, last_name, mobile, coalesce(email, ''), notes FROM contact
    CROSS JOIN jsonb_to_recordset(%(people)s)
        AS r (position int, first_name text, last_name text, mobile text, email text, notes text)
), assignee AS (
    INSERT INTO contacts_contactassignee (organization_id, contact_id, position, member_id)
    SELECT contact.organization_id, contact.id, a.place - 1, m.id
    FROM contact CROSS JOIN unnest(%(assignees)s::bigint[]) WITH ORDINALITY AS a (number, place)
    JOIN accounts_member m ON m.number = a.number
), tagged AS (
    INSERT INTO contacts_taggedcontact (organization_id, content_object_id, tag_id, position, contact_created_at)
    SELECT contact.organization_id, contact.id, t.id, w.place - 1, contact.created_at
    FROM contact CROSS JOIN unnest(%(tags)s::bigint[]) WITH ORDINALITY AS w (number, place)
    JOIN contacts_tag t ON t.number = w.number
)"""


def page_statement(asked: str, *, is_first: bool) -> str:
    """A page of all contacts (``asked`` is ''), of a ``range`` of days or of a ``search``: ``COLUMNS``, the definitions
    where the first contact has them, and the total.
    """
    # The first page has a text of its own, and so a plan of its own.
    offset = "" if is_first else "OFFSET %(first)s"
    if asked == "search":
        keys = f"SELECT c.id FROM found c {_NEWEST} LIMIT 50 {offset}"
    else:
        within = "AND c.created_at >= %(begin)s AND c.created_at < %(end)s" if asked == "range" else ""
        keys = f"SELECT c.id FROM contacts_contact c WHERE c.deleted_at IS NULL {within} {_NEWEST} LIMIT 50 {offset}"
    return f"""{_FOUND if asked == "search" else ""} SELECT {COLUMNS}, {_OF_PAGE}, {_TOTALS[asked]}
        FROM contacts_contact c {_MEMBERS} WHERE c.id IN ({keys}) {_NEWEST}"""


def total_statement(asked: str) -> str:
    """The total alone, for a page without contacts."""
    return f"{_FOUND if asked == 'search' else ''} SELECT {_TOTALS[asked]}"


# The function is asked once, for the page and for the total.
_FOUND: Final = """
    WITH found AS MATERIALIZED (
        SELECT id, number FROM contacts_contact
        WHERE deleted_at IS NULL AND id IN (SELECT contacts_search(%(written)s, %(dialled)s))
    )
"""
_TOTALS: Final = {
    "": "(SELECT contacts_total(NULL, NULL, NULL, NULL, NULL))",
    "range": "(SELECT contacts_created_total(NULL, %(begin)s, %(end)s))",
    "search": "(SELECT count(*) FROM found)",
}

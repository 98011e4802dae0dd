"""What hangs on a contact, one SQL expression per column, and the catalogue of the team's own fields.

Drawn as contacts are (``benchmarks.rows``). About half of all contacts have a second phone, address or assignee, people
to speak to, or several of these; search texts know of every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.rows import (
    ASSIGNEE_PLACE,
    FIRST_NAMES,
    HAS_SECOND_EMAIL,
    HAS_SECOND_PHONE,
    HAS_THIRD_EMAIL,
    HAS_THIRD_PHONE,
    IS_ASSIGNED,
    LAST_NAMES,
    SECOND_EMAIL,
    SECOND_PHONE,
    THIRD_EMAIL,
    THIRD_PHONE,
    digits,
    pick,
    whole,
)

# Tags come in four ranks: a contact with k tags has one of each of the first k, so that none comes twice.
RANKS: Final = 4
# Name, kind and options of each field, numbered from 1.
FIELDS: Final[Sequence[tuple[str, str, Sequence[str]]]] = (
    ("How we met", "text", ()),
    ("Budget", "select", ("Below 200,000", "To 400,000", "To 800,000", "Above")),
    ("Looks for", "select_multi", ("House", "Flat", "Land", "To buy", "To rent")),
    ("Has an agent", "checkbox", ()),
    ("Wants to move by", "date", ()),
    ("Square metres", "number", ()),
)

# Contacts again, by number, for the rows that hang on them.
STORED: Final = """
    (SELECT *, number AS n FROM contacts_contact WHERE number BETWEEN %(first)s AND %(last)s) AS contact
"""
_OF_CONTACT: Final = {
    "organization_id": "contact.organization_id",
    "contact_id": "contact.id",
    "position": "place",
}


def _with_members(contact: str = STORED) -> str:
    return f"{contact} JOIN bench_organization USING (organization_id)"


def _further(second: str, third: str) -> str:
    """A row for each that a contact has beside its first one."""
    last = f"CASE WHEN {third} THEN 1 WHEN {second} THEN 0 ELSE -1 END"
    return f"{STORED} CROSS JOIN LATERAL generate_series(0, {last}) AS place"


PHONE: Final = _OF_CONTACT | {
    "phone": f"CASE place WHEN 0 THEN {SECOND_PHONE} ELSE {THIRD_PHONE} END",
    "phone_norm": f"'+1' || CASE place WHEN 0 THEN {digits(21)} ELSE {digits(26)} END",
    "label": "(ARRAY['home', 'fax'])[1 + place]",
}
PHONES: Final = _further(HAS_SECOND_PHONE, HAS_THIRD_PHONE)

_EMAIL: Final = f"CASE place WHEN 0 THEN {SECOND_EMAIL} ELSE {THIRD_EMAIL} END"
EMAIL: Final = _OF_CONTACT | {
    "email": _EMAIL,
    "email_norm": f"lower({_EMAIL})",
    "label": "(ARRAY['home', 'office'])[1 + place]",
}
EMAILS: Final = _further(HAS_SECOND_EMAIL, HAS_THIRD_EMAIL)

# Two in five have somebody to speak to, one in five has two.
PERSON: Final = _OF_CONTACT | {
    "first_name": pick(FIRST_NAMES, 72),
    "last_name": f"CASE place WHEN 0 THEN contact.last_name ELSE {pick(LAST_NAMES, 73)} END",
    "mobile": f"CASE place WHEN 0 THEN '+1' || {digits(74)} ELSE '' END",
    "email": "CASE place WHEN 1 THEN 'assistant.' || n || '@example.com' ELSE '' END",
    "notes": "(ARRAY['Partner', 'Assistant'])[1 + place]",
}
PEOPLE: Final = f"{STORED} CROSS JOIN LATERAL generate_series(0, {whole(3, 75, 2)} - 1) AS place"

# The next ones among the members, so that nobody comes twice.
ASSIGNEE: Final = _OF_CONTACT | {
    "member_id": f"members[1 + ({ASSIGNEE_PLACE} + 1 + place) %% cardinality(members)]",
}
ASSIGNEES: Final = f"""
    {_with_members()}
    CROSS JOIN LATERAL generate_series(0, least({whole(3, 76, 2)}, cardinality(members) - 1) - 1) AS place
    WHERE {IS_ASSIGNED}
"""

TAGGED: Final = {
    "organization_id": "contact.organization_id",
    "content_object_id": "contact.id",
    "tag_id": f"tags[1 + rank + {RANKS} * floor(cardinality(tags) / {RANKS} * ((hashint8extended(n, 30 + rank) & 1048575)"
    " / 1048576.0::float8) ^ 4)::int]",
    "position": "rank",
    "contact_created_at": "contact.created_at",
}
TAGGINGS: Final = f"""
    {_with_members()}
    CROSS JOIN LATERAL generate_series(0, {whole(RANKS + 1, 29)} - 1) AS rank
"""

# Table, columns and rows of everything that hangs on a contact.
CHILDREN: Final[Sequence[tuple[str, Mapping[str, str], str]]] = (
    ("contacts_contactphone", PHONE, PHONES),
    ("contacts_contactemail", EMAIL, EMAILS),
    ("contacts_relatedperson", PERSON, PEOPLE),
    ("contacts_contactassignee", ASSIGNEE, ASSIGNEES),
    ("contacts_taggedcontact", TAGGED, TAGGINGS),
)


def _listed(rows: Sequence[Sequence[object]], columns: str) -> str:
    """Rows of SQL that a catalogue is made of."""
    values = ", ".join(f"({', '.join(repr(value) for value in row)})" for row in rows)
    return f"(VALUES {values}) AS listed ({columns})"


# Every organization has the same ones.
FIELD: Final = {
    "organization_id": "o.id",
    "number": "listed.number",
    "name": "listed.name",
    "kind": "listed.kind",
    "position": "listed.number",
    "last_option": "listed.options",
    "created_at": "now()",
}
DEFINED: Final = "accounts_organization o CROSS JOIN " + _listed(
    [(number, name, kind, len(options)) for number, (name, kind, options) in enumerate(FIELDS, start=1)],
    "number, name, kind, options",
)
OPTION: Final = {
    "organization_id": "f.organization_id",
    "field_id": "f.id",
    "number": "listed.number",
    "name": "listed.name",
    "position": "listed.number",
}
OPTIONS: Final = "contacts_customfield f JOIN {} ON listed.field = f.number".format(
    _listed(
        [
            (field, number, name)
            for field, (_, _, options) in enumerate(FIELDS, start=1)
            for number, name in enumerate(options, start=1)
        ],
        "field, number, name",
    )
)

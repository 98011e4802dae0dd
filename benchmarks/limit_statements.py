"""The statements of ``benchmarks.limit``: as few as the work allows, each prepared once per connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.estateprime_statements import CREATED, CREATED_ROWS

# The same round trip says how the rest of the transaction is planned.
AUTHORITY: Final = """
    SELECT *, set_config('plan_cache_mode', %s, true) FROM accounts_authority_by_credential(%s, %s)
"""

# In the order in which ``benchmarks.limit.document`` takes them.
COLUMNS: Final = """
    coalesce(c.winnerr_key, 'contact_' || c.uuid::text), c.first_name, c.last_name, c.email, c.phone,
    (SELECT p.phone FROM contacts_contactphone p WHERE p.contact_id = c.id ORDER BY p.position, p.id LIMIT 1),
    c.street, c.city, c.state, c.zip_code, c.country, c.type, c.status, c.source, c.lead_score,
    ARRAY(SELECT t.name FROM contacts_taggedcontact x JOIN contacts_tag t ON t.id = x.tag_id
          WHERE x.content_object_id = c.id ORDER BY x.position, x.id),
    c.notes, c.preferences, 'agent_' || m.uuid::text, c.created_at, c.updated_at, c.last_contacted_at
"""
_ASSIGNEE: Final = "LEFT JOIN accounts_member m ON m.id = c.assigned_to_id"
SORT_COLUMNS: Final = {
    "firstName": "c.first_name_norm",
    "lastName": "c.last_name_norm",
    "email": "c.email_norm",
    "type": "c.type",
    "status": "c.status",
    "source": "c.source",
    "leadScore": "c.lead_score",
    "createdAt": "c.created_at",
    "updatedAt": "c.updated_at",
    "lastContactedAt": "c.last_contacted_order",
}

GET: Final = f"""
    SELECT {COLUMNS}, c.version,
        (SELECT json_agg(json_build_array(coalesce(winnerr_key, 'deal_' || uuid::text), title, trim_scale(amount), stage))
         FROM (SELECT * FROM activities_deal d WHERE d.contact_id = c.id AND d.deleted_at IS NULL
               ORDER BY d.created_at DESC, d.id DESC LIMIT 25) deal),
        (SELECT json_agg(json_build_array(coalesce(winnerr_key, 'comm_' || uuid::text), upper(kind), nullif(subject, ''),
                                          to_char(occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
         FROM (SELECT * FROM activities_communication d WHERE d.contact_id = c.id AND d.deleted_at IS NULL
               ORDER BY d.occurred_at DESC, d.id DESC LIMIT 25) communication)
    FROM contacts_contact c {_ASSIGNEE}
    WHERE c.uuid = %s AND c.winnerr_key IS NULL AND c.deleted_at IS NULL
"""

# Only rows whose status differs are written, each with its change.
BULK: Final = """
WITH found AS (
    SELECT id, uuid, status, organization_id FROM contacts_contact
    WHERE uuid = ANY(%(uuids)s) AND winnerr_key IS NULL AND deleted_at IS NULL ORDER BY id FOR UPDATE
), changed AS (
    UPDATE contacts_contact c SET status = %(status)s, version = c.version + 1, updated_at = greatest(now(), c.updated_at)
    FROM found WHERE c.id = found.id AND found.status <> %(status)s
    RETURNING c.organization_id, c.id, found.status
), recorded AS (
    INSERT INTO contacts_contactchange (organization_id, contact_id, operation, verb, actor_kind, actor_label, member_id,
                                        credential_id, door, request_id, before, after, created_at)
    SELECT organization_id, id, %(operation)s, 'updated', 'credential', %(label)s, %(member)s, %(credential)s, 'winnerr',
           '', jsonb_build_object('status', status), jsonb_build_object('status', %(status)s::text), now()
    FROM changed
)
SELECT 'contact_' || uuid::text FROM found
"""

# What a NOT NULL column that is not given gets, by its type.
_EMPTY: Final = {"jsonb": "'{}'", "boolean": "false", "integer": "0", "smallint": "0", "bigint": "0"}
_CREATED: Final = {
    "organization_id": "%(organization)s",
    "uuid": "%(uuid)s",
    "number": "nextval('contacts_contact_number')",
    "created_by_id": "%(member)s",
    "created_at": "now()",
    "updated_at": "now()",
    "language": "'en'",
    "stage": "'prospect'",
    "role": "'prospect'",
    "version": "1",
} | {
    name: f"%({name})s"
    for name in (
        "first_name", "last_name", "full_name", "first_name_norm", "last_name_norm", "email", "email_norm", "phone",
        "phone_norm", "type", "status", "source", "notes", "search_text",
    )
}  # fmt: skip
_TAGGED: Final = {
    "organization_id": "contact.organization_id",
    "content_object_id": "contact.id",
    "tag_id": "t.id",
    "position": "w.place - 1",
    "contact_created_at": "contact.created_at",
}
# The address that is taken already makes no row, and then nothing else does.
_CONTACT: Final = """
WITH contact AS (
    INSERT INTO contacts_contact ({columns}) VALUES ({values})
    ON CONFLICT (organization_id, email_norm) WHERE deleted_at IS NULL AND NOT email_norm = '' DO NOTHING
    RETURNING organization_id, id, number, created_at
)"""
_CHILDREN: Final = """, tagged AS (
    INSERT INTO contacts_taggedcontact ({tagged_columns}) SELECT {tagged_values}
    FROM contact CROSS JOIN unnest(%(tags)s::text[]) WITH ORDINALITY AS w (name, place)
    JOIN contacts_tag t ON t.name = w.name
), phone AS (
    INSERT INTO contacts_contactphone (organization_id, contact_id, position, phone, phone_norm, label, note)
    SELECT organization_id, id, 0, %(second_phone)s::text, %(second_phone_norm)s::text, '', '' FROM contact
    WHERE %(second_phone)s::text <> ''
)"""
_RECORDED: Final = """, recorded AS (
    INSERT INTO contacts_contactchange (organization_id, contact_id, operation, verb, actor_kind, actor_label, member_id,
                                        credential_id, door, request_id, before, after, created_at)
    SELECT organization_id, id, %(uuid)s, 'created', 'credential', %(label)s, %(member)s, %(credential)s, '{door}', '',
           '{{}}', %(facts)s, now()
    FROM contact
)
SELECT created_at, number FROM contact
"""
_CATALOGUE: Final = """
SELECT to_regprocedure('contacts_total(text[], text[], text[], integer, integer)') IS NOT NULL,
    ARRAY(SELECT column_name::text || ' ' || data_type::text FROM information_schema.columns
          WHERE table_name = 'contacts_contact' AND is_nullable = 'NO' AND column_default IS NULL
            AND is_identity = 'NO' AND is_generated = 'NEVER'),
    ARRAY(SELECT column_name::text FROM information_schema.columns WHERE table_name = 'contacts_taggedcontact')
"""


@dataclass(frozen=True)
class Schema:
    """What the database offers, read once per connection."""

    has_totals: bool
    has_tag_times: bool
    create: str
    create_for_rentalot: str
    create_for_estateprime: str

    @classmethod
    def of(cls, connection: Any) -> Schema:
        has_totals, required, of_tagged = connection.execute(_CATALOGUE).fetchone()
        rest = [column.split(" ", 1) for column in required]
        values = {name: _EMPTY.get(kind, "''") for name, kind in rest if name not in _CREATED} | _CREATED
        tagged = {name: value for name, value in _TAGGED.items() if name in of_tagged}
        create = f"{_CONTACT}{_CHILDREN}{_RECORDED}".format(
            door="winnerr", **_insert(values), **_insert(tagged, "tagged_")
        )
        for_rentalot = f"{_CONTACT}{_RECORDED}".format(door="rentalot", **_insert(values))
        for_estateprime = f"{_CONTACT}{CREATED_ROWS}{_RECORDED}".format(door="estateprime", **_insert(values | CREATED))
        return cls(has_totals, "contact_created_at" in of_tagged, create, for_rentalot, for_estateprime)


def _insert(values: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    return {f"{prefix}columns": ", ".join(values), f"{prefix}values": ", ".join(values.values())}


@dataclass
class Listing:
    """A list's conditions, and the values for them."""

    tags: Sequence[str] = ()
    conditions: list[str] = field(default_factory=lambda: ["c.deleted_at IS NULL"])
    values: list[Any] = field(default_factory=list)
    # What the schema keeps exact counts by; None as soon as a condition asks for more.
    counted: dict[str, Any] | None = field(default_factory=dict)

    def any_of(self, column: str, wanted: Sequence[Any], *, counted: str = "") -> None:
        """An equality keeps the index's order; a list of values loses it."""
        one = len(wanted) == 1
        self.add(f"{column} = {'%s' if one else 'ANY(%s)'}", wanted[0] if one else list(wanted))
        self.count_by(counted, list(wanted))

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values.extend(values)

    def count_by(self, name: str, value: Any) -> None:
        if self.counted is not None:
            self.counted = self.counted | {name: value} if name else None

    def total(self, schema: Schema) -> tuple[str, list[Any]]:
        """The number of rows on all pages, as a subquery of its own: once for the page, not once for each row."""
        source, conditions, values = self._source(schema)
        if schema.has_totals and self.counted is not None and not self.tags:
            names = ("types", "statuses", "sources", "lowest", "highest")
            wanted = [self.counted.get(name) for name in names]
            return "(SELECT contacts_total(%s::text[], %s::text[], %s::text[], %s::int, %s::int))", wanted
        if schema.has_totals and len(self.tags) == 1 and self.counted == {}:
            return "(SELECT contacts_tag_total(%s))", list(self.tags)
        return f"(SELECT count(*) FROM {source} WHERE {' AND '.join(conditions)})", values

    def page(
        self, schema: Schema, sort: Sequence[tuple[str, bool]], after: Sequence[Any], limit: int
    ) -> tuple[str, Any]:
        """The page's one statement and its values: the columns, the sort's values, the primary key and the total."""
        source, conditions, values = self._source(schema)
        total, of_total = self.total(schema)
        keys = [_time_of(column, by_tag=source.startswith("contacts_tagged")) for column, _ in sort]
        if after:
            beyond = "<" if sort[-1][1] else ">"
            conditions = [*conditions, f"({', '.join(keys)}) {beyond} ({', '.join(['%s'] * len(keys))})"]
        order = ", ".join(f"{key} {'DESC' if falls else 'ASC'}" for key, (_, falls) in zip(keys, sort, strict=True))
        # Names, placeholders and a number, without which no plan could be kept: it decides how to read.
        statement = f"""SELECT {COLUMNS}, {", ".join(keys)}, {total}
            FROM {source} {_ASSIGNEE} WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT {limit:d}"""
        return statement, [*of_total, *values, *after]

    def _source(self, schema: Schema) -> tuple[str, list[str], list[Any]]:
        if not self.tags:
            return "contacts_contact c", self.conditions, self.values
        if schema.has_tag_times and len(self.tags) == 1:
            tag = "g.tag_id = (SELECT id FROM contacts_tag WHERE name = %s)"
            source = "contacts_taggedcontact g JOIN contacts_contact c ON c.id = g.content_object_id"
            return source, [tag, *self.conditions], [*self.tags, *self.values]
        tagged = """EXISTS (SELECT FROM contacts_taggedcontact g JOIN contacts_tag t ON t.id = g.tag_id
            WHERE g.content_object_id = c.id AND t.name = ANY(%s))"""
        return "contacts_contact c", [tagged, *self.conditions], [list(self.tags), *self.values]


def _time_of(column: str, *, by_tag: bool) -> str:
    """The copy in the tag's row, whose index has that order."""
    copies = {"c.created_at": "g.contact_created_at", "c.id": "g.content_object_id"}
    return copies.get(column, column) if by_tag else column

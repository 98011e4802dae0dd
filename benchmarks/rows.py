"""What the rows look like: one SQL expression per column, made of the contact's number ``n``.

Every draw is a hash of the number, so that the same ROWS make the same rows, and a child's row can be made from its
contact's number alone. All text is ASCII: folding it is ``lower()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

TYPES: Final = {"LEAD": 0.55, "CLIENT": 0.20, "PAST_CLIENT": 0.15, "REFERRAL": 0.07, "VENDOR": 0.03}
STATUSES: Final = {
    "ACTIVE": 0.60,
    "INACTIVE": 0.20,
    "CONVERTED": 0.10,
    "DISQUALIFIED": 0.06,
    "DO_NOT_CONTACT": 0.03,
    "CLIENT": 0.01,
}
STAGES: Final = {"prospect": 0.62, "scheduled": 0.14, "renter": 0.12, "applicant": 0.08, "archived": 0.04}
ROLES: Final = {
    "prospect": 0.70,
    "tenant": 0.18,
    "landlord": 0.06,
    "property_manager": 0.03,
    "vendor": 0.02,
    "other": 0.01,
}
CHANNELS: Final = {"": 0.40, "whatsapp": 0.25, "email": 0.18, "sms": 0.12, "telegram": 0.04, "gmail": 0.01}
SOURCES: Final = (
    "Website", "Zillow", "Referral", "Open house", "Facebook", "Realtor.com", "Google", "Instagram", "Sign call",
    "Past client", "Radio", "Magazine",
)  # fmt: skip
FIRST_NAMES: Final = (
    "Mary", "James", "Patricia", "John", "Jennifer", "Robert", "Linda", "Michael", "Elizabeth", "David", "Barbara",
    "William", "Susan", "Richard", "Jessica", "Joseph", "Sarah", "Thomas", "Karen", "Charles", "Nancy", "Daniel",
    "Lisa", "Matthew", "Betty", "Anthony", "Margaret", "Mark", "Sandra", "Donald", "Ashley", "Steven", "Zelda", "Yves",
)  # fmt: skip
LAST_NAMES: Final = (
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez",
    "Hernandez", "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee",
    "Perez", "Thompson", "White", "Harris", "Sanchez", "Clark", "Ramirez", "Lewis", "Robinson", "Walker", "Young",
    "Allen", "King", "Wright", "Scott", "Torres", "Nguyen", "Hill", "Flores", "Green", "Adams", "Nelson", "Baker",
    "Hall", "Rivera", "Campbell", "Mitchell", "Carter", "Roberts", "Quigley", "Xanthopoulos",
)  # fmt: skip
CITIES: Final = ("Springfield", "Riverside", "Franklin", "Greenville", "Bristol", "Clinton", "Fairview", "Salem")
HOMES: Final = ("Single family", "Condo", "Townhouse", "Loft", "Land")
# Tags come in four ranks: a contact with k tags has one of each of the first k, so that none comes twice.
RANKS: Final = 4
YEARS: Final = 3


def draw(stream: int) -> str:
    """From 0 up to 1, always the same for one contact and one stream."""
    return f"((hashint8extended(n, {stream}) & 1048575) / 1048576.0::float8)"


def whole(below: int, stream: int, power: int = 1) -> str:
    """A whole number from 0 up to ``below``; the greater the power, the more often a small one."""
    return f"floor({below} * {draw(stream)} ^ {power})::int"


def pick(values: Sequence[str], stream: int, power: int = 1) -> str:
    """One of the texts; with a power, the first ones more often."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}])[1 + {whole(len(values), stream, power)}]"


def shared_out(shares: Mapping[str, float], stream: int) -> str:
    """One of the texts, each with its share."""
    *some, last = shares
    bounds = [sum(list(shares.values())[: place + 1]) for place in range(len(some))]
    cases = " ".join(f"WHEN {draw(stream)} < {bound} THEN '{name}'" for name, bound in zip(some, bounds, strict=True))
    return f"CASE {cases} ELSE '{last}' END"


def digits(stream: int) -> str:
    """Ten digits that are a possible telephone number in North America."""
    return f"(2010000000 + (hashint8extended(n, {stream}) & 9223372036854775807) %% 7980000000)::text"


def typed(digits_of: str) -> str:
    return f"'(' || substr({digits_of}, 1, 3) || ') ' || substr({digits_of}, 4, 3) || '-' || substr({digits_of}, 7)"


def uuid_of(moment: str, salt: str) -> str:
    """A version 7 UUID of a moment."""
    time = f"lpad(to_hex((extract(epoch FROM {moment}) * 1000)::bigint), 12, '0')"
    random = f"md5(n::text || '{salt}')"
    return f"({time} || '7' || substr({random}, 1, 3) || '8' || substr({random}, 4, 15))::uuid"


HAS_SECOND_PHONE: Final = f"{draw(20)} < 0.4"
SECOND_PHONE: Final = typed(digits(21))
SECOND_PHONE_NORM: Final = f"'+1' || {digits(21)}"

# What several columns are made of. `newest` is when the youngest contact was made, `score` the greatest lead score.
CONTACTS: Final = f"""
    (SELECT organization_id, members, n, first_name, last_name, created_at, phone, phone_digits,
            first_name || ' ' || last_name AS full_name,
            first_name || '.' || last_name || '.' || n || '@example.com' AS email,
            created_at + (%(newest)s - created_at) * {draw(4)} ^ 2 AS updated_at,
            CASE WHEN {HAS_SECOND_PHONE} THEN {SECOND_PHONE} END AS second_phone,
            CASE WHEN {HAS_SECOND_PHONE} THEN {digits(21)} END AS second_digits
     FROM (SELECT organization_id, members, n,
                  {pick(FIRST_NAMES, 1, 2)} AS first_name, {pick(LAST_NAMES, 2, 2)} AS last_name,
                  %(newest)s - interval '{365 * YEARS} days' * {draw(3)} * %(spread)s AS created_at,
                  {typed(digits(5))} AS phone, {digits(5)} AS phone_digits
           FROM bench_organization
           CROSS JOIN LATERAL generate_series(greatest(first, %(first)s::bigint), least(last, %(last)s::bigint)) AS n
          ) AS drawn
    ) AS contact
"""

PREFERENCES: Final = f"""
    CASE WHEN {draw(6)} < 0.85 THEN jsonb_build_object(
        'communication_method', {pick(("EMAIL", "PHONE", "SMS"), 7)},
        'property_types', jsonb_build_array({pick(HOMES, 8)}),
        'price_range', jsonb_build_object('min', 100000 + 5000 * {whole(60, 9)}, 'max', 450000 + 5000 * {whole(90, 9)}),
        'locations', jsonb_build_array({pick(CITIES, 10)}, {pick(CITIES, 11)})
    ) END
"""

CONTACT: Final = {
    "organization_id": "organization_id",
    "uuid": uuid_of("created_at", "contact"),
    "number": "n",
    "first_name": "first_name",
    "last_name": "last_name",
    "full_name": "full_name",
    "first_name_norm": "lower(first_name)",
    "last_name_norm": "lower(last_name)",
    "email": "email",
    "email_norm": "lower(email)",
    "phone": "phone",
    "phone_norm": "'+1' || phone_digits",
    "street": f"CASE WHEN {draw(12)} < 0.7 THEN {whole(9999, 13)} || ' Oak Street' ELSE '' END",
    "city": f"CASE WHEN {draw(12)} < 0.7 THEN {pick(CITIES, 14)} ELSE '' END",
    "state": f"CASE WHEN {draw(12)} < 0.7 THEN 'IL' ELSE '' END",
    "zip_code": f"CASE WHEN {draw(12)} < 0.7 THEN lpad(({whole(99999, 15)})::text, 5, '0') ELSE '' END",
    "country": f"CASE WHEN {draw(12)} < 0.7 THEN 'US' ELSE '' END",
    "type": shared_out(TYPES, 16),
    "status": shared_out(STATUSES, 17),
    "stage": shared_out(STAGES, 40),
    "role": shared_out(ROLES, 41),
    "channel_preference": shared_out(CHANNELS, 42),
    "source": pick(SOURCES, 18, 2),
    "lead_score": f"least({whole(101, 19, 2)}, %(score)s)",
    "preferences": PREFERENCES,
    "notes": f"CASE WHEN {draw(22)} < 0.6 THEN 'Wants to move before the summer; call after six. Number ' || n ELSE '' END",
    "assigned_to_id": f"CASE WHEN {draw(23)} < 0.9 THEN members[1 + floor(cardinality(members) * {draw(24)} ^ 2)::int] END",
    "search_text": "lower(concat_ws(' ', full_name, first_name, last_name, email, phone, second_phone, phone_digits,"
    " second_digits, '1' || phone_digits, '1' || second_digits))",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "applied_at": f"CASE WHEN {shared_out(STAGES, 40)} = 'applicant' THEN created_at END",
    "last_contacted_at": f"CASE WHEN {draw(25)} < 0.6 THEN updated_at END",
}

PHONE: Final = {
    "organization_id": "contact.organization_id",
    "contact_id": "contact.id",
    "position": "0",
    "phone": SECOND_PHONE,
    "phone_norm": SECOND_PHONE_NORM,
}
# Contacts again, by number, for the rows that hang on them.
STORED: Final = """
    (SELECT *, number AS n FROM contacts_contact WHERE number BETWEEN %(first)s AND %(last)s) AS contact
"""
PHONES: Final = f"{STORED} WHERE {HAS_SECOND_PHONE}"

TAGGED: Final = {
    "organization_id": "contact.organization_id",
    "content_object_id": "contact.id",
    "tag_id": f"tags[1 + rank + {RANKS} * floor(cardinality(tags) / {RANKS} * ((hashint8extended(n, 30 + rank) & 1048575)"
    " / 1048576.0::float8) ^ 4)::int]",
    "position": "rank",
    "contact_created_at": "contact.created_at",
}
TAGGINGS: Final = f"""
    {STORED} JOIN bench_organization USING (organization_id)
    CROSS JOIN LATERAL generate_series(0, {whole(RANKS + 1, 29)} - 1) AS rank
"""

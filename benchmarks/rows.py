"""What contacts look like: one SQL expression per column, made of the contact's number ``n``.

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


# Those with a third have a second too.
HAS_SECOND_PHONE: Final = f"{draw(20)} < 0.4"
HAS_THIRD_PHONE: Final = f"{draw(20)} < 0.1"
SECOND_PHONE: Final = typed(digits(21))
THIRD_PHONE: Final = typed(digits(26))
HAS_SECOND_EMAIL: Final = f"{draw(50)} < 0.3"
HAS_THIRD_EMAIL: Final = f"{draw(50)} < 0.08"


def address(host: str) -> str:
    """An address of the contact's own. All have one name, so that they are found by the same words."""
    return f"first_name || '.' || last_name || '.' || n || '@{host}'"


SECOND_EMAIL: Final = address("home.example.com")
THIRD_EMAIL: Final = address("office.example.com")

# What several columns are made of. `newest` is when the youngest contact was made, `score` the greatest lead score.
CONTACTS: Final = f"""
    (SELECT organization_id, members, n, first_name, last_name, created_at, phone, phone_digits,
            first_name || ' ' || last_name AS full_name,
            {address("example.com")} AS email,
            CASE WHEN {HAS_SECOND_EMAIL} THEN {SECOND_EMAIL} END AS second_email,
            CASE WHEN {HAS_THIRD_EMAIL} THEN {THIRD_EMAIL} END AS third_email,
            created_at + (%(newest)s - created_at) * {draw(4)} ^ 2 AS updated_at,
            CASE WHEN {HAS_SECOND_PHONE} THEN {SECOND_PHONE} END AS second_phone,
            CASE WHEN {HAS_SECOND_PHONE} THEN {digits(21)} END AS second_digits,
            CASE WHEN {HAS_THIRD_PHONE} THEN {THIRD_PHONE} END AS third_phone,
            CASE WHEN {HAS_THIRD_PHONE} THEN {digits(26)} END AS third_digits
     FROM (SELECT organization_id, members, n,
                  {pick(FIRST_NAMES, 1, 2)} AS first_name, {pick(LAST_NAMES, 2, 2)} AS last_name,
                  %(newest)s - interval '{365 * YEARS} days' * {draw(3)} * %(spread)s AS created_at,
                  {typed(digits(5))} AS phone, {digits(5)} AS phone_digits
           FROM bench_organization
           CROSS JOIN LATERAL generate_series(greatest(first, %(first)s::bigint), least(last, %(last)s::bigint)) AS n
          ) AS drawn
    ) AS contact
"""

# Who is responsible, as a place among the members; some contacts are nobody's.
IS_ASSIGNED: Final = f"{draw(23)} < 0.9"
ASSIGNEE_PLACE: Final = f"floor(cardinality(members) * {draw(24)} ^ 2)::int"

PREFERENCES: Final = f"""
    CASE WHEN {draw(6)} < 0.85 THEN jsonb_build_object(
        'communication_method', {pick(("EMAIL", "PHONE", "SMS"), 7)},
        'property_types', jsonb_build_array({pick(HOMES, 8)}),
        'price_range', jsonb_build_object('min', 100000 + 5000 * {whole(60, 9)}, 'max', 450000 + 5000 * {whole(90, 9)}),
        'locations', jsonb_build_array({pick(CITIES, 10)}, {pick(CITIES, 11)})
    ) END
"""

# Of the fields that `child_rows.FIELDS` defines, by number: as the project stores values of their kinds.
CUSTOM_VALUES: Final = f"""
    jsonb_strip_nulls(jsonb_build_object(
        '1', CASE WHEN {draw(60)} < 0.3 THEN 'Met at an open house in ' || {pick(CITIES, 61)} END,
        '2', CASE WHEN {draw(62)} < 0.6 THEN 1 + {whole(4, 63)} END,
        '3', CASE WHEN {draw(64)} < 0.4 THEN jsonb_build_array(1 + {whole(3, 65)}, 4 + {whole(2, 66)}) END,
        '4', CASE WHEN {draw(67)} < 0.5 THEN {draw(68)} < 0.3 END,
        '5', CASE WHEN {draw(69)} < 0.2 THEN to_char(created_at + interval '30 days', 'YYYY-MM-DD') END,
        '6', CASE WHEN {draw(70)} < 0.4 THEN (50 + {whole(250, 71)})::text END
    ))
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
    "assigned_to_id": f"CASE WHEN {IS_ASSIGNED} THEN members[1 + {ASSIGNEE_PLACE}] END",
    "created_by_id": f"members[1 + floor(cardinality(members) * {draw(58)})::int]",
    "email_label": f"{pick(('work', 'home', ''), 55, 2)}",
    "phone_label": f"{pick(('mobile', 'work', ''), 56, 2)}",
    "phone_note": f"CASE WHEN {draw(57)} < 0.1 THEN 'Not before ten' ELSE '' END",
    "custom_values": CUSTOM_VALUES,
    "search_text": "lower(concat_ws(' ', full_name, first_name, last_name, email, second_email, third_email, phone,"
    " second_phone, third_phone, phone_digits, second_digits, third_digits, '1' || phone_digits, '1' || second_digits,"
    " '1' || third_digits))",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "applied_at": f"CASE WHEN {shared_out(STAGES, 40)} = 'applicant' THEN created_at END",
    "converted_at": f"CASE WHEN {shared_out(TYPES, 16)} <> 'LEAD' THEN created_at END",
    "last_contacted_at": f"CASE WHEN {draw(25)} < 0.6 THEN updated_at END",
}

"""Made-up writes to made-up contacts, through every door, in any order (see ``reference_writes`` for their bodies)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.contracts.reference import Document
from tests.contracts.reference_writes import SOURCES

TAGS: Final = ("vip", "Smith, Jones", "zürich", "Vip")
MEMBERS: Final = (1, 2, 3)
# Two of them are one.
EMAILS: Final = ("ann@three.example", "Ann@Three.example", "bob@three.example", "eva@bücher.example")
PHONES: Final = ("+1-555-123-4567", "(555) 000 1111", "210/555.77 x3")
WORDS: Final = ("Ann", "Éva Łuk", "van der Berg", "O’Neil", 'a <b> & "c"', "李", "x")
NAMES: Final = ("Ann", "Ann  Lee", "Dr. Éva van der Berg", "Lee, Ann", "李 小龍", "O’Neil & Sons (Athens)")
# What is sent, and what is read: it can be sent back.
CUSTOM: Final[Mapping[int, tuple[Any, ...]]] = {
    1: (1, 2),
    2: ("VIP", "a <b>"),
    3: ("5.00€", "1,000,000.25€"),
    4: (True, False),
    5: ([2, 3], [1]),
}


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write: ``kind`` names the door and what is done there, ``target`` the contact by its age."""

    kind: str
    target: int = 0
    body: Document = field(default_factory=dict)


def some_of(fields: Mapping[str, SearchStrategy[Any]]) -> SearchStrategy[Document]:
    """An object with any of the keys."""
    return st.fixed_dictionaries({}, optional=dict(fields))


def one_of(values: Iterable[Any]) -> SearchStrategy[Any]:
    return st.sampled_from(list(values))


words = one_of(WORDS)
cleared_or_words = one_of([None, "", *WORDS])
cleared_or_phone = one_of([None, "", *PHONES])
cleared_or_email = one_of([None, "", *EMAILS])
origins = one_of([None, "", "api", "WEBSITE", *SOURCES])
tags = st.lists(one_of(TAGS), max_size=3)
prices = st.none() | some_of({"min": one_of([None, 0, 100]), "max": one_of([None, 50, 200.5])})
wishes = some_of(
    {
        "communicationMethod": one_of([None, "EMAIL"]),
        "propertyTypes": one_of([None, [], ["CONDO", "LOFT"]]),
        "priceRange": prices,
        "locations": one_of([None, ["Old Mill"]]),
    }
)
many: dict[str, SearchStrategy[Any]] = {
    "firstName": words,
    "lastName": words,
    "phone": cleared_or_phone,
    "secondaryPhone": cleared_or_phone,
    "address": st.none() | some_of({"street": cleared_or_words, "city": cleared_or_words}),
    "type": one_of([None, "LEAD", "CLIENT", "VENDOR"]),
    "status": one_of([None, "ACTIVE", "CLIENT", "DO_NOT_CONTACT"]),
    "source": origins,
    "tags": st.none() | tags,
    "notes": cleared_or_words,
    "preferences": st.none() | wishes,
    "assignedTo": one_of([None, *MEMBERS]),
    "calculateLeadScore": st.booleans(),
}
put = some_of(many | {"email": one_of(EMAILS)})
new_for_winnerr = st.fixed_dictionaries(
    {"firstName": words, "lastName": words, "email": one_of(EMAILS)},
    optional={key: value for key, value in many.items() if key not in ("firstName", "lastName")},
)
of_rentalot: dict[str, SearchStrategy[Any]] = {
    "name": one_of(NAMES),
    "email": cleared_or_email,
    "phone": cleared_or_phone,
    "status": one_of([None, "", "prospect", "applicant", "renter"]),
    "role": one_of([None, "", "tenant", "landlord"]),
    "channelPreference": cleared_or_words,
    "source": origins,
    "referralSource": cleared_or_words,
    "language": one_of([None, "", "en", "el"]),
    "notes": cleared_or_words,
}
new_for_rentalot = st.fixed_dictionaries(
    {"name": one_of(NAMES)}, optional={key: value for key, value in of_rentalot.items() if key != "name"}
)


def _entries(key: str, values: Iterable[str]) -> SearchStrategy[list[Document]]:
    optional = {"type": cleared_or_words, "notes": cleared_or_words}
    return st.lists(st.fixed_dictionaries({key: one_of(values)}, optional=optional), max_size=3)


custom_values = st.sampled_from(sorted(CUSTOM)).flatmap(
    lambda number: st.fixed_dictionaries({"custom_field_id": st.just(number), "value": one_of([None, *CUSTOM[number]])})
)
people = some_of(
    {"first_name": words, "last_name": words, "mobile": st.none() | one_of(PHONES), "email": st.none() | one_of(EMAILS)}
)
of_estateprime: dict[str, SearchStrategy[Any]] = {
    "first_name": cleared_or_words,
    "last_name": cleared_or_words,
    "source_id": one_of([None, *SOURCES]),
    "is_lead": st.booleans(),
    "is_company": st.booleans(),
    "company_name": cleared_or_words,
    "phones": st.none() | _entries("number", PHONES),
    "emails": st.none() | _entries("email_address", EMAILS),
    "notes": cleared_or_words,
    "custom_fields": st.lists(custom_values, max_size=3, unique_by=lambda row: row["custom_field_id"]),
    "contact_details": st.none() | st.lists(people, max_size=2),
    "tags": st.none() | tags,
    "users": st.none() | st.lists(one_of(MEMBERS), max_size=3),
    "created_by": one_of(MEMBERS),
}
new_for_estateprime = st.one_of(
    st.fixed_dictionaries(
        {"first_name": words}, optional={key: value for key, value in of_estateprime.items() if key != "first_name"}
    ),
    # A company may go without; anybody else is refused.
    some_of(of_estateprime),
)
form = some_of(
    {
        **{name: one_of(["", *WORDS]) for name in ("first_name", "last_name", "company_name", "notes", "city")},
        "full_name": one_of(["", *NAMES]),
        "is_company": st.booleans(),
        "email": one_of(["", *EMAILS]),
        "phone": one_of(["", *PHONES]),
        "type": one_of(["LEAD", "REFERRAL"]),
        "status": one_of(["ACTIVE", "INACTIVE"]),
        "source": one_of(["", "website", *SOURCES]),
        "tag_names": tags.map(lambda names: list(dict.fromkeys(names))),
        "stage": one_of(["prospect", "applicant"]),
        "role": one_of(["prospect", "vendor"]),
        "channel_preference": one_of(["", *WORDS]),
        "referral_source": one_of(["", *WORDS]),
        "assigned_to": one_of([None, *MEMBERS]),
    }
)
some_tags = st.fixed_dictionaries({"tags": st.lists(one_of(TAGS), min_size=1, max_size=2)})
nothing: SearchStrategy[Document] = st.just({})
BODIES: Final[Mapping[str, SearchStrategy[Document]]] = {
    "winnerr create": new_for_winnerr,
    "rentalot create": new_for_rentalot,
    "estateprime create": new_for_estateprime,
    "winnerr put": put,
    "winnerr bulk": some_of(many),
    "winnerr add tags": some_tags,
    "winnerr remove tags": some_tags,
    "rentalot patch": some_of(of_rentalot),
    "estateprime patch": some_of(of_estateprime),
    "winnerr return": nothing,
    "rentalot return": nothing,
    "estateprime return": nothing,
    "admin save": form,
    "winnerr delete": nothing,
    "rentalot delete": nothing,
    "estateprime delete": nothing,
}


def _write(kind: str) -> SearchStrategy[Write]:
    return st.builds(Write, kind=st.just(kind), target=st.integers(0, 2), body=BODIES[kind])


deletions = st.sampled_from([kind for kind in BODIES if kind.endswith("delete")]).flatmap(_write)
changes = st.sampled_from([kind for kind in BODIES if not kind.endswith(("delete", "create"))]).flatmap(_write)
creations = st.sampled_from([kind for kind in BODIES if kind.endswith("create")]).flatmap(_write)


def stories(first: str) -> SearchStrategy[list[Write]]:
    """A contact made through the first wire, another, and what happens to them."""
    later = st.lists(st.one_of(changes, changes, changes, creations, deletions), min_size=1, max_size=8)
    opening = st.tuples(_write(f"{first} create"), creations)
    return st.tuples(opening, later).map(lambda parts: [*parts[0], *parts[1]])

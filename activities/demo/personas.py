"""What kinds of contacts the demo's teams have, and how far things have come with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, TypeVar

from activities.demo import messages
from activities.demo.messages import Message
from activities.demo.people import HOLDINGS, TRADES
from activities.models import DealType
from contacts.models import ContactRole, ContactType

_Choice = TypeVar("_Choice")

# The first three are printed with their colours in the vendor's papers (CONTRACTS W-C12), so they are made first.
TAGS = (
    "first-time-buyer",
    "luxury-market",
    "investor",
    "relocating",
    "cash-buyer",
    "pre-approved",
    "downsizing",
    "waterfront",
    "open-house",
    "pet-owner",
    "newsletter",
    "vip",
)
SOURCES: Mapping[str, int] = {
    "WEBSITE": 34,
    "REFERRAL": 22,
    "OPEN_HOUSE": 12,
    "PORTAL": 14,
    "SOCIAL_MEDIA": 9,
    "WALK_IN": 6,
    "": 3,
}


class Outcome(StrEnum):
    """How far things have come."""

    FRESH = "fresh"
    TALKING = "talking"
    ACTIVE = "active"
    WON = "won"
    QUIET = "quiet"
    LOST = "lost"
    STEADY = "steady"


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One kind of contact. ``deal`` is what business with them is; ``company_share`` in percent."""

    deal: DealType | None
    role: ContactRole = ContactRole.PROSPECT
    type: ContactType = ContactType.LEAD
    threads: tuple[tuple[Message, ...], ...]
    tags: tuple[str, ...]
    companies: tuple[str, ...] = HOLDINGS
    company_share: int = 0
    looks_for_home: bool = True


PERSONAS: Mapping[str, tuple[Persona, int]] = {
    "buyer": (
        Persona(
            deal=DealType.PURCHASE,
            threads=messages.BUYING,
            tags=("first-time-buyer", "luxury-market", "relocating", "pre-approved", "waterfront", "open-house", "vip"),
        ),
        44,
    ),
    "seller": (
        Persona(
            deal=DealType.SALE,
            threads=messages.SELLING,
            tags=("downsizing", "luxury-market", "waterfront", "newsletter", "vip"),
            looks_for_home=False,
        ),
        15,
    ),
    "renter": (
        Persona(
            deal=DealType.RENTAL,
            threads=messages.RENTING,
            tags=("pet-owner", "relocating", "newsletter", "open-house"),
        ),
        18,
    ),
    "landlord": (
        Persona(
            deal=DealType.LEASE,
            role=ContactRole.LANDLORD,
            threads=messages.LETTING,
            tags=("investor", "newsletter"),
            company_share=35,
            looks_for_home=False,
        ),
        7,
    ),
    "investor": (
        Persona(
            deal=DealType.PURCHASE,
            threads=messages.BUYING,
            tags=("investor", "cash-buyer", "luxury-market", "vip"),
            company_share=40,
        ),
        7,
    ),
    "vendor": (
        Persona(
            deal=None,
            role=ContactRole.VENDOR,
            type=ContactType.VENDOR,
            threads=messages.WORKING_TOGETHER,
            tags=("newsletter",),
            companies=TRADES,
            company_share=80,
            looks_for_home=False,
        ),
        6,
    ),
    "partner": (
        Persona(
            deal=None,
            role=ContactRole.OTHER,
            type=ContactType.REFERRAL,
            threads=messages.WORKING_TOGETHER,
            tags=("vip", "newsletter"),
            looks_for_home=False,
        ),
        3,
    ),
}

# By the age of a contact in days: how far things have usually come.
_OUTCOMES: tuple[tuple[int, Mapping[Outcome, int]], ...] = (
    (21, {Outcome.FRESH: 50, Outcome.TALKING: 38, Outcome.ACTIVE: 12}),
    (
        120,
        {Outcome.FRESH: 6, Outcome.TALKING: 34, Outcome.ACTIVE: 34, Outcome.WON: 8, Outcome.QUIET: 13, Outcome.LOST: 5},
    ),
    (10_000, {Outcome.TALKING: 8, Outcome.ACTIVE: 11, Outcome.WON: 36, Outcome.QUIET: 29, Outcome.LOST: 16}),
)


def pick_persona(rng: Random) -> Persona:
    return weighted(rng, dict(PERSONAS.values()))


def pick_outcome(rng: Random, persona: Persona, age_in_days: int) -> Outcome:
    if persona.deal is None:
        return Outcome.STEADY
    return weighted(rng, next(outcomes for limit, outcomes in _OUTCOMES if age_in_days < limit))


def weighted(rng: Random, choices: Mapping[_Choice, int]) -> _Choice:
    """One of the keys, as often as its weight says."""
    return rng.choices(list(choices), weights=list(choices.values()))[0]


# The team's own fields, in their order; the contacts' values name them by number, from 1.
CUSTOM_FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "Move-in date", "type": "date"},
    {"name": "Budget", "type": "currency"},
    {"name": "Must have", "type": "select_multi", "options": ["Garden", "Parking", "Lift", "Sea view"]},
)

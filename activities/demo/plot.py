"""What the story of one contact hangs on, drawn from a generator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from activities.demo.people import Person, Registry
from activities.demo.personas import Outcome, Persona, pick_outcome, pick_persona
from activities.demo.places import Market, street_address

# Eighteen months.
LONGEST_AGO = timedelta(days=548)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Who looks after a contact."""

    member_id: int
    first_name: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """What a story hangs on. ``until`` is when the last thing happened; ``price`` is a home's, or a month's rent."""

    rng: Random
    market: Market
    person: Person
    persona: Persona
    outcome: Outcome
    agent: Agent
    # How long before ``now`` it began, before a working day was looked for.
    ago: timedelta
    created_at: datetime
    until: datetime
    now: datetime
    address: str
    town: str
    zip_code: str
    price: int
    bedrooms: int

    def text(self, template: str) -> str:
        return template.format(
            first=self.person.greeting,
            agent=self.agent.first_name,
            address=self.address,
            town=self.town,
            price=f"{'£' if self.market.country == 'United Kingdom' else '$'}{self.price:,}",
            bedrooms=self.bedrooms,
        )

    def moments(self, count: int) -> list[datetime]:
        """So many moments of working days between the beginning and the end of the story, in order."""
        length = self.until - self.created_at
        drawn = (working_moment(self.rng, self.created_at + length * self.rng.random()) for _ in range(count))
        return sorted(min(max(moment, self.created_at + 7 * MINUTE), self.until) for moment in drawn)

    def exchange(self, turns: int) -> list[datetime]:
        """Moments of a conversation, hours or days apart: a recent one where things go on, else one at the beginning."""
        moment = self.created_at + self.rng.randint(5, 90) * MINUTE
        if self.outcome in (Outcome.TALKING, Outcome.ACTIVE, Outcome.STEADY):
            moment = max(moment, self.until - timedelta(days=self.rng.uniform(1, 45)))
        moments = []
        for _ in range(turns):
            moments.append(min(moment, self.until))
            later = working_moment(self.rng, moment + timedelta(hours=self.rng.uniform(18, 90)))
            moment = max(later, moment + 25 * MINUTE)
        return moments


def plan(rng: Random, registry: Registry, agent: Agent, market: Market, now: datetime) -> Plot:
    """Draw a contact's circumstances; whoever has an address already in the ``registry`` gets another."""
    persona = pick_persona(rng)
    # A growing team meets more people every month.
    ago = LONGEST_AGO * rng.random() ** 1.4
    created_at = min(working_moment(rng, now - ago), now - 20 * MINUTE)
    outcome = pick_outcome(rng, persona, ago.days)
    is_company = rng.randrange(100) < persona.company_share
    person = registry.company(rng, persona.companies) if is_company else registry.person(rng)
    town, zip_code = rng.choice(market.towns)
    return Plot(
        rng=rng,
        market=market,
        person=person,
        persona=persona,
        outcome=outcome,
        agent=agent,
        ago=ago,
        created_at=created_at,
        until=_end(rng, outcome, created_at, now),
        now=now,
        address=street_address(rng),
        town=town,
        zip_code=zip_code,
        price=_price(rng, persona, market),
        bedrooms=rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5)),
    )


def _end(rng: Random, outcome: Outcome, created_at: datetime, now: datetime) -> datetime:
    if outcome in (Outcome.QUIET, Outcome.LOST):
        return min(created_at + timedelta(days=rng.randint(3, 70)), now)
    if outcome is Outcome.WON:
        return min(created_at + timedelta(days=rng.randint(60, 260)), now)
    return now


def _price(rng: Random, persona: Persona, market: Market) -> int:
    if persona.deal in ("RENTAL", "LEASE"):
        low, high = market.monthly_rents
        return int(rng.triangular(low, high, low * 1.8)) // 25 * 25
    low, high = market.cheapest_home, market.dearest_home
    return int(rng.triangular(low, high, low * 2)) // 5_000 * 5_000


def working_moment(rng: Random, near: datetime) -> datetime:
    """A moment of about that day when people are at work, in the organization's afternoon or morning."""
    # Drawn on every day, so that the same draws follow whatever the calendar says.
    if rng.random() < 0.8 and near.weekday() >= 5:
        near -= timedelta(days=near.weekday() - 4)
    return near.replace(hour=rng.randint(13, 22), minute=rng.randint(0, 59), second=rng.randint(0, 59), microsecond=0)

"""The demo's organizations and the people who work in them. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.roles import Role


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """A member to be. Without a ``password`` nobody can log in as them."""

    first_name: str
    last_name: str
    email: str
    role: Role
    password: str = ""


@dataclass(frozen=True, kw_only=True)
class Team:
    """An organization to be; ``owner`` founds it."""

    name: str
    slug: str
    time_zone: str
    phone_region: str
    owner: Colleague
    others: tuple[Colleague, ...]


# Printed by ``load_demo`` and in the papers: they open the demo alone, which production refuses to load.
OWNER = Colleague(
    first_name="Imogen",
    last_name="Castleby",
    email="imogen@harbour-lane.example",
    role=Role.OWNER,
    password="seven-gulls-at-noon",  # noqa: S106 - published on purpose, see above
)
AGENT = Colleague(
    first_name="Tomás",
    last_name="Villareño",
    email="tomas@harbour-lane.example",
    role=Role.AGENT,
    password="lantern-by-the-door",  # noqa: S106 - published on purpose, see above
)

HARBOUR_LANE = Team(
    name="Harbour Lane Realty",
    slug="harbour-lane",
    time_zone="America/New_York",
    phone_region="US",
    owner=OWNER,
    others=(
        Colleague(first_name="Henrik", last_name="Larsvik", email="henrik@harbour-lane.example", role=Role.ADMIN),
        AGENT,
        Colleague(first_name="Amara", last_name="Okonjara", email="amara@harbour-lane.example", role=Role.AGENT),
        Colleague(first_name="Priya", last_name="Sandhanam", email="priya@harbour-lane.example", role=Role.VIEWER),
    ),
)
# Small, and of the same owner: something to switch to.
QUARRY_BEND = Team(
    name="Quarry Bend Lettings",
    slug="quarry-bend",
    time_zone="Europe/London",
    phone_region="GB",
    owner=OWNER,
    others=(Colleague(first_name="Rhodri", last_name="Pellwyn", email="rhodri@quarry-bend.example", role=Role.AGENT),),
)

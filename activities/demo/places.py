"""Where the demo happens: towns that are on no map, and telephone numbers reserved for fiction."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

STREETS = (
    "Alder Quay",
    "Bellfounder Street",
    "Chandlery Row",
    "Cooper's Wharf",
    "Curlew Avenue",
    "Dovecote Lane",
    "Driftwood Drive",
    "Fernhollow Road",
    "Ferryman's Walk",
    "Gannet Terrace",
    "Harbour Lane",
    "Juniper Crescent",
    "Kiln Court",
    "Lanternmaker Street",
    "Mossbank Road",
    "Netmender's Alley",
    "Orchard Steps",
    "Plover Close",
    "Quarry Bend",
    "Ropewalk",
    "Saltgrass Avenue",
    "Sailmaker Street",
    "Tidewater Boulevard",
    "Upper Mill Road",
    "Wherry Place",
    "Windlass Street",
)


@dataclass(frozen=True, kw_only=True)
class Market:
    """A place people live and look in; prices are in whole units of its currency."""

    country: str
    state: str
    towns: tuple[tuple[str, str], ...]
    language: str
    cheapest_home: int
    dearest_home: int
    monthly_rents: tuple[int, int]


SALTMARSH = Market(
    country="USA",
    state="ME",
    towns=(
        ("Port Alder", "04991"),
        ("Gull Point", "04992"),
        ("Saltmarsh", "04993"),
        ("Cedar Hollow", "04994"),
        ("North Jetty", "04995"),
        ("Larkfield", "04996"),
        ("Old Mill Harbour", "04997"),
        ("Tidewater Heights", "04998"),
    ),
    language="en",
    cheapest_home=180_000,
    dearest_home=1_900_000,
    monthly_rents=(950, 4_200),
)
QUARRY = Market(
    country="United Kingdom",
    state="Wexmoor",
    towns=(("Quarry Bend", "WX1 4QB"), ("Upper Wexmoor", "WX2 9UW"), ("Ferrybridge Quay", "WX3 1FQ")),
    language="en",
    cheapest_home=140_000,
    dearest_home=900_000,
    monthly_rents=(650, 2_800),
)

_AREA_CODES = ("207", "339", "508", "603", "617", "774", "781", "802", "857", "978")


def street_address(rng: Random) -> str:
    return f"{rng.randint(1, 188)} {rng.choice(STREETS)}"


def telephone(rng: Random, market: Market) -> str:
    """A number nobody has: 555-0100 to 555-0199 in North America, 07700 900000 to 900999 in the United Kingdom."""
    if market is QUARRY:
        return f"+44 7700 900{rng.randint(0, 999):03d}"
    area, line = rng.choice(_AREA_CODES), rng.randint(100, 199)
    # People type numbers as they like.
    return rng.choice((f"+1-{area}-555-0{line}",) * 3 + (f"({area}) 555-0{line}", f"{area}.555.0{line}"))

"""Lead scores: how much is known about a contact, as points that add up and can be explained one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

MINIMUM_SCORE: Final = 0
MAXIMUM_SCORE: Final = 100

# What a door fills in when nobody said where the contact came from: it tells nothing about the contact.
DEFAULTED_SOURCES: Final = frozenset({"", "api", "email", "sms", "telegram", "whatsapp"})
_SOURCE_WEIGHTS: Final = {"referral": "source_referral", "website": "source_website"}
_OTHER_SOURCE: Final = "source_other"


@dataclass(frozen=True, slots=True)
class ScoringFacts:
    """What is known about one contact, as far as it counts. `source` is the stored text, '' when there is none."""

    has_email: bool = False
    has_phone: bool = False
    has_secondary_phone: bool = False
    has_address: bool = False
    source: str = ""
    has_price_range: bool = False
    has_property_types: bool = False
    has_communication_method: bool = False
    has_locations: bool = False
    has_notes: bool = False
    is_assigned: bool = False
    was_contacted: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """Points for each fact, integers of 0 to 100. The defaults fit every printed score (CONTRACTS W-S26)."""

    email: int = 10
    phone: int = 10
    secondary_phone: int = 5
    address: int = 5
    source_referral: int = 20
    source_website: int = 10
    source_other: int = 5
    price_range: int = 10
    property_types: int = 5
    communication_method: int = 5
    locations: int = 5
    notes: int = 5
    assigned: int = 5
    contacted: int = 10

    def __post_init__(self) -> None:
        for name, points in self.as_dict().items():
            # bool is an int to Python, but not a number of points to anybody.
            if type(points) is not int or not MINIMUM_SCORE <= points <= MAXIMUM_SCORE:
                raise ValueError(f"{name} must be a whole number from {MINIMUM_SCORE} to {MAXIMUM_SCORE}")

    def as_dict(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, object]) -> "Weights":
        """The default weights with an organization's own in their place.

        Raises ValueError, naming the weight, for an unknown name and for anything but an integer of 0 to 100.
        """
        if not isinstance(overrides, Mapping):
            raise ValueError("weights must be an object of names and points")
        known = DEFAULT_WEIGHTS.as_dict()
        unknown = sorted(str(name) for name in overrides if name not in known)
        if unknown:
            raise ValueError(f"unknown weights: {', '.join(unknown)}")
        return cls(**{**known, **overrides})  # type: ignore[arg-type]  # __post_init__ refuses what is no int


DEFAULT_WEIGHTS: Final = Weights()


@dataclass(frozen=True, slots=True)
class ScorePart:
    """Points under the name of a weight; the part named `clamped` takes back what goes beyond the maximum."""

    name: str
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """A total of 0 to 100 and the parts that add up to it exactly; parts of no points are left out."""

    total: int
    parts: tuple[ScorePart, ...]


def score(facts: ScoringFacts, weights: Weights = DEFAULT_WEIGHTS) -> Score:
    """The contact's score and why, in the order of the weights. (CONTRACTS W-S26, DESIGN decision 6)"""
    points = weights.as_dict()
    parts = [ScorePart(name, points[name]) for name, holds in _facts_by_weight(facts).items() if holds and points[name]]
    excess = sum(part.points for part in parts) - MAXIMUM_SCORE
    if excess > 0:
        parts.append(ScorePart("clamped", -excess))
    return Score(sum(part.points for part in parts), tuple(parts))


def cheapest_next_facts(facts: ScoringFacts, weights: Weights = DEFAULT_WEIGHTS) -> tuple[ScorePart, ...]:
    """The missing facts that would raise the score, most points first, each by what it alone would add.

    A missing source is named `source_other`, the points any given source is sure of. A source that is given is not
    missing, whatever another would score.
    """
    points = weights.as_dict()
    room = MAXIMUM_SCORE - score(facts, weights).total
    missing = [name for name, holds in _facts_by_weight(facts).items() if not holds and points[name]]
    missing.sort(key=lambda name: -points[name])
    return tuple(ScorePart(name, min(points[name], room)) for name in missing if room)


def source_weight(source: str) -> str | None:
    """The name of the weight a source counts with in any case, None for one that a door filled in."""
    name = source.strip().casefold()
    return None if name in DEFAULTED_SOURCES else _SOURCE_WEIGHTS.get(name, _OTHER_SOURCE)


def _facts_by_weight(facts: ScoringFacts) -> dict[str, bool]:
    """Whether each fact holds, under its weight's name; a missing source under the one any source would count with."""
    source = source_weight(facts.source)
    return {
        "email": facts.has_email,
        "phone": facts.has_phone,
        "secondary_phone": facts.has_secondary_phone,
        "address": facts.has_address,
        source or _OTHER_SOURCE: source is not None,
        "price_range": facts.has_price_range,
        "property_types": facts.has_property_types,
        "communication_method": facts.has_communication_method,
        "locations": facts.has_locations,
        "notes": facts.has_notes,
        "assigned": facts.is_assigned,
        "contacted": facts.was_contacted,
    }

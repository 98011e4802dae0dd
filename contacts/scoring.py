"""Lead scores: how much is known about a contact, as points that add up and can be explained one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import lru_cache
from typing import Final

MINIMUM_SCORE: Final = 0
MAXIMUM_SCORE: Final = 100

# What a door fills in when nobody said where the contact came from: it tells nothing about the contact.
DEFAULTED_SOURCES: Final = frozenset({"", "api", "email", "sms", "telegram", "whatsapp"})
_SOURCE_WEIGHTS: Final = {"referral": "source_referral", "website": "source_website"}
_OTHER_SOURCE: Final = "source_other"
# What a source that nobody gave is called, before it is known with which of the three weights it will count.
_ANY_SOURCE: Final = "source"

# What people call a part of a score, a reason it changed, or a missing fact.
LABELS: Final[Mapping[str, str]] = {
    "email": "E-mail",
    "phone": "Phone",
    "secondary_phone": "Second phone",
    "address": "Address",
    _ANY_SOURCE: "Source",
    "source_referral": "Source: referral",
    "source_website": "Source: website",
    _OTHER_SOURCE: "Source: any other",
    "price_range": "Price range",
    "property_types": "Property types",
    "communication_method": "Preferred way to talk",
    "locations": "Locations",
    "notes": "Notes",
    "assigned": "Assigned to somebody",
    "contacted": "Has been contacted",
    "clamped": "Beyond 100",
    "weights": "Weights changed",
    "unrecorded": "Not on record",
}


class Effort(IntEnum):
    """What it takes to find out a fact, the least first (docs/decisions/0015)."""

    # Whoever looks after the contact knows it and types it in.
    DESK = 1
    # The person answers it in a word, and by any channel.
    QUESTION = 2
    # It comes out of talking about what somebody is looking for, or is the talking itself.
    CONVERSATION = 3


_EFFORTS: Final[Mapping[str, Effort]] = {
    _ANY_SOURCE: Effort.DESK,
    "notes": Effort.DESK,
    "assigned": Effort.DESK,
    "email": Effort.QUESTION,
    "phone": Effort.QUESTION,
    "secondary_phone": Effort.QUESTION,
    "address": Effort.QUESTION,
    "communication_method": Effort.QUESTION,
    "price_range": Effort.CONVERSATION,
    "property_types": Effort.CONVERSATION,
    "locations": Effort.CONVERSATION,
    "contacted": Effort.CONVERSATION,
}


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


# A few hundred sets of facts are those of a million contacts.
@lru_cache(maxsize=2_048)
def score(facts: ScoringFacts, weights: Weights = DEFAULT_WEIGHTS) -> Score:
    """The contact's score and why, in the order of the weights. (CONTRACTS W-S26, DESIGN decision 6)"""
    points = weights.as_dict()
    parts = [ScorePart(name, points[name]) for name, holds in _facts_by_weight(facts).items() if holds and points[name]]
    excess = sum(part.points for part in parts) - MAXIMUM_SCORE
    if excess > 0:
        parts.append(ScorePart("clamped", -excess))
    return Score(sum(part.points for part in parts), tuple(parts))


def cheapest_next_facts(facts: ScoringFacts, weights: Weights = DEFAULT_WEIGHTS) -> tuple[ScorePart, ...]:
    """The missing facts that would raise the score, each by what it alone would add: least effort first, then most points.

    A missing source is named `source` and promises the points of `source_other`, which a source counts with unless it
    is one of two. A source that is given is not missing, whatever another would score.
    """
    points = weights.as_dict()
    room = MAXIMUM_SCORE - score(facts, weights).total
    missing = [
        ScorePart(_ANY_SOURCE if name == _OTHER_SOURCE else name, min(points[name], room))
        for name, holds in _facts_by_weight(facts).items()
        if not holds and points[name] and room
    ]
    return tuple(sorted(missing, key=lambda part: (_EFFORTS[part.name], -part.points)))


def score_changes(
    recorded: int, then: ScoringFacts | None, now: ScoringFacts, weights: Weights = DEFAULT_WEIGHTS
) -> tuple[ScorePart, ...]:
    """What leads from a recorded score to that of the facts known now: signed points that add up to the difference exactly.

    ``then`` are the facts the recorded score was made of. What they would not give today is the part ``weights``.
    None when nobody knows them: the whole difference is then one part, ``unrecorded``.
    """
    current = score(now, weights)
    if then is None:
        differences = {"unrecorded": current.total - recorded}
    else:
        before = score(then, weights)
        differences = _differences(before, current) | {"weights": before.total - recorded}
    return tuple(ScorePart(name, points) for name, points in differences.items() if points)


def _differences(before: Score, after: Score) -> dict[str, int]:
    """The difference of each part, in the order of the weights, what goes beyond the maximum last."""
    old, new = ({part.name: part.points for part in each.parts} for each in (before, after))
    names = (*DEFAULT_WEIGHTS.as_dict(), "clamped")
    return {name: new.get(name, 0) - old.get(name, 0) for name in names}


def highest_score(weights: Weights) -> int:
    """The points of a contact about whom everything is known; beyond 100 they are cut off at 100."""
    points = weights.as_dict()
    sources = [points.pop(name) for name in (*_SOURCE_WEIGHTS.values(), _OTHER_SOURCE)]
    return sum(points.values()) + max(sources)


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

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.scoring import (
    DEFAULT_WEIGHTS,
    Score,
    ScorePart,
    ScoringFacts,
    Weights,
    cheapest_next_facts,
    score,
)

NAMES = [field.name for field in fields(Weights)]
sources = st.sampled_from(["", "api", "sms", "REFERRAL", "website", "Open house", "WhatsApp", " Referral "]) | st.text()
all_facts = st.builds(
    ScoringFacts,
    source=sources,
    **{field.name: st.booleans() for field in fields(ScoringFacts) if field.name != "source"},
)
all_weights = st.builds(Weights, **{name: st.integers(0, 100) for name in NAMES})

JANE = ScoringFacts(
    has_email=True,
    has_phone=True,
    source="REFERRAL",
    has_communication_method=True,
    has_property_types=True,
    has_price_range=True,
)
JOHN = ScoringFacts(
    has_email=True,
    has_phone=True,
    has_secondary_phone=True,
    has_address=True,
    source="WEBSITE",
    has_price_range=True,
    has_property_types=True,
    has_communication_method=True,
    has_locations=True,
    has_notes=True,
    is_assigned=True,
    was_contacted=True,
)


def test_the_printed_jane_scores_60_and_every_point_is_named() -> None:
    assert score(JANE) == Score(
        60,
        (
            ScorePart("email", 10),
            ScorePart("phone", 10),
            ScorePart("source_referral", 20),
            ScorePart("price_range", 10),
            ScorePart("property_types", 5),
            ScorePart("communication_method", 5),
        ),
    )


def test_the_printed_john_scores_85() -> None:
    assert score(JOHN).total == 85


def test_nothing_known_scores_nothing() -> None:
    assert score(ScoringFacts()) == Score(0, ())


@pytest.mark.parametrize(
    ("source", "points"),
    [
        ("REFERRAL", 20),
        ("Referral ", 20),
        ("WEBSITE", 10),
        ("website", 10),
        ("ZILLOW", 5),
        ("walk-in", 5),
        ("", 0),
        ("  ", 0),
        ("api", 0),
        ("API", 0),
        ("WhatsApp", 0),
        ("telegram", 0),
        ("sms", 0),
        ("Email", 0),
    ],
)
def test_a_source_counts_only_when_somebody_gave_it(source: str, points: int) -> None:
    assert score(ScoringFacts(source=source)).total == points


@given(all_facts, all_weights)
def test_the_parts_add_up_to_a_total_between_0_and_100(facts: ScoringFacts, weights: Weights) -> None:
    result = score(facts, weights)
    assert sum(part.points for part in result.parts) == result.total
    assert 0 <= result.total <= 100
    assert len({part.name for part in result.parts}) == len(result.parts)


def test_points_beyond_100_are_taken_back_by_a_part_of_their_own() -> None:
    weights = Weights.from_overrides({"email": 80, "phone": 45})
    result = score(ScoringFacts(has_email=True, has_phone=True), weights)
    assert result == Score(100, (ScorePart("email", 80), ScorePart("phone", 45), ScorePart("clamped", -25)))


def test_the_most_rewarding_missing_facts_come_first() -> None:
    assert cheapest_next_facts(replace(JANE, source="api")) == (
        ScorePart("contacted", 10),
        ScorePart("secondary_phone", 5),
        ScorePart("address", 5),
        ScorePart("source_other", 5),
        ScorePart("locations", 5),
        ScorePart("notes", 5),
        ScorePart("assigned", 5),
    )


def test_a_full_score_leaves_nothing_to_find_out() -> None:
    weights = Weights.from_overrides({"email": 100})
    assert cheapest_next_facts(ScoringFacts(has_email=True), weights) == ()


FIELDS_OF_WEIGHTS: dict[str, dict[str, Any]] = {
    "email": {"has_email": True},
    "phone": {"has_phone": True},
    "secondary_phone": {"has_secondary_phone": True},
    "address": {"has_address": True},
    "source_other": {"source": "Open house"},
    "price_range": {"has_price_range": True},
    "property_types": {"has_property_types": True},
    "communication_method": {"has_communication_method": True},
    "locations": {"has_locations": True},
    "notes": {"has_notes": True},
    "assigned": {"is_assigned": True},
    "contacted": {"was_contacted": True},
}


@given(all_facts, all_weights)
def test_learning_a_suggested_fact_raises_the_score_by_what_was_promised(facts: ScoringFacts, weights: Weights) -> None:
    suggested = cheapest_next_facts(facts, weights)
    before = score(facts, weights).total
    gains = {
        part.name: score(replace(facts, **FIELDS_OF_WEIGHTS[part.name]), weights).total - before for part in suggested
    }
    assert gains == {part.name: part.points for part in suggested}
    assert all(gains.values())
    assert [part.points for part in suggested] == sorted(gains.values(), reverse=True)


@given(all_facts, all_weights)
def test_no_rewarding_fact_is_left_unsuggested(facts: ScoringFacts, weights: Weights) -> None:
    suggested = {part.name for part in cheapest_next_facts(facts, weights)}
    before = score(facts, weights).total
    for name, learned in FIELDS_OF_WEIGHTS.items():
        if name != "source_other" and score(replace(facts, **learned), weights).total > before:
            assert name in suggested


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 100)))
def test_an_organization_replaces_only_the_weights_it_names(overrides: dict[str, int]) -> None:
    assert Weights.from_overrides(overrides).as_dict() == {**DEFAULT_WEIGHTS.as_dict(), **overrides}


@pytest.mark.parametrize(
    "overrides",
    [
        {"fax": 5},
        {"email": -1},
        {"email": 101},
        {"email": 10.0},
        {"email": "10"},
        {"email": None},
        {"email": True},
        {"clamped": 5},
        {1: 5},
        [],
        "email",
        None,
    ],
)
def test_weights_that_make_no_sense_are_refused(overrides: Any) -> None:
    with pytest.raises(ValueError, match=r"weights|must be a whole number"):
        Weights.from_overrides(overrides)


def test_weights_cannot_change_once_made() -> None:
    with pytest.raises(AttributeError):
        DEFAULT_WEIGHTS.email = 50  # type: ignore[misc]  # the refusal is what is tested

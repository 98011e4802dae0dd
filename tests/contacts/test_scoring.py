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
    highest_score,
    score,
    score_changes,
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


def test_what_is_typed_in_comes_before_what_is_asked_and_that_before_a_conversation() -> None:
    assert cheapest_next_facts(replace(JANE, source="api", has_price_range=False)) == (
        ScorePart("source", 5),
        ScorePart("notes", 5),
        ScorePart("assigned", 5),
        ScorePart("secondary_phone", 5),
        ScorePart("address", 5),
        ScorePart("price_range", 10),
        ScorePart("contacted", 10),
        ScorePart("locations", 5),
    )


def test_a_full_score_leaves_nothing_to_find_out() -> None:
    weights = Weights.from_overrides({"email": 100})
    assert cheapest_next_facts(ScoringFacts(has_email=True), weights) == ()


FIELDS_OF_WEIGHTS: dict[str, dict[str, Any]] = {
    "email": {"has_email": True},
    "phone": {"has_phone": True},
    "secondary_phone": {"has_secondary_phone": True},
    "address": {"has_address": True},
    "source": {"source": "Open house"},
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


DESK, QUESTION = (
    {"source", "notes", "assigned"},
    {"email", "phone", "secondary_phone", "address", "communication_method"},
)


@given(all_facts, all_weights)
def test_the_cheapest_fact_comes_first_and_of_equally_cheap_ones_the_most_rewarding(
    facts: ScoringFacts, weights: Weights
) -> None:
    def order(part: ScorePart) -> tuple[int, int]:
        return 0 if part.name in DESK else 1 if part.name in QUESTION else 2, -part.points

    suggested = cheapest_next_facts(facts, weights)
    assert list(suggested) == sorted(suggested, key=order)


@given(all_facts, all_weights)
def test_no_rewarding_fact_is_left_unsuggested(facts: ScoringFacts, weights: Weights) -> None:
    suggested = {part.name for part in cheapest_next_facts(facts, weights)}
    before = score(facts, weights).total
    for name, learned in FIELDS_OF_WEIGHTS.items():
        if name != "source" and score(replace(facts, **learned), weights).total > before:
            assert name in suggested


def test_each_change_since_a_score_has_its_points() -> None:
    now = replace(JANE, has_phone=False, source="website", has_notes=True)
    assert score_changes(60, JANE, now) == (
        ScorePart("phone", -10),
        ScorePart("source_referral", -20),
        ScorePart("source_website", 10),
        ScorePart("notes", 5),
    )


def test_other_weights_are_a_change_of_their_own() -> None:
    weights = Weights.from_overrides({"email": 30, "phone": 5})
    assert score_changes(60, JANE, replace(JANE, has_notes=True), weights) == (
        ScorePart("notes", 5),
        ScorePart("weights", 15),
    )


def test_points_beyond_100_change_too() -> None:
    weights = Weights.from_overrides({"email": 90})
    before = ScoringFacts(has_email=True, has_phone=True)
    assert score_changes(100, before, replace(before, has_notes=True), weights) == (
        ScorePart("notes", 5),
        ScorePart("clamped", -5),
    )


def test_a_score_without_a_record_is_not_taken_apart() -> None:
    assert score_changes(42, None, JANE) == (ScorePart("unrecorded", 18),)
    assert score_changes(60, None, JANE) == ()


@given(st.integers(0, 100), st.none() | all_facts, all_facts, all_weights)
def test_changes_add_up_to_the_difference(
    recorded: int, then: ScoringFacts | None, now: ScoringFacts, weights: Weights
) -> None:
    changes = score_changes(recorded, then, now, weights)
    assert recorded + sum(part.points for part in changes) == score(now, weights).total
    assert all(part.points for part in changes)
    assert len({part.name for part in changes}) == len(changes)


@given(all_facts, all_weights)
def test_a_score_made_of_the_same_facts_with_the_same_weights_has_not_changed(
    facts: ScoringFacts, weights: Weights
) -> None:
    assert score_changes(score(facts, weights).total, facts, facts, weights) == ()


@given(all_facts, all_weights)
def test_nobody_scores_more_than_the_highest_score(facts: ScoringFacts, weights: Weights) -> None:
    assert score(facts, weights).total <= highest_score(weights)


def test_the_highest_score_counts_one_source() -> None:
    assert highest_score(DEFAULT_WEIGHTS) == 95


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

"""Columns that want the same place: which of them gets it, and what the others become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contacts.importing.columns.candidates import Candidate
from contacts.importing.columns.places import ELSEWHERE, PARTS
from contacts.importing.columns.points import UNANSWERED, rank_of
from contacts.importing.columns.targets import FIELD, LABEL, TARGETS

_PLACES: Final = frozenset({*PARTS, "address"})


def settle(candidates: Sequence[Candidate]) -> None:
    """Leave at most one column for each place that holds one, and a label for every further one."""
    for name in ("email", "phone"):
        _settle_points([each for each in candidates if each.identifier in {name, f"further_{name}"}], name)
    _settle_places([each for each in candidates if each.identifier in _PLACES])
    _settle_rest(candidates)


def _settle_points(candidates: Sequence[Candidate], name: str) -> None:
    """One column is the primary one; in rows where that is empty the next takes its place."""

    def rank(each: Candidate) -> tuple[bool, bool, int, int]:
        is_further = each.identifier != name
        order = rank_of(each.parameter) if name == "phone" else bool(each.parameter)
        return each.parameter.lower() in UNANSWERED, is_further, each.number, order

    first = min(candidates, key=rank, default=None)
    for each in candidates:
        is_primary = each is first and each.parameter.lower() not in UNANSWERED
        each.identifier = name if is_primary else f"further_{name}"


def _settle_places(candidates: Sequence[Candidate]) -> None:
    """Of several addresses the fullest is the contact's own, and the others keep their labels."""
    groups: dict[str, list[Candidate]] = {}
    for each in candidates:
        groups.setdefault(_label_of(each), []).append(each)
    for group in groups.values():
        _find_street(group)
    own = max(groups, key=lambda label: _fullness(label, groups[label]), default="")
    labels = {label: label or ("Other" if "Other" not in groups else "Further") for label in groups}
    for label, group in groups.items():
        for each in group:
            each.parameter = "" if label == own and label not in ELSEWHERE else labels[label]


def _label_of(each: Candidate) -> str:
    """Which address a column is of: ``Home Street 2`` is the second line of one, ``Address 2 - Street`` a line of another."""
    is_line = each.identifier in {"street", "address"} and not each.heading.is_numbered_inside
    if each.number == 1 or is_line:
        return each.parameter
    further = "Further" if each.number == 2 else f"Further {each.number - 1}"
    return f"{each.parameter} {further.lower()}" if each.parameter else further


def _find_street(group: Sequence[Candidate]) -> None:
    """What is called an address is the street of one where the rest of it has columns of its own."""
    said = {each.identifier for each in group}
    if "street" not in said and said & {"city", "zip_code"}:
        for each in group:
            if each.identifier == "address":
                each.identifier = "street"


def _fullness(label: str, group: Sequence[Candidate]) -> tuple[bool, int, int]:
    filled = sum(each.filled for each in group)
    return label not in ELSEWHERE, filled, -rank_of(label)


def _settle_rest(candidates: Sequence[Candidate]) -> None:
    wanted: dict[tuple[str, str], list[Candidate]] = {}
    for each in candidates:
        if each.identifier and not (target := TARGETS[each.identifier]).is_shared:
            label = each.parameter if target.parameter in {LABEL, FIELD} else ""
            wanted.setdefault((each.identifier, label), []).append(each)
    for rivals in wanted.values():
        # The first of those that say most.
        winner = max(rivals, key=lambda each: (each.filled, each.is_certain))
        for each in rivals:
            if each is not winner:
                each.become(None, f"“{winner.samples.heading}” is read instead.")

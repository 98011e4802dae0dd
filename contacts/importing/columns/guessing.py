"""What the columns of a file most likely are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from contacts.importing.columns import headings
from contacts.importing.columns.candidates import UNKNOWN, Candidate
from contacts.importing.columns.mapping import MappedColumn, Mapping
from contacts.importing.columns.moments import DAY_FIRST, order_of
from contacts.importing.columns.presets import CUSTOM_PREFIX, OWN_HEADINGS, Preset, is_own, preset_of, reason_against
from contacts.importing.columns.samples import Samples, samples_of
from contacts.importing.columns.settling import settle
from contacts.importing.columns.spelling import is_meaningless, read_heading, recognise, words_of
from contacts.importing.columns.targets import FIELD, ORDER, TARGETS, Choice, field_named
from contacts.importing.context import Context, KnownField

_MEANINGLESS: Final = "It says nothing about a person."
_FOREIGN_ID: Final = "An id of another system. Map it to uuid, number or winnerr_key to keep it."
# What a column of a closed kind may be instead, by its word: the first that its cells fit best.
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "type": ("type", "role", "stage", "status"),
    "status": ("status", "stage", "type", "role"),
    "stage": ("stage", "type", "status", "role"),
    "role": ("role", "type", "stage", "status"),
}
_WORDS_FOR_TYPE: Final = frozenset({"typ", "tipo", "art", "soort", "тип", "tur", "τυποσ"})
_WORDS_FOR_STATUS: Final = frozenset({"statut", "stato", "статус", "durum", "κατασταση"})
# Columns whose cells are mostly not what the heading says are something else of that name.
_CLOSED: Final = frozenset({"type", "status", "stage", "role", "uuid", "is_company"})
_FEWEST_SAMPLES: Final = 3
_SHORTEST_UUID: Final = 32


def guess(headers: Sequence[str], sample_rows: Sequence[Sequence[str]], context: Context) -> Mapping:
    """The most likely mapping of a file by its headings, with its first rows as a second opinion.

    Every column of the file is in it: with a target, or with the reason why it has none. ``sample_rows`` are cells as the
    reader gives them; some tens of them are enough, and two hundred are looked at.
    """
    samples = samples_of(headers, sample_rows)
    if is_own(headers):
        candidates = [_own(each, context) for each in samples]
    else:
        preset = preset_of(headers)
        candidates = [_by_heading(each, preset, context) for each in samples]
        _decide_names(candidates)
        for each in candidates:
            _look_at_cells(each, context)
        settle(candidates)
    for each in candidates:
        _add_order(each, context)
    return Mapping(
        tuple(
            MappedColumn(each.samples.heading, each.target, each.reason, each.samples.examples()) for each in candidates
        )
    )


def _own(samples: Samples, context: Context) -> Candidate:
    heading = samples.heading
    found = Candidate(read_heading(heading), samples)
    known = field_named(heading.removeprefix(CUSTOM_PREFIX), context) if heading.startswith(CUSTOM_PREFIX) else None
    target = f"custom:{known.number}" if known else OWN_HEADINGS.get(heading)
    found.become(target, reason_against(found.heading.text, None) or UNKNOWN)
    return found


def _by_heading(samples: Samples, preset: Preset | None, context: Context) -> Candidate:
    """What a column is by its heading alone, and by the program it comes from."""
    found = Candidate(read_heading(samples.heading), samples)
    text = found.heading.text
    if reason := reason_against(text, preset):
        found.become(None, reason)
    elif known := _custom_field(samples.heading, context):
        found.become(f"custom:{known.number}")
    elif preset and (target := preset.columns.get(text)):
        found.become(target)
    elif recognised := recognise(found.heading):
        found.become(f"{recognised.identifier}:{recognised.label}")
        found.is_certain = recognised.is_certain
    elif is_meaningless(found.heading):
        found.reason = _MEANINGLESS
    return found


def _custom_field(heading: str, context: Context) -> KnownField | None:
    """The custom field a heading names; what we ourselves call something is not one unless it says so."""
    name = heading.removeprefix(CUSTOM_PREFIX)
    words = words_of(name)
    if not words or (tuple(words) in _own_names() and name == heading):
        return None
    exact = field_named(name, context)
    return exact or next((known for known in context.fields if words_of(known.name) == words), None)


@cache
def _own_names() -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words_of(target.verbose_name)) for target in TARGETS.values())


def _decide_names(candidates: Sequence[Candidate]) -> None:
    """``Name`` beside ``Vorname`` is a last name, by itself a whole one; ``Nombre`` beside ``Apellidos`` a first name."""
    said = {each.identifier for each in candidates}
    has_last, has_first = "last_name" in said, bool(said & {"first_name", headings.GIVEN_OR_FULL})
    for each in candidates:
        if each.identifier == headings.GIVEN_OR_FULL:
            each.become("first_name" if has_last or headings.FAMILY_OR_FULL in said else "full_name")
        elif each.identifier == headings.FAMILY_OR_FULL:
            each.become("last_name" if has_first and not has_last else "full_name")


def _look_at_cells(each: Candidate, context: Context) -> None:
    """Decide what the heading leaves open, and what its cells contradict."""
    samples = each.samples
    match each.identifier:
        case None if each.reason == UNKNOWN:
            _by_cells(each)
        case "full_name" | "phone" | "further_phone" if samples.are_emails:
            each.become("email")
        case "full_name" | "email" | "further_email" if samples.are_phones:
            each.become("phone")
        case "email" | "further_email" if each.filled >= _FEWEST_SAMPLES and not samples.have("@"):
            each.become(None, "None of its values is an e-mail address.")
        case headings.ANY_ID:
            _decide_id(each)
        case headings.ANY_NUMBER:
            each.become("phone" if samples.are_phones else None, _FOREIGN_ID)
        case headings.TITLE:
            each.become("name_prefix" if samples.are_honorifics else None, UNKNOWN)
        case headings.ANY_CHOICE:
            _decide_choice(each, context)
        case str(identifier):
            _check_cells(each, identifier, context)


def _by_cells(each: Candidate) -> None:
    if each.samples.are_emails:
        each.become("email")
    elif each.samples.are_phones:
        each.become("phone")
    elif each.samples.is_made_up and each.samples.are_names:
        each.become("full_name")


def _decide_id(each: Candidate) -> None:
    cells = each.samples.cells
    if cells and all(text.startswith("contact_") for text in cells):
        each.become("winnerr_key")
    elif cells and all(len(text) >= _SHORTEST_UUID and "-" in text for text in cells):
        each.become("uuid")
    else:
        each.become(None, _FOREIGN_ID)


def _decide_choice(each: Candidate, context: Context) -> None:
    order = _CHOICES[_kind_of_choice(each.heading.words)]
    shares = {name: each.samples.readable(Choice(TARGETS[name]), context) for name in order}
    best = max(order, key=lambda name: shares[name])
    # Where half of the cells fit, the others are faults to be seen.
    is_ours = 2 * shares[best] >= 1
    each.become(best if is_ours else None, _none_of_ours(each))


def _kind_of_choice(words: Sequence[str]) -> str:
    """Which of the four a heading means most likely; of the words of other languages most mean stages of a process."""
    if known := next((word for word in words if word in _CHOICES), None):
        return known
    if not _WORDS_FOR_TYPE.isdisjoint(words):
        return "type"
    return "stage" if _WORDS_FOR_STATUS.isdisjoint(words) else "status"


def _none_of_ours(each: Candidate) -> str:
    return f"Its values ({', '.join(each.samples.examples())}) are none of ours. Map it to tags or notes to keep them."


def _check_cells(each: Candidate, identifier: str, context: Context) -> None:
    """A column that is mostly not what its heading says becomes nothing, rather than every row a fault."""
    target = TARGETS[identifier]
    parameter = DAY_FIRST if target.parameter == ORDER else each.parameter
    share = each.samples.readable(Choice(target, parameter), context)
    if identifier == "assigned_to" and share == 0:
        each.become(None, "None of its values is the e-mail address or name of an active member.")
    elif identifier in _CLOSED and 2 * share < 1:
        each.become(None, _none_of_ours(each))
    elif share == 0 and each.filled >= _FEWEST_SAMPLES:
        each.become(None, f"None of its values can be read as: {target.verbose_name}.")


def _add_order(each: Candidate, context: Context) -> None:
    """Say in which order a column of dates writes days and months, where that is not plain from each of them."""
    target = TARGETS[each.identifier] if each.identifier else None
    if target is None or not (order := order_of(each.samples.cells, context.region)):
        return
    if target.parameter == ORDER:
        each.parameter = order
    elif target.parameter == FIELD and _is_date(each.parameter, context):
        each.parameter = f"{each.parameter}:{order}"


def _is_date(parameter: str, context: Context) -> bool:
    known = field_named(parameter, context)
    return known is not None and known.type.name in {"date", "datetime"}

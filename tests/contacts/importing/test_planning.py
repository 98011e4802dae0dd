"""A plan says what happens: for any file, any book, any policy, however the rows are cut into chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.exceptions import DomainError
from contacts.drafts import UNSET, ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, RelatedPersonDraft
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate, Outcome
from contacts.services import create_contact, delete_contacts, update_contacts
from contacts.services.imports import outcomes_of
from tests import importing
from tests.worlds import World

# A failing example is told as it was found: to find a smaller one would take many minutes of transactions.
SEARCH = (Phase.explicit, Phase.generate)
SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def said(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(UNSET), values)


# Few of everything, so that most rows meet another one; two spellings of each.
EMAILS = st.sampled_from(
    [
        "ann@x.example",
        "ANN@X.Example",
        "bob@x.example",
        "Bob@x.EXAMPLE",
        "zoë@bücher.example",
        "zoË@xn--bcher-kva.example",
    ]
)
PHONES = st.sampled_from(["+1 415 555 0100", "(415) 555-0100", "415-555-0101", "+49 30 123456", "555", "call me"])
NAMES = st.sampled_from(["Ann Lee", "ANN  LEE", "Bob", "Zoë Smith"])
IDS = st.sampled_from([UUID(int=number) for number in (1, 2)])
NUMBERS = st.sampled_from([900_001, 900_002, 900_003])
KEYS = st.sampled_from(["contact_one", "contact_two"])
DRAFTS = st.builds(
    ContactDraft,
    full_name=said(NAMES),
    is_company=said(st.booleans()),
    company_name=said(st.sampled_from(["", "Acme", "Beta GmbH"])),
    email=said(EMAILS),
    phone=said(PHONES),
    uuid=said(IDS),
    number=said(NUMBERS),
    winnerr_key=said(KEYS),
    city=said(st.sampled_from(["", "Berlin"])),
    street=said(st.just("1 High Street")),
    type=said(st.sampled_from(["LEAD", "CLIENT"])),
    stage=said(st.sampled_from(["prospect", "applicant", "neither"])),
    notes=said(st.sampled_from(["", "Calls on Mondays."])),
    source=said(st.sampled_from(["website", "api"])),
    preferences=said(
        st.builds(
            PreferencesDraft,
            communication_method=said(st.sampled_from(["EMAIL", "", None])),
            property_types=said(st.sampled_from([(), ("CONDO",)])),
        )
    ),
    extra=said(st.sampled_from([{}, {"a": 1}, {"a": None}])),
    secondary_phone=said(PHONES),
    further_emails=said(st.lists(st.builds(EmailDraft, email=EMAILS), max_size=2).map(tuple)),
    further_phones=said(st.lists(st.builds(PhoneDraft, phone=PHONES), max_size=2).map(tuple)),
    related_people=said(st.lists(st.builds(RelatedPersonDraft, first_name=NAMES), max_size=2).map(tuple)),
    tags=said(st.lists(st.sampled_from(["vip", "VIP"]), max_size=2).map(tuple)),
    tag_set=said(st.just(("buyer",))),
)
FILES = st.lists(DRAFTS, min_size=2, max_size=14)
BOOKS = st.lists(DRAFTS, max_size=6)
POLICIES = st.sampled_from(OnDuplicate)
CHUNKS = st.integers(1, 14)
given_files = given(
    book=BOOKS,
    drafts=FILES,
    policy=POLICIES,
    chunks=st.tuples(CHUNKS, CHUNKS),
    # Each row's number of the world's members, to be assigned to.
    assigned=st.lists(st.integers(-1, 3), min_size=14, max_size=14),
    narrowed=st.booleans(),
)
few = settings(max_examples=15, deadline=None, phases=SEARCH, suppress_health_check=SUPPRESSED)


class _Undone(Exception):
    pass


def undone(work: Callable[[], Any]) -> Any:
    """What the work returns; nothing of it stays."""
    result = None
    try:
        with transaction.atomic():
            result = work()
            raise _Undone
    except _Undone:
        return result


def told(outcomes: Sequence[Outcome]) -> list[Any]:
    """What is said of each row, without the keys and numbers that only a stored contact has."""
    return [
        (
            outcome.line,
            outcome.fate,
            outcome.same_as,
            outcome.reason,
            outcome.changes,
            [fault.as_json() for fault in outcome.faults],
            list(outcome.notes),
        )
        for outcome in outcomes
    ]


def put(world: World, drafts: Sequence[ContactDraft]) -> list[int]:
    """The drafts as contacts, as far as the rules let them in."""
    ids = []
    for draft in drafts:
        try:
            ids.append(create_contact(draft, actor=world.actor()).pk)
        except DomainError:
            continue
    return ids


def actor_of(world: World, *, narrowed: bool) -> Actor:
    return replace(world.actor(world.agent), sees_all_contacts=False) if narrowed else world.actor()


def assign(world: World, drafts: Sequence[ContactDraft], assigned: Sequence[int]) -> list[ContactDraft]:
    members = world.members
    return [
        draft if number < 0 else draft.saying(assigned_to=members[number].pk)
        for draft, number in zip(drafts, assigned, strict=False)
    ]


@few
@given_files
def test_a_run_does_what_the_plan_said(
    north: World,
    book: list[ContactDraft],
    drafts: list[ContactDraft],
    policy: OnDuplicate,
    chunks: tuple[int, int],
    assigned: list[int],
    narrowed: bool,
) -> None:
    options = ImportOptions(on_duplicate=policy, tags=("imported",))
    actor = actor_of(north, narrowed=narrowed)
    drafts = assign(north, drafts, assigned)
    first, second = chunks

    def seen() -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        put(north, book)
        job = importing.plan_job(north, drafts, options, chunk=first, actor=actor)
        planned = list(outcomes_of(job, is_plan=True))
        again = importing.plan(north, drafts, options, chunk=second, actor=actor)
        ran = undone(lambda: importing.run(north, drafts, options, chunk=second, actor=actor))
        bound = undone(lambda: importing.run_planned(north, job, drafts, chunk=second, actor=actor))
        return told(planned), told(again), told(ran), told(bound)

    with north.scope():
        planned, again, ran, bound = undone(seen)
    assert again == planned
    assert ran == planned
    assert bound == planned
    assert len(planned) == len(drafts)


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("change"), st.integers(0, 5), DRAFTS.map(lambda draft: without_ids(draft))),
        st.tuples(st.just("create"), DRAFTS),
    ),
    max_size=3,
)


def without_ids(draft: ContactDraft) -> ContactDraft:
    return draft.saying(uuid=UNSET, number=UNSET, winnerr_key=UNSET)


def edit(world: World, ids: Sequence[int], edits: Sequence[tuple[Any, ...]]) -> None:
    """What other people do between a plan and its run, as far as the rules let them."""
    for verb, *details in edits:
        try:
            if verb == "create":
                create_contact(details[0], actor=world.actor())
            elif verb == "delete":
                delete_contacts(ids[details[0] : details[0] + 1], actor=world.actor())
            else:
                update_contacts(ids[details[0] : details[0] + 1], details[1], actor=world.actor())
        except DomainError:
            continue


def promised(outcome: Outcome) -> tuple[Any, ...]:
    """What of a row's outcome a plan promises."""
    if outcome.fate is Fate.FAIL:
        return (outcome.fate,)
    whose = outcome.same_as or outcome.contact_id
    return outcome.fate, whose, dict(outcome.changes), list(outcome.notes)


def moved_by(planned: Sequence[Outcome], plan: Callable[[set[int]], list[Outcome]]) -> set[int]:
    """The lines whose plan does not hold any more. ``plan`` makes one for the book as it is, without some lines."""
    moved: set[int] = set()
    while True:
        now = plan(moved)
        pairs = zip(planned, now, strict=True)
        first = next((old.line for old, new in pairs if old.line not in moved and promised(old) != promised(new)), None)
        if first is None:
            return moved
        # It does nothing, so that rows behind it may find something else.
        moved.add(first)


@few
@given(book=BOOKS, drafts=FILES, policy=POLICIES, chunks=st.tuples(CHUNKS, CHUNKS), edits=EDITS)
def test_rows_whose_plan_does_not_hold_any_more_are_named_and_all_others_done(
    north: World,
    book: list[ContactDraft],
    drafts: list[ContactDraft],
    policy: OnDuplicate,
    chunks: tuple[int, int],
    edits: list[tuple[Any, ...]],
) -> None:
    options = ImportOptions(on_duplicate=policy)

    def plan(without: set[int]) -> list[Outcome]:
        rows = [_NOTHING if line in without else draft for line, draft in enumerate(drafts, start=1)]
        return importing.plan(north, rows, options)

    def seen() -> tuple[list[Outcome], set[int], list[Outcome]]:
        ids = put(north, book)
        job = importing.plan_job(north, drafts, options, chunk=chunks[0])
        planned = list(outcomes_of(job, is_plan=True))
        edit(north, ids, edits)
        return planned, moved_by(planned, plan), importing.run_planned(north, job, drafts, chunk=chunks[1])

    with north.scope():
        planned, expected, ran = undone(seen)
    moved = {outcome.line for outcome in ran if [fault.code for fault in outcome.faults] == ["moved"]}
    assert moved == expected
    kept = [(promised(old), promised(new)) for old, new in zip(planned, ran, strict=True) if old.line not in moved]
    assert [new for _, new in kept] == [_with_created(old, new) for old, new in kept]


# A row that fails whatever the book holds.
_NOTHING = ContactDraft(stage="none")


def _with_created(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """The promise of a new contact, which has a key by now."""
    return new[:2] + old[2:] if old[:2] == (Fate.CREATE, None) else old

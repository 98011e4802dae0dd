"""Searching contacts, on either database."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.models import Member
from accounts.ordering import SortKey
from accounts.prepared import prepare
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft
from contacts.listing import Listing, Selection, page_of, slots, total_of, total_order
from contacts.models import Contact
from contacts.search import search_contacts
from contacts.services import create_contact, create_contacts, delete_contacts, restore_contact, update_contacts
from tests.postgresql import Server
from tests.searching import is_found
from tests.worlds import World, make_world


def found(world: World, text: str) -> set[str]:
    with world.scope():
        return set(search_contacts(Contact.objects.active(), text).values_list("full_name", flat=True))


@pytest.mark.parametrize(
    "text",
    [
        "evelyne ostlund",
        "ÖSTLUND Évelyne",
        "  lund  lyne ",
        "ÉVELYNE",
        "EVELYNE e@EXAMPLE",
    ],
)
def test_words_are_found_in_any_order_case_and_accent(north: World, text: str):
    assert found(north, text) == {f"Évelyne Östlund {north.canary}"}


@pytest.mark.parametrize("text", ["+1 555 123 0003", "555.123.0003", "(555)123-0003", "5551230003", "1230003"])
def test_a_phone_is_found_in_any_spelling(north: World, text: str):
    assert found(north, text) == {f"Carol Gamma {north.canary}"}


@pytest.mark.parametrize(
    "text", ["+1 312 555", "1-312-555", "(312) 555-0142", "312 555 0142", "13125550142", "0142", "312.555", "312–555"]
)
def test_a_number_is_found_as_it_is_dialled_from_abroad_too(north: World, text: str):
    with north.scope():
        create_contact(ContactDraft(full_name="Dora Dial", phone="(312) 555-0142"), actor=north.actor())
        further = (PhoneDraft(phone="312-555-0142"),)
        create_contact(ContactDraft(full_name="Fred Further", phone="1", further_phones=further), actor=north.actor())
    assert found(north, text) >= {"Dora Dial", "Fred Further"}


def test_a_national_number_is_found_in_both_forms(north: World):
    world = make_world("east", phone_region="DE")
    with world.scope():
        create_contact(ContactDraft(full_name="Berta", phone="030 901820"), actor=world.actor())
    for text in ("030 90", "+49 30 90", "4930901820", "(030) 901820"):
        assert found(world, text) == {"Berta"}


def test_a_company_named_like_a_number_is_found_as_it_is_written(north: World):
    with north.scope():
        create_contact(
            ContactDraft(full_name="Ann", company_name="3-2-1 Realty", email="x@example.com"), actor=north.actor()
        )
    assert found(north, "3-2-1") == found(north, "3-2-1 realty") == {"Ann"}


def test_further_addresses_are_searched_too(north: World):
    assert found(north, f"jane.{north.canary}@") == {f"Jane Alpha {north.canary}"}
    assert found(north, "987-6543") == {f"Jane Alpha {north.canary}"}


@pytest.mark.parametrize("text", ["%", "_", "\\", "100% sure", "a_b", "c\\d"])
def test_pattern_characters_mean_themselves(north: World, text: str):
    assert found(north, text) == set()
    with north.scope():
        create_contact(ContactDraft(full_name=f"Odd {text} name"), actor=north.actor())
    assert found(north, text) == {f"Odd {text} name"}


def test_all_words_have_to_be_there(north: World):
    assert found(north, "carol ostlund") == set()


def test_blank_text_finds_everything_and_nul_is_a_blank(north: World):
    everybody = {contact.full_name for contact in north.contacts}
    assert found(north, "  ") == everybody
    assert found(north, "\x00") == everybody


def test_an_endless_query_is_answered(north: World):
    assert found(north, "carol " + "x" * 100_000) == set()


def test_strangers_and_deleted_contacts_are_not_found(north: World, south: World):
    assert found(north, south.canary) == set()
    assert found(north, "gone") == set()
    assert len(found(south, south.canary)) == len(south.contacts)


def test_a_search_narrows_the_queryset_it_is_given(north: World):
    with north.scope():
        clients = Contact.objects.active().filter(type="CLIENT")
        assert [each.type for each in search_contacts(clients, north.canary)] == ["CLIENT"]


NAMES = ["Ann Lee", "anna", "Émile Zola", "Bo O'Hara", "100% Sure", "a_b", "Back\\slash", "Straße", "X"]
COMPANIES = ["", "", "3-2-1 Realty", "Ümlaut & Co.", "Annex 555"]
PHONES = ["", "(312) 555-0142", "312.555.0199", "+1 312 555 0100", "555-0142", "+44 20 7946 0958", "2125550142"]
PIECES = [
    "ann", "ANN", "lee ann", "émile", "emile z", "o'h", "100%", "%", "_", "a_b", "\\", "strasse", "x", "3-2-1", "555",
    "312", "+1 312 555", "1-312-555", "312 555 0142", "(312)", "0142", "44 20", "example", "@example.com", "p1@", "p1", "é",
    "555 annex", "ann 0142", "ann (312)", "ann 555-0142", "\x00", "ann\x00lee", "\u0301", "\ud800", "nobody", "-", "(", "1",
    "'; --", "$$", "{}", '"', "co. ümlaut", "12 34",
]  # fmt: skip
NEWEST_FIRST = total_order([SortKey("created_at", True)])
QUERIES = st.sampled_from(PIECES) | st.lists(st.sampled_from(PIECES), max_size=3).map(" ".join) | st.text(max_size=4)


def person(number: int, chance: random.Random) -> ContactDraft:
    return ContactDraft(
        full_name=chance.choice(NAMES),
        company_name=chance.choice(COMPANIES),
        email=f"p{number}@example.com",
        phone=chance.choice(PHONES),
        further_emails=tuple(EmailDraft(email=f"second{number}@example.org") for _ in range(number % 2)),
        further_phones=tuple(PhoneDraft(phone=phone) for phone in chance.sample(PHONES[1:], chance.randint(0, 2))),
        stage=chance.choice(["prospect", "renter"]),
        assigned_to=None,
    )


def crowd(world: World, size: int = 60) -> dict[int, ContactDraft]:
    """People made in the world's organization, by primary key; some of them were deleted, restored and changed."""
    chance = random.Random(3)
    drafts = [
        replace(person(number, chance), assigned_to=chance.choice([None, world.agent.pk])) for number in range(size)
    ]
    made = [contact for chunk in create_contacts(drafts, actor=world.actor()) for contact in chunk]
    known = {contact.pk: draft for contact, draft in zip(made, drafts, strict=True)}
    delete_contacts(list(known)[::6], actor=world.actor())
    restore_contact(Contact.objects.get(pk=next(iter(known))), actor=world.actor())
    for pk in list(known)[6::6]:
        known.pop(pk)
    for pk in list(known)[::5]:
        known[pk] = replace(known[pk], full_name="Changed Name", phone="(773) 555-0142")
        update_contacts([pk], ContactDraft(full_name="Changed Name", phone="(773) 555-0142"), actor=world.actor())
    return known


def expected(known: Mapping[int, ContactDraft], query: str) -> set[int]:
    return {pk for pk, draft in known.items() if not query.strip("\x00 \u0301") or is_found(draft, query)}


def searched(selection: Selection, actor: Actor, *, first: int, limit: int) -> tuple[list[int], int]:
    """A numbered page of a search, and the total."""
    listing = Listing.of(selection, NEWEST_FIRST, limit, actor=actor, is_numbered=True)
    values = slots(selection, actor=actor, first=first)
    rows = prepare(page_of(listing).annotate(total=total_of(listing)).values_list("pk", "total")).rows(values)
    alone = prepare(Member.objects.annotate(total=total_of(listing)).values_list("total")[:1]).rows(values)
    assert {total for _, total in rows} <= {alone[0][0]}
    return [pk for pk, _ in rows], alone[0][0]


SLOW = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_any_search_finds_what_a_plain_reading_finds(north: World, south: World):
    with north.scope():
        Contact.objects.all().update(deleted_at=north.contact.created_at, search_text="")
        known = crowd(north)
        narrowed = replace(north.actor(north.agent), sees_all_contacts=False)
        order = list(Contact.objects.filter(pk__in=known).order_by("-created_at", "-id").values_list("pk", flat=True))

        @SLOW
        @given(query=QUERIES, stage=st.sampled_from([None, "renter"]), actor=st.sampled_from([north.actor(), narrowed]))
        def check(query: str, stage: str | None, actor: Actor) -> None:
            wanted = expected(known, query)
            assert set(search_contacts(Contact.objects.active(), query).values_list("pk", flat=True)) == wanted
            seen = [
                pk
                for pk in order
                if pk in wanted
                and stage in (None, known[pk].stage)
                and (actor.sees_all_contacts or known[pk].assigned_to == north.agent.pk)
            ]
            selection = Selection(search=query, stages=None if stage is None else [stage])
            for first in (0, 7, 21, len(seen)):
                assert searched(selection, actor, first=first, limit=7) == (seen[first : first + 7], len(seen))

        check()


def test_contacts_of_before_get_their_dialled_numbers(north: World, south: World):
    migration = importlib.import_module("contacts.migrations.0007_search")
    with north.scope():
        known = crowd(north)
        rows = Contact.objects.filter(pk__in=known).prefetch_related("further_phones")
        wanted = {contact.pk: (contact.search_text, contact.version, contact.updated_at) for contact in rows}
        bare = {contact.pk: without_dialled(contact) for contact in rows}
        assert sum(bare[pk] != text for pk, (text, *_) in wanted.items()) > 20
        for pk, text in bare.items():
            Contact.objects.filter(pk=pk).update(search_text=text)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(next(text for text in migration.AddDialledNumbers().forward_sql() if "UPDATE" in text))
            else:
                migration.add_dialled_numbers(apps, connection.schema_editor())
        found = Contact.objects.filter(pk__in=known).values_list("pk", "search_text", "version", "updated_at")
        assert {pk: values for pk, *values in found} == {pk: list(values) for pk, values in wanted.items()}
        # What is searched is what stands in the row, whoever changed it.
        again = search_contacts(Contact.objects.active().filter(pk__in=known), "+1 312 555")
        assert {contact.pk for contact in again} == expected(known, "+1 312 555")


def without_dialled(contact: Contact) -> str:
    """The search text as it was before it held numbers as they are dialled from abroad."""
    phones: list[Any] = [contact, *contact.further_phones.all()]
    typed, forms = (
        {re.sub(r"\D", "", getattr(phone, column)) for phone in phones} for column in ("phone", "phone_norm")
    )
    words = contact.search_text.split()
    while words and words[-1] in forms - typed:
        words.pop()
    return " ".join(words)


@pytest.fixture
def impatient(postgresql_server: Server) -> Iterator[int]:
    """A database that counts no further than to 12 and looks at no more than 20 rows for a page: a crowd is many to it."""
    migration = importlib.import_module("contacts.migrations.0007_search")

    def define(counted: int, walked: int) -> None:
        text = migration.searched(counted=counted, walked=walked).replace("CREATE", "CREATE OR REPLACE", 1)
        with postgresql_server.session(postgresql_server.owner) as owner:
            owner.execute(text.encode())

    define(12, 20)
    yield 12
    define(10_000, 50_000)


@pytest.mark.postgresql
def test_of_more_than_are_counted_every_page_is_right_and_says_that_there_are_more(north: World, impatient: int):
    with north.scope():
        Contact.objects.all().update(deleted_at=north.contact.created_at, search_text="")
        known = crowd(north)
        order = list(Contact.objects.filter(pk__in=known).order_by("-created_at", "-id").values_list("pk", flat=True))

        @SLOW
        @given(query=st.sampled_from(PIECES), limit=st.sampled_from([1, 5, 12, 40]))
        def check(query: str, limit: int) -> None:
            if not query.strip("\x00 \u0301"):
                return
            wanted = [pk for pk in order if pk in expected(known, query)]
            for first in range(0, len(wanted) + limit, limit):
                keys, total = searched(Selection(search=query), north.actor(), first=first, limit=limit)
                assert keys == wanted[first : first + limit]
                assert total == len(wanted) or (first + limit < total == impatient + 1 <= len(wanted))

        check()


@pytest.mark.postgresql
def test_two_searches_of_one_transaction_do_not_share_an_answer(north: World):
    selection = Selection(search="ann")
    with north.scope():
        _, before = searched(selection, north.actor(), first=0, limit=5)
        create_contact(ContactDraft(full_name="Ann", email="new@example.com"), actor=north.actor())
        assert searched(selection, north.actor(), first=0, limit=5)[1] == before + 1

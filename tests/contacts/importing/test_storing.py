"""The set-based way into the address book stores what the verbs of the address book store, for any drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contacts.drafts import (
    UNSET,
    ContactDraft,
    EmailDraft,
    PhoneDraft,
    PreferencesDraft,
    PriceRange,
    RelatedPersonDraft,
)
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate
from contacts.importing.records import RowFault
from contacts.importing.tables import Batch, insert_batches
from contacts.models import Consent, Contact, ContactChange, CustomField, Medium, Tag
from contacts.services import create_contact, create_contacts, storing
from contacts.services.children import KINDS, read_children
from tests import importing
from tests.worlds import World

# What differs between two makings of the same contact.
OWN = frozenset(
    {"id", "uuid", "number", "organization_id", "created_at", "updated_at", "applied_at", "last_contacted_order"}
)
# A failing example is told as it was found: to find a smaller one would take many minutes of transactions.
SEARCH = (Phase.explicit, Phase.generate)
WORDS = st.sampled_from(
    ["", "Ann", "Zoë Smith", "Dr. Juan de la Vega III", "Ltd; & Söhne", "o'Neil\tX", "\\N", "漢字", 'a"b,c']
)
# Whatever a database takes: what COPY would take for an end of a line, of a column or for nothing among it.
TEXTS = st.one_of(
    st.text(st.sampled_from("\\\t\n\r\b\x1f\x7fN.x0a ")),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
)
PHONES = st.sampled_from(["+1-555-123-4567", "030 123456", "555 0199", "(415) 555-0100 ext. 3", "call me"])
OPTIONAL = st.just(UNSET)


def said(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(OPTIONAL, values)


NUMBERS = st.integers(0, 9_999)
EMAILS = NUMBERS.map(lambda number: f"Person{number}@Example.com")
DRAFTS = st.builds(
    ContactDraft,
    first_name=said(WORDS),
    last_name=said(WORDS),
    full_name=said(WORDS),
    is_company=said(st.booleans()),
    company_name=said(WORDS),
    email=EMAILS,
    email_label=said(WORDS),
    # One each: a telephone and a name that two of them have would be a duplicate.
    phone=said(NUMBERS.map(lambda number: f"(415) 555-{number:04}")),
    city=said(TEXTS),
    type=said(st.sampled_from(["LEAD", "CLIENT"])),
    stage=said(st.sampled_from(["prospect", "applicant"])),
    source=said(st.sampled_from(["referral", "website", "api", "Open house"])),
    preferences=said(
        st.builds(
            PreferencesDraft,
            property_types=said(st.just(("CONDO",))),
            price_range=said(st.just(PriceRange(min=1, max=2))),
        )
    ),
    notes=said(TEXTS),
    extra=said(st.one_of(st.just({"a": [1, {"b": None}]}), st.builds(lambda text: {text: [text]}, TEXTS))),
    further_emails=said(st.lists(st.builds(EmailDraft, email=EMAILS, label=WORDS), max_size=3).map(tuple)),
    further_phones=said(st.lists(st.builds(PhoneDraft, phone=PHONES, note=WORDS), max_size=3).map(tuple)),
    related_people=said(st.lists(st.builds(RelatedPersonDraft, first_name=WORDS), max_size=2).map(tuple)),
    tags=said(st.lists(st.sampled_from(["vip", "VIP", "tag, one", "Ω"]), max_size=4).map(tuple)),
    do_not_contact_by=said(st.lists(st.sampled_from(Medium.values), max_size=3).map(tuple)),
    created_at=said(st.just(datetime(2020, 2, 29, 12, 0, 0, 123456, tzinfo=UTC))),
    last_contacted_at=said(st.just(datetime(2021, 1, 1, tzinfo=UTC))),
)


def _telephone(draft: ContactDraft) -> Any:
    return draft.phone or object()


class _Undone(Exception):
    pass


def stored(ids: Sequence[int]) -> list[dict[str, Any]]:
    """Everything that is stored of the contacts, apart from what is each making's own."""
    contacts = list(Contact.objects.filter(pk__in=ids).order_by("number"))
    children = read_children([contact.pk for contact in contacts], KINDS)
    changes: dict[int, list[Any]] = {contact.pk: [] for contact in contacts}
    for change in ContactChange.objects.filter(contact_id__in=ids).order_by("id"):
        changes[change.contact_id].append(
            (change.verb, change.before, change.after, change.actor_label, change.member_id)
        )
    objections: dict[int, list[Any]] = {contact.pk: [] for contact in contacts}
    for consent in Consent.objects.filter(contact_id__in=ids).order_by("medium"):
        objections[consent.contact_id].append((consent.medium, consent.is_given, consent.words, consent.actor_label))
    columns = [field.attname for field in Contact._meta.concrete_fields if field.attname not in OWN]
    return [
        {name: getattr(contact, name) for name in columns}
        | dict(children[contact.pk].rows)
        | {"changes": changes[contact.pk], "objections": objections[contact.pk]}
        | {"is_applied": contact.applied_at == contact.created_at}
        for contact in contacts
    ]


@settings(max_examples=25, deadline=None, phases=SEARCH, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drafts=st.lists(DRAFTS, min_size=1, max_size=12, unique_by=(lambda draft: draft.email, _telephone)))
def test_an_import_stores_what_creating_stores(north: World, drafts: list[ContactDraft]) -> None:
    seen: list[list[dict[str, Any]]] = []
    with north.scope():
        for make in (_by_service, _by_import):
            try:
                with transaction.atomic():
                    seen.append(stored(make(north, drafts)))
                    raise _Undone
            except _Undone:
                pass
    assert seen[0] == seen[1]
    assert len(seen[0]) == len(drafts)


def _by_service(world: World, drafts: list[ContactDraft]) -> list[int]:
    return [contact.pk for chunk in create_contacts(drafts, actor=world.actor()) for contact in chunk]


def _by_import(world: World, drafts: list[ContactDraft]) -> list[int]:
    outcomes = importing.run(world, drafts, ImportOptions(on_duplicate=OnDuplicate.ERROR))
    assert [outcome.fate for outcome in outcomes] == [Fate.CREATE] * len(drafts), outcomes
    return [outcome.contact_id for outcome in outcomes if outcome.contact_id]


@pytest.mark.django_db
def test_custom_values_and_kept_ids_come_along(north: World) -> None:
    with north.scope():
        field = CustomField.objects.get()
        draft = ContactDraft(
            full_name="Ann", number=900_000, winnerr_key="contact_abc", custom_values={field.number: "1"}
        )
        (outcome,) = importing.run(north, [draft], ImportOptions())
        contact = Contact.objects.get(number=900_000)
        assert (contact.pk, contact.winnerr_key) == (outcome.contact_id, "contact_abc")
        assert contact.custom_values == {field.key: 1}
        (next_one,) = importing.run(north, [ContactDraft(full_name="Bea")], ImportOptions(source="list"))
        assert next_one.number is not None
        assert next_one.number > 900_000


def test_a_row_that_the_database_alone_refuses_keeps_no_other_from_going_in(
    north: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(batches: Sequence[Batch]) -> None:
        whole = [replace(batch, rows=list(batch.rows)) for batch in batches]
        if any("poison@example.com" in row for batch in whole for row in batch.rows):
            raise DataError("nobody thought of that")
        insert_batches(whole)

    monkeypatch.setattr(storing, "insert_batches", refusing)
    drafts = [
        ContactDraft(email=f"{name}@example.com") for name in ("ann.new", "bea.new", "poison", "cyd.new", "dan.new")
    ]
    with north.scope():
        outcomes = importing.run(north, drafts, ImportOptions())
        assert [(outcome.line, outcome.fate) for outcome in outcomes] == [
            (1, Fate.CREATE),
            (2, Fate.CREATE),
            (3, Fate.FAIL),
            (4, Fate.CREATE),
            (5, Fate.CREATE),
        ]
        assert outcomes[2].faults == [RowFault("", "", "refused", "the database refuses this row")]
        assert Contact.objects.filter(email__endswith=".new@example.com").count() == 4


def test_numbers_that_one_organization_brings_along_move_nobody_elses(north: World, south: World) -> None:
    with north.scope():
        importing.run(north, [ContactDraft(full_name="Ann", number=5_000_000_000)], ImportOptions())
        made = [create_contact(ContactDraft(full_name=name), actor=north.actor()).number for name in ("Bea", "Cyd")]
    assert made == [5_000_000_001, 5_000_000_002]
    with south.scope():
        assert create_contact(ContactDraft(full_name="Dan"), actor=south.actor()).number < 1_000_000


SWITCHBOARD: dict[str, Any] = {"phone": "+1 415 555 0000", "is_company": True}


@pytest.mark.parametrize(
    ("drafts", "fates"),
    [
        # Companies have no name of a person; what is theirs alone is the address.
        (
            [ContactDraft(email="a@x.example", **SWITCHBOARD), ContactDraft(email="b@x.example", **SWITCHBOARD)],
            [Fate.CREATE, Fate.CREATE],
        ),
        ([ContactDraft(phone="+1 415 555 0000"), ContactDraft(phone="(415) 555-0000")], [Fate.CREATE, Fate.SKIP]),
        (
            [
                ContactDraft(full_name="Bo Lee", phone="+1 415 555 0000", email=f"{name}@x.example")
                for name in ("bo", "bo.lee")
            ],
            [Fate.CREATE, Fate.SKIP],
        ),
        # Each has an id of its own where they come from.
        (
            [
                ContactDraft(full_name="Bo Lee", phone="+1 415 555 0000", email=f"{name}@x.example", winnerr_key=name)
                for name in ("father", "son")
            ],
            [Fate.CREATE, Fate.CREATE],
        ),
    ],
)
@pytest.mark.parametrize("chunk", [1, 10])
def test_who_shares_a_telephone_is_one_where_a_name_says_so(
    north: World, drafts: list[ContactDraft], fates: list[Fate], chunk: int
) -> None:
    with north.scope():
        outcomes = importing.run(north, drafts, ImportOptions(), chunk=chunk)
    assert [outcome.fate for outcome in outcomes] == fates


@pytest.mark.postgresql
def test_what_copy_refuses_is_an_error_like_any_other(north: World) -> None:
    with north.scope():
        with pytest.raises(DataError), transaction.atomic():
            insert_batches(
                [Batch(Tag, ("name", "slug", "color", "number", "position"), [("x" * 500, "x", "#000000", 99, 99)])]
            )
        assert not Tag.objects.filter(number=99).exists()

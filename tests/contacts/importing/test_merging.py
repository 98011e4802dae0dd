"""What rows of contacts that are there already change: by policy, and exactly as if somebody had written it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.exceptions import Invalid
from contacts.drafts import (
    UNSET,
    ContactDraft,
    EmailDraft,
    PhoneDraft,
    PreferencesDraft,
    PriceRange,
    RelatedPersonDraft,
)
from contacts.importing.merging import merged
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate, Outcome
from contacts.models import Contact, CustomField
from contacts.services import create_contact, delete_contact, update_contact
from contacts.services.children import KINDS, read_children
from tests import importing
from tests.contacts.importing.test_planning import DRAFTS, SEARCH, SUPPRESSED, told, undone
from tests.contacts.importing.test_storing import stored
from tests.worlds import World

SOMEBODY = "somebody@x.example"
OURS = DRAFTS.map(lambda draft: draft.saying(email=SOMEBODY, stage=UNSET if draft.stage == "neither" else draft.stage))


def timeless(contact: Contact) -> dict[str, Any]:
    """Everything stored of the contact, and whether it was converted but not when."""
    (found,) = stored([contact.pk])
    return {**found, "converted_at": found["converted_at"] is not None}


@settings(max_examples=20, deadline=None, phases=SEARCH, suppress_health_check=SUPPRESSED)
@given(book=OURS, row=OURS, policy=st.sampled_from([OnDuplicate.FILL, OnDuplicate.UPDATE]))
def test_an_import_changes_what_changing_by_hand_changes(
    north: World, book: ContactDraft, row: ContactDraft, policy: OnDuplicate
) -> None:
    def by_hand() -> Any:
        contact = create_contact(book, actor=north.actor())
        children = read_children([contact.pk], KINDS)[contact.pk]
        draft = merged(row, contact, children, policy, region="US")
        try:
            update_contact(contact, draft, actor=north.actor(), score=True)
        except Invalid:
            return "failed"
        return timeless(contact)

    def by_import() -> Any:
        contact = create_contact(book, actor=north.actor())
        (outcome,) = importing.run(north, [row], ImportOptions(on_duplicate=policy))
        if outcome.fate is Fate.FAIL:
            return "failed"
        assert outcome.contact_id == contact.pk
        return timeless(contact)

    with north.scope():
        assert undone(by_import) == undone(by_hand), (policy, book.said(), row.said())


pytestmark = pytest.mark.django_db

STORED = ContactDraft(
    full_name="Ann Lee",
    email="ann@x.example",
    email_label="work",
    phone="+1 415 555 0100",
    city="Rome",
    notes="Calls on Mondays.",
    preferences=PreferencesDraft(property_types=("CONDO",), price_range=PriceRange(min=1, max=2)),
    further_emails=(EmailDraft(email="lee@x.example"),),
    further_phones=(PhoneDraft(phone="555 0199", note="old"),),
    related_people=(RelatedPersonDraft(first_name="Pat"),),
    tags=("vip",),
    extra={"a": 1},
)
ROW = ContactDraft(
    full_name="Anna Lee",
    company_name="Acme",
    email="ANN@x.example",
    phone="415-555-0177",
    street="1 High Street",
    zip_code="10115",
    notes="Moved.",
    preferences=PreferencesDraft(communication_method="EMAIL", property_types=("HOUSE",), locations=()),
    further_emails=(EmailDraft(email="LEE@x.example"), EmailDraft(email="anna@x.example")),
    secondary_phone="(415) 555-0100",
    related_people=(RelatedPersonDraft(first_name="Pat"), RelatedPersonDraft(first_name="Kim")),
    tags=("buyer", "vip"),
    extra={"a": 2, "b": 3, "c": None},
    custom_values={1: "1"},
)


def seen(contact: Contact) -> dict[str, Any]:
    """The contact as it is now, as far as these tests say anything of it; telephones and addresses with the first one first."""
    fresh = Contact.objects.get(pk=contact.pk)
    children = read_children([contact.pk], KINDS)[contact.pk].rows
    names = (
        "full_name",
        "company_name",
        "email",
        "phone",
        "street",
        "city",
        "zip_code",
        "notes",
        "preferences",
        "extra",
    )
    return {
        **{name: getattr(fresh, name) for name in names},
        "custom": sorted(fresh.custom_values.values()),
        "emails": [entry.email for entry in children["further_emails"]],
        "phones": [(entry.phone, entry.note) for entry in children["further_phones"]],
        "people": [person.first_name for person in children["related_people"]],
        "tags": list(children["tags"]),
        "version": fresh.version,
    }


def brought(
    world: World, rows: Sequence[ContactDraft], policy: OnDuplicate, book: Sequence[ContactDraft] = (STORED,)
) -> tuple[list[Contact], list[Outcome]]:
    """Contacts that were there, and what became of rows that come to them; a plan says the same."""
    contacts = [create_contact(draft, actor=world.actor()) for draft in book]
    options = ImportOptions(on_duplicate=policy)
    planned = importing.plan(world, rows, options, chunk=1)
    outcomes = importing.run(world, rows, options)
    assert told(outcomes) == told(planned)
    return contacts, outcomes


def test_fill_adds_what_is_missing_and_replaces_nothing(north: World, south: World) -> None:
    with north.scope():
        (ann,), (outcome,) = brought(north, [ROW], OnDuplicate.FILL)
        assert outcome.fate is Fate.UPDATE
        assert seen(ann) == {
            "full_name": "Ann Lee",
            "company_name": "Acme",
            "email": "ann@x.example",
            "phone": "+1 415 555 0100",
            # Two halves make no address.
            "street": "",
            "city": "Rome",
            "zip_code": "",
            "notes": "Calls on Mondays.",
            "preferences": {
                "communication_method": "EMAIL",
                "property_types": ["CONDO"],
                "price_range": {"min": 1, "max": 2},
            },
            "extra": {"a": 1, "b": 3},
            "custom": [1],
            "emails": ["lee@x.example", "anna@x.example"],
            "phones": [("555 0199", "old"), ("415-555-0177", "")],
            "people": ["Pat", "Kim"],
            "tags": ["vip", "buyer"],
            "version": 2,
        }


def test_update_replaces_what_the_row_says_and_takes_nothing_away(north: World) -> None:
    with north.scope():
        (ann,), (outcome,) = brought(north, [ROW], OnDuplicate.UPDATE)
        assert outcome.fate is Fate.UPDATE
        assert seen(ann) == {
            "full_name": "Anna Lee",
            "company_name": "Acme",
            # The same address in another spelling is no other address.
            "email": "ann@x.example",
            "phone": "415-555-0177",
            "street": "1 High Street",
            "city": "Rome",
            "zip_code": "10115",
            "notes": "Moved.",
            "preferences": {
                "communication_method": "EMAIL",
                "property_types": ["HOUSE"],
                "price_range": {"min": 1, "max": 2},
            },
            "extra": {"a": 2, "b": 3},
            "custom": [1],
            "emails": ["lee@x.example", "anna@x.example"],
            "phones": [("555 0199", "old"), ("+1 415 555 0100", "")],
            "people": ["Pat", "Kim"],
            "tags": ["vip", "buyer"],
            "version": 2,
        }


def test_a_replaced_address_stays_as_a_further_one_with_its_label(north: World) -> None:
    row = ContactDraft(full_name="ANN LEE", email="lee@x.example", phone="(415) 555-0100")
    with north.scope():
        (ann,), (outcome,) = brought(north, [row], OnDuplicate.UPDATE)
        assert outcome.changes["email"] == ["ann@x.example", "lee@x.example"]
        assert outcome.changes["further_emails"] == [
            [{"email": "lee@x.example", "label": "", "note": ""}],
            [{"email": "ann@x.example", "label": "work", "note": ""}],
        ]
        assert Contact.objects.get(pk=ann.pk).email_label == ""


@pytest.mark.parametrize("policy", list(OnDuplicate))
def test_rows_find_their_contact_by_address_then_telephone_then_id(
    north: World, south: World, policy: OnDuplicate
) -> None:
    key, uuid = "contact_abc", UUID(int=7)
    book = [
        ContactDraft(full_name="Ann Lee", email="ann@bücher.example"),
        ContactDraft(full_name="Bob Ray", phone="+1 415 555 0101"),
        ContactDraft(full_name="Cid Moe", uuid=uuid),
        ContactDraft(full_name="Dan Doe", winnerr_key=key),
        ContactDraft(full_name="Eve Fox", number=900_000),
    ]
    rows = [
        ContactDraft(full_name="Somebody Else", email="ANN@xn--bcher-kva.example"),
        ContactDraft(first_name="BOB", last_name="ray", email="bob@x.example", phone="(415) 555-0101"),
        ContactDraft(full_name="cid  moe", uuid=uuid),
        ContactDraft(full_name="Dan Doe", winnerr_key=key),
        ContactDraft(full_name="Eve Fox", number=900_000),
        # Everybody else: the same telephone or id under another name.
        ContactDraft(full_name="Ray Bob", phone="(415) 555-0101"),
        ContactDraft(full_name="Moe Cid", uuid=uuid, number=900_000, winnerr_key=key),
    ]
    with north.scope():
        contacts, outcomes = brought(north, rows, policy, book)
        *found, ray, moe = outcomes
        assert [outcome.contact_id for outcome in found] == [contact.pk for contact in contacts]
        fates = {Fate.SKIP} if policy is OnDuplicate.SKIP else {Fate.FAIL}
        if policy in (OnDuplicate.FILL, OnDuplicate.UPDATE):
            fates = {Fate.UPDATE, Fate.SKIP}
        assert {outcome.fate for outcome in found} == fates
        reasons = [outcome.reason or outcome.faults[0].message for outcome in found]
        ways = ["e-mail address", "telephone and name", "id and name", "id and name", "number and name"]
        for reason, contact, way in zip(reasons, contacts, ways, strict=True):
            assert reason.startswith(f"contact {contact.number} has the same {way}")
        assert (ray.fate, moe.fate) == (Fate.CREATE, Fate.CREATE)
        assert list(moe.notes) == [
            f"{uuid} is another contact's id: this one has a new one",
            "900000 is another contact's id: this one has a new one",
            f"{key} is another contact's id: this one has a new one",
        ]
    with south.scope():
        assert not Contact.objects.filter(full_name="Ray Bob").exists()


def test_of_several_with_one_telephone_and_name_the_oldest_is_found_until_it_has_another(north: World) -> None:
    phone = "+1 415 555 0100"
    book = [
        ContactDraft(full_name="Ann Lee", email="one@x.example", phone=phone),
        ContactDraft(full_name="Ann Lee", email="two@x.example", phone=phone),
    ]
    rows = [
        ContactDraft(full_name="Ann Lee", phone=phone, notes="First."),
        ContactDraft(full_name="Ann Lee", email="one@x.example", phone="+1 415 555 0199"),
        ContactDraft(full_name="Ann Lee", phone=phone, notes="Second."),
        ContactDraft(full_name="Ann Lee", phone="+1 415 555 0199", notes="Third."),
    ]
    with north.scope():
        (one, two), outcomes = brought(north, rows, OnDuplicate.UPDATE, book)
        assert [outcome.contact_id for outcome in outcomes] == [one.pk, one.pk, two.pk, one.pk]
        assert [seen(contact)["notes"] for contact in (one, two)] == ["Third.", "Second."]
        assert [seen(contact)["version"] for contact in (one, two)] == [4, 2]


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_rows_of_one_file_about_one_person_make_one_contact(north: World, chunk: int) -> None:
    rows = [
        ContactDraft(full_name="Ann Lee", email="ann@x.example", tags=("a",)),
        ContactDraft(full_name="Ann Lee", email="Ann@X.example", phone="415-555-0100", tags=("b",)),
        ContactDraft(full_name="ANN LEE", phone="+1 415 555 0100", further_emails=(EmailDraft(email="lee@x.example"),)),
    ]
    with north.scope():
        outcomes = importing.run(north, rows, ImportOptions(on_duplicate=OnDuplicate.FILL), chunk=chunk)
        assert [(outcome.fate, outcome.same_as, outcome.reason) for outcome in outcomes] == [
            (Fate.CREATE, None, ""),
            (Fate.UPDATE, 1, "the same e-mail address as in line 1"),
            (Fate.UPDATE, 2, "the same telephone and name as in line 2"),
        ]
        (ann,) = Contact.objects.filter(email_norm="ann@x.example")
        assert {name: seen(ann)[name] for name in ("tags", "emails", "phone", "version")} == {
            "tags": ["a", "b"],
            "emails": ["lee@x.example"],
            "phone": "415-555-0100",
            "version": 3,
        }


def test_a_company_keeps_its_name_when_it_is_filled(north: World) -> None:
    book = [ContactDraft(company_name="Acme", is_company=True, email="info@x.example")]
    rows = [ContactDraft(full_name="Ann Lee", company_name="Beta", email="info@x.example", city="Rome")]
    with north.scope():
        (acme,), (outcome,) = brought(north, rows, OnDuplicate.FILL, book)
        assert sorted(outcome.changes) == ["city", "lead_score"]
        assert {name: seen(acme)[name] for name in ("company_name", "full_name", "city")} == {
            "company_name": "Acme",
            "full_name": "",
            "city": "Rome",
        }


@pytest.mark.parametrize("policy", [OnDuplicate.SKIP, OnDuplicate.FILL, OnDuplicate.ERROR])
def test_an_agent_changes_and_learns_of_none_but_their_own_contacts(north: World, policy: OnDuplicate) -> None:
    actor = replace(north.actor(north.agent), sees_all_contacts=False)
    rows = [
        ContactDraft(email="bob@example.com", city="Rome"),
        # Nobody's yet, and so not the agent's.
        ContactDraft(email="e@example.com", city="Rome"),
        ContactDraft(full_name="New One", email="new@x.example"),
        ContactDraft(full_name="New Two", email="two@x.example", assigned_to=north.admin.pk),
        ContactDraft(email="two@x.example", city="Rome"),
    ]
    colleague = "a contact that somebody else looks after has the same e-mail address"
    with north.scope():
        bob = Contact.objects.get(email="bob@example.com")
        options = ImportOptions(on_duplicate=policy)
        planned = importing.plan(north, rows, options, chunk=2, actor=actor)
        outcomes = importing.run(north, rows, options, chunk=1, actor=actor)
        assert told(outcomes) == told(planned)
        said = [outcome.reason or (outcome.faults[0].message if outcome.faults else "") for outcome in outcomes]
        assert said[0].startswith(f"contact {bob.number} has the same e-mail address")
        assert said[1].startswith(colleague)
        assert (outcomes[1].number, said[2], said[3]) == (None, "", "")
        assert Contact.objects.get(email="e@example.com").city == ""
        assert Contact.objects.get(email="new@x.example").assigned_to_id == north.agent.pk
        assert Contact.objects.get(email="two@x.example").city == ""


def test_a_deleted_contact_is_nobody_and_its_ids_stay_its_own(north: World) -> None:
    with north.scope():
        gone = create_contact(
            ContactDraft(full_name="Ann Lee", email="ann@x.example", number=900_000), actor=north.actor()
        )
        delete_contact(gone, actor=north.actor())
        row = ContactDraft(full_name="Ann Lee", email="ann@x.example", number=900_000)
        (outcome,) = importing.run(north, [row], ImportOptions())
        assert (outcome.fate, outcome.number != 900_000) == (Fate.CREATE, True)
        assert list(outcome.notes) == ["900000 is another contact's id: this one has a new one"]


def test_numbers_that_later_rows_bring_along_are_given_to_nobody_else(north: World) -> None:
    with north.scope():
        first = max(Contact.objects.values_list("number", flat=True)) + 1
        taken = Contact.objects.active().first()
        assert taken is not None
        rows = [
            ContactDraft(full_name="Ann Lee", number=taken.number),
            ContactDraft(full_name="Bob Ray"),
            *(ContactDraft(full_name=f"Person {number}", number=number) for number in range(first, first + 5)),
        ]
        outcomes = importing.run(north, rows, ImportOptions(), chunk=1)
        assert [outcome.number for outcome in outcomes[2:]] == list(range(first, first + 5))
        assert [outcome.fate for outcome in outcomes] == [Fate.CREATE] * 7


def test_an_emptied_cell_takes_no_value_away(north: World) -> None:
    with north.scope():
        field = CustomField.objects.get()
        book = STORED.saying(custom_values={field.number: "2"})
        empty = ContactDraft(
            full_name="",
            email="ann@x.example",
            phone="",
            city="",
            notes="",
            preferences=PreferencesDraft(property_types=(), price_range=PriceRange(min=None, max=None)),
            further_phones=(),
            tags=(),
            extra={"a": None},
            custom_values={field.number: ""},
            assigned_to=None,
        )
        for policy in (OnDuplicate.FILL, OnDuplicate.UPDATE):
            (contact,), (outcome,) = undone(partial(brought, north, [empty], policy, [book]))
            assert (outcome.fate, outcome.changes) == (Fate.SKIP, {}), policy
            assert contact.version == 1


def test_lists_that_grow_too_long_fail_the_row_and_say_which(north: World) -> None:
    numbers = tuple(PhoneDraft(phone=f"415-555-{number:04}") for number in range(50))
    book = STORED.saying(further_phones=numbers[:30])
    row = ContactDraft(email="ann@x.example", further_phones=(*numbers[25:], PhoneDraft(phone="1")))
    tags = ContactDraft(email="ann@x.example", tags=tuple(f"tag {number}" for number in range(100)))
    with north.scope():
        (ann,), outcomes = brought(north, [row, tags], OnDuplicate.UPDATE, [book])
        assert [[(fault.column, fault.message) for fault in outcome.faults] for outcome in outcomes] == [
            [("further_phones", "at most 50 entries")],
            [("tags", "at most 100 entries")],
        ]
        assert seen(ann)["version"] == 1

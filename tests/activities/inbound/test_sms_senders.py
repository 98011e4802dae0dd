"""Whose message it is: the sender of an SMS and the telephones that contacts have, in whatever spelling."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.arrivals import Identity, Sender
from activities.services.senders import Directory
from contacts.drafts import ContactDraft, PhoneDraft
from contacts.models import Contact, MergeSuggestion
from contacts.normalise import normalise_phone
from contacts.phone_spellings import phone_spellings
from contacts.services import create_contact
from tests.inbound import channel_of, contacts_from, messages_of, work
from tests.multiplying import count_anew, multiply
from tests.postgresql import Server
from tests.sms import post, recorded
from tests.worlds import World, make_world

# What a team might have written down for the sender, in an organization of the United States.
LONDON = "+442079460958"
SPELLINGS = [
    ("+12025550143", "(202) 555-0143"),
    ("+12025550143", "202.555.0143"),
    ("+12025550143", "1 202 555 0143"),
    ("+12025550143", "001 202 555 0143"),
    ("+12025550143", "tel:+1-202-555-0143"),
    (LONDON, "+44 (0)20 7946 0958"),
    (LONDON, "44 20 7946 0958"),
    (LONDON, "0044 20 7946 0958"),
    (LONDON, "011 44 20 7946 0958"),
    (LONDON, "44 (0)20 7946 0958"),
    (LONDON, "0044 (0)20-7946-0958"),
    ("+390212345678", "39 02 1234 5678"),
    ("+306912345678", "0030 691 234 5678"),
]


def add(world: World, name: str, phone: str, **more: Any) -> Contact:
    with world.scope():
        return create_contact(ContactDraft(full_name=name, phone=phone, **more), actor=world.actor())


def write(world: World, sender: str, *, to: str = "+15555550100") -> Contact:
    """A message of this sender, applied; returns the contact it went to."""
    channel = channel_of(world, "sms")
    assert post(channel, recorded("message_text", From=sender, To=to)).status_code == 200
    work()
    (message,) = messages_of(world, channel)
    with world.scope():
        return message.contact


@pytest.mark.parametrize(("sender", "written"), SPELLINGS)
def test_the_sender_is_the_contact_with_that_telephone_however_it_is_written(
    north: World, south: World, sender: str, written: str
):
    theirs = add(south, "Somebody of the south", written)
    ours = add(north, "Ines Quarry", written)
    assert write(north, sender).pk == ours.pk
    assert contacts_from(north, "sms") == []
    assert messages_of(south, channel_of(south, "sms")) == []
    with south.scope():
        assert theirs.communications.count() == 0


def test_a_further_telephone_is_as_good_as_the_first(north: World):
    contact = add(north, "Ines Quarry", "", further_phones=(PhoneDraft(phone="44 20 7946 0958"),))
    assert write(north, LONDON).pk == contact.pk


@pytest.mark.parametrize(
    ("written", "sender", "reached"),
    [
        ("020 7946 0958", LONDON, "+442079460000"),
        ("06 12 34 56 78", "+33612345678", "whatsapp:+33600000000"),
        ("8 (912) 345-67-89", "+79123456789", "+79120000000"),
    ],
)
def test_a_number_without_its_country_is_of_the_country_that_was_written_to(
    north: World, written: str, sender: str, reached: str
):
    contact = add(north, "Ines Quarry", written)
    assert write(north, sender, to=reached).pk == contact.pk


def test_a_number_without_its_country_may_be_anybodys_and_is_suggested(north: World):
    """06 12 34 56 78 is a mobile of France, and one of the Netherlands."""
    contact = add(north, "Pierre Quarry", "06 12 34 56 78")
    sender = write(north, "+31612345678")
    assert sender.pk != contact.pk
    with north.scope():
        (suggestion,) = MergeSuggestion.objects.filter(second=sender)
        assert (suggestion.first_id, suggestion.reason) == (contact.pk, "same_phone")


@pytest.mark.parametrize(
    ("sender", "written"),
    [
        # Digits that are a whole number of the organization's own country.
        ("+4930123456", "493-012-3456"),
        ("+16912345678", "+30 691 234 5678"),
        ("+12025550143", "202-555-0143 ext. 7"),
        ("+12025550143", "555-0143"),
    ],
)
def test_another_persons_number_is_left_alone(north: World, sender: str, written: str):
    contact = add(north, "Ines Quarry", written)
    assert write(north, sender).pk != contact.pk


def test_two_contacts_with_one_number_in_two_spellings_are_both_suggested(north: World):
    both = {add(north, "Ines Quarry", "+44 20 7946 0958").pk, add(north, "I. Quarry", "0044 20 7946 0958").pk}
    sender = write(north, LONDON)
    assert sender.pk not in both
    with north.scope():
        assert set(MergeSuggestion.objects.filter(second=sender).values_list("first_id", flat=True)) == both


def test_the_region_of_the_organization_says_what_a_national_number_is(db: None):
    greek = make_world("attica", phone_region="GR")
    contact = add(greek, "Ines Quarry", "691 234 5678")
    assert write(greek, "+306912345678").pk == contact.pk


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@st.composite
def telephones(draw: st.DrawFn) -> str:
    """A possible number of any country, in E.164: its example with other digits."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]))
    example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    assert example
    digits = phonenumbers.national_significant_number(example)
    changed = digits[:2] + draw(st.text("0123456789", min_size=len(digits) - 2, max_size=len(digits) - 2))
    form = normalise_phone(f"+{example.country_code}{changed}", None)
    return form if form.startswith("+") else phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)


@settings(max_examples=400, deadline=None)
@given(form=telephones(), region=st.sampled_from(REGIONS), reached=telephones() | st.just(""))
def test_no_form_of_a_telephone_is_another_one_in_any_reading(form: str, region: str, reached: str):
    forms = phone_spellings(form, region, reached)
    assert form in forms.same
    assert not forms.same & forms.alike
    cannot_exist = {each for each in forms.same | forms.alike if each.startswith(("+10", "+11"))}
    for each in (forms.same | forms.alike) - {form} - cannot_exist:
        assert normalise_phone(each, region) in (form, each)
        assert normalise_phone(f"+{each}", None) in (form, each)


@settings(max_examples=400, deadline=None)
@given(one=telephones(), other=telephones(), region=st.sampled_from(REGIONS), reached=telephones() | st.just(""))
def test_two_telephones_have_no_form_in_common(one: str, other: str, region: str, reached: str):
    if one != other:
        assert not phone_spellings(one, region, reached).same & phone_spellings(other, region, reached).same


@settings(max_examples=400, deadline=None)
@given(form=telephones(), region=st.sampled_from(REGIONS), prefix=st.sampled_from(["+", "00", "011", ""]))
def test_a_telephone_written_internationally_is_found_unless_it_reads_as_another(form: str, region: str, prefix: str):
    stored = normalise_phone(prefix + form.removeprefix("+"), region)
    assert stored in phone_spellings(form, region).same or stored.startswith("+")


FURTHER = """
    INSERT INTO contacts_contactphone (organization_id, contact_id, position, phone, phone_norm, label, note)
    SELECT organization_id, id, 0, 'x', '+1303' || substr(phone_norm, 6), '', '' FROM contacts_contact WHERE phone = 'x'
"""


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_lookup_uses_the_indexes_of_telephones_for_the_application_role(north: World, postgresql_server: Server):
    """With more values than PostgreSQL compares with the condition of a partial index."""
    with north.scope(), connection.cursor() as cursor:
        multiply([north.contact.pk], 5_000)
        cursor.execute(FURTHER)
    count_anew(postgresql_server)
    senders = [Sender(identities=(Identity("phone", f"+1202{5_000_000 + 7 * number}"),)) for number in range(40)]
    assert sum(len(phone_spellings(each.identities[0].value, "US").same) for each in senders) > 100
    with north.scope():
        plans = plans_of(senders)
    assert [
        name in plan for name, plan in zip(["contact_by_phone", "contact_phone_by_number"], plans, strict=True)
    ] == [
        True,
        True,
    ], plans


def plans_of(senders: list[Sender]) -> list[str]:
    """How PostgreSQL answers the questions for telephones, in their order; small tables it would read as a whole."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Any, statement: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append((statement, parameters))
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(note):
        Directory(senders)
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement, parameters in sent:
            if "phone_norm" in statement:
                cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans

"""Whether people want to hear from us: what their words mean, and the gate they close."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.exceptions import Forbidden
from activities.models import InboundChannel, SenderIdentity
from activities.models.sender_identity import IdentityKind
from contacts.consent import contactable, current_consents, may_be_contacted, standings_of, statement_in
from contacts.consent_of_many import contactable_among
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft
from contacts.models import Contact, Medium
from contacts.services import create_contact, delete_contact, update_contact
from contacts.services.consenting import Statement, record_consents
from tests.worlds import MOMENT, World

STOPPING = [
    "STOP",
    "stop.",
    " Stop! ",
    "Unsubscribe",
    "opt-out",
    "Abmelden",
    "¡Baja!",
    "arrêt",
    "ΣΤΟΠ",
    "Стоп",
    "退订",
    "הסר",
    "Do not contact me.",
]
ANSWERS = ["", "?", "stop by at five", "please don't stop", "yes", "1", "Cancel the viewing", "started", "🛑", "st op"]
BY_SMS_ALONE = ["CANCEL", "End", "quit", "Basta", "alto"]


@pytest.mark.parametrize("medium", ["email", "sms", "whatsapp", "telegram"])
def test_a_word_that_stops_counts_when_it_is_all_that_is_said(medium: str):
    assert {text: statement_in(text, medium) for text in STOPPING} == dict.fromkeys(STOPPING, False)
    assert {text: statement_in(text, medium) for text in ANSWERS} == dict.fromkeys(ANSWERS, None)
    assert [statement_in(text, medium) for text in ("START", "Unstop", "Старт")] == [True] * 3


@pytest.mark.parametrize("text", BY_SMS_ALONE)
def test_words_that_answer_a_question_stop_sms_alone(text: str):
    found = [statement_in(text, medium) for medium in ("sms", "whatsapp", "telegram", "email")]
    assert found == [False, None, None, None]


@given(text=st.text(max_size=200), medium=st.sampled_from(["sms", "email"]))
def test_no_text_is_beyond_reading(text: str, medium: str):
    assert statement_in(text, medium) in {True, False, None}


def say(world: World, contact: Contact, medium: str, *, is_given: bool, minute: int = 0) -> None:
    stated_at = MOMENT + timedelta(minutes=minute)
    statement = Statement(contact_id=contact.pk, medium=medium, is_given=is_given, words="said", stated_at=stated_at)
    record_consents([statement], actor=world.actor())


def test_the_newest_statement_of_a_medium_counts_for_that_medium(north: World, south: World):
    with north.scope():
        contact = north.contacts[2]
        assert may_be_contacted(contact, "sms")
        say(north, contact, "sms", is_given=False, minute=5)
        # Known later, said before.
        say(north, contact, "sms", is_given=True, minute=1)
        assert not may_be_contacted(contact, "sms")
        assert may_be_contacted(contact, "email")
        assert contact.pk not in contactable(Contact.objects.active(), "sms").values_list("pk", flat=True)
        say(north, contact, "sms", is_given=True, minute=9)
        assert may_be_contacted(contact, "sms")
        assert {medium: consent.is_given for medium, consent in current_consents(contact).items()} == {"sms": True}
    with south.scope():
        assert current_consents(south.contacts[2]) == {}


def test_do_not_contact_closes_every_medium_and_a_deleted_contact_has_none(north: World):
    with north.scope():
        contact = north.contacts[2]
        update_contact(contact, ContactDraft(status="DO_NOT_CONTACT"), actor=north.actor())
        assert [may_be_contacted(contact, medium) for medium in ("sms", "email", "whatsapp", "telegram")] == [False] * 4
        other = north.contacts[3]
        delete_contact(other, actor=north.actor())
        assert not may_be_contacted(other, "email")


def test_who_may_only_read_states_nothing(north: World):
    with north.scope(), pytest.raises(Forbidden):
        record_consents([], actor=north.actor(north.viewer))


HOLDERS: list[Mapping[str, object]] = [
    {"phone": "(202) 555-0143"},
    {"further_phones": (PhoneDraft(phone="+1 202 555 0143"),)},
]


def add(world: World, **draft: object) -> Contact:
    return create_contact(ContactDraft(full_name="Robin", **draft), actor=world.actor())  # type: ignore[arg-type]  # any of its fields


def gate(contact: Contact) -> list[str]:
    """The media that are closed, as everything that asks is told."""
    contact.refresh_from_db()
    closed = {medium for medium in Medium.values if not may_be_contacted(contact, medium)}
    assert closed == {each.medium.value for each in standings_of(contact) if not each.is_open}
    for medium in Medium.values:
        listed = contactable(Contact.objects.active(), medium).filter(pk=contact.pk).exists()
        assert listed is (medium not in closed)
        assert contactable_among([contact.pk], medium) == (set() if medium in closed else {contact.pk})
    return sorted(closed)


@pytest.mark.parametrize("first", HOLDERS)
@pytest.mark.parametrize("second", HOLDERS)
def test_an_objection_follows_the_telephone_to_whoever_has_it(
    north: World, south: World, first: Mapping[str, object], second: Mapping[str, object]
):
    with south.scope():
        theirs = add(south, **second)
    with north.scope():
        one, other, stranger = add(north, **first), add(north, **second), add(north, phone="+1 202 555 0199")
        say(north, one, "sms", is_given=False, minute=5)
        assert (gate(one), gate(other), gate(stranger)) == (["sms"], ["sms"], [])
        delete_contact(one, actor=north.actor())
        again = add(north, **first)
        assert (gate(again), gate(other)) == (["sms"], ["sms"])
        assert current_consents(again)["sms"].contact_id == one.pk
        update_contact(stranger, ContactDraft(phone="+12025550143"), actor=north.actor())
        assert gate(stranger) == ["sms"]
    with south.scope():
        assert gate(theirs) == []


def test_an_objection_follows_the_mailbox_and_does_not_close_the_telephone(north: World):
    with north.scope():
        gone = add(north, email="Robin@example.com", phone="+1 202 555 0143")
        say(north, gone, "email", is_given=False)
        delete_contact(gone, actor=north.actor())
        again = add(north, email="robin@EXAMPLE.com", phone="+1 202 555 0143")
        further = add(north, further_emails=(EmailDraft(email="robin@example.com"),))
        only_phone = add(north, phone="+1 202 555 0143")
        assert (gate(again), gate(further), gate(only_phone)) == (["email"], ["email"], [])


def test_what_a_contact_consents_to_later_counts_for_it(north: World):
    with north.scope():
        one, other, third = (add(north, phone="+1 202 555 0143") for _ in range(3))
        say(north, other, "whatsapp", is_given=True, minute=1)
        say(north, one, "whatsapp", is_given=False, minute=5)
        assert gate(other) == ["whatsapp"]
        say(north, other, "whatsapp", is_given=True, minute=9)
        assert (gate(one), gate(other), gate(third)) == (["whatsapp"], [], ["whatsapp"])
        say(north, one, "whatsapp", is_given=True, minute=10)
        assert (gate(one), gate(other), gate(third)) == ([], [], [])


def test_no_address_is_not_the_same_address(north: World):
    with north.scope():
        one, other = add(north, further_phones=(PhoneDraft(phone="+1 202 555 0143"),)), add(north)
        for medium in Medium.values:
            say(north, one, medium, is_given=False)
        assert gate(one) == sorted(Medium.values)
        assert gate(other) == []


NUMBERS = [f"+1 202 555 010{digit}" for digit in range(4)]
MAILBOXES = [f"{name}@shared.example" for name in ("ann", "bob", "cyd", "dan")]


def told(world: World, chance: random.Random) -> list[int]:
    """Contacts that share addresses and have said this and that, some of them deleted since; their primary keys."""
    taken = iter(chance.sample(MAILBOXES, len(MAILBOXES)))
    contacts = []
    for _ in range(14):
        phones = [PhoneDraft(phone=number) for number in chance.sample(NUMBERS, chance.randint(0, 2))]
        emails = [EmailDraft(email=email) for email in chance.sample(MAILBOXES, chance.randint(0, 2))]
        contacts.append(
            add(
                world,
                phone=chance.choice(["", *NUMBERS]),
                email=next(taken, "") if chance.random() < 0.4 else "",
                status=chance.choice(["ACTIVE", "ACTIVE", "ACTIVE", "DO_NOT_CONTACT"]),
                further_phones=tuple(phones),
                further_emails=tuple(emails),
            )
        )
    # Whoever wrote from an address is known by it, whatever stands on the contact.
    channel = InboundChannel.objects.get()
    kinds = {IdentityKind.PHONE: "+12025550101", IdentityKind.EMAIL: MAILBOXES[0]}
    for kind, value in kinds.items():
        SenderIdentity.objects.create(contact=chance.choice(contacts), channel=channel, kind=kind, value=value)
    for _ in range(24):
        contact, medium = chance.choice(contacts), chance.choice(Medium.values)
        say(world, contact, medium, is_given=chance.random() < 0.4, minute=chance.randint(0, 9))
    for contact in chance.sample(contacts, 3):
        delete_contact(contact, actor=world.actor())
    return [contact.pk for contact in contacts]


@pytest.mark.parametrize("seed", range(12))
def test_thousands_are_decided_about_as_one_is(north: World, south: World, seed: int):
    chance = random.Random(seed)
    with south.scope():
        told(south, chance)
    with north.scope():
        told(north, chance)
        everybody = list(Contact.objects.values_list("pk", flat=True))
        for medium in Medium.values:
            allowed = set(contactable(Contact.objects.all(), medium).values_list("pk", flat=True))
            assert contactable_among(everybody, medium) == allowed
            some = everybody[::2]
            assert contactable_among(some, medium) == allowed & set(some)

"""Whether people want to hear from us: what their words mean, and the gate they close."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.exceptions import Forbidden
from contacts.consent import contactable, current_consents, may_be_contacted, statement_in
from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.services import delete_contact, update_contact
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

"""What a browser changes by itself is no change: a contact's page sent back as it came leaves the contact alone."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from config.dashboard.inputs import BrowserForm
from contacts.models import Contact, ContactChange, RelatedPerson
from tests.dashboard import CONTACTS, LINES, browser_of, contact_of_many_lines, fields_of
from tests.worlds import World


@pytest.fixture
def agent(north: World) -> Client:
    return browser_of(north.agent)


@pytest.fixture
def contact(north: World, south: World) -> Contact:
    with south.scope():
        contact_of_many_lines(south)
    with north.scope():
        return contact_of_many_lines(north)


def page_of(contact: Contact) -> str:
    return f"{CONTACTS}{contact.pk}/change/"


def form_of(agent: Client, contact: Contact) -> dict[str, Any]:
    return fields_of(agent.get(page_of(contact)), "contact_form")


def changes_of(world: World, contact: Contact) -> list[dict[str, Any]]:
    """What each write after the first said of the contact."""
    with world.scope():
        changes = ContactChange.objects.filter(contact=contact).order_by("id")[1:]
        return [{name: value for name, value in each.after.items() if name != "lead_score"} for each in changes]


def test_lines_that_a_browser_joins_or_ends_otherwise_are_no_change(north: World, agent: Client, contact: Contact):
    assert agent.post(page_of(contact), form_of(agent, contact)).status_code == 302
    with north.scope():
        assert Contact.objects.get(pk=contact.pk).version == contact.version
    assert changes_of(north, contact) == []


def test_what_is_changed_is_changed_alone(north: World, agent: Client, contact: Contact):
    form = form_of(agent, contact) | {"city": "Springfield", "further_emails-0-label": "work"}
    assert agent.post(page_of(contact), form).status_code == 302
    assert changes_of(north, contact) == [
        {
            "city": "Springfield",
            "further_emails": [{"email": "more@example.com", "label": "work", "note": LINES}],
        }
    ]


def test_lines_that_are_typed_end_in_one_character(north: World, agent: Client, contact: Contact):
    form = form_of(agent, contact) | {"notes": "five\r\nsix", "related_people-0-notes": "seven\r\neight"}
    assert agent.post(page_of(contact), form).status_code == 302
    with north.scope():
        assert Contact.objects.get(pk=contact.pk).notes == "five\nsix"
        assert contact.related_people.values_list("first_name", "notes").get() == (LINES, "seven\neight")


def test_a_value_is_taken_away_though_a_browser_shows_another(north: World, agent: Client, contact: Contact):
    form = form_of(agent, contact) | {"street": "", "related_people-0-last_name": ""}
    assert agent.post(page_of(contact), form).status_code == 302
    with north.scope():
        assert Contact.objects.get(pk=contact.pk).street == ""
        assert contact.related_people.values_list("first_name", "last_name").get() == (LINES, "")


class _Person(BrowserForm):
    class Meta:
        model = RelatedPerson
        fields = ("first_name", "email", "notes")
        widgets = {"notes": forms.Textarea}


def a_browser(text: str, *, is_line: bool) -> str:
    """The value of an input or a text area that shows the text, as it goes over the line (HTML, 4.10.5.1 and 4.10.22.4)."""
    if is_line:
        return text.replace("\r", "").replace("\n", "")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


texts = st.text(st.sampled_from("ab \t\r\n\u2028,é"), max_size=20).map(str.strip)


@given(texts, texts, texts)
def test_any_text_comes_back_as_no_change(first_name: str, email: str, notes: str):
    person = RelatedPerson(first_name=first_name, email=email, notes=notes)
    sent = {
        "first_name": a_browser(first_name, is_line=True),
        "email": a_browser(email, is_line=True).strip("\t\n\f\r "),
        "notes": a_browser(notes, is_line=False),
    }
    assert _Person(sent, instance=person).changed_data == []
    assert _Person(sent | {"first_name": "c"}, instance=person).changed_data == ["first_name"]

"""Searching contacts, on either database."""

from __future__ import annotations

import pytest

from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.search import search_contacts
from contacts.services import create_contact
from tests.worlds import World


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

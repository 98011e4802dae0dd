"""What one wire shows, sent back through it, and what it cannot say leave the other wires as they were.

Most of these were found by writing the model of ``test_three_wires``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Member
from contacts.drafts import ContactDraft, PhoneDraft
from contacts.models import Contact
from contacts.services import create_contact
from contacts.services.custom_fields import create_field
from tests.dashboard import CONTACTS, browser_of, fields_of
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

Program = Callable[[Member | None], WireClient]


class Two:
    """A contact as Winnerr and EstatePrime know it."""

    def __init__(self, north: World, person: WireClient, client: WireClient, contact: Contact) -> None:
        self.north, self.winnerr, self.estateprime = north, person, client
        self.contact = contact
        self.addresses = f"/v1/contacts/{contact.winnerr_id}", f"/api/contacts/{contact.number}"

    def person(self) -> dict[str, Any]:
        answer = self.winnerr.get(self.addresses[0], {"include": ""})
        return {**answer.json()["data"], "ETag": answer["ETag"]}

    def client(self) -> dict[str, Any]:
        return dict(self.estateprime.get(self.addresses[1]).json()["data"])

    def put(self, **body: Any) -> None:
        assert self.winnerr.put(self.addresses[0], body).status_code == 200

    def patch(self, **body: Any) -> None:
        assert self.estateprime.patch(self.addresses[1], body).status_code == 200


@pytest.fixture
def two(north: World, winnerr: Program, estateprime: Program) -> Two:
    draft = ContactDraft(
        full_name="Ann Lee",
        email="ann@x.example",
        phone="+1-555-000-1111",
        phone_label="mobile",
        phone_note="Ask for Maria",
        further_phones=(PhoneDraft(phone="+1-555-000-2222"),),
        assigned_to=north.agent.pk,
        further_assignees=(north.admin.pk,),
        source="walk-in",
        tags=("zebra", "vip"),
    )
    with north.scope():
        contact = create_contact(draft, actor=north.actor())
    return Two(north, winnerr(north.owner), estateprime(north.owner), contact)


@pytest.mark.parametrize("cleared", ["phone", "assignedTo"])
def test_a_further_one_sent_back_does_not_become_the_first(two: Two, cleared: str) -> None:
    two.put(**{cleared: None})
    before = two.person()
    two.patch(**two.client())
    assert two.person() == before


def test_a_further_address_sent_back_does_not_become_the_first(two: Two, rentalot: Program) -> None:
    two.patch(emails=[{"email_address": "ann@x.example"}, {"email_address": "lee@x.example"}])
    cleared = rentalot(two.north.owner).patch(f"/api/v1/contacts/{two.contact.uuid}", {"email": ""})
    assert cleared.status_code == 200
    before = two.person()
    assert (before["email"], two.client()["emails"][0]["email_address"]) == (None, "lee@x.example")
    two.patch(**two.client())
    assert two.person() == before


def test_another_list_is_taken_at_its_word(two: Two) -> None:
    two.put(phone=None, assignedTo=None)
    two.patch(phones=[{"number": "+1-555-000-2222", "type": "work"}], users=[two.north.owner.number])
    person = two.person()
    assert (person["phone"], person["secondaryPhone"]) == ("+1-555-000-2222", None)
    assert person["assignedTo"] == two.north.owner.public_id


def test_a_source_outside_of_the_catalogue_survives_being_shown_as_null(two: Two) -> None:
    assert two.client()["source_id"] is None
    two.patch(source_id=None)
    assert two.person()["source"] == "walk-in"


def test_a_source_of_the_catalogue_is_cleared_by_null(two: Two) -> None:
    two.patch(source_id=1)
    assert two.person()["source"] == f"website {two.north.canary}"
    two.patch(source_id=None)
    assert two.person()["source"] is None


def test_tags_keep_winnerr_s_order_where_they_have_none(two: Two) -> None:
    before = two.person()
    assert before["tags"] == ["zebra", "vip"]
    vip, zebra = two.client()["tags"]
    two.patch(tags=[vip, zebra])
    assert two.person() == before
    two.put(tags=["other"])
    (other,) = two.client()["tags"]
    two.put(tags=["zebra", "vip"])
    two.patch(tags=[other, vip, zebra])
    assert two.person()["tags"] == ["zebra", "vip", "other"]
    two.patch(tags=[vip, other])
    assert two.person()["tags"] == ["vip", "other"]


def test_a_value_that_points_to_somebody_deleted_can_be_sent_back(two: Two) -> None:
    friend = two.north.contacts[2].number
    with two.north.scope():
        field = create_field("Friend", "contact", actor=two.north.actor()).number
    two.patch(custom_fields=[{"custom_field_id": field, "value": friend}])
    assert two.estateprime.delete(f"/api/contacts/{friend}").status_code == 200
    before = two.client()
    assert before["custom_fields"] == [{"custom_field_id": field, "value": friend}]
    two.patch(**before)
    assert two.client() == before
    # Nobody else is pointed to him.
    other = f"/api/contacts/{two.north.contact.number}"
    assert two.estateprime.patch(other, {"custom_fields": before["custom_fields"]}).status_code == 400


@pytest.mark.parametrize("wrong", [True, 10**30])
def test_a_number_is_neither_the_truth_nor_endless(two: Two, wrong: Any) -> None:
    with two.north.scope():
        field = create_field("Rooms", "number", actor=two.north.actor()).number
    two.patch(custom_fields=[{"custom_field_id": field, "value": 1}])
    body = f'{{"custom_fields": [{{"custom_field_id": {field}, "value": {json.dumps(wrong)}}}]}}'
    assert two.estateprime.request("PATCH", two.addresses[1], body=body).status_code == 400


def test_who_is_responsible_and_was_one_of_the_others_is_listed_once(two: Two) -> None:
    two.put(assignedTo=two.north.admin.public_id)
    assert two.client()["users"] == [two.north.admin.number]
    before = two.person()
    two.patch(users=two.client()["users"])
    assert two.person() == before


def test_a_number_that_is_taken_away_takes_its_remarks_along(two: Two) -> None:
    two.put(phone=None)
    two.put(phone="+1-555-000-3333")
    assert two.client()["phones"][0] == {"type": "", "number": "+1-555-000-3333", "notes": ""}


def test_a_number_that_is_corrected_keeps_its_remarks(two: Two) -> None:
    two.put(phone="+1-555-000-3333")
    assert two.client()["phones"][0] == {"type": "mobile", "number": "+1-555-000-3333", "notes": "Ask for Maria"}


def test_preferences_sent_back_are_no_change(two: Two) -> None:
    two.put(preferences={"locations": ["Old Mill"]})
    before = two.person()
    two.put(preferences=before["preferences"])
    assert two.person() == before


def test_preferences_that_are_all_taken_away_are_none(two: Two) -> None:
    two.put(preferences={"locations": ["Old Mill"], "priceRange": {"min": 0}})
    two.put(preferences={"locations": [], "priceRange": None})
    assert two.person()["preferences"] is None


def test_a_last_name_and_a_name_typed_together_are_both_kept(two: Two) -> None:
    browser = browser_of(two.north.owner)
    page = f"{CONTACTS}{two.contact.pk}/change/"
    typed = {"last_name": "Lee-Smith", "full_name": "Prof. Ann Lee-Smith (Harbour office)"}
    assert browser.post(page, fields_of(browser.get(page), "contact_form") | typed).status_code == 302
    person = two.person()
    assert (person["firstName"], person["lastName"]) == ("Ann", "Lee-Smith")

"""What a contact is called after somebody wrote one of its names: its parts, the whole, the company's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.exceptions import FieldError, Invalid
from contacts import services
from contacts.drafts import ContactDraft
from contacts.models import Contact
from tests.worlds import World

Names = tuple[str, str, str, str]
ALONE = ContactDraft(is_company=True, company_name="Harbour GmbH", email="office@harbour.example")
WITH_ANN = ContactDraft(is_company=True, company_name="Harbour GmbH", first_name="Ann", last_name="Lee")


@pytest.fixture
def scoped(north: World, south: World) -> Iterator[World]:
    with north.scope():
        yield north


def names_after(world: World, *drafts: ContactDraft) -> Names:
    """First, last, whole and company's name after a creation and changes, as they are stored."""
    first, *changes = drafts
    contact = services.create_contact(first, actor=world.actor())
    for draft in changes:
        services.update_contact(contact, draft, actor=world.actor())
    contact = Contact.objects.get(pk=contact.pk)
    return contact.first_name, contact.last_name, contact.full_name, contact.company_name


@pytest.mark.parametrize(
    ("drafts", "expected"),
    [
        # By itself it has one name.
        ((ALONE,), ("", "", "", "Harbour GmbH")),
        ((ContactDraft(is_company=True, company_name="Quay", full_name="Quay"),), ("", "", "", "Quay")),
        ((ContactDraft(is_company=True, full_name="Quay & Sons, Ltd"),), ("", "", "", "Quay & Sons, Ltd")),
        ((ALONE, ContactDraft(full_name="Quay Ltd")), ("", "", "", "Quay Ltd")),
        ((ALONE, ContactDraft(full_name="Quay Ltd", company_name="")), ("", "", "", "Quay Ltd")),
        ((ALONE, ContactDraft(full_name="Harbour GmbH")), ("", "", "", "Harbour GmbH")),
        ((ALONE, ContactDraft(full_name="")), ("", "", "", "Harbour GmbH")),
        ((ALONE, ContactDraft(company_name="")), ("", "", "", "")),
        # Who types both means both, until one comes alone.
        ((ALONE, ContactDraft(full_name="The Quay", company_name="Quay Ltd")), ("", "", "The Quay", "Quay Ltd")),
        (
            (ALONE, ContactDraft(full_name="The Quay", company_name="Quay"), ContactDraft(company_name="Pier")),
            ("", "", "The Quay", "Pier"),
        ),
        (
            (ALONE, ContactDraft(full_name="The Quay", company_name="Quay"), ContactDraft(full_name="The Quay")),
            ("", "", "The Quay", "Quay"),
        ),
        (
            (ALONE, ContactDraft(full_name="The Quay", company_name="Quay"), ContactDraft(full_name="Pier")),
            ("", "", "", "Pier"),
        ),
        # Somebody's name beside it is theirs.
        ((WITH_ANN,), ("Ann", "Lee", "Ann Lee", "Harbour GmbH")),
        (
            (WITH_ANN, ContactDraft(full_name="Eva van der Berg")),
            ("Eva", "van der Berg", "Eva van der Berg", "Harbour GmbH"),
        ),
        ((WITH_ANN, ContactDraft(company_name="Quay")), ("Ann", "Lee", "Ann Lee", "Quay")),
        ((WITH_ANN, ContactDraft(first_name="", last_name="")), ("", "", "", "Harbour GmbH")),
        ((WITH_ANN, ContactDraft(full_name="")), ("", "", "", "Harbour GmbH")),
        ((WITH_ANN, ContactDraft(first_name="", last_name="", full_name="Quay")), ("", "", "", "Quay")),
        # A person that works somewhere is not the company.
        (
            (ContactDraft(company_name="Harbour GmbH", phone="1"), ContactDraft(full_name="Ann Lee")),
            ("Ann", "Lee", "Ann Lee", "Harbour GmbH"),
        ),
        ((ALONE, ContactDraft(is_company=False)), ("", "", "", "Harbour GmbH")),
        ((ContactDraft(full_name="Ann Lee"), ContactDraft(is_company=True)), ("Ann", "Lee", "Ann Lee", "")),
    ],
)
def test_names_stay_in_step(scoped: World, drafts: tuple[ContactDraft, ...], expected: Names) -> None:
    assert names_after(scoped, *drafts) == expected


def test_a_company_cannot_be_given_a_name_longer_than_a_company_may_have(scoped: World) -> None:
    contact = services.create_contact(ALONE, actor=scoped.actor())

    with pytest.raises(Invalid) as refused:
        services.update_contact(contact, ContactDraft(full_name="Q" * 201), actor=scoped.actor())

    assert refused.value.errors == (FieldError("full_name", "too_long", {"maximum": 200}),)
    stored = Contact.objects.get(pk=contact.pk)
    assert (stored.full_name, stored.company_name, stored.version) == ("", "Harbour GmbH", 1)


def test_a_renamed_company_is_told_in_its_history_by_one_field(scoped: World) -> None:
    contact = services.create_contact(ALONE, actor=scoped.actor())

    services.update_contact(contact, ContactDraft(full_name="Quay Ltd"), actor=scoped.actor())

    change = contact.changes.order_by("-id")[0]
    assert (change.before, change.after) == ({"company_name": "Harbour GmbH"}, {"company_name": "Quay Ltd"})

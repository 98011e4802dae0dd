"""The team's own fields in the dashboard: their definitions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from contacts.drafts import ContactDraft
from contacts.models import Contact, CustomField
from contacts.services import create_contact
from contacts.services.custom_fields import (
    create_field,
    move_field,
    order_options,
    retire_field,
)
from tests.dashboard import CONTACTS, add_row, browser_of, fields_of, text_of
from tests.jobs import work
from tests.worlds import World

FIELDS = "/admin/contacts/customfield/"
OPTIONS = ["Phone", "Email", "Letter"]


@pytest.fixture
def admin(north: World) -> Client:
    return browser_of(north.admin)


def made(world: World, kind: str, name: str = "Extra") -> CustomField:
    with world.scope():
        return create_field(name, kind, OPTIONS if kind.startswith("select") else (), actor=world.actor())


def names(world: World) -> list[str]:
    with world.scope():
        return [field.name for field in CustomField.objects.filter(retired_at=None).order_by("position", "id")]


def options_of(world: World, field: CustomField) -> list[tuple[int, str]]:
    with world.scope():
        return list(field.options.order_by("position", "id").values_list("number", "name"))


def page_of(field: CustomField) -> str:
    return f"{FIELDS}{field.pk}/change/"


def definition_form(browser: Client, field: CustomField | None = None) -> dict[str, Any]:
    return fields_of(browser.get(page_of(field) if field else f"{FIELDS}add/"), "customfield_form")


def errors_of(response: Any) -> dict[str, list[str]]:
    return {name: [str(each) for each in errors] for name, errors in response.context["adminform"].form.errors.items()}


def row_errors_of(response: Any) -> list[dict[str, list[str]]]:
    (formset,) = response.context["inline_admin_formsets"]
    return [
        {name: [str(each) for each in errors] for name, errors in form.errors.items()} for form in formset.formset.forms
    ]


# Definitions.


def test_the_sidebar_leads_everybody_to_the_fields_in_their_order(north: World, admin: Client):
    made(north, "select", "Channel")
    moved = made(north, "date", "Since")
    with north.scope():
        move_field(moved, behind=None, actor=north.actor())
    for role in ("admin", "viewer"):
        browser = browser_of(getattr(north, role))
        assert FIELDS in browser.get("/admin/").content.decode()
        words = text_of(browser.get(FIELDS))
        assert words.index("Since Date -") < words.index(f"Budget {north.canary} One of a list 2")
        assert "Channel One of a list 3" in words


def test_a_list_is_added_with_its_options(north: World, south: World, admin: Client):
    before = names(south)
    form = definition_form(admin) | {"name": " Channel ", "kind": "select_multi"}
    for name, place in (("Letter", "3"), ("Phone", "1"), ("Email", "2")):
        form = add_row(form, "options", name=name, place=place)
    assert admin.post(f"{FIELDS}add/", form).status_code == 302
    with north.scope():
        field = CustomField.objects.get(name="Channel")
    assert (field.kind, [name for _, name in options_of(north, field)]) == (
        "select_multi",
        ["Phone", "Email", "Letter"],
    )
    assert names(north)[-1] == "Channel"
    assert names(south) == before


def test_a_field_is_added_where_it_is_wanted(north: World, admin: Client):
    admin.post(f"{FIELDS}add/", definition_form(admin) | {"name": "Top", "kind": "text", "place": "first"})
    assert names(north)[0] == "Top"


def test_a_definition_sent_back_untouched_changes_nothing(north: World, admin: Client):
    made(north, "text", "Before")
    field = made(north, "select")
    made(north, "text", "Behind")
    with north.scope():
        order_options(field, [3, 1], actor=north.actor())
        before = list(CustomField.objects.order_by("pk").values())
    assert admin.post(page_of(field), definition_form(admin, field)).status_code == 302
    with north.scope():
        assert list(CustomField.objects.order_by("pk").values()) == before
    assert options_of(north, field) == [(3, "Letter"), (1, "Phone"), (2, "Email")]


def test_a_field_is_renamed_and_moved(north: World, admin: Client):
    first, second = made(north, "text", "First"), made(north, "text", "Second")
    form = definition_form(admin, first)
    assert form["place"] != "first"
    admin.post(page_of(first), form | {"name": "Renamed", "place": str(second.pk)})
    assert names(north) == [f"Budget {north.canary}", "Second", "Renamed"]
    assert f"Behind {second.name}" in text_of(browser_of(north.viewer).get(page_of(first)))


def test_options_are_renamed_added_removed_and_reordered_at_once(north: World, admin: Client):
    field = made(north, "select")
    with north.scope():
        contact = create_contact(
            ContactDraft(full_name="Has one", custom_values={field.number: 2}), actor=north.actor()
        )
    form = definition_form(admin, field) | {"options-0-name": "Call", "options-0-place": "9", "options-1-DELETE": "on"}
    admin.post(page_of(field), add_row(form, "options", name="Pigeon", place="0"))
    assert options_of(north, field) == [(4, "Pigeon"), (3, "Letter"), (1, "Call")]
    work()
    with north.scope():
        assert Contact.objects.get(pk=contact.pk).custom_values == {}


def test_another_type_is_warned_of_and_takes_the_values_over(north: World, admin: Client):
    field = made(north, "text")
    with north.scope():
        contacts = [
            create_contact(ContactDraft(full_name=text, custom_values={field.number: text}), actor=north.actor())
            for text in ("Phone", "Telex")
        ]
    assert "What it cannot hold leaves the contacts" in text_of(admin.get(page_of(field)))
    form = add_row(definition_form(admin, field) | {"kind": "select"}, "options", name="Phone", place="")
    refused = admin.post(page_of(field), form)
    errors = refused.context["adminform"].form.errors
    said = "2 contacts have a value of this type. Tick this to change it all the same."
    assert errors == {"is_understood": [said]}
    with north.scope():
        assert CustomField.objects.get(pk=field.pk).kind == "text"
    response = admin.post(page_of(field), form | {"is_understood": "on"}, follow=True)
    assert "Values are being taken over in the background." in text_of(response)
    work()
    with north.scope():
        assert [Contact.objects.get(pk=contact.pk).custom_values for contact in contacts] == [
            {f"{field.number}.1": 1},
            {},
        ]
    history = text_of(admin.get(f"{CONTACTS}{contacts[1].pk}/history/"))
    assert "Extra Telex —" in history


def test_a_field_that_nobody_has_a_value_in_changes_its_type_at_once(north: World, south: World, admin: Client):
    theirs = made(south, "text")
    with south.scope():
        create_contact(ContactDraft(full_name="Other", custom_values={theirs.number: "x"}), actor=south.actor())
    field = made(north, "text")
    form = definition_form(admin, field)
    assert "is_understood" not in definition_form(admin)
    assert admin.post(page_of(field), form | {"kind": "number"}).status_code == 302
    with north.scope():
        assert CustomField.objects.get(pk=field.pk).kind == "number"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"name": ""}, {"name": ["This field is required."]}),
        ({"name": "Taken"}, {"name": ["Another custom field has this name already."]}),
        ({"kind": "colour"}, {"kind": ["Select a valid choice. colour is not one of the available choices."]}),
        ({"place": "0"}, {"place": ["Select a valid choice. 0 is not one of the available choices."]}),
    ],
)
def test_what_a_definition_cannot_be_is_said_beside_it(
    north: World, admin: Client, typed: dict[str, str], expected: dict[str, list[str]]
):
    made(north, "text", "Taken")
    field = made(north, "text")
    response = admin.post(page_of(field), definition_form(admin, field) | typed)
    assert errors_of(response) == expected


def test_an_option_that_cannot_be_is_the_row_that_says_so(north: World, admin: Client):
    field, text = made(north, "select"), made(north, "text", "Plain")
    twice = add_row(definition_form(admin, field), "options", name="Phone", place="")
    assert row_errors_of(admin.post(page_of(field), twice)) == [
        {},
        {},
        {},
        {"name": ["Another option has this name already."]},
    ]
    plain = add_row(definition_form(admin, text), "options", name="Phone", place="")
    assert row_errors_of(admin.post(page_of(text), plain)) == [{"name": ["Only lists have options."]}]
    new = add_row(definition_form(admin) | {"name": "New", "kind": "date"}, "options", name="Phone", place="")
    assert row_errors_of(admin.post(f"{FIELDS}add/", new)) == [{"name": ["Only lists have options."]}]
    assert "New" not in names(north)


def test_a_retired_field_is_behind_the_filter_and_can_be_brought_back(north: World, admin: Client):
    field = made(north, "text", "Passing")
    assert admin.get(f"{FIELDS}{field.pk}/retire/").status_code == 405
    assert "Passing is retired" in text_of(admin.post(f"{FIELDS}{field.pk}/retire/", follow=True))
    assert "Passing" not in text_of(admin.get(FIELDS))
    assert "Passing" not in text_of(admin.get("/admin/search/?s=passing&extended=1"))
    assert "Passing" in text_of(admin.get(f"{FIELDS}?state=retired"))
    assert admin.post(page_of(field), {"name": "x", "kind": "text"}).status_code == 403
    assert "Passing is back" in text_of(admin.post(f"{FIELDS}{field.pk}/restore/", follow=True))
    assert "Passing" in text_of(admin.get(FIELDS))


def test_a_name_taken_meanwhile_keeps_a_field_retired(north: World, admin: Client):
    field = made(north, "text", "Same")
    with north.scope():
        retire_field(field, actor=north.actor())
    made(north, "date", "Same")
    response = admin.post(f"{FIELDS}{field.pk}/restore/", follow=True)
    assert "Another custom field has this name already." in text_of(response)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_managers_change_definitions(north: World, role: str):
    field, browser = made(north, "select"), browser_of(getattr(north, role))
    words = text_of(browser.get(page_of(field)))
    assert "Phone" in words
    for offer in ("Save", "Retire"):
        assert offer not in words
    pages = [page_of(field), f"{FIELDS}add/", f"{FIELDS}{field.pk}/retire/", f"{FIELDS}{field.pk}/restore/"]
    assert [browser.post(page, {"name": "x", "kind": "text"}).status_code for page in pages] == [403] * 4
    assert names(north)[-1] == "Extra"


def test_another_organization_s_field_cannot_be_reached(north: World, south: World, admin: Client):
    field = made(south, "select", "Theirs")
    assert admin.get(page_of(field)).status_code == 302
    assert [admin.post(f"{FIELDS}{field.pk}/{page}/").status_code for page in ("retire", "restore")] == [404, 404]
    ours = made(north, "text")
    response = admin.post(page_of(ours), definition_form(admin, ours) | {"place": str(field.pk)})
    assert list(errors_of(response)) == ["place"]

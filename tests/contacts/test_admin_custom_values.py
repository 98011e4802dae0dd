"""The team's own fields on a contact's page: values, their history, and finding contacts by them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.drafts import ContactDraft
from contacts.field_types import FIELD_TYPES
from contacts.models import Contact, CustomField
from contacts.services import create_contact, delete_contact, update_contact
from contacts.services.custom_fields import (
    change_kind,
    create_field,
    remove_option,
    retire_field,
)
from tests.dashboard import CONTACTS, browser_of, fields_of, text_of
from tests.jobs import work
from tests.worlds import World

FIELDS = "/admin/contacts/customfield/"
OPTIONS = ["Phone", "Email", "Letter"]


@pytest.fixture
def agent(north: World) -> Client:
    return browser_of(north.agent)


def made(world: World, kind: str, name: str = "Extra") -> CustomField:
    with world.scope():
        return create_field(name, kind, OPTIONS if kind.startswith("select") else (), actor=world.actor())


def errors_of(response: Any) -> dict[str, list[str]]:
    return {name: [str(each) for each in errors] for name, errors in response.context["adminform"].form.errors.items()}


# Values on a contact's page.

# Contacts are told by their place in the world, from 1 on: their numbers are the database's.
# Type, what a program wrote, what a person types, what is stored then.
TYPED: list[tuple[str, Any, Any, Any]] = [
    ("text", "old", " new ", "new"),
    ("textarea", "one\ntwo", "one\r\nthree", "one\nthree"),
    ("wysiwyg", "<p>one\ntwo</p>", "<b>x</b><script>alert(1)</script>", "<b>x</b>"),
    ("number", 1.5, "2.50", "2.5"),
    ("formatted_number", 1000, "1,000,000.25", "1000000.25"),
    ("select", 2, "3", 3),
    ("select_multi", [3, 1], ["2", "3"], [2, 3]),
    ("checkbox", True, "false", False),
    ("file", "https://a_b.example.com/a", "https://example.com/b", "https://example.com/b"),
    (
        "file_multi",
        ["https://example.com/a", "https://example.com/b"],
        "https://example.com/c",
        ["https://example.com/c"],
    ),
    ("image", "https://example.com/a", "https://example.com/b", "https://example.com/b"),
    (
        "image_multi",
        ["https://example.com/a"],
        "https://x.example/1\r\nhttps://x.example/2",
        ["https://x.example/1", "https://x.example/2"],
    ),
    ("address", "Old Street", "New Street", "New Street"),
    ("url", "https://example.com", "https://example.com/new", "https://example.com/new"),
    ("date", "2025-10-18", "2025-10-19", "2025-10-19"),
    ("datetime", "2025-10-18 18:24:00", "2025-10-18T18:25", "2025-10-18 18:25:00"),
    ("currency", 1000, "1,234.50 €", "1234.5"),
    ("user", 1, "2", 2),
    ("user_multi", [2, 1], ["3"], [3]),
    ("contact", 1, "#2", 2),
    ("contact_multi", [2, 1], "carol; #1", [3, 1]),
    ("phone", "555", "+1 555", "+1 555"),
]


def of_world(world: World, kind: str, value: Any) -> Any:
    """A value with the numbers that the world's contacts have."""
    if not kind.startswith("contact") or value is None:
        return value
    if isinstance(value, list):
        return [of_world(world, kind, each) for each in value]
    if isinstance(value, int):
        return world.contacts[value - 1].number
    return re.sub(r"#(\d)", lambda found: f"#{world.contacts[int(found[1]) - 1].number}", value)


def contact_page(contact: Contact) -> str:
    return f"{CONTACTS}{contact.pk}/change/"


def contact_form(browser: Client, contact: Contact) -> dict[str, Any]:
    return fields_of(browser.get(contact_page(contact)), "contact_form")


def fresh(world: World, contact: Contact) -> Contact:
    with world.scope():
        return Contact.objects.get(pk=contact.pk)


def valued(world: World, field: CustomField, value: Any, **more: Any) -> Contact:
    with world.scope():
        draft = ContactDraft(full_name="Val Ued", custom_values={field.number: value}, **more)
        return create_contact(draft, actor=world.actor())


def test_every_type_is_typed():
    assert [kind for kind, *_ in TYPED] == list(FIELD_TYPES)


@pytest.mark.parametrize(("kind", "written", "typed", "stored"), TYPED)
def test_a_value_is_shown_typed_stored_and_taken_away(
    north: World, agent: Client, kind: str, written: Any, typed: Any, stored: Any
):
    field = made(north, kind)
    written, typed, stored = (of_world(north, kind, value) for value in (written, typed, stored))
    contact, name = valued(north, field, written), f"custom_{field.number}"
    before, form = fresh(north, contact), contact_form(agent, contact)
    if isinstance(form[name], str):
        form[name] = form[name].replace("\n", "\r\n")

    assert agent.post(contact_page(contact), form).status_code == 302
    assert fresh(north, contact).version == before.version

    assert agent.post(contact_page(contact), form | {name: typed}).status_code == 302
    assert fresh(north, contact).custom_values == {field.key: stored}

    form = contact_form(agent, contact)
    agent.post(contact_page(contact), form | {name: [] if isinstance(form[name], list) else ""})
    assert fresh(north, contact).custom_values == {}


def test_only_the_field_that_was_changed_is_written(north: World, agent: Client):
    one, other = made(north, "text", "One"), made(north, "select_multi", "Other")
    contact = valued(north, one, "x")
    with north.scope():
        update_contact(contact, ContactDraft(custom_values={other.number: [1, 2]}), actor=north.actor())
        remove_option(other.options.get(number=1), actor=north.actor())
    agent.post(contact_page(contact), contact_form(agent, contact) | {f"custom_{one.number}": "y"})
    assert fresh(north, contact).custom_values == {one.key: "y", other.key: [1, 2]}


def test_a_new_contact_is_added_with_values(north: World, agent: Client):
    field = made(north, "checkbox")
    form = fields_of(agent.get(f"{CONTACTS}add/"), "contact_form")
    agent.post(
        f"{CONTACTS}add/", form | {"first_name": "Nina", "email": "nina@example.com", f"custom_{field.number}": "true"}
    )
    with north.scope():
        assert Contact.objects.get(email="nina@example.com").custom_values == {field.key: True}


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("number", "seven", "This must be a number."),
        ("url", "example.com", "This must be an http or https address."),
        ("date", "18.10.2025", "Enter a valid date."),
        ("datetime", "soon", "This must be a date and time like 2025-10-18 18:24:10."),
        ("select", "9", "Select a valid choice. 9 is not one of the available choices."),
        ("user", "99", "Select a valid choice. 99 is not one of the available choices."),
        ("contact", "#999999999", "This points to nothing."),
        ("contact", "nobody at all", "No contact is found by “nobody at all”."),
        ("text", "x" * 256, "Ensure this value has at most 255 characters (it has 256)."),
    ],
)
def test_a_value_that_cannot_be_is_refused_beside_its_field(
    north: World, agent: Client, kind: str, typed: str, said: str
):
    field = made(north, kind)
    response = agent.post(
        contact_page(north.contact), contact_form(agent, north.contact) | {f"custom_{field.number}": typed}
    )
    assert response.status_code == 200
    assert errors_of(response) == {f"custom_{field.number}": [said]}
    assert field.key not in fresh(north, north.contact).custom_values


def test_words_that_find_several_contacts_name_them(north: World, agent: Client):
    field = made(north, "contact")
    form = contact_form(agent, north.contact) | {f"custom_{field.number}": north.canary}
    (message,) = errors_of(agent.post(contact_page(north.contact), form))[f"custom_{field.number}"]
    assert message.startswith(
        f"Several are found by “{north.canary}”, name one of them by number: #{north.contact.number} Jane Alpha"
    )


def test_another_organization_s_contact_cannot_be_pointed_to(north: World, south: World, agent: Client):
    with south.scope():
        stranger = [create_contact(ContactDraft(full_name=f"Stranger {n}"), actor=south.actor()) for n in range(9)][-1]
    field = made(north, "contact")
    for typed in (f"#{stranger.number}", stranger.full_name):
        form = contact_form(agent, north.contact) | {f"custom_{field.number}": typed}
        assert agent.post(contact_page(north.contact), form).status_code == 200
    assert field.key not in fresh(north, north.contact).custom_values


def test_a_newer_value_is_never_overwritten(north: World, agent: Client):
    field = made(north, "text")
    form = contact_form(agent, north.contact) | {f"custom_{field.number}": "Mine"}
    with north.scope():
        update_contact(north.contact, ContactDraft(custom_values={field.number: "Theirs"}), actor=north.actor())
    assert "Somebody else has changed this contact" in text_of(agent.post(contact_page(north.contact), form))
    assert fresh(north, north.contact).custom_values[field.key] == "Theirs"


def test_formatted_text_is_shown_without_what_runs_or_tells(north: World, agent: Client):
    field = made(north, "wysiwyg")
    contact = valued(north, field, "x")
    harm = '<b>bold</b><script>alert(1)</script><img src="https://evil.example/x.png"><a href="javascript:x">y</a>'
    with north.scope():
        # As an older release, or another program on the database, might have left it.
        Contact.objects.filter(pk=contact.pk).update(custom_values={field.key: harm})
    for role in ("agent", "viewer"):
        content = browser_of(getattr(north, role)).get(contact_page(contact)).content.decode()
        assert "<b>bold</b>" in content
        assert not [harm for harm in ("<script>alert", '<img src="https://evil', 'href="javascript') if harm in content]


def test_those_who_read_see_every_value_in_words(north: World):
    written = {kind: value for kind, value, *_ in TYPED}
    with north.scope():
        fields = {kind: made(north, kind, f"My {kind}") for kind in written}
        values = {fields[kind].number: of_world(north, kind, value) for kind, value in written.items()}
        contact = create_contact(ContactDraft(full_name="Val Ued", custom_values=values), actor=north.actor())
    page = text_of(browser_of(north.viewer).get(contact_page(contact)))
    for line in (
        "My text old",
        "My formatted_number 1,000",
        "My select Email",
        "My select_multi Letter; Phone",
        "My checkbox yes",
        "My file_multi https://example.com/a https://example.com/b",
        "My currency 1,000.00€",
        f"My user {north.owner.full_name}",
        f"My contact {north.contacts[0].full_name}",
        f"My contact_multi {north.contacts[1].full_name} , {north.contacts[0].full_name}",
    ):
        assert line in page


def test_a_narrowed_agent_is_told_no_name_of_a_contact_they_may_not_see(north: World):
    field = made(north, "contact")
    contact = valued(north, field, north.contacts[2].number, assigned_to=north.agent.pk)
    with north.scope():
        north.organization.agents_see_only_their_contacts = True
        north.organization.save()
    form = contact_form(browser_of(north.agent), contact)
    assert form[f"custom_{field.number}"] == f"#{north.contacts[2].number}"
    typed = {f"custom_{field.number}": "carol"}
    response = browser_of(north.agent).post(contact_page(contact), form | typed)
    assert errors_of(response) == {f"custom_{field.number}": ["No contact is found by “carol”."]}


def test_contacts_may_stand_on_lines_of_their_own(north: World, south: World, agent: Client):
    field = made(north, "contact_multi")
    contact = valued(north, field, [north.contacts[2].number])
    form = contact_form(agent, contact)
    typed = of_world(north, "contact_multi", "carol\r\n\r\n#1 Whoever;#2")
    assert agent.post(contact_page(contact), form | {f"custom_{field.number}": typed}).status_code == 302
    assert fresh(north, contact).custom_values == {field.key: of_world(north, "contact_multi", [3, 1, 2])}


def test_a_contact_that_is_gone_stays_pointed_to_until_somebody_says_otherwise(north: World, agent: Client):
    field, gone = made(north, "contact"), north.contacts[2]
    contact = valued(north, field, gone.number)
    with north.scope():
        delete_contact(gone, actor=north.actor())
    form = contact_form(agent, contact)
    assert agent.post(contact_page(contact), form | {"city": "Here"}).status_code == 302
    assert fresh(north, contact).custom_values == {field.key: gone.number}


# History.


def test_history_and_timeline_tell_values_by_the_names_of_their_fields(north: World, agent: Client):
    written = {
        "select": 2,
        "checkbox": True,
        "user": 1,
        "contact": 2,
        "wysiwyg": "<p>fish &amp; chips</p>",
        "currency": 5,
    }
    typed = {"select": "3", "checkbox": "", "user": "3", "contact": "#3", "wysiwyg": "<p>none</p>", "currency": "6"}
    fields = {kind: made(north, kind, f"My {kind}") for kind in written}
    with north.scope():
        values = {fields[kind].number: of_world(north, kind, value) for kind, value in written.items()}
        contact = create_contact(ContactDraft(full_name="Val Ued", custom_values=values), actor=north.actor())
    form = contact_form(agent, contact)
    agent.post(
        contact_page(contact),
        form | {f"custom_{fields[kind].number}": of_world(north, kind, text) for kind, text in typed.items()},
    )
    history = text_of(agent.get(f"{CONTACTS}{contact.pk}/history/"))
    for line in (
        "My select Email Letter",
        "My checkbox yes —",
        f"My user {north.owner.full_name} {north.agent.full_name}",
        of_world(north, "contact", "My contact contact #2 contact #3"),
        "My wysiwyg fish & chips none",
        "My currency 5.00€ 6.00€",
    ):
        assert line in history
    assert "My select: Email → Letter" in text_of(agent.get(contact_page(contact)))
    assert "custom_values" not in history


def test_history_outlives_options_types_and_fields(north: World, agent: Client):
    select, number = made(north, "select", "Picked"), made(north, "number", "Counted")
    with north.scope():
        values = {select.number: 2, number.number: 7}
        contact = create_contact(ContactDraft(full_name="Val Ued", custom_values=values), actor=north.actor())
        remove_option(select.options.get(number=2), actor=north.actor())
        retire_field(select, actor=north.actor())
        change_kind(number, "text", actor=north.actor())
    work()
    history = text_of(agent.get(f"{CONTACTS}{contact.pk}/history/"))
    assert "Picked a removed option —" in history
    assert "Counted 7" in history


# Type before, value, type after, the words for both values.
RETYPED: list[tuple[str, Any, str, str, str]] = [
    ("select", 2, "number", "Email", "—"),
    ("select_multi", [1, 3], "text", "Phone, Letter", "Phone; Letter"),
    ("checkbox", True, "number", "yes", "—"),
    ("currency", 5, "number", "5.00€", "5"),
    ("user", 1, "number", "{owner}", "1"),
    ("user_multi", [1, 3], "number", "{owner}, {agent}", "—"),
    ("contact", 2, "user", "contact #2", "—"),
    ("wysiwyg", "<p>fish &amp; chips</p>", "number", "fish & chips", "—"),
]


@pytest.mark.parametrize(("kind", "value", "new_kind", "before", "after"), RETYPED)
def test_history_tells_values_of_a_type_before_as_that_type_does(
    north: World, south: World, agent: Client, kind: str, value: Any, new_kind: str, before: str, after: str
):
    made(south, kind, "Mine")
    contact, _ = retyped(north, kind, value, new_kind)
    before = before.format(owner=north.owner.full_name, agent=north.agent.full_name)
    before = of_world(north, kind, before)
    assert f"Mine {before} {after}" in history_of(agent, contact)
    assert history_of(agent, contact).count(f"Mine {before}") == 2


def test_history_does_not_tell_a_change_of_type_that_nobody_can_see(north: World, agent: Client):
    contact, field = retyped(north, "select", 2, "text")

    assert fresh(north, contact).custom_values == {field.key: "Email"}
    assert history_of(agent, contact).count("Mine Email") == 1


def test_a_value_of_a_type_that_nobody_wrote_down_is_told_as_it_was_stored(north: World, agent: Client):
    contact, field = retyped(north, "select", 2, "text")
    with north.scope():
        CustomField.objects.filter(pk=field.pk).update(former_kinds={})
    assert "Mine 2 (as it was stored) Email" in history_of(agent, contact)


def retyped(world: World, kind: str, value: Any, new_kind: str) -> tuple[Contact, CustomField]:
    """A contact with a value of a field that has another type since, which all contacts follow."""
    field = made(world, kind, "Mine")
    contact = valued(world, field, of_world(world, kind, value))
    with world.scope():
        field = change_kind(field, new_kind, actor=world.actor())
    work()
    return contact, field


def history_of(browser: Client, contact: Contact) -> str:
    return text_of(browser.get(f"{CONTACTS}{contact.pk}/history/"))


# Finding by values.


def listed(browser: Client, query: str) -> list[str]:
    return sorted(contact.full_name for contact in browser.get(f"{CONTACTS}?{query}").context["cl"].result_list)


@pytest.mark.parametrize(
    ("kind", "values", "asked", "expected"),
    [
        ("select", [1, 2], "Email", ["1"]),
        ("select_multi", [[1, 3], [2], [3]], "Letter", ["0", "2"]),
        ("checkbox", [True, False], "true", ["0"]),
        ("checkbox", [True, False], "false", ["1"]),
        ("text", ["Blue door", "Red"], "blue", ["0"]),
        ("currency", [1000, 2000], "1,000", ["0"]),
        ("date", ["2025-10-18", "2025-10-19"], "2025-10-18", ["0"]),
        ("date", ["2025-10-18"], "someday", []),
        ("select", [1], "Nothing", []),
        ("user", [1, 2], "2", ["1"]),
        ("user_multi", [[1, 2], [2]], "1", ["0"]),
        ("contact", [1, 2], "#2", ["1"]),
        ("contact_multi", [[1, 2], [1]], "#2", ["0"]),
    ],
)
def test_the_list_is_narrowed_by_a_value(
    north: World, south: World, agent: Client, kind: str, values: list[Any], asked: str, expected: list[str]
):
    for world in (south, north):
        field = made(world, kind)
        with world.scope():
            for number, value in enumerate(values):
                values_of = {field.number: of_world(world, kind, value)}
                create_contact(ContactDraft(full_name=str(number), custom_values=values_of), actor=world.actor())
    asked = quote(of_world(north, kind, asked))
    assert listed(agent, f"field_{field.number}={asked}") == expected
    assert len(listed(agent, f"field_{field.number}=")) == 6 + len(values)


@pytest.mark.parametrize(
    "query", ["field_99=x", "field_=x", "field_1__startswith=x", "field_1=%ED%A0%80", "field_99999999999=1"]
)
def test_a_filter_that_is_not_there_is_no_error(north: World, agent: Client, query: str):
    assert agent.get(f"{CONTACTS}?{query}").status_code in (200, 302, 400)


def test_a_page_asks_no_more_for_more_fields(north: World, agent: Client):
    pages = (CONTACTS, contact_page(north.contact), FIELDS)

    def asked() -> list[int]:
        counts = []
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                assert agent.get(page).status_code == 200
            counts.append(len(captured))
        return counts

    made(north, "user_multi", "Who")
    # The first visit chooses the session's organization, and reads what Django keeps for good.
    asked()
    before = asked()
    for number in range(9):
        made(north, ("select", "date", "user")[number % 3], f"More {number}")
    assert asked() == before

"""The contact list and the contact page, used as a browser uses them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Member
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange
from contacts.services import create_contact, create_contacts, update_contact
from tests.dashboard import CONTACTS, add_row, browser_of, fields_of, text_of
from tests.worlds import World


@pytest.fixture
def agent(north: World) -> Client:
    return browser_of(north.agent)


@pytest.fixture
def admin(north: World) -> Client:
    return browser_of(north.admin)


def page_of(contact: Contact, name: str = "change") -> str:
    return f"{CONTACTS}{contact.pk}/{name}/"


def form_of(browser: Client, contact: Contact) -> dict[str, Any]:
    return fields_of(browser.get(page_of(contact)), "contact_form")


def fresh(world: World, contact: Contact) -> Contact:
    with world.scope():
        return Contact.objects.get(pk=contact.pk)


def changes_of(world: World, contact: Contact) -> list[ContactChange]:
    with world.scope():
        return list(ContactChange.objects.filter(contact=contact).order_by("id"))


# Changing.


def test_a_form_sent_back_untouched_writes_nothing(north: World, agent: Client):
    before = fresh(north, north.contact)
    recorded = len(changes_of(north, north.contact))
    response = agent.post(page_of(north.contact), form_of(agent, north.contact))
    assert response.status_code == 302
    assert fresh(north, north.contact).version == before.version
    assert len(changes_of(north, north.contact)) == recorded


def test_only_what_was_changed_is_written(north: World, agent: Client):
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), "city": "Springfield"})
    assert response.status_code == 302
    change = changes_of(north, north.contact)[-1]
    assert (change.before["city"], change.after["city"]) == (north.canary, "Springfield")
    assert change.after.keys() <= {"city", "lead_score"}
    assert (change.actor_label, change.door, change.member_id) == (north.agent.full_name, "admin", north.agent.pk)


def test_django_s_admin_log_is_left_empty(north: World, agent: Client):
    agent.post(page_of(north.contact), {**form_of(agent, north.contact), "city": "Springfield"})
    agent.post(page_of(north.contact, "delete"), {"post": "yes"})
    assert not LogEntry.objects.exists()


def test_tags_and_preferences_are_typed_as_words(north: World, agent: Client):
    typed = {
        "tag_names": 'vip, "Smith, Jones" ,  vip',
        "property_types": "CONDO, LOFT",
        "price_min": "250000",
        "price_max": "",
        "locations": '"Harbour, North", Old Town',
        "communication_method": "",
    }
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), **typed})
    assert response.status_code == 302
    changed = fresh(north, north.contact)
    with north.scope():
        tags = list(changed.tagged.order_by("position").values_list("tag__name", flat=True))
    assert tags == ["vip", "Smith, Jones"]
    assert changed.preferences == {
        "property_types": ["CONDO", "LOFT"],
        "price_range": {"min": 250_000, "max": None},
        "locations": ["Harbour, North", "Old Town"],
    }
    again = form_of(agent, north.contact)
    assert again["tag_names"] == 'vip, "Smith, Jones"'
    assert again["locations"] == '"Harbour, North", Old Town'


def test_child_rows_are_added_changed_and_taken_away(north: World, agent: Client):
    data = form_of(agent, north.contact)
    data["further_emails-0-label"] = "private"
    data = add_row(data, "further_emails", email="second@example.com", label="", note="")
    data["further_phones-0-DELETE"] = "on"
    data = add_row(data, "further_assignees", member=str(north.owner.pk))
    data = add_row(data, "related_people", first_name="Sam", last_name="Two", mobile="", email="", notes="")
    response = agent.post(page_of(north.contact), data)
    assert response.status_code == 302
    with north.scope():
        contact = Contact.objects.get(pk=north.contact.pk)
        assert list(contact.further_emails.values_list("email", "label")) == [
            (f"jane.{north.canary}@example.com", "private"),
            ("second@example.com", ""),
        ]
        assert not contact.further_phones.exists()
        assert [each.member_id for each in contact.further_assignees.all()] == [north.admin.pk, north.owner.pk]
        assert [each.first_name for each in contact.related_people.all()] == ["Pat", "Sam"]
        assert "second@example.com" in contact.search_text


def test_a_newer_change_is_never_overwritten(north: World, agent: Client):
    data = {**form_of(agent, north.contact), "city": "Mine"}
    with north.scope():
        update_contact(north.contact, ContactDraft(city="Theirs"), actor=north.actor())
    response = agent.post(page_of(north.contact), data)
    assert response.status_code == 200
    assert "Somebody else has changed this contact" in text_of(response)
    assert fresh(north, north.contact).city == "Theirs"
    # Nor when the refused page is simply sent again.
    assert agent.post(page_of(north.contact), fields_of(response, "contact_form")).status_code == 200
    assert fresh(north, north.contact).city == "Theirs"


@pytest.mark.parametrize("version", ["", "0", "none", "99999999999999999999"])
def test_a_form_without_a_true_version_is_refused(north: World, agent: Client, version: str):
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), "city": "x", "version": version})
    assert response.status_code == 200
    assert fresh(north, north.contact).city == north.canary


# Refusals stand beside their field.


def errors_of(response: Any) -> dict[str, Any]:
    return {name: [str(each) for each in errors] for name, errors in response.context["adminform"].form.errors.items()}


@pytest.mark.parametrize(
    ("field", "typed", "shown_at"),
    [
        ("email", "no address", "email"),
        ("tag_names", "x" * 51, "tag_names"),
        ("price_min", "-1", "price_min"),
        ("price_max", "1", "price_max"),
        ("locations", "y" * 201, "locations"),
        ("notes", "z" * 10_001, "notes"),
        ("type", "ALIEN", "type"),
        ("assigned_to", "99999999", "assigned_to"),
    ],
)
def test_what_the_domain_refuses_is_said_beside_the_field(
    north: World, agent: Client, field: str, typed: str, shown_at: str
):
    version = fresh(north, north.contact).version
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), field: typed})
    assert response.status_code == 200
    assert list(errors_of(response)) == [shown_at]
    assert fresh(north, north.contact).version == version


def test_a_refused_child_row_is_the_one_that_shows_it(north: World, agent: Client):
    data = form_of(agent, north.contact)
    data = add_row(data, "further_emails", email="fine@example.com", label="", note="")
    data = add_row(data, "further_emails", email="no address", label="", note="")
    data["further_emails-0-DELETE"] = "on"
    response = agent.post(page_of(north.contact), data)
    assert response.status_code == 200
    (formset,) = [
        each.formset for each in response.context["inline_admin_formsets"] if each.formset.prefix == "further_emails"
    ]
    assert [list(form.errors) for form in formset.forms] == [[], [], ["email"]]


def test_a_taken_address_names_who_has_it(north: World, agent: Client):
    other = north.contacts[1]
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), "email": "BOB@example.com"})
    assert response.status_code == 200
    (message,) = errors_of(response)["email"]
    assert page_of(other) in message
    assert "has this e-mail address already" in text_of(response)


def test_a_taken_address_of_a_hidden_contact_is_not_named(north: World):
    hidden = north.contacts[3]
    with north.scope():
        organization = north.organization
        organization.agents_see_only_their_contacts = True
        organization.save()
    agent = browser_of(north.agent)
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), "email": "d@example.com"})
    assert errors_of(response) == {"email": ["Another contact has this e-mail address already."]}
    assert agent.get(page_of(hidden)).status_code == 302
    assert "Delta" not in agent.get(CONTACTS).content.decode()


def test_names_with_markup_stay_text(north: World, agent: Client):
    with north.scope():
        create_contact(
            ContactDraft(full_name="<img src=x onerror=alert(1)>", email="x@example.com", tags=("<b>bold</b>",)),
            actor=north.actor(),
        )
    response = agent.post(page_of(north.contact), {**form_of(agent, north.contact), "email": "x@example.com"})
    for page in (response, agent.get(CONTACTS), agent.get("/admin/"), agent.get("/admin/contacts/tag/")):
        assert b"<img src=x" not in page.content
        assert b"<b>bold" not in page.content


# Adding, deleting, restoring.


def test_a_contact_is_added(north: World, agent: Client):
    data = fields_of(agent.get(f"{CONTACTS}add/"), "contact_form")
    typed = {
        "first_name": "Nina",
        "last_name": "New",
        "email": "nina@example.com",
        "tag_names": "fresh",
        "price_max": "9",
    }
    response = agent.post(
        f"{CONTACTS}add/", add_row({**data, **typed}, "further_phones", phone="555", label="", note="")
    )
    assert response.status_code == 302
    with north.scope():
        contact = Contact.objects.get(email="nina@example.com")
        assert (contact.full_name, contact.type, contact.created_by_id) == ("Nina New", "LEAD", north.agent.pk)
        assert [each.phone for each in contact.further_phones.all()] == ["555"]
        assert contact.preferences == {"price_range": {"min": None, "max": 9}}
        assert contact.lead_score > 0


def test_a_new_contact_s_taken_address_is_refused(north: World, agent: Client):
    data = fields_of(agent.get(f"{CONTACTS}add/"), "contact_form")
    response = agent.post(f"{CONTACTS}add/", {**data, "first_name": "Again", "email": "jane@example.com"})
    assert response.status_code == 200
    assert list(errors_of(response)) == ["email"]


def test_deleting_and_restoring_keep_the_row(north: World, agent: Client):
    assert north.contact.full_name in text_of(agent.get(page_of(north.contact, "delete")))
    agent.post(page_of(north.contact, "delete"), {"post": "yes"})
    assert not fresh(north, north.contact).is_live
    assert north.contact.full_name not in listed(agent, "")
    assert set(listed(agent, "state=deleted")) == {north.contact.full_name, north.deleted.full_name}
    page = agent.get(page_of(north.contact))
    assert "This contact is deleted" in text_of(page)
    assert agent.post(page_of(north.contact), {"city": "x"}).status_code == 403
    agent.post(page_of(north.contact, "restore"))
    assert fresh(north, north.contact).is_live
    assert [each.verb for each in changes_of(north, north.contact)][-2:] == ["deleted", "restored"]


def test_restoring_happens_on_no_mere_visit(north: World, agent: Client):
    assert agent.get(page_of(north.deleted, "restore")).status_code == 405
    assert not fresh(north, north.deleted).is_live


def test_restoring_onto_a_taken_address_says_who_has_it(north: World, agent: Client):
    with north.scope():
        holder = create_contact(ContactDraft(full_name="Holder", email="gone@example.com"), actor=north.actor())
    response = agent.post(page_of(north.deleted, "restore"), follow=True)
    assert "Holder has this e-mail address already." in text_of(response)
    assert page_of(holder) in response.content.decode()
    assert not fresh(north, north.deleted).is_live


def test_deleted_contacts_are_searched_among_themselves(north: World, agent: Client):
    assert "Gone" in text_of(agent.get(f"{CONTACTS}?state=deleted&q=gone"))
    assert "Gone" not in text_of(agent.get(f"{CONTACTS}?q=gone"))


# Several at once.


def chosen(*contacts: Contact, action: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [contact.pk for contact in contacts], **more}


def test_deleting_several_asks_first(north: World, agent: Client):
    picked = north.contacts[:2]
    asked = agent.post(CONTACTS, chosen(*picked, action="delete_selected_contacts"))
    assert "2 contacts" in text_of(asked)
    assert fresh(north, picked[0]).is_live
    agent.post(CONTACTS, chosen(*picked, action="delete_selected_contacts", confirmed="yes"))
    assert [fresh(north, contact).is_live for contact in north.contacts[:3]] == [False, False, True]


def test_several_are_assigned_and_tagged(north: World, admin: Client):
    picked = north.contacts[2:5]
    assert "Owner" in text_of(admin.post(CONTACTS, chosen(*picked, action="assign_selected_contacts")))
    confirmed = {"confirmed": "yes", "member": north.owner.pk}
    admin.post(CONTACTS, chosen(*picked, action="assign_selected_contacts", **confirmed))
    admin.post(CONTACTS, chosen(*picked, action="tag_selected_contacts", confirmed="yes", tag="spring"))
    assert {fresh(north, contact).assigned_to_id for contact in picked} == {north.owner.pk}
    assert {tuple(changes_of(north, contact)[-1].after["tags"]) for contact in picked} == {("spring",)}


def test_several_are_restored(north: World, agent: Client):
    data = chosen(north.deleted, action="restore_selected_contacts")
    assert "is back" in text_of(agent.post(f"{CONTACTS}?state=deleted", data, follow=True))
    assert fresh(north, north.deleted).is_live


def test_too_many_at_once_are_refused(north: World, admin: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("contacts.admin.actions.MOST_AT_ONCE", 2)
    data = chosen(*north.contacts[:1], action="delete_selected_contacts", confirmed="yes", select_across="1")
    assert "At most 2 contacts at once" in text_of(admin.post(CONTACTS, data, follow=True))
    assert fresh(north, north.contact).is_live


# Lists.


def listed(browser: Client, query: str) -> list[str]:
    return [contact.full_name for contact in browser.get(f"{CONTACTS}?{query}").context["cl"].result_list]


def test_filters_narrow_the_list(north: World, agent: Client):
    with north.scope():
        vip = north.contact.tagged.get(tag__name="vip").tag_id
    assert listed(agent, "type=CLIENT") == [north.contacts[2].full_name]
    assert listed(agent, "status=DO_NOT_CONTACT") == [north.contacts[5].full_name]
    assert listed(agent, f"source=website+{north.canary}") == [north.contact.full_name]
    assert set(listed(agent, f"tag={vip}")) == {contact.full_name for contact in north.contacts[:2]}
    assert set(listed(agent, f"assignee={north.agent.pk}")) == {contact.full_name for contact in north.contacts[:2]}
    assert len(listed(agent, "assignee=none")) == 4
    bands = ["0-19", "20-39", "40-59", "60-79", "80-100"]
    assert sorted(name for band in bands for name in listed(agent, f"score={band}")) == sorted(listed(agent, ""))
    assert all(len(listed(agent, f"score={band}")) < 6 for band in bands)


@pytest.mark.parametrize(
    "query", ["tag=x", "tag=%C2%B2", "assignee=99999999999999999999", "score=9", "p=abc", "p=99", "o=99.x", "type=%27"]
)
def test_nonsense_in_the_address_is_no_error(north: World, agent: Client, query: str):
    assert agent.get(f"{CONTACTS}?{query}").status_code in (200, 302)


@pytest.mark.parametrize("query", ["q=%00", "type=%00"])
def test_nul_in_the_address_is_a_bad_request(north: World, agent: Client, query: str):
    assert agent.get(f"{CONTACTS}?{query}").status_code == 400


def queries_of(browser: Client, address: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def test_a_page_asks_the_same_number_of_questions_however_long(north: World, agent: Client):
    agent.get(CONTACTS)  # The first visit chooses the session's organization.
    few = len(queries_of(agent, CONTACTS))
    with north.scope():
        drafts = (ContactDraft(full_name=f"More {n}", tags=("vip", f"t{n % 7}")) for n in range(60))
        list(create_contacts(drafts, actor=north.actor()))
    assert len(queries_of(agent, CONTACTS)) == few


def test_no_page_counts_the_whole_table(north: World, agent: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("config.dashboard.paginator.MOST_COUNTED", 3)
    monkeypatch.setattr("contacts.admin.contacts.ContactAdmin.list_per_page", 2)
    counts = [sql for sql in queries_of(agent, CONTACTS) if "COUNT(" in sql]
    assert len(counts) == 1
    assert "LIMIT 4" in counts[0]
    pages = [listed(agent, f"p={number}") for number in (1, 2, 3)]
    assert sorted(name for page in pages for name in page) == sorted(contact.full_name for contact in north.contacts)
    assert "more than" in text_of(agent.get(CONTACTS))
    assert "Next" not in text_of(agent.get(f"{CONTACTS}?p=3"))


# History, timeline, first page.


def test_history_is_told_in_words(north: World, agent: Client):
    agent.post(
        page_of(north.contact), {**form_of(agent, north.contact), "assigned_to": north.owner.pk, "type": "CLIENT"}
    )
    words = text_of(agent.get(page_of(north.contact, "history")))
    assert f"Changed {north.agent.full_name} Dashboard" in words
    assert f"Assigned to {north.agent.full_name} {north.owner.full_name}" in words
    assert "Type Lead Client" in words


def test_a_contact_page_shows_its_score_and_what_happened(north: World, agent: Client):
    words = text_of(agent.get(page_of(north.contact)))
    assert f"Called {north.canary}" in words
    assert f"About {north.canary}" in words
    assert f"Deal: House {north.canary}" in words
    assert "Price range +10" in words
    assert f"Together {fresh(north, north.contact).lead_score}" in words or "Lists still show" in words


def test_a_contact_page_tells_what_moved_the_score_and_what_would_raise_it(north: World, agent: Client):
    with north.scope():
        draft = ContactDraft(full_name="Lou Lead", email="lou@example.com", phone="+1 555 123 0009", source="REFERRAL")
        contact = create_contact(draft, actor=north.actor())
        update_contact(contact, ContactDraft(phone="", notes="Called twice"), actor=north.actor())
    words = text_of(agent.get(page_of(contact)))
    assert "Together +35" in words or "Together 35" in words
    assert "Lists still show 40:" in words
    assert "Since then: Phone -10, Notes +5." in words
    assert "Would raise it, the easiest first: Assigned to somebody +5, Phone +10, Second phone +5." in words


def test_history_says_when_a_score_was_worked_out_again_and_stayed(north: World, agent: Client):
    with north.scope():
        contact = create_contact(ContactDraft(full_name="Lou Lead", notes="x"), actor=north.actor())
        for draft in (ContactDraft(notes="", city="Here"), ContactDraft()):
            update_contact(contact, draft, actor=north.actor(), score=not draft.said())
    words = text_of(agent.get(page_of(contact, "history")))
    assert "Score worked out again, the same" in words


def test_the_first_page_counts_what_is_there(north: World, agent: Client):
    response = agent.get("/admin/")
    figures = {figure["title"]: figure["number"] for figure in response.context["figures"]}
    with north.scope():
        deals = len({contact.pk for contact in north.contacts[:2]})
    assert figures == {
        "Contacts": "6",
        "New this week": "6",
        "Leads to follow up": figures["Leads to follow up"],
        "Open deals": str(deals),
    }
    assert f"Called {north.canary}" in text_of(response)


def test_a_viewer_reads_every_word_of_a_contact(north: World):
    page = text_of(browser_of(north.viewer).get(page_of(north.contact)))
    for word in (f"vip, tag {north.canary}", "300000", f"{north.canary} Heights", "SINGLE_FAMILY", "jane@example.com"):
        assert word in page


def test_people_without_a_membership_are_sent_to_their_organizations(north: World):
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(is_active=False)
    response = browser_of(north.agent).get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/organization/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_login_leads_nowhere_else(north: World, target: str):
    assert browser_of(north.agent).get("/admin/login/", {"next": target})["Location"] == "/admin/"
    assert "evil" not in Client().get("/admin/login/", {"next": target})["Location"]


def test_all_of_them_are_offered_only_where_they_were_counted(
    north: World, agent: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("contacts.admin.contacts.ContactAdmin.list_per_page", 2)
    assert "0 of 2 selected" in text_of(agent.get(CONTACTS))
    assert "Select all 6 contacts" in text_of(agent.get(CONTACTS))
    monkeypatch.setattr("config.dashboard.paginator.MOST_COUNTED", 3)
    assert "0 of 2 selected" in text_of(agent.get(CONTACTS))
    assert "Select all 4" not in text_of(agent.get(CONTACTS))


def test_the_frame_speaks_of_contacts(north: World, agent: Client):
    page = text_of(agent.get(CONTACTS))
    assert "Search contacts…" in page
    assert "Contacts chevron_right Contacts" not in page
    assert "apps and models" not in page
    nobody = text_of(agent.get(f"{CONTACTS}?q=nobodyiscalledthis"))
    assert "Nothing found Nothing here matches the search and the filters." in nobody
    assert "Contacts chevron_right Contacts" not in text_of(agent.get(page_of(north.contact)))

"""Working in one of several organizations."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Member, User
from accounts.roles import Role
from accounts.services import create_member, deactivate_member
from contacts.models import Contact
from tests.worlds import World

PAGE = "/accounts/organization/"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture
def browser(north: World, south: World) -> Client:
    """A browser of north's agent, who is a viewer in south too."""
    with south.scope():
        create_member(
            email=north.agent.user.email, password="", role=Role.VIEWER, first_name="Both", actor=south.actor()
        )
    browser = Client()
    browser.force_login(north.agent.user)
    browser.post(PAGE, {"organization": north.organization.pk})
    return browser


def test_both_organizations_are_offered_and_the_current_one_is_marked(browser: Client, north: World, south: World):
    page = browser.get(PAGE).content.decode()
    assert north.organization.name in page
    assert south.organization.name in page
    assert page.index(north.organization.name) < page.index("Go on") < page.index(south.organization.name)


def test_the_switch_leads_into_the_other_organization(browser: Client, north: World, south: World):
    assert north.canary in browser.get("/admin/accounts/member/").content.decode()
    response = browser.post(PAGE, {"organization": south.organization.pk})
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    page = browser.get("/admin/accounts/member/").content.decode()
    assert south.canary in page
    assert north.canary not in page


def test_nothing_of_the_organization_before_stays_in_the_session(browser: Client, north: World, south: World):
    session = browser.session
    session["left_behind"] = f"a filter naming {north.canary}"
    session.save()
    key = session.session_key
    browser.post(PAGE, {"organization": south.organization.pk})
    kept = dict(browser.session.items())
    assert kept["organization"] == south.organization.pk
    assert kept["_auth_user_id"] == str(north.agent.user_id)
    assert set(kept) <= {
        "organization",
        "_auth_user_id",
        "_auth_user_backend",
        "_auth_user_hash",
        "began_at",
        "seen_at",
        "_session_expiry",
        "account_authentication_methods",
        "account_authentication_methods_user",
    }
    assert browser.session.session_key != key


def test_the_role_is_the_one_in_the_organization_entered(browser: Client, north: World, south: World):
    assert browser.get("/admin/contacts/contact/add/").status_code == 200
    browser.post(PAGE, {"organization": south.organization.pk})
    assert browser.get("/admin/contacts/contact/add/").status_code == 403


def test_an_organization_of_others_is_answered_like_one_that_never_was(north: World, south: World):
    browser = Client()
    browser.force_login(north.agent.user)
    browser.get("/admin/accounts/member/")
    foreign = browser.post(PAGE, {"organization": south.organization.pk})
    never = browser.post(PAGE, {"organization": 999_999_999})
    assert (foreign.status_code, foreign.content) == (never.status_code, never.content) == (404, never.content)
    for nonsense in ("", "x", "-1", "1.0", "٣", "9" * 30, str(north.organization.pk) + "\x00"):
        assert browser.post(PAGE, {"organization": nonsense}).status_code == 404
    assert browser.session["organization"] == north.organization.pk


def test_a_member_who_was_shut_out_of_the_current_organization_lands_in_the_other(
    browser: Client, north: World, south: World
):
    with north.scope():
        deactivate_member(Member.objects.get(user_id=north.agent.user_id), actor=north.actor())
    page = browser.get("/admin/accounts/member/").content.decode()
    assert south.canary in page
    assert north.canary not in page
    assert north.organization.name not in browser.get(PAGE).content.decode()


def test_the_page_names_no_organization_of_others(north: World, south: World):
    browser = Client()
    browser.force_login(User.objects.get(pk=north.owner.user_id))
    page = browser.get(PAGE).content.decode()
    assert north.organization.name in page
    assert south.canary not in page


def test_a_form_left_open_in_another_tab_is_not_stored_in_the_next_organization(north: World, south: World) -> None:
    with south.scope():
        create_member(
            email="owner@north.example",
            password="kept",
            role="owner",
            first_name="Guest",
            last_name=south.canary,
            actor=south.actor(),
        )
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(north.owner.user)
    session = browser.session
    session["organization"] = north.organization.pk
    session.save()
    form = TOKEN.search(browser.get("/admin/contacts/contact/add/").content.decode())
    assert form is not None
    token = TOKEN.search(browser.get(PAGE).content.decode())
    assert token is not None
    switched = browser.post(PAGE, {"organization": south.organization.pk, "csrfmiddlewaretoken": token[1]})
    assert switched.status_code == 302
    stale = {"csrfmiddlewaretoken": form[1], "full_name": "Meant for north", "email": "meant@example.com"}
    assert browser.post("/admin/contacts/contact/add/", stale).status_code == 403
    for world in (north, south):
        with world.scope():
            assert not Contact.objects.filter(full_name="Meant for north").exists()

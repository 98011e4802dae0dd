"""The team's pages of the dashboard: members, invitations, credentials, the organization itself."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from accounts.admin.credential import LISTS
from accounts.authentication import digest_of
from accounts.models import Credential, Invitation, Member, Organization, WireName
from accounts.roles import Role
from accounts.services import invite
from tests.worlds import World

MEMBERS = "/admin/accounts/member/"
INVITATIONS = "/admin/accounts/invitation/"
CREDENTIALS = "/admin/accounts/credential/"
ORGANIZATION = "/admin/accounts/organization/"


def browser_of(member: Member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


@pytest.fixture
def owner(north: World) -> Client:
    return browser_of(north.owner)


@pytest.fixture
def admin(north: World) -> Client:
    return browser_of(north.admin)


def page_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def member_form(member: Member, **changes: Any) -> dict[str, Any]:
    active = {"is_active": "on"} if changes.pop("is_active", member.is_active) else {}
    return {"role": changes.pop("role", member.role), **active}


def stored(world: World, member: Member) -> Member:
    with world.scope():
        return Member.objects.get(pk=member.pk)


PAGES = {
    "member list": lambda world: MEMBERS,
    "member search": lambda world: f"{MEMBERS}?q=o",
    "member": lambda world: f"{MEMBERS}{world.agent.pk}/change/",
    "invitation list": lambda world: INVITATIONS,
    "invitation form": lambda world: f"{INVITATIONS}add/",
    "credential list": lambda world: CREDENTIALS,
    "credential search": lambda world: f"{CREDENTIALS}?q=o",
    "credential form": lambda world: f"{CREDENTIALS}add/",
    "organization": lambda world: f"{ORGANIZATION}{world.organization.pk}/change/",
    "palette": lambda world: "/admin/search/?s=o&extended=1",
}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_anything_of_the_other_organization(owner: Client, north: World, south: World, page: str):
    response = owner.get(PAGES[page](north))
    assert response.status_code == 200
    assert south.canary not in page_of(response)
    assert "@south.example" not in page_of(response)


FOREIGN = {
    "member": lambda world: f"{MEMBERS}{world.agent.pk}/change/",
    "invitation": lambda world: f"{INVITATIONS}{invitation_of(world).pk}/change/",
    "credential": lambda world: f"{CREDENTIALS}{credential_of(world).pk}/change/",
    "organization": lambda world: f"{ORGANIZATION}{world.organization.pk}/change/",
}
NEVER = {
    "member": f"{MEMBERS}999999999/change/",
    "invitation": f"{INVITATIONS}999999999/change/",
    "credential": f"{CREDENTIALS}999999999/change/",
    "organization": f"{ORGANIZATION}999999999/change/",
}


def invitation_of(world: World) -> Invitation:
    with world.scope():
        return Invitation.objects.get()


def credential_of(world: World) -> Credential:
    with world.scope():
        return Credential.objects.get()


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_strangers_row_is_answered_like_one_that_never_was(
    owner: Client, north: World, south: World, kind: str, method: str
):
    def answer(path: str) -> tuple[int, str, str]:
        response = getattr(owner, method)(path)
        text = page_of(owner.get(response["Location"])) if response.status_code == 302 else page_of(response)
        key = path.split("/")[-3]
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text).replace(key, "KEY")
        return response.status_code, response.get("Location", ""), text

    foreign, never = answer(FOREIGN[kind](south)), answer(NEVER[kind])
    assert foreign[:2] == never[:2]
    assert south.canary not in foreign[2]


@pytest.mark.parametrize(
    ("page", "action"), [(INVITATIONS, "revoke"), (INVITATIONS, "send_again"), (CREDENTIALS, "revoke")]
)
def test_actions_do_not_reach_a_strangers_rows(owner: Client, south: World, page: str, action: str):
    row = invitation_of(south) if page == INVITATIONS else credential_of(south)
    owner.post(page, {"action": action, "_selected_action": [row.pk]})
    with south.scope():
        row.refresh_from_db()
        assert (row.revoked_at, mail.outbox) == (None, [])


def test_a_strangers_member_cannot_be_given_a_credential(owner: Client, north: World, south: World):
    page = owner.post(f"{CREDENTIALS}add/", credential_form(south.agent))
    assert (page.status_code, "That choice is not one of the available choices" in page_of(page)) == (200, True)
    with south.scope():
        assert Credential.objects.count() == 1


ALLOWED = {
    MEMBERS: {"owner", "admin", "agent", "viewer"},
    INVITATIONS: {"owner"},
    f"{INVITATIONS}add/": {"owner"},
    CREDENTIALS: {"owner", "admin"},
    f"{CREDENTIALS}add/": {"owner", "admin"},
    ORGANIZATION: {"owner"},
}


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("role", Role.values)
def test_each_page_opens_for_the_roles_that_may(north: World, path: str, role: str):
    response = browser_of(getattr(north, role)).get(path, follow=True)
    assert response.status_code == (200 if role in ALLOWED[path] else 403)


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_who_may_not_manage_members_changes_none(north: World, role: str):
    path = f"{MEMBERS}{north.viewer.pk}/change/"
    assert browser_of(getattr(north, role)).post(path, member_form(north.viewer, role="owner")).status_code == 403
    assert stored(north, north.viewer).role == "viewer"


def test_an_owner_changes_a_role_and_it_counts_at_once(owner: Client, north: World):
    viewer = browser_of(north.viewer)
    assert viewer.get(CREDENTIALS).status_code == 403
    response = owner.post(f"{MEMBERS}{north.viewer.pk}/change/", member_form(north.viewer, role="admin"))
    assert response.status_code == 302
    assert stored(north, north.viewer).role == "admin"
    assert viewer.get(CREDENTIALS).status_code == 200


def test_an_inactive_member_is_out_at_once_and_back_when_let_in(owner: Client, north: World):
    agent, path = browser_of(north.agent), f"{MEMBERS}{north.agent.pk}/change/"
    assert agent.get(MEMBERS).status_code == 200
    owner.post(path, member_form(north.agent, is_active=False))
    assert agent.get(MEMBERS).status_code == 302
    owner.post(path, member_form(north.agent, is_active=True))
    assert agent.get(MEMBERS).status_code == 200


@pytest.mark.parametrize("changes", [{"role": "admin"}, {"is_active": False}])
def test_the_last_owner_stays(owner: Client, north: World, changes: dict[str, Any]):
    page = owner.post(f"{MEMBERS}{north.owner.pk}/change/", member_form(north.owner, **changes))
    assert (page.status_code, "at least one owner" in page_of(page)) == (200, True)
    assert (stored(north, north.owner).role, stored(north, north.owner).is_active) == ("owner", True)


@pytest.mark.parametrize("path", [f"{MEMBERS}add/", "{member}delete/", "{member}history/"])
def test_members_are_neither_added_nor_deleted_here(owner: Client, north: World, path: str):
    response = owner.get(path.format(member=f"{MEMBERS}{north.agent.pk}/"))
    assert response.status_code in (403, 404)


def test_an_owner_invites_by_mail(owner: Client, north: World, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True):
        response = owner.post(f"{INVITATIONS}add/", {"email": "Nell@X.example", "role": "agent"})
    assert response.status_code == 302
    assert mail.outbox[-1].to == ["nell@x.example"]
    page = page_of(owner.get(INVITATIONS))
    assert "nell@x.example" in page
    (secret,) = re.findall(r"secret=(\S+)", str(mail.outbox[-1].body))
    assert secret not in page


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"email": "not an address"}, "valid email address"),
        ({"email": "agent@north.example"}, "has this email already"),
        ({"role": "emperor"}, "not one of the available choices"),
    ],
)
def test_an_invitation_that_will_not_do_is_refused_on_its_form(owner: Client, facts: dict[str, str], words: str):
    page = owner.post(f"{INVITATIONS}add/", {"email": "nell@x.example", "role": "agent", **facts})
    assert (page.status_code, words in page_of(page)) == (200, True)


def test_an_invitation_is_sent_again_with_a_new_link_and_withdrawn(
    owner: Client, north: World, django_capture_on_commit_callbacks: Any
):
    with north.scope():
        invitation, secret = invite("nell@x.example", "agent", actor=north.actor())
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(INVITATIONS, {"action": "send_again", "_selected_action": [invitation.pk]})
    (newer,) = re.findall(r"secret=(\S+)", str(mail.outbox[-1].body))
    assert Client().get("/accounts/invitation/", {"secret": secret}, follow=True).status_code == 404
    assert Client().get("/accounts/invitation/", {"secret": newer}, follow=True).status_code == 200
    owner.post(INVITATIONS, {"action": "revoke", "_selected_action": [invitation.pk]})
    assert Client().get("/accounts/invitation/", {"secret": newer}, follow=True).status_code == 404
    assert "Revoked" in page_of(owner.get(INVITATIONS))


def credential_form(member: Member, **facts: Any) -> dict[str, Any]:
    return {"wire": "winnerr", "member": member.pk, "name": "Nightly sync", "lifetime": "90", **facts}


def secret_page(browser: Client, member: Member, **facts: Any) -> tuple[Any, list[str]]:
    response = browser.post(f"{CREDENTIALS}add/", credential_form(member, **facts))
    return response, re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page_of(response))


@pytest.mark.parametrize("wire", WireName.values)
def test_a_new_credentials_secret_is_shown_once_with_a_line_that_uses_it(
    owner: Client, north: World, wire: str, monkeypatch: pytest.MonkeyPatch
):
    # Any address that is answered will do; a wire without one is the next test's.
    monkeypatch.setitem(LISTS, WireName(wire), "/v1/contacts")
    response, shown = secret_page(owner, north.agent, wire=wire)
    *secrets, curl = shown
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert curl.startswith("curl http")
    with north.scope():
        credential = Credential.objects.get(name="Nightly sync")
    if wire == WireName.RENTALOT:
        assert credential.digest == digest_of(secrets[0])
        assert f"Authorization: Bearer {secrets[0]}" in curl
    elif wire == WireName.ESTATEPRIME:
        assert credential.digest == digest_of(":".join(secrets))
        assert "Authorization: Basic " in curl
    else:
        assert f"/v1/contacts -H 'Authorization: Bearer {secrets[0]}'" in curl
    listed = page_of(owner.get(CREDENTIALS))
    assert "Nightly sync" in listed
    # A key pair's public half is its name on the list.
    assert not any(secret in listed for secret in secrets if not secret.startswith("pk_"))
    assert not any(secret in str(session.get_decoded()) for session in Session.objects.all() for secret in secrets)


def test_no_line_is_shown_for_a_wire_that_nothing_answers(owner: Client, north: World, monkeypatch: pytest.MonkeyPatch):
    for wire in WireName:
        monkeypatch.setitem(LISTS, wire, "/v1/contacts")
    assert "not served yet" not in page_of(owner.get(f"{CREDENTIALS}add/"))
    monkeypatch.setitem(LISTS, WireName.RENTALOT, "/nowhere/contacts")
    assert "Rentalot is not served yet: a key can be made now, and opens nothing until then." in page_of(
        owner.get(f"{CREDENTIALS}add/")
    )
    response, shown = secret_page(owner, north.agent, wire="rentalot")
    assert len(shown) == 1
    assert "curl" not in page_of(response)
    assert "Rentalot is not served yet: this key opens nothing until then." in page_of(response)


def test_the_token_works_for_its_member_and_dies_when_revoked(owner: Client, north: World, south: World):
    _, (token, _) = secret_page(owner, north.agent)
    program = {"Authorization": f"Bearer {token}"}
    answer = Client().get("/v1/contacts", headers=program)
    assert (answer.status_code, south.canary in answer.content.decode()) == (200, False)
    with north.scope():
        credential = Credential.objects.get(name="Nightly sync")
    owner.post(CREDENTIALS, {"action": "revoke", "_selected_action": [credential.pk]})
    assert Client().get("/v1/contacts", headers=program).status_code == 401


def test_an_admin_gives_no_program_more_rights_than_their_own(admin: Client, north: World):
    offered = page_of(admin.get(f"{CREDENTIALS}add/"))
    assert f'<option value="{north.agent.pk}"' in offered
    assert f'<option value="{north.owner.pk}"' not in offered
    page = admin.post(f"{CREDENTIALS}add/", credential_form(north.owner))
    assert page.status_code == 200
    with north.scope():
        assert not Credential.objects.filter(name="Nightly sync").exists()


@pytest.mark.parametrize("lifetime", ["0", "-1", "366", "100000", "x", ""])
def test_a_token_lives_a_year_at_most(owner: Client, north: World, lifetime: str):
    response = owner.post(f"{CREDENTIALS}add/", credential_form(north.agent, lifetime=lifetime))
    with north.scope():
        assert not Credential.objects.filter(name="Nightly sync").exists()
    assert response.status_code == 200


def test_an_owner_changes_the_settings(owner: Client, north: World, south: World):
    path = owner.get(ORGANIZATION)["Location"]
    facts = {
        "name": "North & Sons",
        "time_zone": "Europe/Athens",
        "phone_region": "GR",
        "agents_see_only_their_contacts": "on",
        "slug": "south",
        "plan": "free_trial",
    }
    assert owner.post(path, facts).status_code == 302
    with north.scope():
        stored = Organization.objects.get()
    assert (stored.name, stored.time_zone, stored.phone_region) == ("North & Sons", "Europe/Athens", "GR")
    assert (stored.agents_see_only_their_contacts, stored.slug, stored.plan) == (True, "north", "unlimited")
    with south.scope():
        assert Organization.objects.get().name == south.organization.name


@pytest.mark.parametrize("facts", [{"name": " "}, {"time_zone": "Mars/Olympus"}, {"phone_region": "XX"}])
def test_settings_that_will_not_do_are_refused(owner: Client, north: World, facts: dict[str, str]):
    path = owner.get(ORGANIZATION)["Location"]
    valid = {"name": "North", "time_zone": "UTC", "phone_region": "US"}
    assert owner.post(path, {**valid, **facts}).status_code == 200
    with north.scope():
        assert Organization.objects.get().name == north.organization.name


@pytest.mark.parametrize("path", [MEMBERS, INVITATIONS, f"{INVITATIONS}add/", CREDENTIALS, f"{CREDENTIALS}add/"])
def test_writing_needs_our_token(north: World, path: str):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(north.owner.user)
    assert browser.post(path, {"action": "revoke"}).status_code == 403

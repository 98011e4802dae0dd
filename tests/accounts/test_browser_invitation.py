"""Joining an organization by the link in a mail."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Invitation, Member, User
from accounts.roles import Role
from accounts.services import invite, revoke_invitation
from tests.worlds import PASSWORD, World

PAGE = "/accounts/invitation/"
EMAIL = "newcomer@x.example"
JOINING = {"first_name": "Nell", "last_name": "Newcomer", "password": "a wholly different phrase"}


@pytest.fixture
def browser() -> Client:
    return Client()


def invited(world: World, email: str = EMAIL, role: str = Role.AGENT) -> tuple[Invitation, str]:
    with world.scope():
        return invite(email, role, actor=world.actor())


def follow(browser: Client, secret: str) -> Any:
    return browser.get(PAGE, {"secret": secret}, follow=True)


def members_named(world: World, email: str) -> list[tuple[str, str, bool]]:
    with world.scope():
        found = Member.objects.filter(user__email=email)
        return [(member.full_name, member.role, member.is_active) for member in found]


def test_the_mail_carries_a_link_that_works(browser: Client, north: World, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True):
        _, secret = invited(north)
    (link,) = re.findall(r"https?://\S+", str(mail.outbox[-1].body))
    assert mail.outbox[-1].to == [EMAIL]
    assert link == f"{settings.PUBLIC_BASE_URL}{PAGE}?secret={secret}"
    page = browser.get(link.removeprefix(settings.PUBLIC_BASE_URL), follow=True)
    assert f"Join {north.organization.name}" in page.content.decode()


def test_the_secret_leaves_the_address_at_once_and_stands_in_no_page(browser: Client, north: World):
    _, secret = invited(north)
    moved = browser.get(PAGE, {"secret": secret})
    assert (moved.status_code, moved["Location"], moved["Referrer-Policy"]) == (302, PAGE, "no-referrer")
    page = browser.get(PAGE)
    assert secret not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_the_secret_is_in_no_log_line(browser: Client, north: World, caplog: pytest.LogCaptureFixture):
    _, secret = invited(north)
    with caplog.at_level("DEBUG"):
        follow(browser, secret)
        browser.post(PAGE, JOINING)
    assert secret not in caplog.text


def test_a_newcomer_chooses_name_and_password_and_is_in(browser: Client, north: World):
    _, secret = invited(north)
    follow(browser, secret)
    assert browser.post(PAGE, JOINING)["Location"] == "/admin/"
    assert members_named(north, EMAIL) == [("Nell Newcomer", "agent", True)]
    assert browser.session["organization"] == north.organization.pk
    assert "invitation" not in browser.session
    assert browser.get("/accounts/2fa/").status_code == 200
    again = Client().post("/accounts/login/", {"login": EMAIL, "password": JOINING["password"]})
    assert again["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"password": "password12"}, "too common"),
        ({"password": EMAIL}, "too similar"),
        ({"password": "short"}, "at least 10 characters"),
        ({"first_name": " "}, "This field is required"),
        ({"first_name": "x" * 101}, "at most 100 characters"),
    ],
)
def test_what_will_not_do_is_said_beside_its_field(browser: Client, north: World, facts: dict[str, str], words: str):
    _, secret = invited(north)
    follow(browser, secret)
    page = browser.post(PAGE, {**JOINING, **facts})
    assert (page.status_code, words in page.content.decode()) == (200, True)
    assert members_named(north, EMAIL) == []
    assert not User.objects.filter(email=EMAIL).exists()


def expire(world: World, invitation: Invitation) -> None:
    with world.scope():
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def withdraw(world: World, invitation: Invitation) -> None:
    with world.scope():
        revoke_invitation(invitation, actor=world.actor())


def use(world: World, invitation: Invitation) -> None:
    with world.scope():
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())


def send_again(world: World, invitation: Invitation) -> None:
    invited(world, invitation.email)


@pytest.mark.parametrize("spoil", [expire, withdraw, use, send_again, None])
@pytest.mark.parametrize("early", [True, False])
def test_an_invitation_that_no_longer_stands_gets_one_page_like_one_that_never_was(
    browser: Client, north: World, spoil: Any, early: bool
):
    invitation, secret = invited(north)
    if spoil is None:
        secret = "never-was"
    if not early:
        follow(browser, secret)
    if spoil is not None:
        spoil(north, invitation)
    page = follow(browser, secret) if early else browser.post(PAGE, JOINING)
    assert page.status_code == 404
    assert "This invitation does not work any more" in page.content.decode()
    assert north.canary not in page.content.decode()
    assert members_named(north, EMAIL) == []


def test_an_invitation_is_good_for_one_person_once(browser: Client, north: World):
    _, secret = invited(north)
    follow(browser, secret)
    browser.post(PAGE, JOINING)
    thief = Client()
    assert follow(thief, secret).status_code == 404
    assert thief.get("/accounts/2fa/").status_code == 302


def test_who_has_a_login_logs_in_first_and_keeps_the_password(browser: Client, north: World, south: World):
    _, secret = invited(north, south.agent.user.email)
    page = follow(browser, secret)
    assert "There is a login for" in page.content.decode()
    assert 'type="password"' not in page.content.decode()
    # A password sent all the same changes nothing and lets nobody in.
    browser.post(PAGE, JOINING)
    assert members_named(north, south.agent.user.email) == []
    logged_in = browser.post("/accounts/login/", {"login": south.agent.user.email, "password": PASSWORD, "next": PAGE})
    assert logged_in["Location"] == PAGE
    assert browser.post(PAGE, {"first_name": "Sam", "last_name": ""})["Location"] == "/admin/"
    assert members_named(north, south.agent.user.email) == [("Sam", "agent", True)]
    assert browser.session["organization"] == north.organization.pk
    assert User.objects.get(pk=south.agent.user_id).check_password(PASSWORD)


def test_somebody_elses_invitation_is_refused_with_a_clear_page(browser: Client, north: World, south: World):
    _, secret = invited(north)
    browser.force_login(south.agent.user)
    page = follow(browser, secret)
    assert (page.status_code, "Another address was invited" in page.content.decode()) == (403, True)
    assert browser.post(PAGE, JOINING).status_code == 403
    assert members_named(north, EMAIL) == members_named(north, south.agent.user.email) == []


def test_joining_needs_our_token(north: World):
    _, secret = invited(north)
    browser = Client(enforce_csrf_checks=True)
    follow(browser, secret)
    assert browser.post(PAGE, JOINING).status_code == 403
    assert members_named(north, EMAIL) == []


def test_a_command_invites_too_and_the_mail_names_nobody(north: World, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True), north.scope():
        invite(EMAIL, Role.VIEWER, actor=Actor.command("test"))
    assert "you are invited to join" in mail.outbox[-1].body

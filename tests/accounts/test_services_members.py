"""Organizations, members, credentials and invitations."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.authentication import authority_by_credential, authority_by_token, digest_of
from accounts.exceptions import Duplicate, FieldError, Forbidden, Invalid, NotAuthenticated, NotFound, TenantMismatch
from accounts.models import Credential, Invitation, Member, Organization, User, WireName
from accounts.roles import Role
from accounts.services import (
    IssuedKey,
    accept_invitation,
    change_role,
    create_member,
    create_organization,
    deactivate_member,
    invite,
    issue_key,
    issue_token,
    reactivate_member,
    revoke_credential,
    revoke_invitation,
)
from accounts.tenancy import empty_scope, tenant_scope
from tests.worlds import PASSWORD, World

NEW_PASSWORD = "quite another horse"


def found(slug: str = "east", email: str = "olga@east.example", **facts: str) -> Member:
    names = {"name": "East", "owner_password": NEW_PASSWORD, "owner_first_name": "Olga", **facts}
    return create_organization(slug=slug, owner_email=email, **names)


def join(world: World, email: str, role: str = "agent", password: str = NEW_PASSWORD) -> Member:
    with world.scope():
        return create_member(email=email, password=password, role=role, first_name="New", actor=world.actor())


def test_a_new_organization_has_its_owner_and_nobody_else(north: World) -> None:
    owner = found(time_zone="Europe/Athens", phone_region="gr", plan="pro")
    with tenant_scope(owner.organization_id):
        stored = Organization.objects.get()
        assert list(Member.objects.all()) == [owner]
    facts = (stored.slug, stored.name, stored.time_zone, stored.phone_region, stored.plan)
    assert facts == ("east", "East", "Europe/Athens", "GR", "pro")
    assert (owner.number, owner.role, owner.user.check_password(NEW_PASSWORD)) == (1, "owner", True)


def test_every_fault_of_a_new_organization_is_named_at_once(north: World) -> None:
    with pytest.raises(Invalid) as refused:
        found(slug="So_uth", email="x", name=" ", time_zone="Mars", phone_region="zz", plan="gold", owner_first_name="")
    names = {error.field for error in refused.value.errors}
    assert names == {"name", "slug", "time_zone", "phone_region", "plan", "owner_email", "owner_first_name"}


def test_a_taken_slug_leaves_nothing_behind(north: World) -> None:
    with pytest.raises(Duplicate) as refused:
        found(slug="north")
    assert (refused.value.resource, refused.value.field, refused.value.value) == ("organization", "slug", "north")
    assert not User.objects.filter(email="olga@east.example").exists()


def test_an_organization_is_not_founded_inside_another(north: World) -> None:
    with north.scope(), pytest.raises(TenantMismatch):
        found()


def test_numbers_of_members_go_on_per_organization(north: World, south: World) -> None:
    assert [join(north, f"{name}@x.example").number for name in ("a", "b")] == [5, 6]
    assert join(south, "a@x.example").number == 5


@pytest.mark.django_db(transaction=True)
def test_members_added_at_once_get_numbers_of_their_own(north: World) -> None:
    start = Barrier(4)

    def add(name: int) -> int:
        start.wait()
        try:
            return join(north, f"{name}@x.example").number
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(add, range(4))) == [5, 6, 7, 8]


def test_joining_another_organization_keeps_the_password(north: World, south: World) -> None:
    member = join(south, "AGENT@north.example", password="123")
    assert member.user == north.agent.user
    assert User.objects.get(email="agent@north.example").check_password(PASSWORD)


def test_a_member_joins_once(north: World) -> None:
    with pytest.raises(Duplicate) as refused:
        join(north, "agent@north.example")
    assert refused.value.existing_id == north.agent.pk


def test_a_weak_password_is_refused_in_the_validators_words(north: World) -> None:
    with pytest.raises(Invalid) as refused:
        join(north, "weak@x.example", password="12345")
    assert {error.field for error in refused.value.errors} == {"password"}
    assert all(error.message for error in refused.value.errors)
    assert not User.objects.filter(email="weak@x.example").exists()


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_only_owners_manage_members(north: World, role: str) -> None:
    actor = north.actor(getattr(north, role))
    with north.scope():
        for refused in (
            lambda: create_member(
                email="n@x.example", password=NEW_PASSWORD, role="agent", first_name="N", actor=actor
            ),
            lambda: change_role(north.viewer, "owner", actor=actor),
            lambda: deactivate_member(north.agent, actor=actor),
            lambda: reactivate_member(north.agent, actor=actor),
            lambda: invite("n@x.example", "owner", actor=actor),
            lambda: revoke_invitation(Invitation.objects.get(), actor=actor),
        ):
            with pytest.raises(Forbidden):
                refused()


def test_the_last_owner_stays(north: World) -> None:
    with north.scope():
        for refused in (
            lambda: change_role(north.owner, "admin", actor=north.actor()),
            lambda: deactivate_member(north.owner, actor=north.actor()),
        ):
            with pytest.raises(Forbidden):
                refused()
        change_role(north.admin, "owner", actor=north.actor())
        assert change_role(north.owner, "viewer", actor=north.actor()).role == "viewer"
        assert Member.objects.get(pk=north.owner.pk).role == "viewer"


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_go(north: World) -> None:
    with north.scope():
        change_role(north.admin, "owner", actor=north.actor())
    start = Barrier(2)

    def leave(member: Member) -> bool:
        start.wait()
        try:
            with north.scope():
                return not deactivate_member(member, actor=north.actor()).is_active
        except Forbidden:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(leave, [north.owner, north.admin])) == [False, True]


def test_a_token_works_until_it_is_revoked(north: World) -> None:
    with north.scope():
        issued = issue_token(north.agent, name=" CRM sync ", lifetime=timedelta(days=365), actor=north.actor())
        assert issued.credential.name == "CRM sync"
    with empty_scope():
        assert authority_by_token(issued.token).member_id == north.agent.pk
    with north.scope():
        revoked = revoke_credential(issued.credential, actor=north.actor(north.admin))
        assert revoke_credential(revoked, actor=north.actor()).revoked_at == revoked.revoked_at
    with empty_scope(), pytest.raises(NotAuthenticated):
        authority_by_token(issued.token)


def secret_of(issued: IssuedKey) -> str:
    return issued.key or f"{issued.public_key}:{issued.secret_key}"


@pytest.mark.parametrize("wire", [WireName.RENTALOT, WireName.ESTATEPRIME])
def test_a_key_works_on_its_own_wire_alone(north: World, wire: WireName) -> None:
    with north.scope():
        issued = issue_key(north.viewer, wire=wire, name="Website", actor=north.actor())
    secret = secret_of(issued)
    assert secret.startswith(issued.credential.prefix)
    assert secret not in str(Credential.objects.unscoped().filter(pk=issued.credential.pk).values())
    for tried in WireName:
        with empty_scope():
            if tried == wire:
                assert authority_by_credential(tried, digest_of(secret)).role == "viewer"
            else:
                with pytest.raises(NotAuthenticated):
                    authority_by_credential(tried, digest_of(secret))


def test_a_rentalot_key_has_the_documented_shape(north: World) -> None:
    with north.scope():
        issued = issue_key(north.viewer, wire=WireName.RENTALOT, name="Website", actor=north.actor())
    assert re.fullmatch(r"ra_[A-Za-z0-9_-]{43}", issued.key)
    assert issued.credential.prefix == issued.key[:11]


def test_nobody_issues_a_credential_that_may_more_than_they_may(north: World) -> None:
    with north.scope():
        for member, actor in ((north.owner, north.admin), (north.viewer, north.agent), (north.agent, north.agent)):
            with pytest.raises(Forbidden):
                issue_key(member, wire=WireName.RENTALOT, name="Key", actor=north.actor(actor))
        issued = issue_key(north.admin, wire=WireName.RENTALOT, name="Key", actor=north.actor(north.admin))
    assert issued.credential.member == north.admin


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(days=367)])
def test_a_token_lives_for_a_year_at_most(north: World, lifetime: timedelta) -> None:
    with north.scope(), pytest.raises(Invalid) as refused:
        issue_token(north.agent, name="CRM", lifetime=lifetime, actor=north.actor())
    assert refused.value.errors == (FieldError("lifetime", "out_of_range", {"maximum": 366}),)


def test_a_credential_has_a_name_and_an_active_member(north: World) -> None:
    with north.scope():
        deactivate_member(north.agent, actor=north.actor())
        north.agent.refresh_from_db()
        with pytest.raises(Invalid) as refused:
            issue_token(north.agent, name=" ", lifetime=timedelta(hours=1), actor=north.actor())
    assert {error.field for error in refused.value.errors} == {"name", "member"}


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_mailed_when_it_is_committed(north: World) -> None:
    with north.scope():
        invitation, secret = invite(" New@Person.example ", "agent", actor=north.actor())
        assert invitation.digest == digest_of(secret)
    (message,) = mail.outbox
    assert message.to == ["new@person.example"]
    assert message.subject == f"Join {north.organization.name} on Latchkey"
    assert re.search(rf"^https?://\S+{re.escape(secret)}\b", str(message.body), re.MULTILINE)
    assert north.owner.full_name in message.body


@pytest.mark.django_db(transaction=True)
def test_an_invitation_that_is_rolled_back_is_not_mailed(north: World) -> None:
    with empty_scope() as scope:
        scope.fill(north.organization.pk)
        scope.begin(write=True)
        invite("new@person.example", "agent", actor=north.actor())
        scope.mark_for_rollback()
    assert mail.outbox == []


def invited(world: World, email: str = "new@person.example", role: str = "agent") -> str:
    with world.scope():
        _, secret = invite(email, role, actor=world.actor())
    return secret


def accept(secret: str, password: str | None = NEW_PASSWORD, user: User | None = None) -> Member:
    return accept_invitation(secret, first_name="Nora", last_name="New", password=password, user=user)


def test_accepting_makes_a_login_and_a_member(north: World, south: World) -> None:
    member = accept(invited(north, role="admin"))
    assert member.organization_id == north.organization.pk
    assert (member.number, member.role, member.full_name) == (5, "admin", "Nora New")
    assert User.objects.get(email="new@person.example").check_password(NEW_PASSWORD)
    with south.scope():
        assert not Member.objects.filter(user=member.user).exists()


def test_an_invitation_works_once(north: World) -> None:
    secret = invited(north)
    accept(secret)
    with pytest.raises(NotFound):
        accept(secret)


def test_a_sent_again_invitation_replaces_the_one_before(north: World) -> None:
    first = invited(north)
    second = invited(north, role="viewer")
    with pytest.raises(NotFound):
        accept(first)
    assert accept(second).role == "viewer"


def test_an_expired_or_revoked_invitation_is_worthless(north: World) -> None:
    expired, revoked = invited(north), invited(north, "other@person.example")
    with north.scope():
        rows = Invitation.objects.filter(digest=digest_of(expired))
        rows.update(expires_at=timezone.now())
        revoke_invitation(Invitation.objects.get(digest=digest_of(revoked)), actor=north.actor())
    for secret in (expired, revoked, "", "unknown"):
        with pytest.raises(NotFound):
            accept(secret)


def test_an_invitation_does_not_open_somebody_elses_login(north: World, south: World) -> None:
    secret = invited(north, south.agent.user.email)
    for password in (NEW_PASSWORD, "", None):
        with pytest.raises(NotAuthenticated):
            accept(secret, password)
    with pytest.raises(Forbidden):
        accept(secret, user=north.viewer.user)
    assert User.objects.get(pk=south.agent.user_id).check_password(PASSWORD)
    assert accept(secret, PASSWORD).user == south.agent.user


def test_who_is_logged_in_accepts_without_a_password(north: World, south: World) -> None:
    secret = invited(north, south.agent.user.email)
    # As in the browser: the request is at work in another organization meanwhile, and goes on there.
    with south.scope():
        member = accept(secret, None, south.agent.user)
        assert list(Member.objects.filter(user=south.agent.user)) == [south.agent]
    assert (member.organization_id, member.user) == (north.organization.pk, south.agent.user)
    assert User.objects.get(pk=south.agent.user_id).check_password(PASSWORD)


def test_a_member_is_not_invited_but_one_who_was_shut_out_comes_back(north: World) -> None:
    email = north.agent.user.email
    with pytest.raises(Duplicate):
        invited(north, email)
    with north.scope():
        deactivate_member(north.agent, actor=north.actor())
    member = accept(invited(north, email, "viewer"), PASSWORD)
    assert (member.pk, member.role, member.is_active) == (north.agent.pk, Role.VIEWER, True)


def test_a_weak_password_or_no_name_accepts_nothing(north: World) -> None:
    secret = invited(north)
    with pytest.raises(Invalid) as refused:
        accept_invitation(secret, first_name=" ", last_name="", password="123", user=None)
    assert {error.field for error in refused.value.errors} == {"first_name", "password"}
    assert accept(secret).full_name == "Nora New"

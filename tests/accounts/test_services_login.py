"""Logging programs in by e-mail address and password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection

from accounts.authentication import Membership
from accounts.exceptions import FieldError, Invalid, NotAuthenticated, TooManyAttempts
from accounts.models import User
from accounts.services import check_password_login, choose_membership, create_member, deactivate_member
from accounts.services.login import PER_CLIENT, PER_EMAIL, PER_SECOND_FACTOR
from tests.worlds import PASSWORD, World

CLIENT = "192.0.2.7"


def log_in(world: World, password: str = PASSWORD, otp: str | None = None, client: str = CLIENT) -> User:
    return check_password_login(world.agent.user.email, password, otp, client=client)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed, one entry per hash."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return hashed


def enroll(user: User) -> tuple[str, RecoveryCodes]:
    """Give a user a second factor; returns the code an app shows now, and the recovery codes."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    codes = RecoveryCodes.activate(user)
    counter = list(yield_hotp_counters_from_time())[-1]
    return format_hotp_value(hotp_value(secret, counter)), codes


def test_the_right_password_is_enough_without_a_second_factor(north: World) -> None:
    assert log_in(north) == north.agent.user
    assert check_password_login("  AGENT@North.Example ", PASSWORD, "", client=CLIENT) == north.agent.user


@pytest.mark.parametrize("email", ["agent@north.example", "nobody@north.example", "", "x" * 5_000])
def test_every_refusal_is_the_same_and_costs_one_hash(north: World, hashes: list[str], email: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        check_password_login(email, "wrong", None, client=CLIENT)
    assert refused.value.args == ()
    assert hashes == ["wrong"]


def test_a_disabled_user_is_refused_like_a_wrong_password(north: World, hashes: list[str]) -> None:
    User.objects.filter(pk=north.agent.user_id).update(is_active=False)
    with pytest.raises(NotAuthenticated):
        log_in(north)
    assert hashes == [PASSWORD]


def test_failures_for_one_address_are_limited_whatever_their_origin(north: World, hashes: list[str]) -> None:
    for number in range(PER_EMAIL.allowed):
        with pytest.raises(NotAuthenticated):
            log_in(north, "wrong", client=f"192.0.2.{number}")
    del hashes[:]
    with pytest.raises(TooManyAttempts) as refused:
        log_in(north, client="192.0.2.99")
    assert 0 < refused.value.retry_after <= PER_EMAIL.period.total_seconds()
    assert hashes == []
    # The stranger with the same role elsewhere is not concerned.
    assert check_password_login("admin@north.example", PASSWORD, None, client="192.0.2.99") == north.admin.user


def test_failures_from_one_client_are_limited_whatever_the_address(north: World, hashes: list[str]) -> None:
    for number in range(PER_CLIENT.allowed):
        with pytest.raises(NotAuthenticated):
            check_password_login(f"guess{number}@north.example", "wrong", None, client=f"2001:db8::{number + 1:x}")
    del hashes[:]
    with pytest.raises(TooManyAttempts):
        log_in(north, client="2001:db8::ffff")
    assert hashes == []
    assert log_in(north, client="2001:db8:0:1::1") == north.agent.user


def test_a_locked_address_does_not_lock_the_office_it_is_tried_from(north: World) -> None:
    for _ in range(PER_EMAIL.allowed):
        with pytest.raises(NotAuthenticated):
            log_in(north, "wrong")
    for _ in range(PER_CLIENT.allowed):
        with pytest.raises(TooManyAttempts):
            log_in(north)
    assert check_password_login("admin@north.example", PASSWORD, None, client=CLIENT) == north.admin.user


def test_successes_do_not_count(north: World) -> None:
    for _ in range(PER_CLIENT.allowed + 1):
        log_in(north)


@pytest.mark.django_db(transaction=True)
def test_attempts_made_at_once_do_not_slip_past_the_limit(north: World, hashes: list[str]) -> None:
    threads = 8
    start = Barrier(threads)

    def guess(_: int) -> None:
        start.wait()
        try:
            for _ in range(3):
                with pytest.raises((NotAuthenticated, TooManyAttempts)):
                    log_in(north, "wrong", client="")
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(guess, range(threads)))
    assert len(hashes) == PER_EMAIL.allowed


def test_a_second_factor_is_asked_for(north: World) -> None:
    code, _ = enroll(north.agent.user)
    for missing in (None, "", "000000" if code != "000000" else "111111"):
        with pytest.raises(NotAuthenticated):
            log_in(north, otp=missing)
    assert log_in(north, otp=code) == north.agent.user
    assert Authenticator.objects.get(user=north.agent.user, type="totp").last_used_at is not None


def test_a_second_factor_does_not_replace_the_password(north: World) -> None:
    code, _ = enroll(north.agent.user)
    with pytest.raises(NotAuthenticated):
        log_in(north, "wrong", otp=code)
    assert log_in(north, otp=code) == north.agent.user


def test_a_one_time_code_works_once(north: World) -> None:
    code, _ = enroll(north.agent.user)
    log_in(north, otp=code)
    with pytest.raises(NotAuthenticated):
        log_in(north, otp=code)


def test_a_recovery_code_works_once(north: World) -> None:
    _, codes = enroll(north.agent.user)
    first, second = codes.get_unused_codes()[:2]
    log_in(north, otp=first)
    with pytest.raises(NotAuthenticated):
        log_in(north, otp=first)
    assert log_in(north, otp=second) == north.agent.user


def test_guessing_codes_is_limited_below_guessing_passwords(north: World) -> None:
    code, _ = enroll(north.agent.user)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(PER_SECOND_FACTOR.allowed):
        with pytest.raises(NotAuthenticated):
            log_in(north, otp=wrong)
    with pytest.raises(TooManyAttempts):
        log_in(north, otp=code)


def test_the_only_organization_needs_no_name(north: World) -> None:
    expected = Membership(
        organization_id=north.organization.pk,
        organization_name=north.organization.name,
        organization_slug="north",
        member_id=north.agent.pk,
        role="agent",
    )
    for named in (None, "", "north", north.organization.public_id):
        assert choose_membership(north.agent.user, named) == expected


@pytest.fixture
def traveller(north: World, south: World) -> User:
    """North's agent, who is a viewer in the south too."""
    with south.scope():
        email = north.agent.user.email
        create_member(email=email, password="", role="viewer", first_name="Away", actor=south.actor())
    return north.agent.user


def test_a_user_of_several_organizations_has_to_name_one(north: World, south: World, traveller: User) -> None:
    with pytest.raises(Invalid) as refused:
        choose_membership(traveller, None)
    assert refused.value.errors == (FieldError("organization", "required", {"choices": ["north", "south"]}),)
    assert choose_membership(traveller, "south").role == "viewer"
    assert choose_membership(traveller, north.organization.public_id).role == "agent"


def test_an_organization_of_others_is_like_one_that_does_not_exist(north: World, south: World) -> None:
    for named in ("south", south.organization.public_id, "nowhere", "org_x", north.organization.public_id.upper()):
        with pytest.raises(Invalid) as refused:
            choose_membership(north.agent.user, named)
        assert refused.value.errors == (FieldError("organization", "not_found"),)


def test_who_belongs_nowhere_gets_nothing(north: World) -> None:
    with north.scope():
        deactivate_member(north.agent, actor=north.actor())
    with pytest.raises(NotAuthenticated):
        choose_membership(north.agent.user, "north")

"""One-time codes and recovery codes, as a browser sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.adapters import MFAAdapter
from accounts.exceptions import NotAuthenticated
from accounts.services import check_password_login
from accounts.tenancy import empty_scope
from tests.worlds import PASSWORD, World

LOGIN = "/accounts/login/"
CODE = "/accounts/2fa/authenticate/"
ACTIVATE = "/accounts/2fa/totp/activate/"
MINE = "/accounts/2fa/"


class Clock:
    """The thirty-second steps that one-time codes count, moved by hand."""

    step = 58_000_000

    def code(self, secret: str) -> str:
        return auth.format_hotp_value(auth.hotp_value(secret, self.step))

    def steps(self) -> Iterator[int]:
        yield self.step


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", clock.steps)
    return clock


@pytest.fixture
def browser() -> Client:
    return Client()


def confirm(browser: Client, path: str) -> None:
    """Open a page that asks for the password again."""
    asked = browser.get(path)
    assert asked["Location"].split("?")[0] == "/accounts/reauthenticate/"
    assert browser.post(asked["Location"], {"password": PASSWORD})["Location"] == path


def enrol(browser: Client, world: World, clock: Clock) -> str:
    """Log the agent in and enrol a second factor; returns the shared secret."""
    browser.force_login(world.agent.user)
    confirm(browser, ACTIVATE)
    page = browser.get(ACTIVATE).content.decode()
    (secret,) = re.findall(r'value="([A-Z2-7]{32})"', page)
    enrolled = browser.post(ACTIVATE, {"code": clock.code(secret)})
    assert enrolled["Location"] == "/accounts/2fa/recovery-codes/"
    clock.step += 1
    return secret


def half_way(world: World) -> Client:
    """A browser that gave the right password and is asked for the second factor."""
    browser = Client()
    response = browser.post(LOGIN, {"login": world.agent.user.email, "password": PASSWORD})
    assert response["Location"] == CODE
    return browser


def recovery_codes(browser: Client) -> list[str]:
    return browser.get("/accounts/2fa/recovery-codes/download/").content.decode().split()


def test_the_password_alone_opens_nothing_once_a_second_factor_is_enrolled(browser: Client, north: World, clock: Clock):
    enrol(browser, north, clock)
    other = half_way(north)
    for path in (MINE, "/admin/", "/accounts/password/change/", "/accounts/organization/"):
        assert other.get(path).status_code == 302
    assert "_auth_user_id" not in other.session


def test_the_code_of_the_moment_logs_in(browser: Client, north: World, clock: Clock):
    secret = enrol(browser, north, clock)
    other = half_way(north)
    assert other.post(CODE, {"code": clock.code(secret)})["Location"] == "/admin/"
    assert other.get(MINE).status_code == 200


def test_a_code_logs_in_once(browser: Client, north: World, clock: Clock):
    secret = enrol(browser, north, clock)
    code = clock.code(secret)
    half_way(north).post(CODE, {"code": code})
    replayed = half_way(north)
    assert "Incorrect code" in replayed.post(CODE, {"code": code}).content.decode()
    assert replayed.get(MINE).status_code == 302


def test_the_code_that_enrolled_does_not_log_in_as_well(browser: Client, north: World, clock: Clock):
    secret = enrol(browser, north, clock)
    clock.step -= 1
    assert "Incorrect code" in half_way(north).post(CODE, {"code": clock.code(secret)}).content.decode()


@pytest.mark.parametrize("steps", [-1, 1])
def test_the_codes_before_and_after_do_not_log_in(browser: Client, north: World, clock: Clock, steps: int):
    secret = enrol(browser, north, clock)
    clock.step += 5 + steps
    code = clock.code(secret)
    clock.step -= steps
    assert "Incorrect code" in half_way(north).post(CODE, {"code": code}).content.decode()


def test_guessing_codes_ends_after_five(browser: Client, north: World, clock: Clock):
    secret = enrol(browser, north, clock)
    other = half_way(north)
    right = clock.code(secret)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        other.post(CODE, {"code": wrong})
    assert "Too many failed login attempts" in other.post(CODE, {"code": right}).content.decode()
    assert other.get(MINE).status_code == 302


def test_a_recovery_code_logs_in_once(browser: Client, north: World, clock: Clock):
    enrol(browser, north, clock)
    codes = recovery_codes(browser)
    assert len(codes) == len(set(codes)) == 10
    (shown,) = re.findall(
        r"<textarea[^>]*>([^<]*)</textarea>", browser.get("/accounts/2fa/recovery-codes/").content.decode()
    )
    assert shown.split() == codes
    assert half_way(north).post(CODE, {"code": codes[0]})["Location"] == "/admin/"
    assert "Incorrect code" in half_way(north).post(CODE, {"code": codes[0]}).content.decode()
    assert recovery_codes(browser) == codes[1:]


def test_new_recovery_codes_replace_the_old_ones(browser: Client, north: World, clock: Clock):
    enrol(browser, north, clock)
    old = recovery_codes(browser)
    browser.post("/accounts/2fa/recovery-codes/generate/")
    new = recovery_codes(browser)
    assert set(old) & set(new) == set()
    assert "Incorrect code" in half_way(north).post(CODE, {"code": old[0]}).content.decode()


def test_a_program_cannot_use_a_code_a_browser_used(browser: Client, north: World, clock: Clock):
    secret = enrol(browser, north, clock)
    code = clock.code(secret)
    half_way(north).post(CODE, {"code": code})
    with empty_scope(), pytest.raises(NotAuthenticated):
        check_password_login(north.agent.user.email, PASSWORD, code, client="127.0.0.1")


def test_enrolling_and_removing_ask_for_the_password_and_tell_the_person(
    transactional_db: None, browser: Client, north: World, clock: Clock
):
    # Really committing: allauth sends its notices and messages when the transaction ends.
    enrol(browser, north, clock)
    assert mail.outbox[-1].to == [north.agent.user.email]
    assert "Authenticator app activated" in mail.outbox[-1].body
    assert "Authenticator app activated" in browser.get(MINE).content.decode()
    assert browser.post("/accounts/2fa/totp/deactivate/")["Location"] == MINE
    assert "Authenticator app deactivated" in mail.outbox[-1].body
    assert not Authenticator.objects.filter(user=north.agent.user).exists()
    again = Client().post(LOGIN, {"login": north.agent.user.email, "password": PASSWORD})
    assert again["Location"] == "/admin/"


@pytest.mark.parametrize(
    "path",
    ["/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/"],
)
def test_a_stolen_session_cannot_touch_the_second_factor(browser: Client, north: World, clock: Clock, path: str):
    enrol(browser, north, clock)
    thief = Client()
    thief.force_login(north.agent.user)
    for answer in (thief.get(path), thief.post(path)):
        assert answer.status_code in (302, 405)
        if answer.status_code == 302:
            assert answer["Location"].split("?")[0] in ("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/")
    assert Authenticator.objects.filter(user=north.agent.user).count() == 2


def test_secrets_are_stored_encrypted(browser: Client, north: World, clock: Clock):
    secret = enrol(browser, north, clock)
    stored = str(list(Authenticator.objects.filter(user=north.agent.user).values_list("data", flat=True)))
    assert secret not in stored
    assert not any(code in stored for code in recovery_codes(browser))
    totp = Authenticator.objects.get(user=north.agent.user, type=Authenticator.Type.TOTP)
    assert MFAAdapter().decrypt(totp.data["secret"]) == secret


def test_the_same_secret_is_never_stored_the_same_way_twice():
    assert MFAAdapter().encrypt("JBSWY3DPEHPK3PXP") != MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")


def test_secrets_survive_a_new_secret_key_as_long_as_the_old_one_is_a_fallback(settings: Any):
    old = settings.SECRET_KEY
    stored = MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")
    settings.SECRET_KEY = "n" * 60
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS"):
        MFAAdapter().decrypt(stored)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert MFAAdapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_a_reset_password_does_not_remove_the_second_factor(browser: Client, north: World, clock: Clock):
    enrol(browser, north, clock)
    other = Client()
    other.post("/accounts/password/reset/", {"email": north.agent.user.email})
    (link,) = re.findall(r"http://\S+", str(mail.outbox[-1].body))
    form = other.get(link[link.index("/accounts/") :])
    other.post(form["Location"], {"password1": "a wholly different phrase", "password2": "a wholly different phrase"})
    asked = Client().post(LOGIN, {"login": north.agent.user.email, "password": "a wholly different phrase"})
    assert asked["Location"] == CODE

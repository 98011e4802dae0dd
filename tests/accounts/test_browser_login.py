"""Logging in and out, and passwords, as a browser sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.models.user import UserAccounts
from accounts.services import open_session
from tests.worlds import PASSWORD, World

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
NEW_PASSWORD = "a wholly different phrase"
# A page only for those who are logged in.
MINE = "/accounts/2fa/"


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every password that is hashed."""
    counted: list[str] = []
    hasher = type(get_hasher())
    encode = hasher.encode

    def counting(self: Any, password: str, *args: Any, **kwargs: Any) -> Any:
        counted.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(hasher, "encode", counting)
    return counted


def log_in(browser: Client, email: str, password: str = PASSWORD, **options: Any) -> Any:
    return browser.post(LOGIN, {"login": email, "password": password}, **options)


def text_of(response: Any) -> str:
    """The page without what differs between any two pages: the CSRF token and what was typed."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(r'value="[^"]*@[^"]*"', "", page)


def reset_link() -> str:
    (link,) = re.findall(r"http://\S+", str(mail.outbox[-1].body))
    return link


def reset_password(browser: Client, password: str = NEW_PASSWORD) -> Any:
    """Follow the link in the last mail and choose a password."""
    form = browser.get(reset_link().removeprefix(settings.PUBLIC_BASE_URL))
    return browser.post(form["Location"], {"password1": password, "password2": password})


def test_a_member_logs_in_with_the_email_address_in_any_case_and_lands_on_the_dashboard(browser: Client, north: World):
    response = log_in(browser, north.agent.user.email.upper())
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert browser.get("/admin/").status_code == 200


def test_the_login_page_asks_no_other_host_for_anything(browser: Client, north: World):
    response = browser.get(LOGIN)
    assert response.status_code == 200
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', response.content.decode()) == []
    assert response["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("email", ["agent@north.example", "nobody@north.example"])
def test_a_wrong_password_says_the_same_of_known_and_unknown_addresses(browser: Client, north: World, email: str):
    response = log_in(browser, email, "wrong")
    assert response.status_code == 200
    assert "The email address and/or password you specified are not correct." in response.content.decode()
    assert text_of(response) == text_of(log_in(Client(), "another@nowhere.example", "wrong"))


@pytest.mark.parametrize("email", ["agent@north.example", "nobody@north.example"])
def test_known_and_unknown_addresses_cost_one_hash_each(browser: Client, north: World, hashes: list[str], email: str):
    log_in(browser, email, "wrong")
    assert hashes == ["wrong"]


def test_after_five_failures_an_address_is_refused_before_its_password_is_hashed(
    browser: Client, north: World, hashes: list[str]
):
    for _ in range(5):
        log_in(browser, north.agent.user.email, "wrong")
    assert len(hashes) == 5
    refused = log_in(browser, north.agent.user.email)
    assert len(hashes) == 5
    assert "Too many failed login attempts" in refused.content.decode()
    assert browser.get(MINE).status_code == 302


@pytest.mark.parametrize(
    "disguise", [{"headers": {"X-Forwarded-For": "203.0.113.{n}"}}, {"headers": {"Host": "127.0.0.1:{n}"}}]
)
def test_neither_a_forged_address_nor_another_host_port_gives_more_attempts(
    north: World, hashes: list[str], disguise: dict[str, dict[str, str]]
):
    for n in range(1, 9):
        headers = {name: value.format(n=n) for name, value in disguise["headers"].items()}
        log_in(Client(), north.agent.user.email, "wrong", headers=headers)
    assert len(hashes) == 5


def test_behind_a_proxy_of_ours_the_address_is_the_one_it_appended(north: World, hashes: list[str], settings: Any):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip", "login_failed": False}
    for forged in range(4):
        log_in(Client(), "x@y.example", "wrong", headers={"X-Forwarded-For": f"203.0.113.{forged}, 198.51.100.7"})
    assert len(hashes) == 2
    log_in(Client(), "x@y.example", "wrong", headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.8"})
    assert len(hashes) == 3


def test_too_many_logins_from_one_address_answer_429(north: World, settings: Any):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    answers = [log_in(Client(), f"{n}@y.example", "wrong") for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many attempts" in answers[-1].content.decode()


def test_counters_are_shared_by_all_workers_and_outlive_a_flood_of_others(north: World):
    cache: dict[str, Any] = settings.CACHES["default"]
    assert cache["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"
    assert cache["OPTIONS"]["MAX_ENTRIES"] >= 50_000


def test_a_session_planted_before_the_login_is_worthless_after_it(browser: Client, north: World):
    browser.get(f"{RESET}done/")
    planted = browser.session
    planted["planted"] = True
    planted.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = str(planted.session_key)
    log_in(browser, north.agent.user.email)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted.session_key
    assert not Session.objects.filter(session_key=planted.session_key).exists()


def test_the_session_cookie_is_out_of_reach_for_scripts_and_ends_with_the_browser(browser: Client, north: World):
    cookie = log_in(browser, north.agent.user.email).cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\t//evil.example",
    ],
)
@pytest.mark.parametrize("path", [LOGIN, "/accounts/logout/"])
def test_next_never_leads_to_another_host(browser: Client, north: World, path: str, target: str):
    if path == LOGIN:
        response = browser.post(path, {"login": north.agent.user.email, "password": PASSWORD, "next": target})
    else:
        browser.force_login(north.agent.user)
        response = browser.post(path, {"next": target})
    assert response.status_code == 302
    assert response["Location"] in ("/admin/", "/accounts/login/")


def test_next_leads_to_a_page_of_ours(browser: Client, north: World):
    response = browser.post(LOGIN, {"login": north.agent.user.email, "password": PASSWORD, "next": "/accounts/2fa/"})
    assert response["Location"] == "/accounts/2fa/"


@pytest.mark.parametrize(
    "path",
    [
        LOGIN,
        RESET,
        "/accounts/logout/",
        "/accounts/password/change/",
        "/accounts/organization/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/reauthenticate/",
    ],
)
def test_a_post_without_our_token_is_refused(north: World, path: str):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(north.agent.user)
    assert browser.post(path, {"organization": north.organization.pk}).status_code == 403


def test_logging_out_needs_a_post(browser: Client, north: World):
    browser.force_login(north.agent.user)
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get(MINE).status_code == 200
    key = browser.session.session_key
    assert browser.post("/accounts/logout/")["Location"] == LOGIN
    assert browser.get(MINE).status_code == 302
    assert not Session.objects.filter(session_key=key).exists()


STRANGERS_SEE = {
    "login/": 200,
    "logout/": 302,
    "inactive/": 200,
    "signup/": 200,
    "password/reset/": 200,
    "password/reset/done/": 200,
    "password/reset/key/1-set-password/": 200,
    "password/reset/key/1-abc-123/": 200,
    "password/reset/key/done/": 200,
    "2fa/authenticate/": 302,
    "reauthenticate/": 302,
    "password/change/": 302,
    "2fa/": 302,
    "2fa/reauthenticate/": 302,
    "2fa/totp/activate/": 302,
    "2fa/totp/deactivate/": 302,
    "2fa/recovery-codes/": 302,
    "2fa/recovery-codes/generate/": 302,
    "2fa/recovery-codes/download/": 302,
    "organization/": 302,
}


@pytest.mark.parametrize("path", STRANGERS_SEE)
def test_a_stranger_gets_the_login_or_a_page_that_knows_nobody(browser: Client, north: World, south: World, path: str):
    response = browser.get(f"/accounts/{path}")
    assert response.status_code == STRANGERS_SEE[path]
    if response.status_code == 302:
        assert response["Location"].split("?")[0] == LOGIN
    for word in (north.canary, south.canary, "@north.example", "@south.example"):
        assert word not in response.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "email/",
        "confirm-email/",
        "confirm-email/x/",
        "password/set/",
        "login/code/",
        "login/code/confirm/",
        "3rdparty/",
        "social/login/error/",
        "2fa/webauthn/",
        "2fa/trust/",
        "phone/verify/",
        "sessions/",
    ],
)
def test_the_pages_of_allauth_we_do_not_offer_are_not_there(browser: Client, north: World, path: str):
    assert browser.get(f"/accounts/{path}").status_code == 404


def test_nobody_signs_up(browser: Client, north: World):
    assert "by invitation" in browser.get("/accounts/signup/").content.decode()
    before = User.objects.count()
    answer = browser.post("/accounts/signup/", {"email": "new@x.example", "password1": PASSWORD, "password2": PASSWORD})
    assert (answer.status_code, User.objects.count()) == (405, before)


@pytest.mark.parametrize("email", ["agent@north.example", "nobody@north.example"])
def test_asking_for_a_reset_says_the_same_of_known_and_unknown_addresses(browser: Client, north: World, email: str):
    response = browser.post(RESET, {"email": email})
    assert (response.status_code, response["Location"]) == (302, "/accounts/password/reset/done/")
    assert [message.to for message in mail.outbox] == [[email]]
    assert email not in text_of(browser.get(response["Location"]))


def test_the_mailed_link_goes_to_the_configured_address_whatever_host_was_asked(browser: Client, north: World):
    browser.post(RESET, {"email": north.agent.user.email}, headers={"Host": "localhost:6666"})
    assert reset_link().startswith(f"{settings.PUBLIC_BASE_URL}/accounts/password/reset/key/")
    assert "6666" not in mail.outbox[-1].body


def test_a_reset_sets_the_password_once_and_logs_nobody_in(browser: Client, north: World):
    browser.post(RESET, {"email": north.agent.user.email})
    link = reset_link().removeprefix(settings.PUBLIC_BASE_URL)
    assert reset_password(browser)["Location"] == "/accounts/password/reset/key/done/"
    assert browser.get(MINE).status_code == 302
    used = Client().get(link)
    assert "This link does not work any more" in used.content.decode()
    assert log_in(browser, north.agent.user.email, NEW_PASSWORD)["Location"] == "/admin/"


def test_a_reset_ends_the_lock_of_the_address(browser: Client, north: World):
    for _ in range(6):
        log_in(browser, north.agent.user.email, "wrong")
    browser.post(RESET, {"email": north.agent.user.email})
    reset_password(browser)
    assert log_in(browser, north.agent.user.email, NEW_PASSWORD)["Location"] == "/admin/"


def test_a_weak_password_is_refused_on_reset(browser: Client, north: World):
    browser.post(RESET, {"email": north.agent.user.email})
    page = reset_password(browser, "password12")
    assert page.status_code == 200
    assert "too common" in page.content.decode()


def change_password(browser: Client, north: World) -> None:
    browser.force_login(north.agent.user)
    answer = browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert answer.status_code == 302
    assert browser.get(MINE).status_code == 200


def reset_by_mail(browser: Client, north: World) -> None:
    browser.post(RESET, {"email": north.agent.user.email})
    reset_password(browser)


@pytest.mark.parametrize("change", [change_password, reset_by_mail])
def test_a_new_password_ends_every_other_browser_and_program_and_tells_the_person(
    browser: Client, north: World, change: Callable[[Client, World], None]
):
    other = Client()
    other.force_login(north.agent.user)
    with north.scope():
        program = {"Authorization": f"Bearer {open_session(north.agent).access_token}"}
    assert other.get(MINE).status_code == 200
    assert Client().get("/v1/contacts", headers=program).status_code == 200
    change(browser, north)
    assert other.get(MINE).status_code == 302
    assert Client().get("/v1/contacts", headers=program).status_code == 401
    assert mail.outbox[-1].to == [north.agent.user.email]
    assert "password has been" in mail.outbox[-1].body


def test_a_login_ends_after_thirty_idle_minutes(browser: Client, north: World):
    browser.force_login(north.agent.user)
    browser.get(MINE)
    _age(browser, seen_at=30 * 60)
    assert browser.get(MINE).status_code == 302


def test_a_login_ends_after_twelve_hours_however_busy_it_was(browser: Client, north: World):
    browser.force_login(north.agent.user)
    browser.get(MINE)
    _age(browser, began_at=12 * 60 * 60)
    assert browser.get(MINE).status_code == 302


def test_a_login_in_use_goes_on(browser: Client, north: World):
    browser.force_login(north.agent.user)
    browser.get(MINE)
    began = browser.session["began_at"]
    _age(browser, seen_at=29 * 60)
    assert browser.get(MINE).status_code == 200
    assert browser.session["seen_at"] >= began
    assert browser.session["began_at"] == began


def _age(browser: Client, **seconds: int) -> None:
    session = browser.session
    for mark, by in seconds.items():
        session[mark] -= by
    session.save()


def test_a_user_without_any_organization_is_told_so(browser: Client, north: World):
    lonely = User(email=UserAccounts.canonical_email("lonely@x.example"))
    lonely.set_password(PASSWORD)
    lonely.save()
    log_in(browser, lonely.email)
    page = browser.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/accounts/organization/"
    assert (page.status_code, "You belong to no organization" in page.content.decode()) == (200, True)


def test_a_deactivated_user_cannot_log_in(browser: Client, north: World):
    User.objects.filter(pk=north.agent.user_id).update(is_active=False)
    assert log_in(browser, north.agent.user.email)["Location"] == "/accounts/inactive/"
    assert browser.get(MINE).status_code == 302

"""Login sessions of programs: access tokens, refresh tokens, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import jwt
import pytest
from django.db import connection
from django.utils import timezone

from accounts.authentication import Authority, authority_by_token, digest_of
from accounts.exceptions import NotAuthenticated
from accounts.models import Credential, CredentialKind, Member, RefreshToken
from accounts.services import (
    SessionTokens,
    deactivate_member,
    end_session,
    open_session,
    reactivate_member,
    refresh_session,
)
from accounts.tenancy import empty_scope
from tests.worlds import PASSWORD, WireClient, World


def open_session_of(world: World) -> SessionTokens:
    with world.scope():
        return open_session(world.agent)


def authority_of(tokens: SessionTokens) -> Authority:
    with empty_scope():
        return authority_by_token(tokens.access_token)


def assert_refused(call: Callable[[], object]) -> None:
    with pytest.raises(NotAuthenticated):
        call()


def assert_alive(tokens: SessionTokens) -> None:
    authority_of(tokens)


def assert_dead(tokens: SessionTokens) -> None:
    assert_refused(lambda: authority_of(tokens))
    assert_refused(lambda: refresh_session(tokens.refresh_token))


def test_a_session_acts_as_its_member_for_fifteen_minutes(north: World) -> None:
    tokens = open_session_of(north)
    authority = authority_of(tokens)
    assert (authority.organization_id, authority.member_id) == (north.organization.pk, north.agent.pk)
    claims = jwt.decode(tokens.access_token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == tokens.expires_in == 15 * 60


def test_neither_secret_is_stored(north: World) -> None:
    tokens = open_session_of(north)
    session_id = jwt.decode(tokens.access_token, options={"verify_signature": False})["sid"]
    with north.scope():
        credential = Credential.objects.get(digest=digest_of(session_id))
        token = RefreshToken.objects.get(digest=digest_of(tokens.refresh_token))
    assert token.credential_id == credential.pk
    assert (credential.kind, credential.wire) == (CredentialKind.SESSION, "winnerr")
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


def test_refreshing_gives_new_tokens_of_the_same_session(north: World) -> None:
    first = open_session_of(north)
    second = refresh_session(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert second.expires_in == 15 * 60
    assert authority_of(second) == authority_of(first)
    assert authority_of(refresh_session(second.refresh_token)) == authority_of(first)


def test_a_refresh_token_is_no_access_token_and_the_reverse(north: World) -> None:
    tokens = open_session_of(north)
    swapped = SessionTokens(tokens.refresh_token, tokens.access_token, tokens.expires_in)
    assert_dead(swapped)
    assert_alive(refresh_session(tokens.refresh_token))


def test_the_session_id_alone_refreshes_nothing(north: World) -> None:
    tokens = open_session_of(north)
    session_id, _, _ = tokens.refresh_token.partition(".")
    for forged in (session_id, f"{session_id}.", f"{session_id}.{session_id}", "", "x" * 10_000):
        assert_refused(partial(refresh_session, forged))
    assert_alive(tokens)


def test_a_spent_token_that_returns_ends_the_session_and_no_other(north: World, south: World) -> None:
    others = [open_session_of(north), open_session_of(south)]
    first = open_session_of(north)
    second = refresh_session(first.refresh_token)
    assert_refused(lambda: refresh_session(first.refresh_token))
    assert_dead(first)
    assert_dead(second)
    for other in others:
        assert_alive(refresh_session(other.refresh_token))


@pytest.mark.django_db(transaction=True)
def test_a_revocation_outlives_the_request_that_is_rolled_back_around_it(north: World) -> None:
    first = open_session_of(north)
    second = refresh_session(first.refresh_token)
    with empty_scope() as request:
        assert_refused(lambda: refresh_session(first.refresh_token))
        request.mark_for_rollback()
    assert_dead(second)


@pytest.mark.django_db(transaction=True)
def test_refreshing_inside_a_transaction_that_may_undo_it_is_an_error(north: World) -> None:
    tokens = open_session_of(north)
    with empty_scope() as scope:
        scope.begin(write=True)
        with pytest.raises(RuntimeError, match="durable"):
            refresh_session(tokens.refresh_token)
        scope.mark_for_rollback()
    assert_alive(tokens)


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_refreshes_exactly_one_succeeds(north: World) -> None:
    tokens = open_session_of(north)
    start = Barrier(6)

    def refresh(_: int) -> SessionTokens | None:
        start.wait()
        try:
            return refresh_session(tokens.refresh_token)
        except NotAuthenticated:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(refresh, range(6)))
    winners = [answer for answer in answers if answer is not None]
    assert len(winners) == 1
    # Two held the token; nobody can tell which of them was its owner.
    assert_dead(winners[0])


def test_ending_a_session_kills_its_access_tokens_at_once(north: World) -> None:
    first = open_session_of(north)
    second = refresh_session(first.refresh_token)
    other = open_session_of(north)
    end_session(second.refresh_token)
    assert_dead(first)
    assert_dead(second)
    assert_alive(other)


def test_ending_a_session_that_never_was_says_nothing(north: World) -> None:
    tokens = open_session_of(north)
    end_session("no-such-token")
    assert_alive(tokens)


def test_an_expired_refresh_token_is_refused(north: World) -> None:
    tokens = open_session_of(north)
    with north.scope():
        RefreshToken.objects.filter(digest=digest_of(tokens.refresh_token)).update(expires_at=timezone.now())
    assert_refused(lambda: refresh_session(tokens.refresh_token))


def test_a_new_password_ends_the_session(north: World) -> None:
    tokens = open_session_of(north)
    user = north.agent.user
    user.set_password("another horse battery")
    user.save()
    assert_dead(tokens)


def test_a_disabled_user_has_no_session(north: World) -> None:
    tokens = open_session_of(north)
    user = north.agent.user
    user.is_active = False
    user.save()
    assert_dead(tokens)


def test_a_member_who_comes_back_has_to_log_in_again(north: World) -> None:
    tokens = open_session_of(north)
    with north.scope():
        deactivate_member(north.agent, actor=north.actor())
    assert_dead(tokens)
    with north.scope():
        reactivate_member(north.agent, actor=north.actor())
    assert_dead(tokens)
    assert_alive(open_session_of(north))


@pytest.mark.django_db(transaction=True)
def test_on_the_wire_a_spent_token_is_refused_and_ends_its_session(
    north: World, winnerr: Callable[[Member | None], WireClient]
) -> None:
    program = winnerr(None)
    login = {"email": north.agent.user.email, "password": PASSWORD}
    first = program.post("/v1/auth/token", login).json()["data"]
    second = program.post("/v1/auth/refresh", {"refreshToken": first["refreshToken"]}).json()["data"]
    assert program.post("/v1/auth/refresh", {"refreshToken": first["refreshToken"]}).status_code == 401
    assert program.post("/v1/auth/refresh", {"refreshToken": second["refreshToken"]}).status_code == 401
    for tokens in (first, second):
        headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
        assert program.get("/v1/contacts", headers=headers).status_code == 401

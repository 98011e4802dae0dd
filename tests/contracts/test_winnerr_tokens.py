"""Winnerr's tokens and agents through the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, yield_hotp_counters_from_time
from allauth.mfa.totp.internal.auth import hotp_value as hotp

from accounts.models import Member
from accounts.services import create_member, deactivate_member
from accounts.tenancy import tenant_scope
from tests.worlds import PASSWORD, WireClient, World

Wire = Callable[[Member | None], WireClient]

REFUSED_LOGIN = {
    "success": False,
    "error": {
        "type": "authentication_error",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Invalid email, password or one-time code",
    },
}
REFUSED_TOKEN = {
    "success": False,
    "error": {
        "type": "authentication_error",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Missing or invalid access token",
    },
}


@pytest.fixture
def stranger(winnerr: Wire) -> WireClient:
    """A program without a token."""
    return winnerr(None)


def _log_in(client: WireClient, **facts: Any) -> Any:
    return client.post("/v1/auth/token", {"email": "agent@north.example", "password": PASSWORD, **facts})


def _me(client: WireClient, access_token: str) -> Any:
    return client.get("/v1/agents/me", headers={"Authorization": f"Bearer {access_token}"})


def test_a_login_gives_tokens_that_act_as_the_member(north: World, stranger: WireClient) -> None:
    response = _log_in(stranger)
    assert response.status_code == 200
    tokens = response.json()["data"]
    assert response.json() == {"success": True, "data": tokens}
    assert list(tokens) == ["accessToken", "refreshToken", "expiresIn"]
    assert tokens["expiresIn"] == 900
    claims = jwt.decode(tokens["accessToken"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900
    assert _me(stranger, tokens["accessToken"]).json() == {
        "success": True,
        "data": {
            "id": north.agent.public_id,
            "organizationId": north.organization.public_id,
            "firstName": "Agent",
            "lastName": north.canary,
            "email": "agent@north.example",
            "phone": None,
            "role": "AGENT",
            "createdAt": north.agent.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }


@pytest.mark.parametrize(
    "facts",
    [
        {"password": "wrong"},
        {"password": f" {PASSWORD}"},
        {"email": "nobody@north.example"},
        {"password": "x" * 4_000},
    ],
    ids=["password", "blank", "email", "long"],
)
def test_every_failed_login_gets_one_answer(north: World, stranger: WireClient, facts: dict[str, str]) -> None:
    response = _log_in(stranger, **facts)
    assert (response.status_code, response.json()) == (401, REFUSED_LOGIN)


def test_a_login_is_refused_field_by_field(north: World, stranger: WireClient) -> None:
    response = stranger.post("/v1/auth/token", {"email": 7})
    assert response.status_code == 422
    assert response.json()["error"]["errors"] == [
        {"field": "email", "code": "invalid_type", "message": "Email must be a string"},
        {"field": "password", "code": "required", "message": "Password is required"},
    ]


def test_a_second_factor_is_asked_for_and_its_code_works_once(north: World, stranger: WireClient) -> None:
    secret = generate_totp_secret()
    TOTP.activate(north.agent.user, secret)
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp(secret, counter))
    without = _log_in(stranger)
    assert (without.status_code, without.json()) == (401, REFUSED_LOGIN)
    assert _log_in(stranger, otp="000000" if code != "000000" else "000001").status_code == 401
    assert _log_in(stranger, otp=code).status_code == 200
    assert _log_in(stranger, otp=code).status_code == 401


def test_members_of_several_organizations_say_which(north: World, south: World, stranger: WireClient) -> None:
    with south.scope():
        create_member(
            email="agent@north.example",
            password="ignored",
            role="viewer",
            first_name="Guest",
            last_name=south.canary,
            actor=south.actor(),
        )
    unnamed = _log_in(stranger)
    assert unnamed.status_code == 422
    assert unnamed.json()["error"]["errors"] == [
        {"field": "organization", "code": "required", "message": "Organization must be one of: north, south"}
    ]
    tokens = _log_in(stranger, organization="south").json()["data"]
    assert _me(stranger, tokens["accessToken"]).json()["data"]["organizationId"] == south.organization.public_id
    assert _log_in(stranger, organization="nowhere").status_code == 422


def test_a_refresh_gives_new_tokens_and_a_spent_one_ends_the_session(north: World, stranger: WireClient) -> None:
    first = _log_in(stranger).json()["data"]
    second = stranger.post("/v1/auth/refresh", {"refreshToken": first["refreshToken"]})
    assert second.status_code == 200
    assert _me(stranger, second.json()["data"]["accessToken"]).status_code == 200
    reused = stranger.post("/v1/auth/refresh", {"refreshToken": first["refreshToken"]})
    assert (reused.status_code, reused.json()) == (401, REFUSED_TOKEN)
    for token in (first["accessToken"], second.json()["data"]["accessToken"]):
        assert _me(stranger, token).json() == REFUSED_TOKEN
    third = stranger.post("/v1/auth/refresh", {"refreshToken": second.json()["data"]["refreshToken"]})
    assert third.status_code == 401


def test_revoking_ends_the_session_and_tells_nothing_about_other_tokens(north: World, stranger: WireClient) -> None:
    tokens = _log_in(stranger).json()["data"]
    answers = [
        stranger.post("/v1/auth/revoke", {"refreshToken": token}) for token in (tokens["refreshToken"], "unknown")
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"success": True, "message": "Session revoked successfully"})
    ] * 2
    assert _me(stranger, tokens["accessToken"]).status_code == 401


def test_a_refresh_token_is_no_access_token(north: World, stranger: WireClient) -> None:
    tokens = _log_in(stranger).json()["data"]
    assert _me(stranger, tokens["refreshToken"]).status_code == 401


def test_a_deactivated_member_is_out_at_once(north: World, stranger: WireClient) -> None:
    tokens = _log_in(stranger).json()["data"]
    with north.scope():
        deactivate_member(north.agent, actor=north.actor())
    assert _me(stranger, tokens["accessToken"]).status_code == 401
    assert stranger.post("/v1/auth/refresh", {"refreshToken": tokens["refreshToken"]}).status_code == 401
    assert _log_in(stranger).status_code == 401


def test_a_changed_password_ends_login_sessions(north: World, stranger: WireClient) -> None:
    tokens = _log_in(stranger).json()["data"]
    user = north.agent.user
    user.set_password("another horse battery")
    user.save()
    assert _me(stranger, tokens["accessToken"]).status_code == 401


def test_too_many_attempts_wait_before_anything_is_hashed(
    north: World, stranger: WireClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [_log_in(stranger, password=f"wrong {number}") for number in range(10)]
    assert {answer.status_code for answer in answers} == {401}
    monkeypatch.setattr("django.contrib.auth.hashers.check_password", None)
    refused = _log_in(stranger)
    assert refused.status_code == 429
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert int(refused["Retry-After"]) > 0


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["token", "refresh", "revoke"])
def test_tokens_are_only_posted_for(north: World, stranger: WireClient, method: str, path: str) -> None:
    response = stranger.request(method, f"/v1/auth/{path}")
    assert response.status_code == 405
    assert response["Allow"] == "POST"


def test_agents_are_the_active_members_of_ones_own_organization(north: World, winnerr: Wire) -> None:
    with tenant_scope(north.organization):
        deactivate_member(north.viewer, actor=north.actor())
    body = winnerr(north.agent).get("/v1/agents").json()
    assert [agent["id"] for agent in body["data"]] == [
        north.owner.public_id,
        north.admin.public_id,
        north.agent.public_id,
    ]
    assert [agent["role"] for agent in body["data"]] == ["OWNER", "ADMIN", "AGENT"]
    assert body["pagination"] == {"hasMore": False, "nextCursor": None, "total": 3, "limit": 100}


def test_agents_are_paged(north: World, winnerr: Wire) -> None:
    client = winnerr(north.viewer)
    first = client.get("/v1/agents", {"limit": 3}).json()
    second = client.get("/v1/agents", {"limit": 3, "cursor": first["pagination"]["nextCursor"]}).json()
    ids = [agent["id"] for agent in first["data"] + second["data"]]
    assert ids == [member.public_id for member in north.members]
    assert second["pagination"]["nextCursor"] is None

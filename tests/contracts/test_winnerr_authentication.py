"""Who may speak Winnerr, and as whom."""

from __future__ import annotations

import base64
import json
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.authentication import _signing_key
from accounts.models import Credential, Member, Organization, WireName
from accounts.roles import Role
from accounts.services import issue_key, issue_token, revoke_credential
from tests.worlds import WireClient, World, bearer_token

UNAUTHORIZED = {
    "success": False,
    "error": {
        "type": "authentication_error",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Missing or invalid access token",
    },
}
HOUR = 3_600


def claims_of(member: Member) -> dict[str, Any]:
    """What a good token of the member says."""
    return jwt.decode(bearer_token(member), options={"verify_signature": False})


def forged(claims: dict[str, Any], *, algorithm: str | None = "HS256", key: Any = None) -> str:
    # Below the checks of ``jwt.encode``, which would refuse to write what an attacker may.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        return jwt.api_jws.encode(
            json.dumps(claims).encode(), _signing_key(settings.SECRET_KEY) if key is None else key, algorithm
        )


def raw_token(header: bytes, payload: bytes, signature: bytes = b"x" * 32) -> str:
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, payload, signature))


def get(query: dict[str, str] | None = None, *, authorization: str | None) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return Client(raise_request_exception=False).get("/v1/contacts", query or {}, headers=headers)


def assert_unauthorized(response: Any) -> None:
    assert (response.status_code, response.json()) == (401, UNAUTHORIZED)
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"


def test_a_good_token_is_good(north: World):
    assert get(authorization=f"Bearer {forged(claims_of(north.agent))}").status_code == 200
    assert get(authorization=f"bearer  {bearer_token(north.agent)} ").status_code == 200


def test_tokens_with_other_claims_are_refused(north: World, south: World):
    good = claims_of(north.agent)
    now = int(time.time())
    changes: list[dict[str, Any]] = [
        {"iss": "somebody"},
        {"iss": ["latchkey"]},
        {"iss": None},
        {"aud": "rentalot"},
        {"aud": ["rentalot", "estateprime"]},
        {"aud": None},
        {"exp": now - 1},
        {"exp": "tomorrow"},
        {"exp": None},
        {"exp": [now]},
        {"iat": now + HOUR},
        {"iat": "yesterday"},
        {"nbf": now + HOUR},
        {"nbf": {}},
        {"org": south.organization.public_id},
        {"org": 1},
        {"sub": north.owner.public_id},
        {"sub": south.agent.public_id},
        {"sub": 7},
        {"sid": "unknown"},
        {"sid": ""},
        {"sid": None},
        {"sid": ["a"]},
        {"sid": {"digest": "a"}},
        {"sid": "\x00"},
        {"jti": 5},
    ]
    tokens = [forged(good | change) for change in changes]
    tokens += [forged({name: value for name, value in good.items() if name != left_out}) for left_out in good]
    tokens.append(forged({}))

    for token in tokens:
        assert_unauthorized(get(authorization=f"Bearer {token}"))


def test_tokens_that_are_signed_otherwise_are_refused(north: World):
    good = claims_of(north.agent)
    header = json.dumps({"alg": "HS256", "typ": "JWT"}).encode()
    payload = json.dumps(good).encode()
    real = bearer_token(north.agent)
    first, second, third = real.split(".")
    none = [
        raw_token(json.dumps({"alg": name}).encode(), payload, b"") for name in ("none", "None", "NONE", "nOnE", "")
    ]
    others = [
        raw_token(json.dumps({"alg": name, "typ": "JWT"}).encode(), payload)
        for name in ("RS256", "ES256", "HS384", "HS512", "EdDSA", "PS256", "hs256")
    ]
    tokens = [
        *none,
        *others,
        forged(good, algorithm="HS384"),
        forged(good, algorithm="HS512"),
        forged(good, key=b"another key of thirty-two bytes."),
        raw_token(header, payload),
        raw_token(json.dumps({"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}).encode(), payload),
        raw_token(json.dumps({"alg": "HS256", "kid": "../../dev/null"}).encode(), payload),
        raw_token(json.dumps({"alg": None}).encode(), payload),
        raw_token(json.dumps({"alg": ["HS256"]}).encode(), payload),
        raw_token(json.dumps({"alg": "HS256", "b64": False, "crit": ["b64"]}).encode(), payload),
        f"{first}.{second}.",
        f"{first}.{second}",
        f"{first}.{second}.{third[:-2]}",
        f"{first}.{second}.{third}.{third}",
        f"{first}.{second[:-1]}A.{third}",
        "..",
        ".",
        "a.b.c",
        "x" * 100_000,
        f"{real}{'A' * 100_000}",
    ]

    for token in tokens:
        assert_unauthorized(get(authorization=f"Bearer {token}"))


@pytest.mark.parametrize(
    "part",
    [
        b"[" * 2_900,
        b'{"a":' * 500,
        b"9" * 2_500,
        b'{"alg": ' + b"9" * 2_400 + b"}",
        b'{"alg": 1e999}',
        b"NaN",
        b"\xff\xfe",
        b'"HS256"',
        b"null",
        b"",
        b'{"alg":"HS256"',
        '{"alg":"ＨＳ２５６"}'.encode(),
        b'{"alg":"HS256","alg":"none"}',
    ],
)
def test_parts_of_a_token_that_are_no_json_are_refused(north: World, part: bytes):
    header = b'{"alg":"HS256","typ":"JWT"}'

    assert_unauthorized(get(authorization=f"Bearer {raw_token(part, b'{}')}"))
    assert_unauthorized(get(authorization=f"Bearer {raw_token(header, part)}"))
    # Signed with our own key, as far as that goes: what the claims are is still looked at.
    assert_unauthorized(get(authorization=f"Bearer {jwt.api_jws.encode(part, _signing_key(settings.SECRET_KEY))}"))


def test_only_one_authorization_header_counts(north: World):
    token = bearer_token(north.agent)

    for value in (
        None,
        "",
        "Bearer",
        "Bearer ",
        token,
        f"Basic {token}",
        f"JWT {token}",
        f"Bearer {token},Bearer {token}",
        f"Bearer {token}, Bearer {token}",
        f"Bearer {token} {token}",
        f"Bearer\t{token}",
        f"Bearer {token}\u00e9",
    ):
        assert_unauthorized(get(authorization=value))


@pytest.mark.parametrize("name", ["token", "access_token", "accessToken", "authorization", "Authorization", "api_key"])
def test_a_token_in_the_address_is_no_token(north: World, name: str):
    assert_unauthorized(get({name: bearer_token(north.agent)}, authorization=None))
    assert_unauthorized(get({name: f"Bearer {bearer_token(north.agent)}"}, authorization=None))


def test_a_session_cookie_is_no_credential(north: World):
    browser = Client(raise_request_exception=False)
    browser.force_login(north.owner.user)

    assert_unauthorized(browser.get("/v1/contacts"))


def test_a_revoked_token_ends_with_the_next_request(north: World):
    with north.scope():
        issued = issue_token(north.agent, name="Program", lifetime=timedelta(hours=1), actor=Actor.command("tests"))
    authorization = f"Bearer {issued.token}"
    assert get(authorization=authorization).status_code == 200

    with north.scope():
        revoke_credential(issued.credential, actor=north.actor())

    assert_unauthorized(get(authorization=authorization))


def test_an_expired_credential_ends_whatever_its_token_says(north: World):
    token = bearer_token(north.agent)
    with north.scope():
        Credential.objects.filter(member=north.agent).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert_unauthorized(get(authorization=f"Bearer {token}"))


@pytest.mark.parametrize("who", ["member", "user"])
def test_the_deactivated_are_out_at_once(north: World, who: str):
    token = bearer_token(north.agent)
    with north.scope():
        if who == "member":
            Member.objects.filter(pk=north.agent.pk).update(is_active=False)
        else:
            north.agent.user.is_active = False
            north.agent.user.save()

    assert_unauthorized(get(authorization=f"Bearer {token}"))


def test_a_lowered_role_counts_from_the_next_request(north: World, winnerr: Callable[[Member | None], WireClient]):
    program = winnerr(north.agent)
    path = f"/v1/contacts/{north.contact.winnerr_id}"
    assert program.put(path, {"notes": "Before"}).status_code == 200

    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role=Role.VIEWER)

    response = program.put(path, {"notes": "After"})
    assert response.status_code == 403
    assert response.json()["error"] == {
        "type": "permission_error",
        "title": "Forbidden",
        "status": 403,
        "detail": "You do not have permission to perform this action",
    }
    assert program.get(path).json()["data"]["notes"] == "Before"


def test_keys_of_other_wires_are_no_tokens(north: World):
    operator = Actor.command("tests")
    with north.scope():
        rentalot = issue_key(north.owner, wire=WireName.RENTALOT, name="Key", actor=operator)
        estateprime = issue_key(north.owner, wire=WireName.ESTATEPRIME, name="Pair", actor=operator)
    pair = f"{estateprime.public_key}:{estateprime.secret_key}"
    basic = base64.b64encode(pair.encode()).decode()

    for value in (
        f"Bearer {rentalot.key}",
        f"Basic {basic}",
        f"Bearer {basic}",
        f"Bearer {pair}",
        f"Bearer {forged(claims_of(north.owner) | {'sid': rentalot.key})}",
        f"Bearer {forged(claims_of(north.owner) | {'sid': pair})}",
    ):
        assert_unauthorized(get(authorization=value))


def test_an_organization_reads_only_its_own(north: World, south: World, winnerr: Callable[..., WireClient]):
    for world, stranger in ((north, south), (south, north)):
        program = winnerr(world.owner)
        body = program.get("/v1/contacts?limit=100").content.decode()
        assert world.canary in body
        assert stranger.canary not in body
        for foreign in (*stranger.contacts, stranger.deleted):
            path = f"/v1/contacts/{foreign.winnerr_id}"
            for answer in (program.get(path), program.put(path, {"notes": "x"}), program.delete(path)):
                assert answer.status_code == 404
                assert answer.json()["error"]["detail"] == f"Contact with ID '{foreign.winnerr_id}' was not found"


def test_an_organization_s_own_setting_narrows_its_agents(north: World, winnerr: Callable[..., WireClient]):
    agent, owner = winnerr(north.agent), winnerr(north.owner)
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)
    mine = {contact.winnerr_id for contact in north.contacts[:2]}
    other = north.contacts[2]
    other_path = f"/v1/contacts/{other.winnerr_id}"

    listed = agent.get("/v1/contacts").json()
    assert {contact["id"] for contact in listed["data"]} == mine
    assert listed["pagination"]["total"] == len(mine)
    for answer in (agent.get(other_path), agent.put(other_path, {"notes": "x"}), agent.delete(other_path)):
        assert answer.status_code == 404
        assert answer.json()["error"]["detail"] == f"Contact with ID '{other.winnerr_id}' was not found"
    assert owner.get("/v1/contacts").json()["pagination"]["total"] == len(north.contacts)

    sent = {"firstName": "A", "lastName": "B", "email": "d@example.com"}
    refused, told = agent.post("/v1/contacts", sent), owner.post("/v1/contacts", sent)
    assert (refused.status_code, refused.json()) == (told.status_code, told.json())
    assert "Link" not in refused
    assert told["Link"] == f'</v1/contacts/{north.contacts[3].winnerr_id}>; rel="duplicate"'


def test_a_narrowed_agent_s_new_contact_is_theirs(north: World, winnerr: Callable[..., WireClient]):
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)
    agent = winnerr(north.agent)

    response = agent.post("/v1/contacts", {"firstName": "New", "lastName": "Lead", "email": "new@example.com"})

    assert response.status_code == 201
    assert response.json()["data"]["assignedTo"] == north.agent.public_id
    assert agent.get(response["Location"], {"include": ""}).json() == response.json()


def test_a_narrowed_agent_may_hand_a_contact_over(north: World, winnerr: Callable[..., WireClient]):
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)
    agent = winnerr(north.agent)
    path = f"/v1/contacts/{north.contacts[1].winnerr_id}"

    response = agent.put(path, {"assignedTo": north.owner.public_id})

    assert (response.status_code, response.json()["data"]["assignedTo"]) == (200, north.owner.public_id)
    assert agent.get(path).status_code == 404
    handed_over = {
        "firstName": "Handed",
        "lastName": "Over",
        "email": "handed@example.com",
        "assignedTo": north.owner.public_id,
    }
    response = agent.post("/v1/contacts", handed_over)
    assert (response.status_code, response.json()["data"]["assignedTo"]) == (201, north.owner.public_id)


def test_tokens_of_a_former_secret_work_while_it_is_a_fallback(north: World, settings: Any):
    token = bearer_token(north.agent)
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another secret " * 5
    settings.SECRET_KEY_FALLBACKS = [former]
    assert get(authorization=f"Bearer {token}").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert_unauthorized(get(authorization=f"Bearer {token}"))

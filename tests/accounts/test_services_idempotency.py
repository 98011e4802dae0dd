"""Keys of repeated requests, and removing what has expired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.exceptions import IdempotencyError
from accounts.models import Credential, CredentialKind, IdempotencyRecord, RefreshToken
from accounts.services import open_session, purge_expired
from accounts.services.idempotency import parse_key, replay_or_claim, store_answer
from tests import postgresql
from tests.worlds import World


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("8e03978e-40d5", "8e03978e-40d5"),
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        ('  "a b"\t', "a b"),
        (r'"say \"a\\b\""', r'say "a\b"'),
        ('"a,b"', "a,b"),
        ("x" * 255, "x" * 255),
        (f'"{"x" * 255}"', "x" * 255),
    ],
)
def test_quoted_and_bare_keys_are_the_same(header: str, key: str) -> None:
    assert parse_key(header) == key


@pytest.mark.parametrize(
    "header",
    [
        "",
        "   ",
        '""',
        "x" * 256,
        f'"{"x" * 256}"',
        "é",
        "a\x7f",
        "a\tb",
        '"open',
        '"a"b',
        '"a", "b"',
        "a,b",
        '"a";v=1',
        "a\n",
    ],
)
def test_a_key_is_1_to_255_printable_characters_sent_once(header: str) -> None:
    with pytest.raises(IdempotencyError) as refused:
        parse_key(header)
    assert refused.value.reason == "malformed"


def credential_of(world: World) -> int:
    return Credential.objects.get(kind=CredentialKind.SESSION, member=world.owner).pk


def answer_once(world: World, *, status: int = 201, key: str = "once") -> None:
    with world.scope():
        credential_id = credential_of(world)
        assert replay_or_claim(credential_id, key, "f1") is None
        store_answer(credential_id, key, "f1", status, {"Location": "/v1/contacts/1"}, '{"a":1}')


def test_a_stored_answer_is_given_again(north: World) -> None:
    answer_once(north)
    with north.scope():
        record = replay_or_claim(credential_of(north), "once", "f1")
    assert record is not None
    assert (record.status_code, record.headers, record.body) == (201, {"Location": "/v1/contacts/1"}, '{"a":1}')


def test_a_key_belongs_to_one_request(north: World) -> None:
    answer_once(north)
    with north.scope(), pytest.raises(IdempotencyError) as refused:
        replay_or_claim(credential_of(north), "once", "f2")
    assert refused.value.reason == "reused"


def test_a_refusal_is_not_kept(north: World) -> None:
    answer_once(north, status=422)
    answer_once(north, status=409)
    answer_once(north)


def test_keys_of_other_credentials_and_organizations_are_unrelated(north: World, south: World) -> None:
    answer_once(north)
    answer_once(south)
    with north.scope():
        open_session(north.agent)
        other = Credential.objects.get(member=north.agent)
        assert replay_or_claim(other.pk, "once", "f2") is None


def test_after_a_day_a_key_is_new_again(north: World) -> None:
    answer_once(north)
    with north.scope():
        IdempotencyRecord.objects.filter(key="once").update(created_at=timezone.now() - timedelta(hours=24))
        assert replay_or_claim(credential_of(north), "once", "f2") is None
        store_answer(credential_of(north), "once", "f2", 200, {}, "{}")
        record = replay_or_claim(credential_of(north), "once", "f2")
    assert record is not None
    assert record.body == "{}"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_key_in_use_is_refused_at_once(north: World, postgresql_server: postgresql.Server) -> None:
    with postgresql_server.session(postgresql_server.application) as other, north.scope():
        name = f"idempotency:{north.organization.pk}:{credential_of(north)}:once"
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        with pytest.raises(IdempotencyError) as refused:
            replay_or_claim(credential_of(north), "once", "f1")
        assert refused.value.reason == "in_progress"
        assert replay_or_claim(credential_of(north), "twice", "f1") is None


def test_purging_removes_what_has_expired_and_nothing_else(north: World, south: World) -> None:
    for world in (north, south):
        answer_once(world, key="old")
        answer_once(world, key="new")
        with world.scope():
            open_session(world.agent)
            IdempotencyRecord.objects.filter(key="old").update(created_at=timezone.now() - timedelta(hours=25))
            sessions = Credential.objects.filter(member=world.agent, kind=CredentialKind.SESSION)
            sessions.update(expires_at=timezone.now())
    with north.scope():
        before = Credential.objects.count()
        nothing = {
            "idempotency_records": 0,
            "refresh_tokens": 0,
            "sessions": 0,
            "receipt_payloads": 0,
            "import_files": 0,
        }
        assert purge_expired() == nothing | {"idempotency_records": 1, "sessions": 1, "import_files": 1}
        assert purge_expired() == nothing
        assert not IdempotencyRecord.objects.filter(key="old").exists()
        assert IdempotencyRecord.objects.filter(key="new").exists()
        assert Credential.objects.count() == before - 1
        assert RefreshToken.objects.count() == 1
    with south.scope():
        assert IdempotencyRecord.objects.filter(key="old").exists()
        assert RefreshToken.objects.count() == 2

"""The decision table of RELIABILITY 1.1 on EstatePrime's wire, which says 400 where others say 409 and 422."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import IdempotencyRecord, Member
from accounts.tenancy import Scope
from activities.models import Communication
from contacts.models import Contact, ContactChange
from tests.contracts.conftest import at_once, failing_commit, in_progress
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, views_below
from tests.contracts.test_estateprime_communication import ADDRESS, call
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

REPLAYED = "Idempotency-Replayed"
ANN: dict[str, Any] = {"first_name": "Ann", "emails": [{"email_address": "ann@example.org"}], "notes": "Told."}
OTHER: dict[str, Any] = {"first_name": "Other", "emails": [{"email_address": "other@example.org"}]}
REFUSED = {"status": 400, "error_message": "Invalid Idempotency-Key."}
UNDERWAY = "A request with this Idempotency-Key is still being worked on."


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    """A program of north's owner."""
    return PROGRAMS[ESTATEPRIME](north.owner)


def post(client: WireClient, key: str, body: dict[str, Any] | None = None, path: str = CONTACTS) -> Any:
    return client.post(path, ANN if body is None else body, headers={"Idempotency-Key": key})


def rows(world: World) -> dict[str, int]:
    """How much there is of everything a POST can make."""
    with world.scope():
        models = (Contact, ContactChange, Communication, IdempotencyRecord)
        return {model.__name__: model._default_manager.count() for model in models}


def assert_refused(response: Any) -> None:
    assert (response.status_code, response.json()) == (400, REFUSED)
    assert not response.has_header(REPLAYED)


def assert_made(response: Any) -> None:
    assert (response.status_code, response.has_header(REPLAYED)) == (200, False), response.content
    assert list(response.json()) == ["status", "created_id"]


def assert_replayed(again: Any, first: Any) -> None:
    assert (again.status_code, again.content, again[REPLAYED]) == (200, first.content, "true")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert again[name] == first[name], name


def test_contacts_and_communication_are_all_that_is_posted() -> None:
    posted = [route for route, view in views_below(ESTATEPRIME).items() if "post" in view.actions]

    assert sorted(posted) == ["communication", "contacts"]


def test_without_a_key_every_request_is_one_of_its_own(client: WireClient, north: World) -> None:
    before = rows(north)
    for body in (ANN, OTHER):
        assert_made(client.post(CONTACTS, body))

    assert rows(north)["IdempotencyRecord"] == before["IdempotencyRecord"]
    assert rows(north)["Contact"] == before["Contact"] + 2


def test_a_repeated_request_gets_the_first_answer_and_writes_nothing(client: WireClient, north: World) -> None:
    for path, body in ((CONTACTS, ANN), (ADDRESS, call(north))):
        first = post(client, f"once for {path}", body, path)
        assert_made(first)
        before = rows(north)

        for spelling in (f"once for {path}", f'"once for {path}"', f"  once for {path}  "):
            with CaptureQueriesContext(connection) as statements:
                assert_replayed(post(client, spelling, body, path), first)
            written = [query["sql"] for query in statements if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
            assert written == []
        assert rows(north) == before


def test_the_first_answer_comes_again_whatever_happened_since(client: WireClient, north: World) -> None:
    first = post(client, "once")
    one = f"{CONTACTS}/{first.json()['created_id']}"
    assert client.patch(one, {"first_name": "Changed", "emails": []}).status_code == 200
    assert_replayed(post(client, "once"), first)

    assert client.delete(one).status_code == 200
    before = rows(north)
    assert_replayed(post(client, "once"), first)
    assert rows(north) == before


def test_a_key_belongs_to_one_body_and_one_address_to_the_byte(client: WireClient, north: World) -> None:
    first = post(client, "once")
    before = rows(north)
    spaced = client.post(CONTACTS, body=b" " + orjson.dumps(ANN), headers={"Idempotency-Key": "once"})

    for answer in (
        post(client, "once", OTHER),
        post(client, '"once"', {}),
        post(client, "once", dict(reversed(ANN.items()))),
        post(client, "once", path=f"{CONTACTS}/"),
        post(client, "once", call(north), ADDRESS),
        spaced,
    ):
        assert_refused(answer)
        assert not answer.has_header("Retry-After")
    assert rows(north) == before
    assert_replayed(post(client, "once"), first)


@pytest.mark.parametrize(
    "key", ["", " ", '""', "x" * 256, "a,b", "a, b", "a\x01b", "a\x7f", "caf\u00e9", '"open', 'a"\x00', '"a" "b"']
)
def test_a_malformed_key_is_refused_and_nothing_done(client: WireClient, north: World, key: str) -> None:
    before = rows(north)

    assert_refused(post(client, key))

    assert rows(north) == before


@pytest.mark.parametrize("key", ["x", "x" * 255, "8e03978e-40d5-43dd-bc93-6894a57f9324", "a b", '"a,b"', "'"])
def test_any_other_key_is_taken(client: WireClient, key: str) -> None:
    first = post(client, key)

    assert_made(first)
    assert_replayed(post(client, key), first)


def test_after_a_refusal_the_same_key_tries_again(client: WireClient, north: World) -> None:
    before = rows(north)
    headers = {"Idempotency-Key": "once"}
    refused = [
        post(client, "once", {}),
        post(client, "once", ANN | {"emails": [{"email_address": "jane@example.com"}]}),
        client.post(CONTACTS, body=b"{", headers=headers),
        client.post(CONTACTS, body=b"[]", headers=headers),
        client.post(CONTACTS, body=b"a=1", content_type="text/plain", headers=headers),
    ]
    assert [(answer.status_code, answer.json()["error_message"]) for answer in refused] == [
        (400, "Missing first_name"),
        (400, "Email address jane@example.com is already in use"),
        (400, "Invalid JSON."),
        (400, "Invalid JSON."),
        (415, "Content-Type must be application/json."),
    ]
    assert not any(answer.has_header(REPLAYED) for answer in refused)
    assert rows(north) == before

    first = post(client, "once")
    assert_made(first)
    assert_replayed(post(client, "once"), first)


@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_after_an_error_of_ours_the_same_key_does_it_once(
    client: WireClient,
    north: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: Any,
    error: type[Exception],
    status: int,
) -> None:
    caplog.set_level(logging.CRITICAL)

    def broken(*arguments: Any, **facts: Any) -> None:
        raise error

    before = rows(north)
    with monkeypatch.context() as patch:
        patch.setattr("contacts.services.create_contact", broken)
        assert post(client, "once").status_code == status
    assert rows(north) == before

    first = post(client, "once")
    assert_made(first)
    assert_replayed(post(client, "once"), first)


def test_keys_of_others_are_unrelated(client: WireClient, north: World, south: World) -> None:
    first = post(client, "once")
    another = PROGRAMS[ESTATEPRIME](north.owner)
    answers = [post(another, "once", OTHER), post(PROGRAMS[ESTATEPRIME](south.owner), "once")]
    elsewhere = PROGRAMS["api/v1/"](north.owner).post(
        "/api/v1/contacts", {"name": "B", "phone": "555-0100"}, headers={"Idempotency-Key": "once"}
    )

    for answer in answers:
        assert_made(answer)
    assert (elsewhere.status_code, elsewhere.has_header(REPLAYED)) == (201, False)
    assert_replayed(post(client, "once"), first)
    assert_replayed(post(another, "once", OTHER), answers[0])


def test_a_day_later_a_key_is_new(client: WireClient, north: World) -> None:
    first = post(client, "once")

    def age(**by: int) -> None:
        with north.scope():
            IdempotencyRecord.objects.filter(key="once").update(created_at=timezone.now() - timedelta(**by))

    age(hours=23, minutes=59)
    assert_replayed(post(client, "once"), first)
    age(hours=24, seconds=1)

    answer = post(client, "once", OTHER)
    assert_made(answer)
    assert_replayed(post(client, "once", OTHER), answer)


def test_a_viewer_cannot_see_an_answer_stored_before(north: World, south: World) -> None:
    client = PROGRAMS[ESTATEPRIME](north.agent)
    assert_made(post(client, "once"))
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role="viewer")

    refused = post(client, "once")

    assert (refused.status_code, refused.json()) == (403, {"status": 403, "error_message": "Access denied."})


@pytest.mark.parametrize("key", ["once", "fresh", "", "a, b", "x" * 256, '"open'])
def test_other_methods_ignore_the_header_without_harm(client: WireClient, north: World, key: str) -> None:
    # A key that a POST used is none of theirs either.
    first = post(client, "once")
    before = rows(north)["IdempotencyRecord"]
    one = f"{CONTACTS}/{north.contact.number}"
    for method, path, status in (
        ("GET", one, 200),
        ("GET", CONTACTS, 200),
        ("PATCH", one, 200),
        ("DELETE", one, 200),
        ("DELETE", one, 404),
    ):
        sent = {"notes": "x"} if method == "PATCH" else None
        response = client.request(method, path, json=sent, headers={"Idempotency-Key": key})
        assert (response.status_code, response.has_header(REPLAYED)) == (status, False), (method, path)
    assert rows(north)["IdempotencyRecord"] == before
    assert_replayed(post(client, "once"), first)


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_stored_with_the_change_or_not_at_all(
    client: WireClient, north: World, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.CRITICAL)
    before = rows(north)
    with monkeypatch.context() as patch:
        patch.setattr(Scope, "close", failing_commit(RuntimeError()))
        assert post(client, "once").status_code == 500
    assert rows(north) == before

    assert_made(post(client, "once"))
    assert rows(north)["IdempotencyRecord"] == before["IdempotencyRecord"] + 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_still_running_the_second_is_told_to_wait(client: WireClient, north: World) -> None:
    with in_progress(north.owner, "once"):
        waiting = post(client, "once")
        unrelated = post(client, "another", OTHER)

    assert (waiting.status_code, waiting.json()) == (400, {"status": 400, "error_message": UNDERWAY})
    assert waiting["Retry-After"] == "1"
    assert_made(unrelated)


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_come_at_once_one_is_done(client: WireClient, north: World) -> None:
    before = rows(north)

    answers = at_once([lambda: post(client, "once")] * 8)

    made = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.content for answer in made}) == 1
    assert sum(not answer.has_header(REPLAYED) for answer in made) == 1
    refusals = {answer.json()["error_message"] for answer in answers if answer.status_code != 200}
    assert refusals <= {UNDERWAY}
    assert rows(north) == before | {
        name: before[name] + 1 for name in ("Contact", "ContactChange", "IdempotencyRecord")
    }

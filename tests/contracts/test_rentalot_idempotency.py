"""The decision table of RELIABILITY 1.1 on Rentalot's wire: one ``Idempotency-Key``, one contact (CONTRACTS 2.6, R-S4)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import IdempotencyRecord, Member
from accounts.tenancy import Scope, tenant_scope
from contacts.models import Contact, ContactChange
from tests.contracts.conftest import at_once, failing_commit, in_progress
from tests.contracts.routed import PROGRAMS, RENTALOT, views_below
from tests.contracts.test_rentalot_replay import CONTACTS, printed
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

REPLAYED = "Idempotency-Replayed"
ANN = {"name": "Ann", "email": "ann@example.org", "notes": "Never told."}
OTHER = {"name": "Other", "email": "other@example.org"}
REFUSALS = {
    400: (
        "invalid-idempotency-key",
        "Invalid Idempotency Key",
        "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once",
    ),
    409: (
        "idempotency-in-progress",
        "Request In Progress",
        "A request with this Idempotency-Key is still being processed",
    ),
    422: (
        "idempotency-key-reused",
        "Idempotency Key Reused",
        "Idempotency-Key was used before with a different request",
    ),
}


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    """A program of north's owner."""
    return PROGRAMS[RENTALOT](north.owner)


def post(client: WireClient, key: str, body: dict[str, Any] | None = None, path: str = CONTACTS) -> Any:
    return client.post(path, ANN if body is None else body, headers={"Idempotency-Key": key})


def rows(world: World) -> dict[str, int]:
    """How much there is of everything a POST can make."""
    with world.scope():
        models = (Contact, ContactChange, IdempotencyRecord)
        return {model.__name__: model.objects.count() for model in models}


def assert_refused(response: Any, status: int) -> None:
    kind, title, detail = REFUSALS[status]
    problem = {"type": f"https://rentalot.ai/problems/{kind}", "title": title, "status": status, "detail": detail}
    assert (response.status_code, response.json()) == (status, problem)
    assert response["Content-Type"] == "application/problem+json"
    assert response.get("Retry-After") == ("1" if status == 409 else None)
    assert not response.has_header(REPLAYED)


def assert_made(response: Any) -> None:
    assert (response.status_code, response.has_header(REPLAYED)) == (201, False), response.content


def assert_replayed(again: Any, first: Any) -> None:
    assert (again.status_code, again.content, again[REPLAYED]) == (201, first.content, "true")
    for name in ("Content-Type", "Content-Length", "Cache-Control", "Location", "ETag"):
        assert again[name] == first[name], name


def test_contacts_are_all_that_is_posted() -> None:
    assert [route for route, view in views_below(RENTALOT).items() if "post" in view.actions] == ["contacts"]


def test_without_a_key_every_request_is_one_of_its_own(client: WireClient, north: World) -> None:
    before = rows(north)
    for body in (ANN, OTHER):
        assert_made(client.post(CONTACTS, body))

    assert rows(north)["IdempotencyRecord"] == before["IdempotencyRecord"]
    assert rows(north)["Contact"] == before["Contact"] + 2


def test_a_repeated_request_gets_the_first_answer_and_writes_nothing(client: WireClient, north: World) -> None:
    first = post(client, "once")
    assert_made(first)
    before = rows(north)

    for spelling in ("once", '"once"', "  once "):
        with CaptureQueriesContext(connection) as statements:
            assert_replayed(post(client, spelling), first)
        written = [query["sql"] for query in statements if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert written == []
    assert rows(north) == before


def test_the_first_answer_comes_again_whatever_happened_since(client: WireClient, north: World) -> None:
    first = post(client, "once")
    assert client.patch(first["Location"], {"name": "Changed", "email": "moved@example.org"}).status_code == 200
    assert_replayed(post(client, "once"), first)

    assert client.delete(first["Location"]).status_code == 204
    before = rows(north)
    assert_replayed(post(client, "once"), first)
    assert rows(north) == before


def test_a_key_belongs_to_one_body_to_the_byte(client: WireClient, north: World) -> None:
    first = post(client, "once")
    before = rows(north)
    reordered = dict(reversed(ANN.items()))
    spaced = client.post(CONTACTS, body=b" " + orjson.dumps(ANN), headers={"Idempotency-Key": "once"})

    for answer in (post(client, "once", OTHER), post(client, '"once"', {}), post(client, "once", reordered), spaced):
        assert_refused(answer, 422)
    assert rows(north) == before
    assert_replayed(post(client, "once"), first)


@pytest.mark.parametrize(
    "key", ["", " ", '""', "x" * 256, "a,b", "a, b", "a\x01b", "a\x7f", "caf\u00e9", '"open', 'a"\x00', '"a" "b"']
)
def test_a_malformed_key_is_refused_and_nothing_done(client: WireClient, north: World, key: str) -> None:
    before = rows(north)

    assert_refused(post(client, key), 400)

    assert rows(north) == before


@pytest.mark.parametrize(
    "key", ["x", "x" * 255, "8e03978e-40d5-43dd-bc93-6894a57f9324", "a b", '"a,b"', "~!@#$%^&*()", "'"]
)
def test_any_other_key_is_taken(client: WireClient, key: str) -> None:
    first = post(client, key)

    assert_made(first)
    assert_replayed(post(client, key), first)


def test_after_a_refusal_the_same_key_tries_again(client: WireClient, north: World) -> None:
    before = rows(north)
    headers = {"Idempotency-Key": "once"}
    refused = [
        post(client, "once", {"name": "A"}),
        post(client, "once", ANN | {"email": "jane@example.com"}),
        client.post(CONTACTS, body=b"{", headers=headers),
        client.post(CONTACTS, body=b"[]", headers=headers),
        client.post(CONTACTS, body=b"a=1", content_type="text/plain", headers=headers),
    ]
    assert [answer.status_code for answer in refused] == [422, 409, 400, 400, 415]
    assert not any(answer.has_header(REPLAYED) for answer in refused)
    assert rows(north) == before

    first = post(client, "once")
    assert_made(first)
    assert_replayed(post(client, "once"), first)


def test_an_address_that_was_taken_may_be_free_the_next_time(client: WireClient, north: World) -> None:
    taken = ANN | {"email": "jane@example.com"}
    assert post(client, "once", taken).status_code == 409
    client.delete(f"{CONTACTS}/{north.contact.uuid}")

    assert_made(post(client, "once", taken))


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


def test_a_key_of_another_credential_is_unrelated(client: WireClient, north: World) -> None:
    another = PROGRAMS[RENTALOT](north.owner)
    first = post(client, "once")

    answer = post(another, "once", OTHER)

    assert_made(answer)
    assert_replayed(post(client, "once"), first)
    assert_replayed(post(another, "once", OTHER), answer)


def test_a_key_of_the_same_member_on_another_wire_is_unrelated(
    client: WireClient, north: World, winnerr: Callable[[Member | None], WireClient]
) -> None:
    first = post(client, "once")
    body = {"firstName": "Ann", "lastName": "Other", "email": "ann.other@example.org"}

    answer = winnerr(north.owner).post("/v1/contacts", body, headers={"Idempotency-Key": "once"})

    assert (answer.status_code, answer.has_header(REPLAYED)) == (201, False)
    assert_replayed(post(client, "once"), first)


def test_a_key_of_another_organization_is_unrelated(north: World, south: World) -> None:
    answers = {world.canary: post(PROGRAMS[RENTALOT](world.owner), "once") for world in (north, south)}

    for answer in answers.values():
        assert_made(answer)
    assert answers[north.canary].json()["data"]["id"] != answers[south.canary].json()["data"]["id"]


def test_the_same_address_with_a_slash_is_another_one_to_a_key(client: WireClient, north: World) -> None:
    first = post(client, "once")
    before = rows(north)

    assert_refused(post(client, "once", path=f"{CONTACTS}/"), 422)

    assert rows(north) == before
    assert_replayed(post(client, "once"), first)


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
    client = PROGRAMS[RENTALOT](north.agent)
    assert_made(post(client, "once"))
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role="viewer")

    refused = post(client, "once")

    assert (refused.status_code, refused.json()["type"]) == (403, "https://rentalot.ai/problems/forbidden")


@pytest.mark.parametrize("key", ["once", "fresh", "", "a, b", "x" * 256, '"open'])
def test_other_methods_ignore_the_header_without_harm(client: WireClient, north: World, key: str) -> None:
    # A key that a POST used is none of theirs either.
    first = post(client, "once")
    before = rows(north)["IdempotencyRecord"]
    one = f"{CONTACTS}/{north.contact.uuid}"
    tried = (
        ("GET", one, 200),
        ("GET", CONTACTS, 200),
        ("PATCH", one, 200),
        ("PATCH", one, 200),
        ("DELETE", one, 204),
        ("DELETE", one, 404),
    )
    for method, path, status in tried:
        response = client.request(
            method, path, json={"language": "de"} if method == "PATCH" else None, headers={"Idempotency-Key": key}
        )
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

    assert_refused(waiting, 409)
    assert_made(unrelated)
    assert_made(post(client, "once"))


@pytest.mark.django_db(transaction=True)
def test_sixteen_requests_with_one_key_at_once_make_one_contact(client: WireClient, north: World) -> None:
    before = rows(north)
    for attempt in range(3):
        request = partial(post, client, f"race-{attempt}", ANN | {"email": f"ann{attempt}@example.org"})
        answers = at_once([request] * 16)
        made = [answer for answer in answers if answer.status_code == 201]
        assert sum(not answer.has_header(REPLAYED) for answer in made) == 1
        assert len({(answer.content, answer["Location"], answer["ETag"]) for answer in made}) == 1
        for answer in answers:
            if answer.status_code != 201:
                assert_refused(answer, 409)
    after = rows(north)
    assert {name: after[name] - before[name] for name in ("Contact", "IdempotencyRecord")} == {
        "Contact": 3,
        "IdempotencyRecord": 3,
    }


@pytest.mark.django_db(transaction=True)
def test_two_bodies_under_one_key_at_once_make_one_contact(client: WireClient, north: World) -> None:
    before = rows(north)["Contact"]

    answers = at_once([partial(post, client, "race", body) for body in (ANN, OTHER) * 4])

    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert rows(north)["Contact"] == before + 1


def test_the_printed_request_may_be_repeated_for_as_long_as_the_key_is_kept(client: WireClient, north: World) -> None:
    body = printed("create_contact.request") | {"email": "jane.smith@example.org"}
    first, *others = (post(client, "7f0b8c1e-4a2f-4f6e-9a7d-0d2d3f4b5c6d", body) for _ in range(4))

    assert_made(first)
    for again in others:
        assert_replayed(again, first)
    with tenant_scope(north.organization):
        assert Contact.objects.filter(email_norm="jane.smith@example.org").count() == 1

"""One ``Idempotency-Key``, one contact (RELIABILITY 1.1, CONTRACTS 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import IdempotencyRecord, Member
from accounts.tenancy import tenant_scope
from contacts.models import Contact
from tests.contracts.conftest import at_once, printed
from tests.worlds import WireClient, World

JANE = printed("create_contact.request")


def post(client: WireClient, key: str, body: dict[str, Any] | None = None) -> Any:
    return client.post("/v1/contacts", JANE if body is None else body, headers={"Idempotency-Key": key})


def assert_refused(response: Any, status: int) -> None:
    assert response.status_code == status, response.content
    error = response.json()["error"]
    assert (error["type"], error["title"], error["status"]) == ("idempotency_error", "Idempotency Error", status)
    assert error["detail"]


def total(client: WireClient) -> int:
    return client.get("/v1/contacts").json()["pagination"]["total"]


def test_a_repeated_request_gets_the_first_answer_again(client):
    first = post(client, "key-1")
    client.put(first["Location"], {"notes": "changed in between"})

    for key in ("key-1", '"key-1"', " key-1 "):
        again = post(client, key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again["Location"] == first["Location"]
        assert again["Idempotency-Replayed"] == "true"
        assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert total(client) == 1


def test_a_key_belongs_to_one_body_and_address(client, john):
    post(client, "key-1")

    assert_refused(post(client, "key-1", JANE | {"firstName": "Joan"}), 422)
    reordered = dict(reversed(JANE.items()))
    assert_refused(post(client, "key-1", reordered), 422)
    assert total(client) == 2


def test_a_key_of_another_credential_or_organization_is_unrelated(
    office: Member, client, north: World, winnerr: Callable[[Member | None], WireClient]
):
    first = post(client, "shared")

    again = post(winnerr(office), "shared")
    assert again.status_code == 409
    assert again.json()["error"]["type"] == "conflict_error"
    elsewhere = post(winnerr(north.owner), "shared")
    assert elsewhere.status_code == 201
    assert "Idempotency-Replayed" not in elsewhere
    assert elsewhere.json()["data"]["id"] != first.json()["data"]["id"]


@pytest.mark.parametrize(
    "key", ["", " ", '""', "x" * 256, "a,b", "a\x01b", "a\x7f", "\u00e9", '"open', 'a"\x00', '"a" b']
)
def test_a_malformed_key_is_refused_and_nothing_is_stored(client, key):
    assert_refused(post(client, key), 400)
    assert total(client) == 0


@pytest.mark.parametrize(
    "key", ["x", "x" * 255, "8e03978e-40d5-43dd-bc93-6894a57f9324", "a b", '"a,b"', "~!@#$%^&*()", "'"]
)
def test_any_other_key_is_taken(client, key):
    assert post(client, key).status_code == 201
    assert post(client, key)["Idempotency-Replayed"] == "true"


def test_refusals_are_not_stored(office, client, john):
    invalid = post(client, "key-1", JANE | {"email": "no"})
    duplicate = post(client, "key-2", JANE | {"email": "john.doe@example.com"})
    malformed = client.post("/v1/contacts", body=b"{", headers={"Idempotency-Key": "key-3"})
    assert [answer.status_code for answer in (invalid, duplicate, malformed)] == [422, 409, 400]
    with tenant_scope(office.organization):
        assert not IdempotencyRecord.objects.exists()

    client.delete("/v1/contacts/contact_123")
    for number in (1, 2, 3):
        again = post(client, f"key-{number}", JANE | {"email": f"jane{number}@example.com"})
        assert again.status_code == 201
        assert "Idempotency-Replayed" not in again


def test_an_error_of_ours_is_not_stored(office, client, monkeypatch, caplog):
    def broken(*arguments: Any, **facts: Any) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr("contacts.services.create_contact", broken)
        assert post(client, "key-1").status_code == 500

    assert post(client, "key-1").status_code == 201
    assert total(client) == 1


def test_a_day_later_a_key_is_new(office, client):
    first = post(client, "key-1")
    with tenant_scope(office.organization):
        IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    client.delete(first["Location"])

    again = post(client, "key-1")
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again
    assert again["Location"] != first["Location"]


def test_a_viewer_cannot_see_an_answer_stored_before(north: World, winnerr: Callable[..., WireClient]):
    client = winnerr(north.agent)
    post(client, "key-1")
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role="viewer")

    assert post(client, "key-1").status_code == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_ignore_the_header(client, john, method):
    for _ in range(2):
        response = client.request(method, "/v1/contacts/contact_123", json={}, headers={"Idempotency-Key": "key-1"})
        assert "Idempotency-Replayed" not in response
    assert response.status_code == (404 if method == "DELETE" else 200)


@pytest.mark.django_db(transaction=True)
def test_sixteen_requests_with_one_key_at_once_make_one_contact(office, client):
    for attempt in range(3):
        request = partial(post, client, f"race-{attempt}", JANE | {"email": f"jane{attempt}@example.com"})
        answers = at_once([request] * 16)
        made = [answer for answer in answers if answer.status_code == 201]
        assert sum("Idempotency-Replayed" not in answer for answer in made) == 1
        assert len({(answer.content, answer["Location"]) for answer in made}) == 1
        for answer in answers:
            if answer.status_code != 201:
                assert_refused(answer, 409)
                assert answer["Retry-After"] == "1"
    with tenant_scope(office.organization):
        assert Contact.objects.count() == IdempotencyRecord.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_bodies_under_one_key_at_once_make_one_contact(client):
    bodies = [JANE | {"email": f"jane{number}@example.com"} for number in range(2)]

    answers = at_once([partial(post, client, "race", body) for body in bodies * 4])

    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert total(client) == 1

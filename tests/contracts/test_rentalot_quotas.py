"""Rentalot's write quotas through its wire, and how exact all its counters are when many ask at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Member
from accounts.plans import Plan, WriteQuota
from tests.contracts.conftest import at_once
from tests.contracts.metered import (
    ANSWERS,
    CONTACTS,
    FEBRUARY,
    MIDNIGHT,
    NOW,
    Clock,
    Program,
    jane,
    refusal,
    sell,
    stored,
    told,
    used,
)
from tests.worlds import WireClient

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def client(agency: Member, rentalot: Program) -> WireClient:
    return rentalot(agency)


# Writes.


def test_creating_and_deleting_cost_a_write_and_changing_none(client: WireClient, agency: Member) -> None:
    created = client.post(CONTACTS, jane())
    assert (created.status_code, used(agency)["writes"]) == (201, 1)
    assert client.patch(created["Location"], {"name": "Jane Jones"}).status_code == 200
    assert client.get(created["Location"]).status_code == 200
    assert used(agency)["writes"] == 1
    assert (client.delete(created["Location"]).status_code, used(agency)["writes"]) == (204, 2)


@pytest.mark.parametrize(
    ("quota", "figure", "reset"),
    [
        (WriteQuota(2, 150, 3_000), "2/min", NOW + 60),
        (WriteQuota(15, 2, 3_000), "2/day", MIDNIGHT),
        (WriteQuota(15, 150, 2), "2/month", FEBRUARY),
    ],
)
def test_a_write_quota_that_is_used_up_says_which_and_until_when(
    client: WireClient,
    agency: Member,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    quota: WriteQuota,
    figure: str,
    reset: int,
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": quota})
    created = [client.post(CONTACTS, jane(number)) for number in range(2)]
    assert [told(response)[1] for response in created] == ["119", "118"]

    detail = f"Write rate limit exceeded for contacts ({figure})"
    for refused in (client.post(CONTACTS, jane(2)), client.delete(created[0]["Location"])):
        assert refusal(refused) == (429, detail, str(reset - NOW))
        assert told(refused) == ("120", "0", str(reset), "contacts")
    assert client.get(CONTACTS).status_code == 200
    assert client.patch(created[0]["Location"], {"name": "Jane Jones"}).status_code == 200
    assert (stored(agency), used(agency)["writes"]) == (2, 2)

    clock.moment = reset
    assert client.post(CONTACTS, jane(2)).status_code == 201


@pytest.mark.parametrize(
    ("quota", "figure", "reset"),
    [(WriteQuota(2, 2, 3_000), "2/min", NOW + 60), (WriteQuota(15, 2, 2), "2/day", MIDNIGHT)],
)
def test_of_several_that_are_used_up_the_one_with_the_shortest_window_is_named(
    client: WireClient, monkeypatch: pytest.MonkeyPatch, quota: WriteQuota, figure: str, reset: int
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": quota})
    for number in range(2):
        client.post(CONTACTS, jane(number))

    refused = refusal(client.post(CONTACTS, jane(2)))
    assert refused == (429, f"Write rate limit exceeded for contacts ({figure})", str(reset - NOW))


def test_what_is_refused_costs_no_write(client: WireClient, agency: Member) -> None:
    client.post(CONTACTS, jane())
    for status, method, path, options in ANSWERS:
        if status >= 400:
            assert client.request(method, path, **options).status_code == status
    assert used(agency)["writes"] == 1


def test_a_repeated_request_costs_no_second_write(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(1, 1, 1)})
    key = {"Idempotency-Key": "c0ffee"}
    first = client.post(CONTACTS, jane(), headers=key)
    assert client.post(CONTACTS, jane(1), headers={"Idempotency-Key": "another"}).status_code == 429

    again = client.post(CONTACTS, jane(), headers=key)
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    assert again["Idempotency-Replayed"] == "true"
    assert (stored(agency), used(agency)["writes"]) == (1, 1)


def test_a_key_that_was_refused_for_the_quota_may_be_sent_again(
    client: WireClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(1, 9, 9)})
    client.post(CONTACTS, jane())
    key = {"Idempotency-Key": "c0ffee"}
    assert client.post(CONTACTS, jane(1), headers=key).status_code == 429
    clock.moment = NOW + 60
    response = client.post(CONTACTS, jane(1), headers=key)
    assert (response.status_code, response.get("Idempotency-Replayed")) == (201, None)


# Many at once.


def answers_to(client: WireClient, requests: list[Callable[[WireClient], Any]]) -> list[Any]:
    """Each asked by a client of its own: Django's keeps state between requests."""

    def ask(request: Callable[[WireClient], Any]) -> Callable[[], Any]:
        own = WireClient(None)
        own.headers = client.headers
        return lambda: request(own)

    return at_once([ask(request) for request in requests])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keyed", [False, True])
def test_of_four_times_as_many_creates_at_once_the_quota_is_accepted(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch, keyed: bool
) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(4, 150, 3_000)})

    def create(number: int) -> Callable[[WireClient], Any]:
        headers = {"Idempotency-Key": f"key-{number}"} if keyed else {}
        return lambda own: own.post(CONTACTS, jane(number), headers=headers)

    answers = answers_to(client, [create(number) for number in range(16)])
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [429] * 12
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 429} == {
        "Write rate limit exceeded for contacts (4/min)"
    }
    assert (stored(agency), used(agency)) == (4, {"requests": 16, "writes": 4})


@pytest.mark.django_db(transaction=True)
def test_of_four_times_as_many_requests_at_once_the_limit_is_answered(
    client: WireClient, agency: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(monkeypatch, Plan.PRO, requests_per_minute=4)
    answers = answers_to(client, [lambda own: own.get(CONTACTS)] * 16)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 12
    assert sorted(told(answer)[1] for answer in answers if answer.status_code == 200) == ["0", "1", "2", "3"]
    assert used(agency)["requests"] == 4


@pytest.mark.django_db(transaction=True)
def test_a_create_that_fails_leaves_its_write_to_another(client: WireClient, agency: Member, monkeypatch: Any) -> None:
    sell(monkeypatch, Plan.PRO, writes={"contacts": WriteQuota(2, 150, 3_000)})
    client.post(CONTACTS, jane())
    # Only one of them is left, and it is not wasted on a duplicate.
    answers = answers_to(
        client, [lambda own: own.post(CONTACTS, jane())] * 4 + [lambda own: own.post(CONTACTS, jane(1))]
    )
    assert answers[-1].status_code == 201
    assert {answer.status_code for answer in answers[:-1]} <= {409, 429}
    assert (stored(agency), used(agency)["writes"]) == (2, 2)

"""An ``Idempotency-Key`` whose first request failed, or is still running (RELIABILITY 1.1, CONTRACTS 7.5)."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import Member
from accounts.tenancy import Scope, tenant_scope
from contacts.models import Contact
from contacts.services import create_contact
from tests.contracts.conftest import at_once, failing_commit, in_progress, john_draft
from tests.contracts.test_winnerr_idempotency_routes import (
    EVERY_ROUTE,
    JANE,
    JOHN,
    REPLAYED,
    ROUTES,
    Route,
    assert_refused,
    assert_replayed,
    post,
    rows,
)
from tests.worlds import WireClient, actor_of


@EVERY_ROUTE
def test_after_a_refusal_the_same_key_tries_again(
    office: Member, client: WireClient, john: Contact, route: Route
) -> None:
    refused = post(client, route, "once", route.refused)
    malformed = client.post(route.path, body=b"{", headers={"Idempotency-Key": "once"})
    typed = client.post(route.path, body=b"a=1", content_type="text/plain", headers={"Idempotency-Key": "once"})
    assert [answer.status_code for answer in (refused, malformed, typed)] == [422, 400, 415]
    assert rows(office)["IdempotencyRecord"] == 0

    first = post(client, route, "once")
    assert (first.status_code, first.has_header(REPLAYED)) == (route.status, False)
    assert_replayed(post(client, route, "once"), first, route)


@pytest.mark.parametrize("below", ["activities", "tags"])
def test_what_was_missing_may_be_there_the_next_time(
    office: Member, client: WireClient, john: Contact, below: str
) -> None:
    address = f"/v1/contacts/contact_124/{below}"
    body = ROUTES[f"contacts/{{identifier}}/{below}"].body
    assert client.post(address, body, headers={"Idempotency-Key": "once"}).status_code == 404
    with tenant_scope(office.organization):
        create_contact(john_draft(winnerr_key="contact_124", email="twin@example.com"), actor=actor_of(office))

    first = client.post(address, body, headers={"Idempotency-Key": "once"})
    assert (first.status_code, first.has_header(REPLAYED)) == (200 if below == "tags" else 201, False)


def test_an_address_that_was_taken_may_be_free_the_next_time(client: WireClient, john: Contact) -> None:
    route = ROUTES["contacts"]
    body = JANE | {"email": "john.doe@example.com"}
    taken = post(client, route, "once", body)
    assert (taken.status_code, taken.json()["error"]["type"]) == (409, "conflict_error")
    client.delete(JOHN)

    assert post(client, route, "once", body).status_code == 201


@EVERY_ROUTE
@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_after_an_error_of_ours_the_same_key_does_it_once(
    office: Member,
    client: WireClient,
    john: Contact,
    monkeypatch: pytest.MonkeyPatch,
    caplog: Any,
    route: Route,
    error: type[Exception],
    status: int,
) -> None:
    caplog.set_level(logging.CRITICAL)

    def broken(*arguments: Any, **facts: Any) -> None:
        raise error

    before = rows(office)
    with monkeypatch.context() as patch:
        patch.setattr(route.service, broken)
        assert post(client, route, "once").status_code == status
    assert rows(office) == before

    first = post(client, route, "once")
    assert (first.status_code, first.has_header(REPLAYED)) == (route.status, False)
    assert_replayed(post(client, route, "once"), first, route)


@pytest.mark.django_db(transaction=True)
@EVERY_ROUTE
def test_the_answer_is_stored_with_the_change_or_not_at_all(
    office: Member, client: WireClient, john: Contact, monkeypatch: pytest.MonkeyPatch, caplog: Any, route: Route
) -> None:
    caplog.set_level(logging.CRITICAL)
    before = rows(office)
    with monkeypatch.context() as patch:
        patch.setattr(Scope, "close", failing_commit(RuntimeError()))
        assert post(client, route, "once").status_code == 500
    assert rows(office) == before

    assert post(client, route, "once").status_code == route.status
    assert rows(office)["IdempotencyRecord"] == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@EVERY_ROUTE
def test_while_the_first_is_still_running_the_second_is_told_to_wait(
    office: Member, client: WireClient, john: Contact, route: Route
) -> None:
    with in_progress(office, "once"):
        waiting = post(client, route, "once")
        unrelated = post(client, route, "another", route.other)

    assert_refused(waiting, 409, "A request with this Idempotency-Key is still being processed")
    assert waiting["Retry-After"] == "1"
    assert unrelated.status_code == route.status
    assert post(client, route, "once").status_code == route.status


@pytest.mark.django_db(transaction=True)
@EVERY_ROUTE
def test_eight_at_once_do_it_once(office: Member, client: WireClient, john: Contact, route: Route) -> None:
    before = rows(office)

    answers = at_once([partial(post, client, route, "once")] * 8)

    done = [answer for answer in answers if answer.status_code == route.status]
    assert sum(not answer.has_header(REPLAYED) for answer in done) == 1
    assert len({answer.content for answer in done}) == 1
    assert {answer.status_code for answer in answers} <= {route.status, 409}
    after = rows(office)
    assert after["IdempotencyRecord"] == 1
    made = {"contacts": "Contact", "activities": "Activity", "tags": "Tag", "deals": "Deal"}[route.path.split("/")[-1]]
    assert after[made] == before[made] + 1

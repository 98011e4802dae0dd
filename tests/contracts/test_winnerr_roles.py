"""Every role on every route, read from the address table itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.roles import Role
from config.wires.base import PUBLIC
from tests.contracts.routed import WINNERR, answers_by_role, views_below
from tests.worlds import WireClient, World

READERS = {Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER}
WRITERS = READERS - {Role.VIEWER}
EVERYBODY = {*READERS, None}

# Who gets past the grants of a route, by method. A route that is missing here fails the first test below.
MATRIX: dict[str, dict[str, set[Any]]] = {
    "contacts": {"get": READERS, "post": WRITERS},
    "contacts/{identifier}": {"get": READERS, "put": WRITERS, "patch": WRITERS, "delete": WRITERS},
    "contacts/tags": {"get": READERS},
    "contacts/bulk": {"patch": {Role.ADMIN, Role.OWNER}},
    "contacts/{identifier}/activities": {"get": READERS, "post": WRITERS},
    "contacts/{identifier}/score": {"get": READERS},
    "contacts/{identifier}/tags": {"post": WRITERS, "delete": WRITERS},
    "contacts/{identifier}/tags/{name}": {"delete": WRITERS},
    "deals": {"get": READERS, "post": WRITERS},
    "deals/{identifier}": {"get": READERS, "put": WRITERS, "patch": WRITERS, "delete": WRITERS},
    "agents": {"get": READERS},
    "agents/me": {"get": READERS},
    "auth/token": {"post": EVERYBODY},
    "auth/refresh": {"post": EVERYBODY},
    "auth/revoke": {"post": EVERYBODY},
}


def test_every_route_and_method_is_in_the_matrix():
    actual = {route: set(view.actions) - {"head"} for route, view in views_below(WINNERR).items()}

    assert actual == {route: set(methods) for route, methods in MATRIX.items()}


def test_every_action_declares_its_grant_and_none_is_open_but_tokens():
    for route, view in views_below(WINNERR).items():
        for action in view.actions.values():
            grant = view.cls.grants[action]
            assert (grant == PUBLIC) is route.startswith("auth/"), route


@pytest.mark.parametrize("route", MATRIX)
def test_roles_get_as_far_as_the_matrix_says(north: World, south: World, route: str):
    for method, role, response in answers_by_role(WINNERR, route, north):
        allowed = MATRIX[route].get(method)
        if allowed is None:
            open_to_strangers = route.startswith("auth/") or method == "options"
            assert response.status_code == (405 if role or open_to_strangers else 401), (method, role)
        elif role in allowed:
            # Allowed, and then judged by what was sent: a body without a field, or a contact that is gone by now.
            assert response.status_code in {200, 404, 422}, (method, role)
        else:
            assert response.status_code == (403 if role else 401), (method, role)
            assert response.json()["error"]["type"] == ("permission_error" if role else "authentication_error")
        assert south.canary not in response.content.decode()


@pytest.mark.parametrize("role", ["viewer"])
def test_who_may_not_write_learns_nothing_from_trying(north: World, winnerr: Callable[..., WireClient], role: str):
    program = winnerr(getattr(north, role))
    refusals = [
        program.post("/v1/contacts", {"firstName": "A", "lastName": "B", "email": "jane@example.com"}),
        program.post("/v1/contacts", {}),
        program.post("/v1/contacts", body=b"{"),
        program.put(f"/v1/contacts/{north.contact.winnerr_id}", {"email": "no"}),
        program.put("/v1/contacts/contact_unknown", {}),
        program.delete("/v1/contacts/contact_unknown"),
    ]

    assert {answer.status_code for answer in refusals} == {403}
    assert len({answer.content for answer in refusals}) == 1
    assert not any(answer.has_header("Link") for answer in refusals)

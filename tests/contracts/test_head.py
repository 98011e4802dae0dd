"""HEAD is GET without the body, on every route that can be read (CONTRACTS W-S27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import Member
from activities.models import Deal
from tests.contracts.test_winnerr_roles import winnerr_routes
from tests.worlds import WireClient, World

READABLE = sorted(route for route, view in winnerr_routes().items() if "get" in view.actions)
WRITE_ONLY = sorted(winnerr_routes().keys() - READABLE)
# One request more than the other, and a name of its own.
MOVING = {"X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


def address(route: str, world: World) -> str:
    """An address of the route that leads to a row of the organization's."""
    identifier = world.contact.winnerr_id
    if route.startswith("deals"):
        with world.scope():
            identifier = Deal.objects.get(contact=world.contact).winnerr_id
    return f"/v1/{route}".replace("{identifier}", identifier).replace("{name}", "vip")


def both(client: WireClient, path: str) -> Iterator[tuple[Any, dict[str, str]]]:
    for method in ("HEAD", "GET"):
        response = client.request(method, path)
        yield response, {name: value for name, value in response.headers.items() if name not in MOVING}


def test_there_are_routes_to_read() -> None:
    assert len(READABLE) >= 8


@pytest.mark.parametrize("route", READABLE)
def test_head_has_the_headers_of_get_and_no_body(
    north: World, south: World, winnerr: Callable[[Member | None], WireClient], route: str
) -> None:
    (head, head_headers), (got, got_headers) = both(winnerr(north.viewer), address(route, north))

    assert (head.status_code, got.status_code) == (200, 200)
    assert head.content == b""
    assert head_headers == got_headers
    assert head_headers["Content-Length"] == str(len(got.content)) != "0"
    assert head.has_header("X-RateLimit-Remaining")


@pytest.mark.parametrize("route", READABLE)
@pytest.mark.parametrize("fault", ["nobody", "unknown"])
def test_head_fails_as_get_does(
    north: World, south: World, winnerr: Callable[[Member | None], WireClient], route: str, fault: str
) -> None:
    path = address(route, south) if fault == "unknown" else address(route, north)
    (head, head_headers), (got, got_headers) = both(winnerr(north.viewer if fault == "unknown" else None), path)

    assert head.status_code == got.status_code
    assert got.status_code == (401 if fault == "nobody" else 404 if "{identifier}" in route else 200)
    assert (head.content, head_headers) == (b"", got_headers)
    assert head_headers["Content-Length"] == str(len(got.content))


@pytest.mark.parametrize("route", WRITE_ONLY)
def test_what_cannot_be_read_has_no_head(
    north: World, south: World, winnerr: Callable[[Member | None], WireClient], route: str
) -> None:
    head = winnerr(north.owner).request("HEAD", address(route, north))

    assert (head.status_code, head.content) == (405, b"")
    assert "HEAD" not in head["Allow"]

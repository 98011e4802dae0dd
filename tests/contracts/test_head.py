"""HEAD is GET without the body, on every route of every wire that can be read (CONTRACTS W-S27)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.routed import PROGRAMS, address_of, set_apart, views_below
from tests.worlds import WireClient, World

ROUTES = {(prefix, route): view for prefix in PROGRAMS for route, view in views_below(prefix).items()}
READABLE = sorted(route for route, view in ROUTES.items() if "get" in view.actions)
WRITE_ONLY = sorted(ROUTES.keys() - READABLE)
# One request more than the other, and a name of its own.
MOVING = {"X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


def both(client: WireClient, path: str) -> Iterator[tuple[Any, dict[str, str]]]:
    for method in ("HEAD", "GET"):
        response = client.request(method, path)
        yield response, {name: value for name, value in response.headers.items() if name not in MOVING}


def test_there_are_routes_to_read() -> None:
    assert len(READABLE) >= 10


@pytest.mark.parametrize(("prefix", "route"), READABLE)
def test_head_has_the_headers_of_get_and_no_body(north: World, south: World, prefix: str, route: str) -> None:
    program = PROGRAMS[prefix](north.viewer)
    (head, head_headers), (got, got_headers) = both(program, address_of(prefix, route, north))

    assert (head.status_code, got.status_code) == (200, 200)
    assert head.content == b""
    assert head_headers == got_headers
    assert head_headers["Content-Length"] == str(len(got.content)) != "0"
    assert head.has_header("X-RateLimit-Remaining")


@pytest.mark.parametrize(("prefix", "route"), READABLE)
@pytest.mark.parametrize("fault", ["nobody", "unknown"])
def test_head_fails_as_get_does(north: World, south: World, prefix: str, route: str, fault: str) -> None:
    set_apart(south)
    path = address_of(prefix, route, south if fault == "unknown" else north)
    program = PROGRAMS[prefix](north.viewer if fault == "unknown" else None)
    (head, head_headers), (got, got_headers) = both(program, path)

    assert head.status_code == got.status_code
    assert got.status_code == (401 if fault == "nobody" else 404 if "{identifier}" in route else 200)
    assert (head.content, head_headers) == (b"", got_headers)
    assert head_headers["Content-Length"] == str(len(got.content))


@pytest.mark.parametrize(("prefix", "route"), WRITE_ONLY)
def test_what_cannot_be_read_has_no_head(north: World, south: World, prefix: str, route: str) -> None:
    head = PROGRAMS[prefix](north.owner).request("HEAD", address_of(prefix, route, north))

    assert (head.status_code, head.content) == (405, b"")
    assert "HEAD" not in head["Allow"]

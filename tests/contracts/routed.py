"""The address table as a yardstick: every view below a wire's prefix, and how to get there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Member
from activities.models import Conversation, Deal
from tests.worlds import WireClient, World, rentalot_key

WINNERR = "v1/"
RENTALOT = "api/v1/"
# By prefix: a member's program.
PROGRAMS: Mapping[str, Callable[[Member | None], WireClient]] = {
    WINNERR: WireClient,
    RENTALOT: partial(WireClient, secret_of=rentalot_key),
}
# What describes a wire, for everybody: no resource, and no actions.
PAPERS = {r"openapi\.json", "docs"}
METHODS = ("get", "post", "put", "patch", "delete", "options", "trace")


def views_below(prefix: str) -> dict[str, Any]:
    """The views below a prefix by the rest of their address, groups as ``{identifier}``."""
    found = {}
    for route, view in _routes(get_resolver().url_patterns):
        readable = re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", r"{\1}", route).removesuffix("\\Z").removesuffix("$")
        readable = readable.removesuffix("/?")
        if readable.startswith(prefix) and readable.removeprefix(prefix) not in PAPERS:
            found[readable.removeprefix(prefix)] = view
    return found


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        route = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


def address_of(prefix: str, route: str, world: World) -> str:
    """An address of a route that leads to a row of the organization's."""
    address = f"/{prefix}{route}".replace("{name}", "vip")
    if "{identifier}" in route:
        address = address.replace("{identifier}", identifier_of(prefix, route.partition("/")[0], world))
    # The one list that is not answered without being told what to look for.
    return f"{address}?query=About" if route.endswith("/search") else address


def identifier_of(prefix: str, resource: str, world: World) -> str:
    """The wire's id of the organization's row of a resource."""
    with world.scope():
        row: Any = {
            "contacts": lambda: world.contact,
            "deals": lambda: Deal.objects.get(contact=world.contact),
            "conversations": lambda: Conversation.objects.get(contact=world.contact),
        }[resource]()
    return row.winnerr_id if prefix == WINNERR else str(row.uuid)


def askers(prefix: str, world: World) -> dict[str | None, WireClient]:
    """A program of each role, and one without a credential under None."""
    program = PROGRAMS[prefix]
    return {member.role: program(member) for member in world.members} | {None: program(None)}


def answers_by_role(prefix: str, route: str, world: World) -> Iterator[tuple[str, str | None, Any]]:
    """The answers to every method on a route, each role in turn, with an empty object where a body is sent."""
    address = address_of(prefix, route, world)
    programs = askers(prefix, world)
    for method in METHODS:
        sent: Any = {} if method in {"post", "put", "patch", "delete"} else None
        for role, program in programs.items():
            yield method, role, program.request(method.upper(), address, json=sent)

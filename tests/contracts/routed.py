"""The address table as a yardstick: every view below a wire's prefix, and how to get there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from django.db.models import F
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Member
from activities.models import Communication, Conversation, Deal
from contacts.models import Contact, Source, Tag
from tests.worlds import WireClient, World, estateprime_pair, rentalot_key

WINNERR = "v1/"
RENTALOT = "api/v1/"
ESTATEPRIME = "api/"
# By prefix: a member's program.
PROGRAMS: Mapping[str, Callable[[Member | None], WireClient]] = {
    WINNERR: WireClient,
    RENTALOT: partial(WireClient, secret_of=rentalot_key),
    ESTATEPRIME: partial(WireClient, secret_of=estateprime_pair, scheme="Basic"),
}
# What describes a wire, for everybody: no resource, and no actions.
PAPERS = {r"openapi\.json", "docs"}
# Beyond every number that a sequence reaches in a test run.
FAR = 4_000_000
METHODS = ("get", "post", "put", "patch", "delete", "options", "trace")


def prefix_of(route: str) -> str:
    """The prefix of the wire that a route belongs to; Rentalot's addresses begin with EstatePrime's."""
    return max((prefix for prefix in PROGRAMS if route.startswith(prefix)), key=len, default="")


def views_below(prefix: str) -> dict[str, Any]:
    """The views below a prefix by the rest of their address, groups as ``{identifier}``."""
    found = {}
    for route, view in _routes(get_resolver().url_patterns):
        readable = re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", r"{\1}", route).removesuffix("\\Z").removesuffix("$")
        readable = readable.removesuffix("/?")
        if prefix_of(readable) == prefix and readable.removeprefix(prefix) not in PAPERS:
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
            "communication": lambda: Communication.objects.get(contact=world.contact),
        }[resource]()
    return {WINNERR: lambda: row.winnerr_id, RENTALOT: lambda: str(row.uuid), ESTATEPRIME: lambda: str(row.number)}[
        prefix
    ]()


def set_apart(world: World) -> None:
    """Give what EstatePrime knows by number numbers that are nobody else's: two organizations may count alike."""
    with world.scope():
        for model in (Contact, Communication, Member, Source, Tag):
            model._default_manager.update(number=F("number") + FAR)
    numbered: list[Any] = [*world.contacts, world.deleted, *world.members]
    for row in numbered:
        row.number += FAR


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
